/* SPDX-License-Identifier: MIT */
/* Did you mean: what is near enough, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *nearest_of(const char *wanted)
{
    static const char *const names[] = {"pool_size", "pool_timeout",
                                        "max_overflow", "charset"};
    wi_nearest nearest;

    wi_nearest_begin(&nearest, wanted);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        wi_nearest_offer(&nearest, names[i]);
    return wi_nearest_found(&nearest);
}

static void test_nearest__sees_through_typing_errors(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("pool_sise"), "pool_size");
    assert_string_equal(nearest_of("poolsize"), "pool_size");
    assert_string_equal(nearest_of("POOL_SIZE"), "pool_size");
    assert_string_equal(nearest_of("pool_tiemout"), "pool_timeout");
    assert_string_equal(nearest_of("charsett"), "charset");
}

static void test_nearest__does_not_guess_wildly(void **state)
{
    char long_name[5000];

    (void)state;
    assert_null(nearest_of("x"));
    assert_null(nearest_of(""));
    assert_null(nearest_of("isolation_level"));
    memset(long_name, 'p', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    assert_null(nearest_of(long_name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest__sees_through_typing_errors),
        cmocka_unit_test(test_nearest__does_not_guess_wildly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
