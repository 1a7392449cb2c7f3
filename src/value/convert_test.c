/* SPDX-License-Identifier: MIT */
/* A value is read as another type only where nothing is lost. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "value/convert.h"

static void expect_i64(weir_value value, int64_t expected)
{
    int64_t out = 4711;

    assert_int_equal(wi_to_i64(&value, &out, NULL), WEIR_OK);
    assert_true(out == expected);
}

static void refuse_i64(weir_value value)
{
    int64_t out = 4711;
    weir_error err;

    assert_int_equal(wi_to_i64(&value, &out, &err), WEIR_ERR_TYPE);
    assert_true(out == 4711);
    assert_true(strlen(err.message) > 0);
}

static weir_value decimal_value(weir_decimal *keep, const char *text)
{
    assert_int_equal(weir_decimal_parse(weir_text_of(text), keep, NULL),
                     WEIR_OK);
    return weir_value_decimal(keep);
}

static void test_to_i64__takes_numbers_without_a_fraction(void **state)
{
    weir_decimal keep;

    (void)state;
    expect_i64(weir_value_i64(INT64_MIN), INT64_MIN);
    expect_i64(weir_value_bool(true), 1);
    expect_i64(weir_value_f64(-0x1p63), INT64_MIN);
    expect_i64(weir_value_f64(2.0), 2);
    expect_i64(decimal_value(&keep, "-9223372036854775808.00"), INT64_MIN);
    expect_i64(decimal_value(&keep, "0.00"), 0);
}

static void test_to_i64__refuses_what_would_change(void **state)
{
    weir_decimal keep;

    (void)state;
    refuse_i64(weir_value_u64(UINT64_MAX));
    refuse_i64(weir_value_f64(0x1p63));
    refuse_i64(weir_value_f64(1.5));
    refuse_i64(weir_value_f64(NAN));
    refuse_i64(weir_value_f64(INFINITY));
    refuse_i64(weir_value_cstr("1"));
    refuse_i64(weir_value_null());
    refuse_i64(decimal_value(&keep, "9223372036854775808"));
    refuse_i64(decimal_value(&keep, "1.01"));
}

static void test_to_u64__covers_the_upper_half(void **state)
{
    weir_decimal keep;
    weir_value value = decimal_value(&keep, "18446744073709551615");
    uint64_t out = 0;

    (void)state;
    assert_int_equal(wi_to_u64(&value, &out, NULL), WEIR_OK);
    assert_true(out == UINT64_MAX);
    value = weir_value_i64(-1);
    assert_int_equal(wi_to_u64(&value, &out, NULL), WEIR_ERR_TYPE);
    value = decimal_value(&keep, "18446744073709551616");
    assert_int_equal(wi_to_u64(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_f64(0x1p64);
    assert_int_equal(wi_to_u64(&value, &out, NULL), WEIR_ERR_TYPE);
    assert_true(out == UINT64_MAX);
}

static void test_to_f64__takes_integers_that_a_double_holds(void **state)
{
    weir_value value = weir_value_i64(INT64_C(1) << 53);
    double out = 0;

    (void)state;
    assert_int_equal(wi_to_f64(&value, &out, NULL), WEIR_OK);
    assert_true(out == 0x1p53);
    value = weir_value_i64((INT64_C(1) << 53) + 1);
    assert_int_equal(wi_to_f64(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_i64(INT64_MAX);
    assert_int_equal(wi_to_f64(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_u64(UINT64_MAX);
    assert_int_equal(wi_to_f64(&value, &out, NULL), WEIR_ERR_TYPE);
}

static void test_to_bool__takes_0_and_1_alone(void **state)
{
    weir_value value = weir_value_i64(1);
    bool out = false;

    (void)state;
    assert_int_equal(wi_to_bool(&value, &out, NULL), WEIR_OK);
    assert_true(out);
    value = weir_value_i64(2);
    assert_int_equal(wi_to_bool(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_cstr("true");
    assert_int_equal(wi_to_bool(&value, &out, NULL), WEIR_ERR_TYPE);
}

static void test_to_text__is_well_formed_or_refused(void **state)
{
    weir_value value = weir_value_text(weir_text_span("a\0b", 3));
    weir_text out = {NULL, 0};

    (void)state;
    assert_int_equal(wi_to_text(&value, &out, NULL), WEIR_OK);
    assert_int_equal(out.size, 3);
    value = weir_value_cstr("\xC0\x80");
    assert_int_equal(wi_to_text(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_i64(1);
    assert_int_equal(wi_to_text(&value, &out, NULL), WEIR_ERR_TYPE);
}

static void test_to_decimal__takes_doubles_by_their_shortest_text(void **state)
{
    weir_value value = weir_value_f64(0.1);
    weir_decimal out;

    (void)state;
    assert_int_equal(wi_to_decimal(&value, &out, NULL), WEIR_OK);
    assert_true(out.lo == 1 && out.scale == 1);
    value = weir_value_f64(1e300);
    assert_int_equal(wi_to_decimal(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_f64(NAN);
    assert_int_equal(wi_to_decimal(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_u64(UINT64_MAX);
    assert_int_equal(wi_to_decimal(&value, &out, NULL), WEIR_OK);
    assert_true(out.lo == UINT64_MAX && out.hi == 0);
}

static void test_to_timestamp__never_guesses_a_zone(void **state)
{
    weir_value value = weir_value_cstr("2024-02-29T12:00:00+01:00");
    weir_timestamp at = {0};
    weir_datetime out = {7};

    (void)state;
    assert_int_equal(wi_to_timestamp(&value, &at, NULL), WEIR_OK);
    assert_int_equal(wi_to_datetime(&value, &out, NULL), WEIR_ERR_TYPE);
    value = weir_value_timestamp(at);
    assert_int_equal(wi_to_datetime(&value, &out, NULL), WEIR_ERR_TYPE);
    assert_int_equal(out.us, 7);
    value = weir_value_cstr("2024-02-29T12:00:00");
    assert_int_equal(wi_to_timestamp(&value, &at, NULL), WEIR_ERR_TYPE);
}

/* A driver that lies must not make the program read nonsense. */
static void test_to_date_and_time__stay_in_their_range(void **state)
{
    weir_value value = weir_value_time((weir_time){86400000000});
    weir_time time = {7};
    weir_date date = {7};

    (void)state;
    assert_int_equal(wi_to_time(&value, &time, NULL), WEIR_ERR_TYPE);
    value = weir_value_time((weir_time){-1});
    assert_int_equal(wi_to_time(&value, &time, NULL), WEIR_ERR_TYPE);
    value = weir_value_date((weir_date){0});
    value.as.i = INT64_C(1) << 40;
    assert_int_equal(wi_to_date(&value, &date, NULL), WEIR_ERR_TYPE);
    assert_int_equal(time.us, 7);
    assert_int_equal(date.days, 7);
}

static void test_to_uuid__takes_16_bytes(void **state)
{
    weir_value value = weir_value_bytes((weir_bytes){"0123456789abcdef", 16});
    weir_uuid out;

    (void)state;
    assert_int_equal(wi_to_uuid(&value, &out, NULL), WEIR_OK);
    assert_memory_equal(out.bytes, "0123456789abcdef", 16);
    value = weir_value_bytes((weir_bytes){"0123456789abcde", 15});
    assert_int_equal(wi_to_uuid(&value, &out, NULL), WEIR_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_i64__takes_numbers_without_a_fraction),
        cmocka_unit_test(test_to_i64__refuses_what_would_change),
        cmocka_unit_test(test_to_u64__covers_the_upper_half),
        cmocka_unit_test(test_to_f64__takes_integers_that_a_double_holds),
        cmocka_unit_test(test_to_bool__takes_0_and_1_alone),
        cmocka_unit_test(test_to_text__is_well_formed_or_refused),
        cmocka_unit_test(test_to_decimal__takes_doubles_by_their_shortest_text),
        cmocka_unit_test(test_to_timestamp__never_guesses_a_zone),
        cmocka_unit_test(test_to_date_and_time__stay_in_their_range),
        cmocka_unit_test(test_to_uuid__takes_16_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
