/* SPDX-License-Identifier: MIT */
/* Percent encoding: both ways, and what is no escape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "url/percent.h"

static void test_percent__comes_back_for_every_character(void **state)
{
    char all[256], back[256];
    wi_buf buf;

    (void)state;
    for (int c = 1; c < 128; c++)
        all[c - 1] = (char)c;
    memcpy(all + 127, "\xC3\xA4", 3);
    wi_buf_init(&buf, NULL, 0);
    wi_percent_encode(all, "", &buf);
    assert_null(strpbrk(wi_buf_text(&buf), "@:/?#[] +&="));
    assert_int_equal(wi_percent_decode(buf.data, buf.size, true, back),
                     WI_PERCENT_OK);
    assert_string_equal(back, all);
    wi_buf_clear(&buf);
}

static void test_percent_encode__keeps_what_it_is_told(void **state)
{
    wi_buf buf;

    (void)state;
    wi_buf_init(&buf, NULL, 0);
    wi_percent_encode("/a b/~", "/", &buf);
    assert_string_equal(wi_buf_text(&buf), "/a%20b/~");
    wi_buf_clear(&buf);
}

static void test_percent_decode__names_each_fault(void **state)
{
    static const struct {
        const char *text;
        wi_percent_fault fault;
    } faults[] = {
        {"%", WI_PERCENT_BAD_ESCAPE},    {"%4", WI_PERCENT_BAD_ESCAPE},
        {"a%4g", WI_PERCENT_BAD_ESCAPE}, {"%zz", WI_PERCENT_BAD_ESCAPE},
        {"%00", WI_PERCENT_NUL},         {"%C3", WI_PERCENT_NOT_UTF8},
        {"%c3%A4", WI_PERCENT_OK},
    };
    char out[16];

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        assert_int_equal(wi_percent_decode(faults[i].text,
                                           strlen(faults[i].text), false, out),
                         faults[i].fault);
}

static void test_percent_decode__plus_is_a_space_only_in_queries(void **state)
{
    char out[16];

    (void)state;
    wi_percent_decode("a+b", 3, true, out);
    assert_string_equal(out, "a b");
    wi_percent_decode("a+b", 3, false, out);
    assert_string_equal(out, "a+b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent__comes_back_for_every_character),
        cmocka_unit_test(test_percent_encode__keeps_what_it_is_told),
        cmocka_unit_test(test_percent_decode__names_each_fault),
        cmocka_unit_test(test_percent_decode__plus_is_a_space_only_in_queries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
