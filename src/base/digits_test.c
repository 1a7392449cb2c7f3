/* SPDX-License-Identifier: MIT */
/* Integers as digits: every length, both edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>

#include "base/digits.h"

static void check(uint64_t number)
{
    char text[WI_DIGITS_MAX + 1], expected[32];
    char *end = wi_digits_u64(number, text);

    *end = '\0';
    snprintf(expected, sizeof expected, "%" PRIu64, number);
    assert_string_equal(text, expected);
    assert_int_equal(wi_digits_count(number), strlen(expected));
    end = wi_digits_i64((int64_t)number, text);
    *end = '\0';
    snprintf(expected, sizeof expected, "%" PRId64, (int64_t)number);
    assert_string_equal(text, expected);
}

static void test_digits__are_those_of_printf(void **state)
{
    uint64_t power = 1;

    (void)state;
    for (int i = 0; i < 20; i++, power *= 10) {
        check(power);
        check(power - 1);
        check(power + 1);
        check(0 - power);
    }
    for (uint64_t number = 0; number < 100000; number++)
        check(number);
    check(UINT64_MAX);
    check((uint64_t)INT64_MAX);
    check((uint64_t)INT64_MIN);
}

static void test_digits_six__has_leading_zeros(void **state)
{
    char text[7] = "";

    (void)state;
    assert_ptr_equal(wi_digits_six(42, text), text + 6);
    assert_string_equal(text, "000042");
    wi_digits_six(999999, text);
    assert_string_equal(text, "999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits__are_those_of_printf),
        cmocka_unit_test(test_digits_six__has_leading_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
