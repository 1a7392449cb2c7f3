/* SPDX-License-Identifier: MIT */
/*
 * A machine that was suspended (scenario 13), by a port whose trace of it is
 * set by hand.
 */
#include "pool/fast/clock.h"

#include "pool/fast/fast.h"
#include "pool/threaded.h"

enum { SESSIONS = 5 };

static fake_server server;
static wi_port port; /* the native one, but for the clock and the house */
static wi_house own_house;
static _Atomic int64_t suspended_ns;

/* Where its housekeeper sleeps: the real one is woken by the system when the
 * machine goes on. */
static atomic_bool is_rung;

static int64_t suspended(void *context)
{
    (void)context;
    return atomic_load(&suspended_ns);
}

static int rest_until_rung(void *context, int64_t until_ns, uint64_t *keys,
                           int most)
{
    (void)context;
    (void)keys;
    (void)most;
    while (!atomic_exchange(&is_rung, false) && wi_now_ns() < until_ns)
        nap(MS / 5);
    return 0;
}

static void ring(void *context)
{
    (void)context;
    atomic_store(&is_rung, true);
}

static bool glance(void *context, void *resource)
{
    (void)context;
    (void)resource;
    return true;
}

static const wi_resource_kind kind = {
    .open = fake_open,
    .check = fake_check,
    .returned = fake_returned,
    .close = fake_close,
    .peek = glance,
    .ended = fake_ended,
};

/* All are idle, and were for longer than a tick. */
static wi_pool *slept_in(bool has_threads)
{
    wi_pool_options options = fake_options(SESSIONS);
    wi_pool *pool;

    options.threads = has_threads;
    options.keepalive_ns = has_threads ? 3600 * SECOND : 0;
    pool = fake_pool_of(&kind, &server, &options);
    use_some(pool, SESSIONS);
    nap(20 * MS);
    return pool;
}

/* 13: the first borrower gets none that was not asked; the others are asked
 * when they are lent, and each once. */
static void test_pool_13__who_borrows_first_asks(void **state)
{
    wi_pool *pool = slept_in(false);

    (void)state;
    atomic_store(&server.sessions[0].dead, true);
    atomic_fetch_add(&suspended_ns, 3600 * SECOND);
    for (int round = 0; round < 2; round++) {
        use_some(pool, SESSIONS);
        assert_int_equal(atomic_load(&server.checks), SESSIONS);
        nap(20 * MS);
    }
    assert_int_equal(atomic_load(&server.opened), SESSIONS + 1);
    end_threaded(&server, &pool);
}

/* 13: the housekeeper has all asked, and nobody has to come. */
static void test_pool_13__the_housekeeper_asks(void **state)
{
    wi_pool *pool = slept_in(true);

    (void)state;
    atomic_store(&server.sessions[1].dead, true);
    atomic_fetch_add(&suspended_ns, 3600 * SECOND);
    ring(NULL);
    while (atomic_load(&server.open_now) != SESSIONS - 1 ||
           status_of(pool).idle != SESSIONS - 1)
        nap(MS / 5);
    assert_int_equal(atomic_load(&server.checks), SESSIONS);
    assert_int_equal(status_of(pool).acquired, SESSIONS);
    end_threaded(&server, &pool);
}

/* That it is woken is not enough: the wall clock may have been set. */
static void test_pool_13__a_wall_clock_that_is_set_says_nothing(void **state)
{
    wi_pool *pool = slept_in(true);

    (void)state;
    ring(NULL);
    while (atomic_load(&is_rung))
        nap(MS / 5);
    nap(20 * MS);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 0);
    assert_int_equal(atomic_load(&server.closed), 0);
    end_threaded(&server, &pool);
}

/* Servers wait longer than that, and several short ones are a long one. */
static void test_short_sleeps__add_up(void **state)
{
    wi_pool *pool = slept_in(false);

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(atomic_load(&server.checks), 0);
        atomic_fetch_add(&suspended_ns, WI_SUSPENDED_NS / 2);
        release(pool, acquire(pool));
        nap(20 * MS);
    }
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 1);
    end_threaded(&server, &pool);
}

/* A permit, say: it is no session, and nobody could be asked. */
static void test_suspended__is_nothing_to_what_cannot_be_asked(void **state)
{
    wi_resource_kind lifeless = kind;
    wi_pool_options options = fake_options(1);
    wi_pool *pool;

    (void)state;
    lifeless.check = NULL;
    options.order = WI_ORDER_FIFO;
    pool = fake_pool_of(&lifeless, &server, &options);
    release(pool, acquire(pool));
    atomic_fetch_add(&suspended_ns, 3600 * SECOND);
    nap(20 * MS);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 1);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_13__who_borrows_first_asks),
        cmocka_unit_test(test_pool_13__the_housekeeper_asks),
        cmocka_unit_test(test_pool_13__a_wall_clock_that_is_set_says_nothing),
        cmocka_unit_test(test_short_sleeps__add_up),
        cmocka_unit_test(test_suspended__is_nothing_to_what_cannot_be_asked),
    };

    fake_use("fast", WI_CORE_FAST, &port);
    port = wi_port_native;
    port.house = &own_house;
    port.suspended_ns = suspended;
    port.rest = rest_until_rung;
    port.ring = ring;
    port.watch = NULL;
    wi_house_forget(&own_house);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
