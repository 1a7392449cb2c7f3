/* SPDX-License-Identifier: MIT */
/*
 * The pool's options: read, refused with the reason, handed to the pool.
 */
#include "engine/pool_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static weir_status set(weir_engine_options *options, const char *name,
                       const char *value)
{
    wi_option_outcome outcome;
    weir_error err;

    return wi_pool_option_set(options, name, value, &outcome, &err);
}

static void test_pool_option_set__reaches_its_member(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    wi_option_outcome outcome;

    (void)state;
    assert_int_equal(set(&options, "max_overtake", "0.001"), WEIR_OK);
    assert_true(options.max_overtake_s == 0.001);
    assert_int_equal(set(&options, "pool_max_uses", "7"), WEIR_OK);
    assert_int_equal(options.pool_max_uses, 7);
    assert_int_equal(set(&options, "pool_order", "FIFO"), WEIR_OK);
    assert_int_equal(options.pool_order, WEIR_POOL_FIFO);
    assert_int_equal(set(&options, "pool_threads", "off"), WEIR_OK);
    assert_int_equal(options.pool_threads, WEIR_POOL_THREADS_OFF);
    assert_int_equal(set(&options, "max_connecting", "0"), WEIR_ERR_CONFIG);
    assert_int_equal(
        wi_pool_option_set(&options, "pool_size", "1", &outcome, NULL),
        WEIR_OK);
    assert_int_equal(outcome.kind, WI_OPTION_UNKNOWN);
}

static void test_pool_option__some_are_fixed(void **state)
{
    (void)state;
    assert_true(wi_pool_option_is_live("max_waiters"));
    assert_false(wi_pool_option_is_live("pool_core"));
    assert_false(wi_pool_option_is_live("pool_threads"));
    assert_false(wi_pool_option_is_live("nonsense"));
}

static void refuse(const weir_engine_options *options, const char *reason)
{
    weir_error err;

    assert_int_equal(wi_pool_options_check(options, &err), WEIR_ERR_CONFIG);
    if (!strstr(err.message, reason))
        fail_msg("\"%s\" does not say \"%s\"", err.message, reason);
}

static void test_pool_options_check__refuses_contradictions(void **state)
{
    const weir_engine_options defaults = WEIR_ENGINE_OPTIONS;
    weir_engine_options options = defaults;
    weir_error err;

    (void)state;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options.pool_use_lifo = true;
    options.pool_order = WEIR_POOL_FIFO;
    refuse(&options, "options pool_use_lifo and pool_order contradict");
    options = defaults;
    options.pool_ping_bypass_s = 1;
    refuse(&options, "set pool_pre_ping");
    options = defaults;
    options.max_overtake_s = 0.001;
    options.pool_use_lifo = true;
    refuse(&options, "only with affinity");
    options = defaults;
    options.pool_core = WEIR_POOL_MUTEX;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options.max_waiters = 1;
    refuse(&options, "the mutex core has none of them");
}

static void test_pool_options_check__refuses_what_means_nothing(void **state)
{
    const weir_engine_options defaults = WEIR_ENGINE_OPTIONS;
    weir_engine_options options = defaults;

    (void)state;
    options.max_connecting = 0;
    refuse(&options, "option max_connecting: write 1 to 1000000");
    options = defaults;
    options.max_overtake_s = -1;
    refuse(&options, "option max_overtake: write 0 to");
    options = defaults;
    options.pool_order = (weir_pool_order)9;
    refuse(&options, "option pool_order");
}

static void test_engine_pool_options__says_who_connects(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    (void)state;
    assert_true(wi_engine_pool_options(&options, NULL, true).threads);
    assert_false(wi_engine_pool_options(&options, NULL, false).threads);
    options.pool_threads = WEIR_POOL_THREADS_OFF;
    assert_false(wi_engine_pool_options(&options, NULL, true).threads);
    options.pool_use_lifo = true;
    assert_int_equal(wi_engine_pool_options(&options, NULL, true).order,
                     WI_ORDER_LIFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_option_set__reaches_its_member),
        cmocka_unit_test(test_pool_option__some_are_fixed),
        cmocka_unit_test(test_pool_options_check__refuses_contradictions),
        cmocka_unit_test(test_pool_options_check__refuses_what_means_nothing),
        cmocka_unit_test(test_engine_pool_options__says_who_connects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
