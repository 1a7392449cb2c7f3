/* SPDX-License-Identifier: MIT */
/* Each type of value as JSON, and the two macros over them. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/json.h>

static void expect_with(const weir_json_options *options, weir_value value,
                        const char *expected)
{
    weir_json json;

    weir_json_init(&json, options);
    weir_json_value(&json, &value);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_string_equal(weir_json_result(&json).data, expected);
    weir_json_clear(&json);
}

static void expect(weir_value value, const char *expected)
{
    expect_with(NULL, value, expected);
}

static void test_json_value__writes_each_type(void **state)
{
    static const weir_decimal price = {.lo = 1990, .scale = 3};
    static const weir_interval span = {.months = 14, .days = 3, .us = 5000000};
    static const weir_uuid id = {{0x01, 0x88, 0xd7, 0xa0, 0x5b, 0x4e, 0x7c,
                                  0x9a, 0x8f, 0x3e, 0x5d, 0x1c, 0x2b, 0x3a,
                                  0x4f, 0x5e}};

    (void)state;
    expect(weir_value_null(), "null");
    expect(weir_value_i64(-7), "-7");
    expect(weir_value_u64(UINT64_MAX), "18446744073709551615");
    expect(weir_value_bool(true), "true");
    expect(weir_value_bool(false), "false");
    expect(weir_value_cstr("a\"b"), "\"a\\\"b\"");
    expect(weir_value_bytes(weir_bytes_span("foob", 4)), "\"Zm9vYg==\"");
    expect(weir_value_json((weir_raw_json){"[ 1 ]", 5}), "[1]");
    expect(weir_value_timestamp((weir_timestamp){1500000}),
           "\"1970-01-01T00:00:01.500000Z\"");
    expect(weir_value_datetime((weir_datetime){-1000000}),
           "\"1969-12-31T23:59:59\"");
    expect(weir_value_date((weir_date){19782}), "\"2024-02-29\"");
    expect(weir_value_time((weir_time){86399999999}), "\"23:59:59.999999\"");
    expect(weir_value_interval(&span), "\"P14M3DT5S\"");
    expect(weir_value_decimal(&price), "1.990");
    expect(weir_value_uuid(&id), "\"0188d7a0-5b4e-7c9a-8f3e-5d1c2b3a4f5e\"");
}

static void test_json_f64__is_the_shortest_number(void **state)
{
    (void)state;
    expect(weir_value_f64(0.1), "0.1");
    expect(weir_value_f64(1), "1.0");
    expect(weir_value_f64(-0.0), "-0.0");
    expect(weir_value_f64(1.0 / 3), "0.3333333333333333");
}

/* How exponents are spelt is value/f64.c's affair: any number of JSON will do
 * that reads back the same. */
static void test_json_f64__reads_back_the_same(void **state)
{
    static const double edges[] = {DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324,
                                   1e21,    1e-7,     1e300,   123456789.125};

    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        weir_json json, copy;

        weir_json_init(&json, NULL);
        weir_json_init(&copy, NULL);
        weir_json_f64(&json, edges[i]);
        assert_int_equal(weir_json_finish(&json), WEIR_OK);
        assert_true(strtod(weir_json_result(&json).data, NULL) == edges[i]);
        weir_json_raw(&copy, (weir_raw_json){weir_json_result(&json).data,
                                             weir_json_result(&json).size});
        assert_int_equal(weir_json_finish(&copy), WEIR_OK);
        weir_json_clear(&json);
        weir_json_clear(&copy);
    }
}

static void test_json_f64__has_no_nan(void **state)
{
    static const double without[] = {NAN, INFINITY, -INFINITY};
    static const char *const names[] = {"NaN", "Infinity", "-Infinity"};
    weir_json_options options = WEIR_JSON_OPTIONS;

    (void)state;
    options.non_finite = WEIR_JSON_NON_FINITE_IS_NULL;
    for (int i = 0; i < 3; i++) {
        weir_json json;

        weir_json_init(&json, NULL);
        weir_json_f64(&json, without[i]);
        assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
        assert_non_null(strstr(weir_json_error(&json)->message, names[i]));
        weir_json_clear(&json);
        expect_with(&options, weir_value_f64(without[i]), "null");
    }
}

static void test_json_decimal__may_be_a_string(void **state)
{
    static const weir_decimal most = {
        .hi = 0x4b3b4ca85a86c47a, .lo = 0x098a223fffffffff, .scale = 38};
    weir_json_options options = WEIR_JSON_OPTIONS;

    (void)state;
    expect(weir_value_decimal(&most),
           "0.99999999999999999999999999999999999999");
    options.exact = WEIR_JSON_EXACT_AS_STRING;
    expect_with(&options, weir_value_decimal(&most),
                "\"0.99999999999999999999999999999999999999\"");
}

static void test_json_value__refuses_what_is_none(void **state)
{
    weir_value foreign = weir_value_make(WEIR_TYPE_INVALID);
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_value(&json, &foreign);
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_json_error(&json)->message, "invalid value"));
    weir_json_reset(&json);
    foreign.type = 200;
    weir_json_value(&json, &foreign);
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
    weir_json_clear(&json);
}

/* A value in the wrong place is that misuse, whatever the value is. */
static void test_json_value__keeps_to_its_place(void **state)
{
    static const weir_interval span = {.days = 1};
    const weir_value values[] = {
        weir_value_null(),
        weir_value_f64(0.5),
        weir_value_f64(NAN),
        weir_value_interval(&span),
        weir_value_cstr("x"),
        weir_value_json((weir_raw_json){"", 0}),
        weir_value_make(WEIR_TYPE_INVALID),
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        weir_json json;

        weir_json_init(&json, NULL);
        weir_json_begin_object(&json);
        weir_json_value(&json, &values[i]);
        assert_int_equal(weir_json_finish(&json), WEIR_ERR_MISUSE);
        weir_json_value(NULL, &values[i]);
        weir_json_clear(&json);
    }
    weir_json_f64(NULL, 1);
}

static void test_json_put__takes_any_expression(void **state)
{
    char name[] = "sandy";
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_begin_object(&json);
    weir_json_put(&json, "id", 7);
    weir_json_put(&json, "name", name);
    weir_json_put(&json, "age", ((weir_opt_i32){0}));
    weir_json_put(&json, "height", 1.75);
    weir_json_put(&json, "day", (weir_date){0});
    weir_json_put(&json, "email", NULL);
    weir_json_key(&json, "list");
    weir_json_begin_array(&json);
    weir_json_add(&json, (bool)true);
    weir_json_add(&json, weir_some_i64(INT64_MIN));
    weir_json_end_array(&json);
    weir_json_end_object(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_string_equal(
        weir_json_result(&json).data,
        "{\"id\":7,\"name\":\"sandy\",\"age\":null,\"height\":1.75,"
        "\"day\":\"1970-01-01\",\"email\":null,"
        "\"list\":[true,-9223372036854775808]}");
    weir_json_clear(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_value__writes_each_type),
        cmocka_unit_test(test_json_f64__is_the_shortest_number),
        cmocka_unit_test(test_json_f64__reads_back_the_same),
        cmocka_unit_test(test_json_f64__has_no_nan),
        cmocka_unit_test(test_json_decimal__may_be_a_string),
        cmocka_unit_test(test_json_value__refuses_what_is_none),
        cmocka_unit_test(test_json_value__keeps_to_its_place),
        cmocka_unit_test(test_json_put__takes_any_expression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
