/* SPDX-License-Identifier: MIT */
/*
 * What a pool does by itself: options that are refused, and how they look to
 * the pool.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/pool_options.h"

static const weir_engine_options defaults = WEIR_ENGINE_OPTIONS;

static void refuse(const weir_engine_options *options, const char *reason)
{
    weir_error err;

    assert_int_equal(wi_pool_options_check(options, &err), WEIR_ERR_CONFIG);
    if (!strstr(err.message, reason))
        fail_msg("\"%s\" does not say \"%s\"", err.message, reason);
}

static void test_house_check__names_who_would_not_do_it(void **state)
{
    weir_engine_options options = defaults;

    (void)state;
    options.pool_min_idle = 2;
    options.pool_threads = WEIR_POOL_THREADS_OFF;
    refuse(&options, "options pool_min_idle and pool_threads: without");
    options = defaults;
    options.pool_keepalive_s = 5;
    options.pool_core = WEIR_POOL_MUTEX;
    refuse(&options, "options pool_keepalive and pool_core");
    options = defaults;
    options.pool_idle_timeout_s = 5;
    options.pool_kind = WEIR_POOL_STATIC;
    refuse(&options, "options pool_idle_timeout and pool_kind");
}

static void test_house_check__refuses_more_idle_than_are_kept(void **state)
{
    weir_engine_options options = defaults;
    weir_error err;

    (void)state;
    options.pool_min_idle = 6;
    refuse(&options, "pool_min_idle: 6 is above pool_size");
    options.pool_size = 0;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options.pool_min_idle = -1;
    refuse(&options, "option pool_min_idle: write 0 to");
    options = defaults;
    options.pool_prefill = true;
    options.pool_size = 0;
    refuse(&options, "option pool_prefill: with pool_size=0");
    options = defaults;
    options.pool_keepalive_s = -1;
    refuse(&options, "option pool_keepalive: write 0 to");
}

static void test_house_check__refuses_leaks_that_nobody_would_see(void **state)
{
    weir_engine_options options = defaults;
    weir_error err;

    (void)state;
    options.pool_leak_threshold_s = 30;
    options.pool_threads = WEIR_POOL_THREADS_OFF;
    refuse(&options, "options pool_leak_threshold and pool_threads: without");
    options = defaults;
    options.pool_reclaim_after_s = 30;
    options.pool_core = WEIR_POOL_MUTEX;
    refuse(&options, "options pool_reclaim_after and pool_core");
    options.pool_core = WEIR_POOL_FAST;
    options.pool_kind = WEIR_POOL_PER_THREAD;
    refuse(&options, "options pool_reclaim_after and pool_kind");
    options = defaults;
    options.pool_reclaim_after_s = 30;
    options.pool_leak_threshold_s = 31;
    refuse(&options, "pool_leak_threshold: 31 s is above pool_reclaim_after");
    options.pool_leak_threshold_s = 30;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options.pool_leak_threshold_s = -1;
    refuse(&options, "option pool_leak_threshold: write 0 to");
}

/* A wait hook waits in the program's way, so nobody is there for the rest. */
static weir_status wait_in_a_loop(void *context, int fd, unsigned events,
                                  int64_t deadline)
{
    (void)context;
    (void)fd;
    (void)events;
    (void)deadline;
    return WEIR_ERR_CANCELLED;
}

static void test_house_check__refuses_what_a_wait_hook_leaves_undone(void **st)
{
    weir_engine_options options = defaults;
    weir_error err;

    (void)st;
    options.wait = wait_in_a_loop;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options.pool_leak_threshold_s = 30;
    refuse(&options, "options pool_leak_threshold and wait: with a wait hook");
    options.pool_threads = WEIR_POOL_THREADS_ON;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
}

/* Where it would have none (`false`), as for files. */
static bool has_threads(const char *name, const char *value)
{
    weir_engine_options options = defaults;
    wi_option_outcome outcome;
    weir_error err;

    if (name &&
        wi_pool_option_set(&options, name, value, &outcome, &err) != WEIR_OK)
        fail_msg("%s", err.message);
    return wi_engine_pool_options(&options, NULL, false).threads;
}

static void test_house_options__give_a_pool_its_threads(void **state)
{
    (void)state;
    assert_false(has_threads(NULL, NULL));
    assert_false(has_threads("pool_recycle", "5"));
    assert_true(has_threads("pool_min_idle", "1"));
    assert_true(has_threads("pool_prefill", "true"));
    assert_true(has_threads("pool_idle_timeout", "5"));
    assert_true(has_threads("pool_keepalive", "5"));
    assert_true(has_threads("pool_leak_threshold", "5"));
    assert_true(has_threads("pool_reclaim_after", "5"));
    assert_false(has_threads("pool_reclaim_after", "0"));
}

static void test_house_options__reach_the_pool(void **state)
{
    weir_engine_options options = defaults;
    wi_option_outcome outcome;
    wi_pool_options pool;
    weir_error err;

    (void)state;
    assert_int_equal(
        wi_pool_option_set(&options, "pool_min_idle", "3", &outcome, &err),
        WEIR_OK);
    assert_int_equal(
        wi_pool_option_set(&options, "pool_prefill", "yes", &outcome, &err),
        WEIR_OK);
    assert_int_equal(
        wi_pool_option_set(&options, "pool_idle_timeout", "2", &outcome, &err),
        WEIR_OK);
    assert_int_equal(
        wi_pool_option_set(&options, "pool_keepalive", "0.5", &outcome, &err),
        WEIR_OK);
    assert_int_equal(wi_pool_option_set(&options, "pool_leak_threshold", "3",
                                        &outcome, &err),
                     WEIR_OK);
    assert_int_equal(
        wi_pool_option_set(&options, "pool_reclaim_after", "4", &outcome, &err),
        WEIR_OK);
    pool = wi_engine_pool_options(&options, NULL, true);
    assert_int_equal(pool.leak_ns, 3000000000);
    assert_int_equal(pool.reclaim_ns, 4000000000);
    assert_int_equal(pool.min_idle, 3);
    assert_true(pool.prefill);
    assert_int_equal(pool.idle_ns, 2000000000);
    assert_int_equal(pool.keepalive_ns, 500000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_house_check__refuses_what_a_wait_hook_leaves_undone),
        cmocka_unit_test(test_house_options__give_a_pool_its_threads),
        cmocka_unit_test(test_house_check__names_who_would_not_do_it),
        cmocka_unit_test(test_house_check__refuses_more_idle_than_are_kept),
        cmocka_unit_test(test_house_check__refuses_leaks_that_nobody_would_see),
        cmocka_unit_test(test_house_options__reach_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
