/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it, against a plain reading of its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* Encodes as the table says, without asking whether it may. */
static size_t encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static void test_utf8_check__takes_every_character(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF + 0x1000; c++) {
        bool right = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        char text[4];
        size_t size = encode(c, text);

        assert_int_equal(wi_utf8_check(text, size),
                         right ? WI_UTF8_CLEAN : WI_UTF8_BROKEN);
        assert_int_equal(wi_utf8_character(text, size), right ? size : 0);
        if (size > 1)
            assert_int_equal(wi_utf8_check(text, size - 1), WI_UTF8_BROKEN);
    }
}

static void test_utf8_check__refuses_what_is_no_utf8(void **state)
{
    static const char *const broken[] = {"\x80",
                                         "\xC0\x80",
                                         "\xC1\xBF",
                                         "\xE0\x9F\xBF",
                                         "\xF0\x8F\xBF\xBF",
                                         "\xF8\x88\x80\x80\x80",
                                         "\xFF",
                                         "\xC3(",
                                         "\xE2\x28\xA1"};

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char text[64];

        /* At every place of a word of eight bytes. */
        for (size_t before = 0; before < 20; before++) {
            memset(text, 'a', sizeof text);
            memcpy(text + before, broken[i], strlen(broken[i]));
            assert_int_equal(wi_utf8_check(text, sizeof text), WI_UTF8_BROKEN);
        }
    }
}

static void test_utf8_is_plain__sees_each_byte_of_each_length(void **state)
{
    static const char strange[] = {'\0', '\x80', '\xC3', '\xFF'};
    char text[40];

    (void)state;
    memset(text, 1, sizeof text); /* nearly a NUL */
    for (size_t size = 0; size <= sizeof text; size++) {
        assert_true(wi_utf8_is_plain(text, size));
        for (size_t at = 0; at < size; at++) {
            for (size_t i = 0; i < sizeof strange; i++) {
                text[at] = strange[i];
                assert_false(wi_utf8_is_plain(text, size));
            }
            text[at] = '\x7F';
            assert_true(wi_utf8_is_plain(text, size));
        }
    }
}

static void test_utf8_check__tells_of_a_nul_inside(void **state)
{
    char text[40];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(wi_utf8_check(text, sizeof text), WI_UTF8_CLEAN);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = '\0';
        assert_int_equal(wi_utf8_check(text, sizeof text), WI_UTF8_HAS_NUL);
        text[i] = 'a';
    }
    assert_int_equal(wi_utf8_check("", 0), WI_UTF8_CLEAN);
}

static void test_utf8_cut__never_halves_a_character(void **state)
{
    const char *text = "a\xC3\xA4\xF0\x9F\x98\x80z";

    (void)state;
    assert_int_equal(wi_utf8_cut(text, 8, 100), 8);
    assert_int_equal(wi_utf8_cut(text, 8, 7), 7);
    assert_int_equal(wi_utf8_cut(text, 8, 6), 3);
    assert_int_equal(wi_utf8_cut(text, 8, 4), 3);
    assert_int_equal(wi_utf8_cut(text, 8, 2), 1);
    assert_int_equal(wi_utf8_cut(text, 8, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_check__takes_every_character),
        cmocka_unit_test(test_utf8_check__refuses_what_is_no_utf8),
        cmocka_unit_test(test_utf8_is_plain__sees_each_byte_of_each_length),
        cmocka_unit_test(test_utf8_check__tells_of_a_nul_inside),
        cmocka_unit_test(test_utf8_cut__never_halves_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
