/* SPDX-License-Identifier: MIT */
/* Deadlines: forward only, and none that wraps around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/clock.h"

static void test_now__never_goes_back(void **state)
{
    int64_t last = wi_now_ns();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int64_t now = wi_now_ns();

        assert_true(now >= last);
        last = now;
    }
}

static void test_deadline_in__stops_at_never(void **state)
{
    (void)state;
    assert_true(wi_deadline_in_ns(INT64_MAX) == WI_NO_DEADLINE);
    assert_true(wi_deadline_in_ns(INT64_MAX - 1) == WI_NO_DEADLINE);
    assert_true(wi_deadline_in_ns(1000) > wi_now_ns() - 1000000000);
    assert_false(wi_deadline_passed(WI_NO_DEADLINE));
    assert_true(wi_deadline_passed(0));
    assert_false(wi_deadline_passed(wi_deadline_in_ns(INT64_C(3600000000000))));
}

static void test_ns_from_seconds__rounds_up_and_saturates(void **state)
{
    (void)state;
    assert_true(wi_ns_from_seconds(0) == 0);
    assert_true(wi_ns_from_seconds(1.5) == 1500000000);
    assert_true(wi_ns_from_seconds(1e-12) == 1);
    assert_true(wi_ns_from_seconds(1e300) == WI_NO_DEADLINE);
    assert_true(wi_ns_from_seconds(INFINITY) == WI_NO_DEADLINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now__never_goes_back),
        cmocka_unit_test(test_deadline_in__stops_at_never),
        cmocka_unit_test(test_ns_from_seconds__rounds_up_and_saturates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
