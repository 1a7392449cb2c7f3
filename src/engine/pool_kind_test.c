/* SPDX-License-Identifier: MIT */
/*
 * The pool's kind by name, and what it does not go together with.
 */
#include "engine/pool_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_pool_kind__has_two_names_each(void **state)
{
    static const struct {
        const char *ours;
        const char *theirs;
        weir_pool_kind kind;
    } names[] = {
        {"queue", "QueuePool", WEIR_POOL_QUEUE},
        {"null", "NullPool", WEIR_POOL_NULL},
        {"static", "StaticPool", WEIR_POOL_STATIC},
        {"thread", "SingletonThreadPool", WEIR_POOL_PER_THREAD},
        {"assertion", "AssertionPool", WEIR_POOL_ASSERTION},
    };
    wi_option_outcome outcome;
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        weir_engine_options options = WEIR_ENGINE_OPTIONS;

        options.pool_kind = WEIR_POOL_NULL;
        assert_int_equal(wi_pool_option_set(&options, "pool_kind",
                                            names[i].ours, &outcome, &err),
                         WEIR_OK);
        assert_int_equal(options.pool_kind, names[i].kind);
        options.pool_kind = WEIR_POOL_NULL;
        assert_int_equal(wi_pool_option_set(&options, "poolclass",
                                            names[i].theirs, &outcome, &err),
                         WEIR_OK);
        assert_int_equal(options.pool_kind, names[i].kind);
        assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    }
    assert_false(wi_pool_option_is_live("pool_kind"));
    assert_false(wi_pool_option_is_live("poolclass"));
}

static void refuse(const weir_engine_options *options, const char *option,
                   const char *reason)
{
    weir_error err;

    assert_int_equal(wi_pool_options_check(options, &err), WEIR_ERR_CONFIG);
    if (!strstr(err.message, option) || !strstr(err.message, reason))
        fail_msg("\"%s\" does not say %s and \"%s\"", err.message, option,
                 reason);
}

static weir_engine_options of(weir_pool_kind kind)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_kind = kind;
    return options;
}

#define REFUSE(kind_, member_, value_, option_, reason_)                       \
    do {                                                                       \
        weir_engine_options changed_ = of(kind_);                              \
        changed_.member_ = value_;                                             \
        refuse(&changed_, option_, reason_);                                   \
    } while (0)

static void test_pool_kind__refuses_what_would_do_nothing(void **state)
{
    (void)state;
    REFUSE(WEIR_POOL_NULL, pool_size, 3, "pool_size", "nothing is kept");
    REFUSE(WEIR_POOL_NULL, max_overflow, 0, "max_overflow", "no limit");
    REFUSE(WEIR_POOL_NULL, pool_recycle_s, 60, "pool_recycle", "lent once");
    REFUSE(WEIR_POOL_NULL, pool_pre_ping, true, "pool_pre_ping", "lent once");
    REFUSE(WEIR_POOL_STATIC, pool_size, 1, "pool_size", "one connection");
    REFUSE(WEIR_POOL_STATIC, max_overflow, 1, "max_overflow", "one connection");
    REFUSE(WEIR_POOL_PER_THREAD, max_overflow, 1, "max_overflow", "no limit");
    REFUSE(WEIR_POOL_ASSERTION, pool_size, 1, "pool_size", "one connection");
    for (int kind = WEIR_POOL_NULL; kind <= WEIR_POOL_ASSERTION; kind++) {
        weir_pool_kind each = (weir_pool_kind)kind;

        REFUSE(each, pool_use_lifo, true, "pool_use_lifo", "no order");
        REFUSE(each, pool_order, WEIR_POOL_FIFO, "pool_order", "no order");
        REFUSE(each, max_waiters, 2, "max_waiters", "in line");
        REFUSE(each, max_overtake_s, 0.1, "max_overtake", "in line");
        REFUSE(each, max_connecting, 5, "max_connecting", "for themselves");
        REFUSE(each, connect_backoff_s, 1, "connect_backoff", "themselves");
        REFUSE(each, pool_threads, WEIR_POOL_THREADS_ON, "pool_threads",
               "for themselves");
        REFUSE(each, pool_core, WEIR_POOL_MUTEX, "pool_core", "its own");
        REFUSE(each, pool_max_uses, 9, "pool_max_uses", "only a queue");
    }
    REFUSE((weir_pool_kind)9, pool_size, 5, "pool_kind", "weir_pool_kind");
}

static void test_pool_kind__takes_what_it_can_use(void **state)
{
    weir_engine_options options = of(WEIR_POOL_PER_THREAD);
    weir_error err;

    (void)state;
    options.pool_size = 50;
    options.pool_recycle_s = 60;
    options.pool_pre_ping = true;
    options.pool_reset = WEIR_RESET_COMMIT;
    options.pool_threads = WEIR_POOL_THREADS_OFF;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    options = of(WEIR_POOL_STATIC);
    options.pool_recycle_s = 60;
    options.pool_pre_ping = true;
    assert_int_equal(wi_pool_options_check(&options, &err), WEIR_OK);
    assert_int_equal(
        wi_engine_pool_options(&options, weir_allocator_libc(), true).kind,
        WI_KIND_STATIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_kind__has_two_names_each),
        cmocka_unit_test(test_pool_kind__refuses_what_would_do_nothing),
        cmocka_unit_test(test_pool_kind__takes_what_it_can_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
