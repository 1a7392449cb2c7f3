/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "db/postgres/codec.h"

static char scratch[WPG_SCRATCH_SIZE];
static char room[256];
static weir_buffer extra = {room, 0, sizeof room};
static wpg_param found;
static weir_error err;

static weir_status encode(wpg_kind kind, weir_value value)
{
    const wpg_encoder by = {.kind = kind,
                            .type_name = "it",
                            .number = 3,
                            .scratch = scratch,
                            .extra = &extra};

    extra.size = 0;
    return wpg_encode(&by, &value, &found, &err);
}

static void is_binary(wpg_kind kind, weir_value value, const char *bytes,
                      int size)
{
    assert_int_equal(encode(kind, value), WEIR_OK);
    assert_int_equal(found.format, 1);
    assert_int_equal(found.size, size);
    assert_memory_equal(found.data, bytes, (size_t)size);
}

static void is_text(wpg_kind kind, weir_value value, const char *text)
{
    assert_int_equal(encode(kind, value), WEIR_OK);
    assert_int_equal(found.format, 0);
    assert_string_equal(found.data, text);
}

static void test_encode__numbers_of_their_size(void **state)
{
    (void)state;
    is_binary(WPG_KIND_I16, weir_value_i64(-2), "\xFF\xFE", 2);
    is_binary(WPG_KIND_I32, weir_value_i64(258), "\0\0\1\2", 4);
    is_binary(WPG_KIND_I64, weir_value_i64(-1),
              "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    is_binary(WPG_KIND_OID, weir_value_i64(4294967295), "\xFF\xFF\xFF\xFF", 4);
    is_binary(WPG_KIND_I32, weir_value_f64(2.0), "\0\0\0\2", 4);
    is_binary(WPG_KIND_F64, weir_value_f64(1.0), "\x3F\xF0\0\0\0\0\0\0", 8);
    is_binary(WPG_KIND_F64, weir_value_i64(1), "\x3F\xF0\0\0\0\0\0\0", 8);
    is_binary(WPG_KIND_F32, weir_value_f64(1.0), "\x3F\x80\0\0", 4);
    is_binary(WPG_KIND_F32, weir_value_f64(INFINITY), "\x7F\x80\0\0", 4);
    is_binary(WPG_KIND_BOOL, weir_value_bool(true), "\1", 1);
    is_binary(WPG_KIND_BOOL, weir_value_i64(0), "\0", 1);
    is_binary(WPG_KIND_NUMERIC, weir_value_i64(1), "\0\1\0\0\0\0\0\0\0\1", 10);
}

static void test_encode__out_of_range_names_the_parameter(void **state)
{
    (void)state;
    assert_int_equal(encode(WPG_KIND_I16, weir_value_i64(32768)),
                     WEIR_ERR_TYPE);
    assert_string_equal(err.sqlstate, "22003");
    assert_non_null(strstr(err.message, "parameter 3"));
    assert_int_equal(encode(WPG_KIND_I32, weir_value_i64(INT64_C(1) << 31)),
                     WEIR_ERR_TYPE);
    assert_int_equal(encode(WPG_KIND_OID, weir_value_i64(-1)), WEIR_ERR_TYPE);
    assert_int_equal(encode(WPG_KIND_I64, weir_value_u64(UINT64_MAX)),
                     WEIR_ERR_TYPE);
    assert_int_equal(encode(WPG_KIND_F32, weir_value_f64(1e39)), WEIR_ERR_TYPE);
    assert_int_equal(encode(WPG_KIND_DATETIME,
                            weir_value_datetime((weir_datetime){INT64_MIN})),
                     WEIR_ERR_TYPE);
}

static void test_encode__what_has_no_binary_form_goes_as_text(void **state)
{
    const weir_decimal money = {.lo = 1999, .scale = 2};

    (void)state;
    is_text(WPG_KIND_I32, weir_value_cstr("12"), "12");
    is_text(WPG_KIND_I32, weir_value_f64(1.5), "1.5");
    is_text(WPG_KIND_TEXT, weir_value_i64(-7), "-7");
    is_text(WPG_KIND_TEXT, weir_value_bool(true), "true");
    is_text(WPG_KIND_TEXT, weir_value_decimal(&money), "19.99");
    is_text(WPG_KIND_NUMERIC, weir_value_f64(NAN), "NaN");
    is_text(WPG_KIND_OTHER, weir_value_text(weir_text_span("{1,2}x", 5)),
            "{1,2}");
    is_text(WPG_KIND_DATE, weir_value_cstr("today"), "today");
    is_text(WPG_KIND_BOOL, weir_value_i64(2), "2");
}

static void test_encode__text_is_not_copied_and_holds_no_nul(void **state)
{
    const char *text = "grüße";

    (void)state;
    assert_int_equal(encode(WPG_KIND_TEXT, weir_value_cstr(text)), WEIR_OK);
    assert_ptr_equal(found.data, text);
    assert_int_equal(
        encode(WPG_KIND_TEXT, weir_value_text(weir_text_span("a\0b", 3))),
        WEIR_ERR_TYPE);
    assert_string_equal(err.sqlstate, "22021");
    assert_int_equal(
        encode(WPG_KIND_I32, weir_value_text(weir_text_span("1\0b", 3))),
        WEIR_ERR_TYPE);
    is_binary(WPG_KIND_BYTES, weir_value_bytes(weir_bytes_span("a\0b", 3)),
              "a\0b", 3);
    is_binary(WPG_KIND_JSONB, weir_value_json((weir_raw_json){"{}", 2}), "\1{}",
              3);
}

static void test_encode__null_has_no_data(void **state)
{
    (void)state;
    assert_int_equal(encode(WPG_KIND_I64, weir_value_null()), WEIR_OK);
    assert_null(found.data);
}

static void test_encode__times_count_from_2000(void **state)
{
    const weir_interval span = {.months = 1, .days = -2, .us = 3};
    weir_date day = {WPG_EPOCH_DAYS + 1};

    (void)state;
    is_binary(WPG_KIND_TIMESTAMP,
              weir_value_timestamp((weir_timestamp){WPG_EPOCH_US}),
              "\0\0\0\0\0\0\0\0", 8);
    is_binary(WPG_KIND_DATETIME,
              weir_value_datetime((weir_datetime){WPG_EPOCH_US + 1}),
              "\0\0\0\0\0\0\0\1", 8);
    is_binary(WPG_KIND_DATE, weir_value_date(day), "\0\0\0\1", 4);
    is_binary(WPG_KIND_TIME, weir_value_time((weir_time){256}),
              "\0\0\0\0\0\0\1\0", 8);
    is_binary(WPG_KIND_INTERVAL, weir_value_interval(&span),
              "\0\0\0\0\0\0\0\3\xFF\xFF\xFF\xFE\0\0\0\1", 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode__numbers_of_their_size),
        cmocka_unit_test(test_encode__out_of_range_names_the_parameter),
        cmocka_unit_test(test_encode__what_has_no_binary_form_goes_as_text),
        cmocka_unit_test(test_encode__text_is_not_copied_and_holds_no_nul),
        cmocka_unit_test(test_encode__null_has_no_data),
        cmocka_unit_test(test_encode__times_count_from_2000),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
