/* SPDX-License-Identifier: MIT */
/* Dates at the edges of their range, and both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/value.h>

static void test_timestamp__round_trips_at_the_edges(void **state)
{
    static const int64_t edges[] = {
        INT64_MIN,          INT64_MIN + 1,  -1, 0, 1, INT64_MAX,
        -62135596800000001, 951782400000000};
    char text[WEIR_VALUE_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        weir_timestamp back = {0};
        size_t size = weir_timestamp_format((weir_timestamp){edges[i]}, text);

        assert_true(size < sizeof text);
        assert_int_equal(
            weir_timestamp_parse(weir_text_span(text, size), &back, NULL),
            WEIR_OK);
        assert_true(back.us == edges[i]);
    }
}

static void test_date__knows_each_day_of_400_years(void **state)
{
    int ymd[3] = {1600, 1, 1}, split[3];
    weir_date first, date;

    (void)state;
    assert_int_equal(weir_date_from_ymd(ymd, &first, NULL), WEIR_OK);
    for (int32_t i = 0; i < 146097; i++) {
        weir_date_to_ymd((weir_date){first.days + i}, split);
        assert_int_equal(weir_date_from_ymd(split, &date, NULL), WEIR_OK);
        assert_int_equal(date.days, first.days + i);
    }
    weir_date_to_ymd((weir_date){first.days + 146097}, split);
    assert_int_equal(split[0], 2000);
    assert_int_equal(split[1], 1);
}

static void test_timestamp_parse__refuses_junk(void **state)
{
    static const char *const junk[] = {"",
                                       "2023-02-29T00:00:00Z",
                                       "2024-01-01T24:00:00Z",
                                       "2024-01-01T00:00:60Z",
                                       "2024-01-01T00:00:00",
                                       "2024-01-01",
                                       "2024-01-01T00:00:00.0000001Z",
                                       "2024-01-01T00:00:00Z "};
    weir_timestamp out = {7};

    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        assert_int_equal(
            weir_timestamp_parse(weir_text_of(junk[i]), &out, NULL),
            WEIR_ERR_TYPE);
        assert_int_equal(out.us, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timestamp__round_trips_at_the_edges),
        cmocka_unit_test(test_date__knows_each_day_of_400_years),
        cmocka_unit_test(test_timestamp_parse__refuses_junk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
