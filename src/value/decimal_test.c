/* SPDX-License-Identifier: MIT */
/* Exact decimals: 38 digits both ways, order, and the nearest double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/value.h>

#define NINES "99999999999999999999999999999999999999"

static weir_decimal read(const char *text)
{
    weir_decimal out = {0, 0, 0};

    assert_int_equal(weir_decimal_parse(weir_text_of(text), &out, NULL),
                     WEIR_OK);
    return out;
}

static void expect(const char *text, const char *written)
{
    weir_decimal decimal = read(text);
    char out[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_decimal_format(&decimal, out);

    assert_true(size < sizeof out);
    assert_string_equal(out, written);
}

static void test_decimal__comes_back_as_it_was_written(void **state)
{
    (void)state;
    expect("0", "0");
    expect("-0.00", "0.00");
    expect("1.50", "1.50");
    expect("-123.4500", "-123.4500");
    expect(".5", "0.5");
    expect("5.", "5");
    expect("+7", "7");
    expect("1.5e3", "1500");
    expect("1.5e-3", "0.0015");
    expect("1.500E1", "15.00");
    expect(NINES, NINES);
    expect("-" NINES, "-" NINES);
    expect("0." NINES, "0." NINES);
    expect("000000000000000000000000000000000000000000000001", "1");
}

static void test_decimal_parse__refuses_what_would_be_rounded(void **state)
{
    static const char *const junk[] = {
        "",
        ".",
        "-",
        "1e",
        "e5",
        "1.2.3",
        " 1",
        "1 ",
        "0x10",
        "NaN",
        "1,5",
        NINES "0",
        "--1",
        "1e39",
        "1e-39",
        "Infinity",
        "1e99999999999",
        "0.000000000000000000000000000000000000001"};

    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        weir_decimal out = {7, 0, 0};

        assert_int_equal(weir_decimal_parse(weir_text_of(junk[i]), &out, NULL),
                         WEIR_ERR_TYPE);
        assert_int_equal(out.lo, 7);
    }
}

static void
test_decimal_format__bounds_a_scale_that_makes_no_sense(void **state)
{
    weir_decimal wild[] = {{1, 0, -5}, {1, 0, 4711}, {0, INT64_MIN, 38}};
    char out[WEIR_VALUE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++)
        assert_true(weir_decimal_format(&wild[i], out) < sizeof out);
}

static void expect_order(const char *a, const char *b, int order)
{
    weir_decimal left = read(a), right = read(b);
    int found = weir_decimal_compare(&left, &right);

    assert_int_equal((found > 0) - (found < 0), order);
    found = weir_decimal_compare(&right, &left);
    assert_int_equal((found > 0) - (found < 0), -order);
}

static void test_decimal_compare__sees_the_number_not_the_digits(void **state)
{
    (void)state;
    expect_order("1.5", "1.50", 0);
    expect_order("-1", "1", -1);
    expect_order("0.0", "0", 0);
    expect_order("2", "1.99999999999999999999", 1);
    expect_order(NINES, "0." NINES, 1);
    expect_order("-" NINES, "-0.5", -1);
    expect_order("-0.1", "-0.11", 1);
}

/* strtod() rounds correctly, which makes it the judge. */
static void test_decimal_to_f64__is_the_nearest_double(void **state)
{
    uint64_t seed = 99;
    char text[64];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        weir_decimal decimal;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        snprintf(text, sizeof text, "%s%llu%04llu.%llu", i % 2 ? "-" : "",
                 (unsigned long long)(seed >> (seed & 63)),
                 (unsigned long long)(seed % 10000),
                 (unsigned long long)(seed >> 41));
        decimal = read(text);
        assert_true(weir_decimal_to_f64(&decimal) == strtod(text, NULL));
    }
    weir_decimal tiny = read("0.00000000000000000000000000000000000001");
    assert_true(weir_decimal_to_f64(&tiny) == 1e-38);
    weir_decimal half = read("9007199254740993");
    assert_true(weir_decimal_to_f64(&half) == 9007199254740992.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal__comes_back_as_it_was_written),
        cmocka_unit_test(test_decimal_parse__refuses_what_would_be_rounded),
        cmocka_unit_test(
            test_decimal_format__bounds_a_scale_that_makes_no_sense),
        cmocka_unit_test(test_decimal_compare__sees_the_number_not_the_digits),
        cmocka_unit_test(test_decimal_to_f64__is_the_nearest_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
