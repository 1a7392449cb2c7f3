/* SPDX-License-Identifier: MIT */
/* Doubles as text: the same double again, no digit too many, no locale. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/value.h>

#include "value/f64.h"

static const char *text_of(double f)
{
    static char text[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_f64_format(f, text);

    assert_true(size < sizeof text);
    assert_int_equal(size, strlen(text));
    return text;
}

static void test_f64_format__writes_what_people_write(void **state)
{
    static const struct {
        double f;
        const char *text;
    } known[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {123456.789, "123456.789"},
        {100, "100.0"},
        {0.0001, "0.0001"},
        {0.00001, "1e-5"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e16"},
        {1e23, "1e23"},
        {9007199254740993.0, "9007199254740992.0"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_string_equal(text_of(known[i].f), known[i].text);
}

/* The C library rounds correctly: it says what reads back, and with how few
 * digits at least (more may be needed only at an uneven interval). */
static void check_shortest(double f)
{
    wi_shortest found = wi_f64_shortest(f);
    char fewer[64];
    int digits =
        snprintf(fewer, sizeof fewer, "%llu", (unsigned long long)found.digits);

    assert_true(strtod(text_of(f), NULL) == f);
    if (digits == 1)
        return;
    snprintf(fewer, sizeof fewer, "%.*e", digits - 2, f);
    assert_true(strtod(fewer, NULL) != fabs(f));
}

static uint64_t next_random(uint64_t *seed)
{
    uint64_t x = *seed += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static void test_f64_format__reads_back_with_fewest_digits(void **state)
{
    uint64_t seed = 20241124;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&seed) & UINT64_C(0x7FFFFFFFFFFFFFFF);
        double f;

        memcpy(&f, &bits, sizeof f);
        if (isfinite(f))
            check_shortest(f);
        check_shortest((double)(next_random(&seed) >> 40) / 1000);
    }
}

static void test_f64_format__holds_around_every_power_of_two(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double f = ldexp(1, exponent);

        assert_true(strtod(text_of(f), NULL) == f);
        check_shortest(nextafter(f, INFINITY));
        check_shortest(nextafter(f, 0));
    }
}

static void test_f64_format__of_two_as_short_takes_the_nearer(void **state)
{
    (void)state;
    /* 2^-44 = 5.684341886080801486968994140625e-14 */
    assert_string_equal(text_of(0x1p-44), "5.684341886080802e-14");
    /* 9.007199254740993e15 lies in the middle of its neighbours. */
    assert_string_equal(text_of(9007199254740994.0), "9007199254740994.0");
    assert_string_equal(text_of(2e-323), "2e-323");
}

static void test_f64_format__is_deaf_to_the_locale(void **state)
{
    const char *commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};

    (void)state;
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++)
        setlocale(LC_NUMERIC, commas[i]);
    assert_string_equal(text_of(0.5), "0.5");
    assert_string_equal(text_of(1.5e300), "1.5e300");
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f64_format__writes_what_people_write),
        cmocka_unit_test(test_f64_format__reads_back_with_fewest_digits),
        cmocka_unit_test(test_f64_format__holds_around_every_power_of_two),
        cmocka_unit_test(test_f64_format__of_two_as_short_takes_the_nearer),
        cmocka_unit_test(test_f64_format__is_deaf_to_the_locale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
