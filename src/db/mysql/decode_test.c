/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "db/mysql/wmy.h"

enum { ROOM = 128 };

/* A row of one column: header, NULL bits, the value. */
typedef struct one {
    uint8_t packet[ROOM + 1];
    size_t size;
    weir_value value;
    wmy_cell cell;
} one;

static bool decode(one *o, wmy_kind kind, const char *bytes, size_t size)
{
    uint8_t kinds[1] = {(uint8_t)kind};

    memset(o, 0, sizeof *o);
    memcpy(o->packet + 2, bytes, size);
    o->size = size + 2;
    return wmy_decode_row(kinds, 1, (wmy_span){o->packet, o->size}, &o->value,
                          &o->cell);
}

static int64_t number(wmy_kind kind, const char *bytes, size_t size)
{
    one o;

    assert_true(decode(&o, kind, bytes, size));
    assert_int_equal(o.value.type, WEIR_TYPE_I64);
    return o.value.as.i;
}

static void test_integers__of_every_size_and_sign(void **state)
{
    one o;

    (void)state;
    assert_int_equal(number(WMY_KIND_I8, "\x80", 1), -128);
    assert_int_equal(number(WMY_KIND_U8, "\xFF", 1), 255);
    assert_int_equal(number(WMY_KIND_I16, "\x00\x80", 2), -32768);
    assert_int_equal(number(WMY_KIND_U16, "\xFF\xFF", 2), 65535);
    assert_int_equal(number(WMY_KIND_I32, "\0\0\0\x80", 4), INT32_MIN);
    assert_int_equal(number(WMY_KIND_U32, "\xFF\xFF\xFF\xFF", 4), UINT32_MAX);
    assert_int_equal(number(WMY_KIND_I64, "\0\0\0\0\0\0\0\x80", 8), INT64_MIN);
    assert_int_equal(number(WMY_KIND_BIT, "\x02\x01\x00", 3), 256);
    assert_true(
        decode(&o, WMY_KIND_U64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8));
    assert_int_equal(o.value.type, WEIR_TYPE_U64);
    assert_true(o.value.as.u == UINT64_MAX);
}

static void test_text__ends_with_nul_also_before_another_column(void **state)
{
    uint8_t packet[] = {0, 0, 2, 'a', 'b', 1, 'c', 'x'};
    const uint8_t kinds[] = {WMY_KIND_TEXT, WMY_KIND_TEXT};
    weir_value row[2];
    wmy_cell cells[2];

    (void)state;
    assert_true(wmy_decode_row(kinds, 2, (wmy_span){packet, sizeof packet - 1},
                               row, cells));
    assert_string_equal(row[0].as.text, "ab");
    assert_int_equal(row[0].size, 2);
    assert_string_equal(row[1].as.text, "c");
}

static void test_null__takes_no_bytes(void **state)
{
    uint8_t packet[] = {0, 4, 1, 'c', 0};
    const uint8_t kinds[] = {WMY_KIND_I64, WMY_KIND_TEXT};
    weir_value row[2];
    wmy_cell cells[2];

    (void)state;
    assert_true(wmy_decode_row(kinds, 2, (wmy_span){packet, sizeof packet - 1},
                               row, cells));
    assert_int_equal(row[0].type, WEIR_TYPE_NULL);
    assert_string_equal(row[1].as.text, "c");
}

static void test_dates__real_ones_and_those_with_zeros(void **state)
{
    one o;

    (void)state;
    assert_true(decode(&o, WMY_KIND_DATE, "\x04\xB2\x07\x01\x02", 5));
    assert_int_equal(o.value.type, WEIR_TYPE_DATE);
    assert_int_equal(o.value.as.i, 1);
    assert_true(decode(&o, WMY_KIND_DATETIME,
                       "\x0B\xB2\x07\x01\x01\x00\x00\x01\x02\x00\x00\x00", 12));
    assert_int_equal(o.value.type, WEIR_TYPE_DATETIME);
    assert_int_equal(o.value.as.i, 1000002);
    assert_true(decode(&o, WMY_KIND_DATE, "\x00", 1));
    assert_string_equal(o.value.as.text, "0000-00-00");
    assert_true(decode(&o, WMY_KIND_TIMESTAMP, "\x04\xE8\x07\x02\x1E", 5));
    assert_string_equal(o.value.as.text, "2024-02-30 00:00:00");
}

static void test_times__outside_a_day_are_intervals(void **state)
{
    one o;

    (void)state;
    assert_true(decode(&o, WMY_KIND_TIME, "\x00", 1));
    assert_int_equal(o.value.type, WEIR_TYPE_TIME);
    assert_true(
        decode(&o, WMY_KIND_TIME, "\x08\x01\x00\x00\x00\x00\x00\x00\x01", 9));
    assert_int_equal(o.value.type, WEIR_TYPE_INTERVAL);
    assert_int_equal(o.value.as.interval->us, -1000000);
    assert_true(
        decode(&o, WMY_KIND_TIME, "\x08\x00\x01\x00\x00\x00\x00\x00\x00", 9));
    assert_int_equal(o.value.as.interval->us, INT64_C(86400000000));
}

static void test_decimals__beyond_38_digits_stay_text(void **state)
{
    one o;

    (void)state;
    assert_true(decode(&o, WMY_KIND_DECIMAL, "\x05-1.50", 6));
    assert_int_equal(o.value.type, WEIR_TYPE_DECIMAL);
    assert_int_equal(o.value.as.decimal->scale, 2);
    assert_true(decode(&o, WMY_KIND_DECIMAL,
                       "\x29"
                       "99999999999999999999999999999999999999999",
                       42));
    assert_int_equal(o.value.type, WEIR_TYPE_TEXT);
    assert_int_equal(o.value.size, 41);
}

/* Every kind, every length too short, and one byte too many. */
static void test_broken_rows__are_refused(void **state)
{
    static const char full[] = "\x0B\xB2\x07\x01\x01\x00\x00\x01\x02\0\0\0";
    one o;

    (void)state;
    for (size_t size = 0; size < 12; size++) {
        assert_false(decode(&o, WMY_KIND_DATETIME, full, size));
        assert_false(decode(&o, WMY_KIND_TEXT, full, size));
    }
    for (int kind = WMY_KIND_I8; kind <= WMY_KIND_TIME; kind++)
        assert_false(decode(&o, (wmy_kind)kind, "", 0));
    assert_false(decode(&o, WMY_KIND_I32, "\1\2\3", 3));
    assert_false(decode(&o, WMY_KIND_I8, "\1\2", 2));
    assert_false(decode(&o, WMY_KIND_DATE, "\x05\1\1\1\1\1", 6));
    assert_false(decode(&o, WMY_KIND_TIME, "\x07\1\1\1\1\1\1\1", 8));
    assert_false(decode(&o, WMY_KIND_TIME, "\x08\0\xFF\xFF\xFF\xFF\0\0\0", 9));
    assert_false(decode(&o, WMY_KIND_BIT, "\x09\1\1\1\1\1\1\1\1\1", 10));
    assert_false(decode(&o, WMY_KIND_TEXT, "\xFB", 1));
    assert_false(
        decode(&o, WMY_KIND_TEXT, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x3F", 9));
    assert_false(wmy_decode_row(NULL, 0, (wmy_span){o.packet, 0}, NULL, NULL));
    o.packet[0] = 0xFE;
    assert_false(wmy_decode_row(NULL, 0, (wmy_span){o.packet, 3}, NULL, NULL));
}

static void test_lengths__of_one_to_nine_bytes(void **state)
{
    static const uint8_t bytes[] = {250, 0xFC, 1, 1, 0xFD, 1, 0, 1, 0xFE,
                                    1,   0,    0, 0, 0,    0, 0, 1};
    const uint8_t *at = bytes, *end = bytes + sizeof bytes;
    uint64_t out;

    (void)state;
    assert_true(wmy_read_length(&at, end, &out) && out == 250);
    assert_true(wmy_read_length(&at, end, &out) && out == 257);
    assert_true(wmy_read_length(&at, end, &out) && out == 65537);
    assert_false(wmy_read_length(&at, end - 1, &out));
    assert_true(wmy_read_length(&at, end, &out));
    assert_true(out == (UINT64_C(1) << 56) + 1 && at == end);
    assert_false(wmy_read_length(&at, end, &out));
}

static void test_text_rows__hold_text_and_null(void **state)
{
    uint8_t packet[] = {2, '4', '2', 0xFB, 0, 'x'};
    const uint8_t kinds[] = {WMY_KIND_TEXT, WMY_KIND_TEXT, WMY_KIND_BYTES};
    weir_value row[3];

    (void)state;
    assert_true(wmy_decode_text_row(kinds, 3, (wmy_span){packet, 5}, row));
    assert_string_equal(row[0].as.text, "42");
    assert_int_equal(row[1].type, WEIR_TYPE_NULL);
    assert_int_equal(row[2].type, WEIR_TYPE_BYTES);
    assert_false(wmy_decode_text_row(kinds, 3, (wmy_span){packet, 1}, row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers__of_every_size_and_sign),
        cmocka_unit_test(test_text__ends_with_nul_also_before_another_column),
        cmocka_unit_test(test_null__takes_no_bytes),
        cmocka_unit_test(test_dates__real_ones_and_those_with_zeros),
        cmocka_unit_test(test_times__outside_a_day_are_intervals),
        cmocka_unit_test(test_decimals__beyond_38_digits_stay_text),
        cmocka_unit_test(test_broken_rows__are_refused),
        cmocka_unit_test(test_lengths__of_one_to_nine_bytes),
        cmocka_unit_test(test_text_rows__hold_text_and_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
