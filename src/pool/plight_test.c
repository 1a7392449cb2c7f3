/* SPDX-License-Identifier: MIT */
/* What who waited in vain is told is true of what there is. */
#include "pool/plight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_timed_out__says_what_is_closing(void **state)
{
    const wi_plight plight = {
        .waited_ns = 100000000, .total = 2, .busy = 1, .closing = 1};
    weir_error err;

    (void)state;
    assert_int_equal(wi_plight_timed_out(&plight, &err), WEIR_ERR_POOL_TIMEOUT);
    assert_string_equal(err.message,
                        "no connection became free within 0.10 s: 2 open, 1 "
                        "busy, 0 idle, 0 connecting, 1 asked or closing, 0 "
                        "waiting");
}

static void test_timed_out__names_the_longest_holder(void **state)
{
    const wi_plight plight = {.waited_ns = 1000000000,
                              .total = 1,
                              .busy = 1,
                              .is_held = true,
                              .holder_tag = "report",
                              .holder_site = "main.c:7",
                              .held_ns = 3000000000};
    weir_error err;

    (void)state;
    (void)wi_plight_timed_out(&plight, &err);
    assert_non_null(strstr(
        err.message, "0 waiting; longest holder \"report\" at main.c:7 since "
                     "3.00 s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timed_out__says_what_is_closing),
        cmocka_unit_test(test_timed_out__names_the_longest_holder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
