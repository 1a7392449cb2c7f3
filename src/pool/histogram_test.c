/* SPDX-License-Identifier: MIT */
/*
 * Durations fall into the bucket that they belong to, and come out again.
 */
#include "pool/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_bucket_of__never_falls(void **state)
{
    int last = 0;

    (void)state;
    for (int64_t ns = 1; ns < INT64_C(1) << 50; ns += ns / 7 + 1) {
        int bucket = wi_bucket_of(ns);

        assert_true(bucket == last || bucket == last + 1);
        last = bucket;
    }
    assert_int_equal(last, WI_BUCKETS - 1);
    assert_int_equal(wi_bucket_of(INT64_MAX), WI_BUCKETS - 1);
}

static void test_histogram_quantile__is_within_half(void **state)
{
    const double parts[] = {0.1, 0.5, 0.9, 0.99, 0.9999};

    (void)state;
    for (int64_t ns = 300; ns < INT64_C(1000000000); ns *= 3) {
        wi_histogram histogram = {{0}};
        wi_histogram_sum sum = {{0}, 0};

        wi_histogram_add(&histogram, ns, 5);
        wi_histogram_sum_up(&sum, &histogram);
        assert_int_equal(sum.total, 5);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            int64_t found = wi_histogram_quantile(&sum, parts[i]);

            assert_true(found > ns && found <= ns + ns / 2 + 1);
        }
    }
}

static void test_histogram_quantile__tells_parts_apart(void **state)
{
    wi_histogram histogram = {{0}};
    wi_histogram_sum sum = {{0}, 0};

    (void)state;
    assert_int_equal(wi_histogram_quantile(&sum, 0.5), 0);
    wi_histogram_add(&histogram, 1000, 990);
    wi_histogram_add(&histogram, 1000000, 10);
    wi_histogram_sum_up(&sum, &histogram);
    assert_true(wi_histogram_quantile(&sum, 0.5) < 2000);
    assert_true(wi_histogram_quantile(&sum, 0.99) < 2000);
    assert_true(wi_histogram_quantile(&sum, 0.999) > 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_of__never_falls),
        cmocka_unit_test(test_histogram_quantile__is_within_half),
        cmocka_unit_test(test_histogram_quantile__tells_parts_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
