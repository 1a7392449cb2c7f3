/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "db/mysql/wmy.h"
#include "engine/services.h"

static weir_services services;
static weir_buffer out;
static weir_error err;
static wmy_encoder to = {
    .services = &services, .out = &out, .number = 7, .err = &err};

static int set_up(void **state)
{
    (void)state;
    services.allocator = weir_allocator_libc();
    weir_buffer_clear(&services, &out);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    weir_buffer_clear(&services, &out);
    return 0;
}

/* The bytes of one value. */
static void expect(weir_value value, const char *bytes, size_t size)
{
    out.size = 0;
    assert_int_equal(wmy_encode_value(&to, &value), WEIR_OK);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, bytes, size);
}

static void refused(weir_value value)
{
    to.number = 7;
    assert_int_equal(wmy_encode_value(&to, &value), WEIR_ERR_TYPE);
    assert_non_null(strstr(err.message, "parameter 7"));
}

static void test_execute__has_head_nulls_types_and_values(void **state)
{
    const weir_value values[] = {weir_value_i64(-2), weir_value_null(),
                                 weir_value_cstr("ab"),
                                 weir_value_u64(UINT64_MAX)};
    static const char expected[] =
        "\x04\x03\x02\x01\x00\x01\x00\x00\x00" /* number, flags, one time */
        "\x02\x01"                             /* the second is NULL */
        "\x08\x00\x06\x00\xFE\x00\x08\x80"     /* types */
        "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"
        "ab\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";

    (void)state;
    assert_int_equal(wmy_encode_execute(&to, 0x01020304, values, 4), WEIR_OK);
    assert_int_equal(out.size, sizeof expected - 1);
    assert_memory_equal(out.data, expected, sizeof expected - 1);
}

static void test_execute__without_parameters_is_a_head(void **state)
{
    (void)state;
    assert_int_equal(wmy_encode_execute(&to, 1, NULL, 0), WEIR_OK);
    assert_int_equal(out.size, 9);
}

static void test_spans__have_lengths_of_every_size(void **state)
{
    static const size_t sizes[] = {0, 250, 251, 65535, 65536, 16777216};
    static const size_t prefixes[] = {1, 1, 3, 3, 4, 9};
    char *data = calloc(1, sizes[5]);

    (void)state;
    assert_non_null(data);
    for (int i = 0; i < 6; i++) {
        weir_value value = weir_value_bytes(weir_bytes_span(data, sizes[i]));
        const uint8_t *at;
        uint64_t size = 0;

        out.size = 0;
        assert_int_equal(wmy_encode_value(&to, &value), WEIR_OK);
        assert_int_equal(out.size, prefixes[i] + sizes[i]);
        at = (const uint8_t *)out.data;
        assert_true(wmy_read_length(&at, at + 9, &size));
        assert_int_equal(size, sizes[i]);
    }
    free(data);
}

static void test_moments__drop_trailing_zeros(void **state)
{
    (void)state;
    expect(weir_value_date((weir_date){0}), "\x04\xB2\x07\x01\x01", 5);
    expect(weir_value_datetime((weir_datetime){1000000}),
           "\x07\xB2\x07\x01\x01\x00\x00\x01", 8);
    expect(weir_value_timestamp((weir_timestamp){-1}),
           "\x0B\xB1\x07\x0C\x1F\x17\x3B\x3B\x3F\x42\x0F\x00", 12);
    expect(weir_value_time((weir_time){0}), "\x00", 1);
    expect(weir_value_time((weir_time){3661000000}),
           "\x08\x00\x00\x00\x00\x00\x01\x01\x01", 9);
}

static void test_limits__are_kept(void **state)
{
    weir_interval most = {.us = INT64_C(3020399999999)};
    weir_interval more = {.us = INT64_C(3020400000000)};
    weir_interval wraps = {.days = INT32_MAX, .us = INT64_MAX};
    weir_interval month = {.months = 1};

    (void)state;
    expect(weir_value_interval(&most),
           "\x0C\x00\x22\x00\x00\x00\x16\x3B\x3B\x3F\x42\x0F\x00", 13);
    refused(weir_value_interval(&more));
    refused(weir_value_interval(&wraps));
    refused(weir_value_interval(&month));
    expect(weir_value_date((weir_date){-719162}), "\x04\x01\x00\x01\x01", 5);
    refused(weir_value_date((weir_date){-719163}));
    expect(weir_value_date((weir_date){2932896}), "\x04\x0F\x27\x0C\x1F", 5);
    refused(weir_value_date((weir_date){2932897}));
    refused(weir_value_datetime((weir_datetime){INT64_MAX}));
    refused(weir_value_f64(strtod("nan", NULL)));
    refused(weir_value_f64(strtod("-inf", NULL)));
    refused(weir_value_make(WEIR_TYPE_INVALID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(execute__has_head_nulls_types_and_values),
        TEST(execute__without_parameters_is_a_head),
        TEST(spans__have_lengths_of_every_size),
        TEST(moments__drop_trailing_zeros),
        TEST(limits__are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
