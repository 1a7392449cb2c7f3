/* SPDX-License-Identifier: MIT */
/* Intervals as ISO 8601 durations, both ways and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/value.h>

static weir_interval read(const char *text)
{
    weir_interval out = {0, 0, 0};

    assert_int_equal(weir_interval_parse(weir_text_of(text), &out, NULL),
                     WEIR_OK);
    return out;
}

static void expect(const char *text, int32_t months, int32_t days, int64_t us)
{
    weir_interval out = read(text);

    assert_int_equal(out.months, months);
    assert_int_equal(out.days, days);
    assert_true(out.us == us);
}

static void test_interval_parse__adds_up_the_units(void **state)
{
    (void)state;
    expect("P1Y2M3DT4H5M6.5S", 14, 3, INT64_C(14706500000));
    expect("P2W1D", 0, 15, 0);
    expect("PT0S", 0, 0, 0);
    expect("P-1Y+2M", -10, 0, 0);
    expect("PT-0.5S", 0, 0, -500000);
    expect("PT1.000000S", 0, 0, 1000000);
    expect("PT1.00000000S", 0, 0, 1000000);
}

static void test_interval_parse__refuses_what_has_two_readings(void **state)
{
    static const char *const junk[] = {"",
                                       "P",
                                       "PT",
                                       "P1",
                                       "1Y",
                                       "P1YT",
                                       "PT1.S",
                                       "PT.5S",
                                       "P1D1Y",
                                       "P1Y1Y",
                                       "P1.5Y",
                                       "P1S",
                                       "PT1D",
                                       "PT1H1H",
                                       "PT1S1M",
                                       "P1Y ",
                                       " P1Y",
                                       "P--1Y",
                                       "P1y",
                                       "PT0.0000001S",
                                       "PT1e3S",
                                       "P1YT1H1",
                                       "PT1,5S",
                                       "P1YTT1H",
                                       "P200000000Y",
                                       "P9999999999D",
                                       "PT9223372036855S"};

    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        weir_interval out = {7, 7, 7};
        weir_error err;

        assert_int_equal(weir_interval_parse(weir_text_of(junk[i]), &out, &err),
                         WEIR_ERR_TYPE);
        assert_int_equal(out.months, 7);
        assert_true(out.us == 7);
        assert_non_null(err.message);
    }
}

static void test_interval_format__round_trips_at_the_edges(void **state)
{
    static const weir_interval edges[] = {
        {0, 0, 0},
        {INT32_MAX, INT32_MAX, INT64_MAX},
        {INT32_MIN, INT32_MIN, INT64_MIN},
        {1, -1, 1},
        {0, 0, -1},
        {0, 0, -999999},
        {-5, 0, 1000001},
    };
    char text[WEIR_VALUE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        size_t size = weir_interval_format(&edges[i], text);

        assert_true(size < sizeof text);
        expect(text, edges[i].months, edges[i].days, edges[i].us);
    }
    weir_interval_format(&edges[0], text);
    assert_string_equal(text, "PT0S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval_parse__adds_up_the_units),
        cmocka_unit_test(test_interval_parse__refuses_what_has_two_readings),
        cmocka_unit_test(test_interval_format__round_trips_at_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
