/* SPDX-License-Identifier: MIT */
/* A value of any type as its text, and those that have none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/value.h>

static void must_write(weir_value value, const char *wanted)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size;

    memset(text, '#', sizeof text);
    size = weir_value_format(&value, text);
    assert_string_equal(text, wanted);
    assert_int_equal(size, strlen(wanted));
}

static void test_value_format__writes_numbers(void **state)
{
    weir_decimal price = {.scale = 2, .lo = 150};

    (void)state;
    must_write(weir_value_i64(0), "0");
    must_write(weir_value_i64(INT64_MIN), "-9223372036854775808");
    must_write(weir_value_i64(INT64_MAX), "9223372036854775807");
    must_write(weir_value_u64(UINT64_MAX), "18446744073709551615");
    must_write(weir_value_f64(0.1), "0.1");
    must_write(weir_value_decimal(&price), "1.50");
    must_write(weir_value_bool(true), "true");
    must_write(weir_value_bool(false), "false");
}

static void test_value_format__writes_the_calendar(void **state)
{
    const weir_interval day = {.days = 1};
    const int64_t noon_us = INT64_C(43200500000);

    (void)state;
    must_write(weir_value_timestamp((weir_timestamp){noon_us}),
               "1970-01-01T12:00:00.500000Z");
    must_write(weir_value_datetime((weir_datetime){noon_us}),
               "1970-01-01T12:00:00.500000");
    must_write(weir_value_date((weir_date){-1}), "1969-12-31");
    must_write(weir_value_time((weir_time){noon_us}), "12:00:00.500000");
    must_write(weir_value_interval(&day), "P1D");
}

static void test_value_format__writes_a_uuid(void **state)
{
    const weir_uuid uuid = {{0x2c, 0x1d, 0x43, 0xb8, 0xe6, 0xd7, 0x37, 0x6e,
                             0xaf, 0x7f, 0xd4, 0xbd, 0xe9, 0x97, 0xcc, 0x3f}};

    (void)state;
    must_write(weir_value_uuid(&uuid), "2c1d43b8-e6d7-376e-af7f-d4bde997cc3f");
}

/* What is no type at all, too: a driver of others may have made it. */
static void test_value_format__leaves_out_what_has_any_length(void **state)
{
    (void)state;
    must_write(weir_value_null(), "");
    must_write(weir_value_cstr("text"), "");
    must_write(weir_value_bytes(weir_bytes_span("bytes", 5)), "");
    must_write(weir_value_json((weir_raw_json){"[]", 2}), "");
    must_write(weir_value_pointer("anything"), "");
    must_write(weir_value_make((weir_type)(WEIR_TYPE_INVALID + 1)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_format__writes_numbers),
        cmocka_unit_test(test_value_format__writes_the_calendar),
        cmocka_unit_test(test_value_format__writes_a_uuid),
        cmocka_unit_test(test_value_format__leaves_out_what_has_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
