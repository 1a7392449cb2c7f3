/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "db/postgres/codec.h"

static char bytes[64];

/* The server's format of a text, as text again. */
static void there_and_back(const char *text, const char *wanted)
{
    size_t size = wpg_encode_numeric(text, bytes);
    char back[64];
    size_t length = wpg_numeric_text((wpg_span){bytes, size}, back);

    back[length] = '\0';
    assert_true(size >= 8);
    assert_string_equal(back, wanted);
    assert_true(wpg_numeric_text((wpg_span){bytes, size}, NULL) >= length);
}

static void test_numeric__text_there_and_back(void **state)
{
    static const char *const texts[] = {
        "0",
        "1",
        "-1",
        "10000",
        "99999999",
        "0.5",
        "0.00001",
        "-0.01",
        "1234.5678",
        "10000.0001",
        "1.50",
        "0.00",
        "99999999999999999999999999999999999999",
        "-999999999999999999999999999999999999.99",
        "0.00000000000000000000000000000000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        there_and_back(texts[i], texts[i]);
    there_and_back("-0.00", "0.00");
    there_and_back("007", "7");
}

/* As a server of version 15 writes 12345.678 and NaN. */
static void test_numeric__bytes_of_a_server(void **state)
{
    static const char number[] = "\0\3\0\1\0\0\0\3\0\1\x09\x29\x1a\x7c";
    static const char nan[] = "\0\0\0\0\xC0\0\0\0";
    char text[64];

    (void)state;
    assert_int_equal(wpg_numeric_text((wpg_span){number, 14}, text), 9);
    assert_memory_equal(text, "12345.678", 9);
    assert_int_equal(wpg_encode_numeric("12345.678", bytes), 14);
    assert_memory_equal(bytes, number, 14);
    assert_int_equal(wpg_numeric_text((wpg_span){nan, 8}, text), 3);
    assert_memory_equal(text, "NaN", 3);
}

static void test_numeric__refuses_what_is_none(void **state)
{
    static const char group[] = "\0\1\0\0\0\0\0\0\x27\x10"; /* 10000 */
    static const char sign[] = "\0\0\0\0\x12\x34\0\0";

    (void)state;
    assert_int_equal(wpg_numeric_text((wpg_span){group, 10}, NULL), 0);
    assert_int_equal(wpg_numeric_text((wpg_span){group, 9}, NULL), 0);
    assert_int_equal(wpg_numeric_text((wpg_span){group, 7}, NULL), 0);
    assert_int_equal(wpg_numeric_text((wpg_span){sign, 8}, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric__text_there_and_back),
        cmocka_unit_test(test_numeric__bytes_of_a_server),
        cmocka_unit_test(test_numeric__refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
