/* SPDX-License-Identifier: MIT */
/* Only the letters of ASCII have two cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ascii.h"

static void test_ascii__has_26_letters_of_two_cases(void **state)
{
    int letters = 0;

    (void)state;
    for (int c = 0; c < 256; c++) {
        char lower = wi_ascii_lower((char)c);

        letters += lower != (char)c;
        if (lower != (char)c)
            assert_int_equal(wi_ascii_upper(lower), (char)c);
    }
    assert_int_equal(letters, 26);
}

static void test_ascii_is__compares_the_whole_word(void **state)
{
    (void)state;
    assert_true(wi_ascii_is("begin", 5, "BEGIN"));
    assert_true(wi_ascii_is("BEGINNING", 5, "begin"));
    assert_false(wi_ascii_is("begin", 4, "BEGIN"));
    assert_false(wi_ascii_is("b\xC4\xB1gin", 6, "BEGIN"));
    assert_false(wi_ascii_is("[", 1, "{"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii__has_26_letters_of_two_cases),
        cmocka_unit_test(test_ascii_is__compares_the_whole_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
