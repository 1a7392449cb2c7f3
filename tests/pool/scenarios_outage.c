/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of slow and failing openings, by number, in a pool with threads.
 */
#include "pool/threaded.h"

enum {
    HASTY = 4,
    TRIES = 250,
    CYCLES = 40,
    CROWD = 20,
};

static fake_server server;

static wi_pool *threaded_pool(wi_pool_options *options)
{
    options->threads = true;
    return fake_pool(&server, options);
}

/* 11: waiting, then an opening that hangs: one deadline for both, and what was
 * begun serves the next. */
static void test_pool_11__the_deadline_covers_everything(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *held = wait_for_one(pool);
    borrower late = {.pool = pool, .timeout_ns = 120 * MS};

    (void)state;
    start(&late);
    until_waiting(pool, 1);
    atomic_store(&server.gate_shut, true);
    nap(20 * MS);
    assert_false(wi_pool_release(pool, held, WEIR_FATE_DISCARD));
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late.took_ns >= 120 * MS);
    assert_true(late.took_ns < 15 * SECOND);
    atomic_store(&server.gate_shut, false);
    release(pool, wait_for_one(pool));
    assert_int_equal(atomic_load(&server.opened), 2);
    end_threaded(&server, &pool);
}

static void *try_and_go(void *argument)
{
    borrower *self = argument;

    for (int i = 0; i < TRIES; i++) {
        wi_request request = {.deadline_ns = wi_deadline_in_ns(MS)};
        wi_lease *lease = NULL;

        if (wi_pool_acquire(self->pool, &request, &lease, NULL) == WEIR_OK)
            (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    }
    return NULL;
}

/* 15: a thousand who leave after a millisecond start no storm of openings. */
static void test_pool_15__who_leaves_starts_no_storm(void **state)
{
    wi_pool_options options = fake_options(5);
    borrower hasty[HASTY] = {0};
    wi_pool *pool;

    (void)state;
    options.connecting_max = 2;
    pool = threaded_pool(&options);
    atomic_store(&server.gate_shut, true);
    for (int i = 0; i < HASTY; i++) {
        hasty[i].pool = pool;
        assert_int_equal(
            pthread_create(&hasty[i].thread, NULL, try_and_go, &hasty[i]), 0);
    }
    for (int i = 0; i < HASTY; i++)
        pthread_join(hasty[i].thread, NULL);
    assert_true(status_of(pool).timeouts > 0);
    assert_true(atomic_load(&server.opening_most) <= 2);
    atomic_store(&server.gate_shut, false);
    while (status_of(pool).connecting > 0)
        nap(MS / 5);
    assert_true(atomic_load(&server.opened) <= 5);
    release(pool, wait_for_one(pool));
    end_threaded(&server, &pool);
}

/* Who comes within a pause is refused, and comes again. */
static void start_until_it_is_tried(borrower *self)
{
    for (;;) {
        start(self);
        while (atomic_load(&server.opening) == 0 && !atomic_load(&self->done))
            nap(MS / 5);
        if (atomic_load(&server.opening) > 0)
            return;
        finish(self);
        assert_int_equal(self->status, WEIR_ERR_CONNECTION);
        atomic_store(&self->done, false);
    }
}

/* 26: who waits for his turn to connect is told that it was that: one is
 * connecting, and none busy. */
static void test_pool_26__waiting_to_connect_is_said(void **state)
{
    wi_pool_options options = fake_options(5);
    borrower first = {.timeout_ns = 60 * SECOND};
    borrower late = {.timeout_ns = 50 * MS};
    wi_pool *pool;

    (void)state;
    options.connecting_max = 1;
    pool = first.pool = late.pool = threaded_pool(&options);
    atomic_store(&server.gate_shut, true);
    start(&first);
    until_opening(&server, 1);
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late.took_ns >= 50 * MS);
    assert_non_null(strstr(late.error.message, "0 busy, 0 idle, 1 connecting"));
    assert_int_equal(atomic_load(&server.opening_most), 1);
    atomic_store(&server.gate_shut, false);
    finish(&first);
    assert_int_equal(first.status, WEIR_OK);
    end_threaded(&server, &pool);
}

/* 30: nothing answers, neither what is open nor what is new. Nobody stays
 * beyond his deadline, what is silent is closed, and all is well afterwards. */
static void test_pool_30__a_black_hole_holds_nobody(void **state)
{
    wi_pool_options options = fake_options(3);
    borrower crowd[6];
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    options.backoff_ns = MS;
    pool = threaded_pool(&options);
    use_some(pool, 3);
    atomic_store(&server.check_is_slow, true);
    atomic_store(&server.gate_shut, true);
    start_all(crowd, 6, pool, 80 * MS);
    for (int i = 0; i < 6; i++) {
        finish(&crowd[i]);
        assert_int_not_equal(crowd[i].status, WEIR_OK);
        assert_true(crowd[i].took_ns < 30 * SECOND);
    }
    while (atomic_load(&server.closed) < 3)
        nap(MS / 5); /* none of the silent ones is kept */
    assert_int_equal(status_of(pool).busy, 0);
    atomic_store(&server.check_is_slow, false);
    atomic_store(&server.gate_shut, false);
    use_some(pool, 3);
    end_threaded(&server, &pool);
}

/* 31: it comes back: one at a time first; and however often it goes and comes,
 * all are served in the end. */
static void test_pool_31__recovers_slowly_and_always(void **state)
{
    wi_pool_options options = fake_options(8);
    static borrower crowd[CROWD];
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    wi_pool *pool;

    (void)state;
    options.connecting_max = 8;
    options.backoff_ns = MS;
    pool = threaded_pool(&options);
    for (int cycle = 0; cycle < CYCLES; cycle++) {
        atomic_store(&server.failures_to_come, 1 + cycle % 4);
        while (wi_pool_acquire(pool, &request, &lease, NULL) != WEIR_OK)
            nap(MS / 5); /* the test has a limit */
        assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
        wi_pool_dispose(pool);
    }
    /* Down for good: more than one failure. Then what is tried is one. */
    atomic_store(&server.failures_to_come, 1000000);
    while (status_of(pool).connect_failures < CYCLES * 2 + 60)
        (void)wi_pool_acquire(pool, &request, &lease, NULL);
    while (status_of(pool).connecting > 0)
        nap(MS / 5);
    atomic_store(&server.opening_most, 0);
    atomic_store(&server.gate_shut, true);
    atomic_store(&server.failures_to_come, 0);
    memset(crowd, 0, sizeof crowd);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].pool = pool;
        crowd[i].timeout_ns = 60 * SECOND;
        atomic_store(&crowd[i].may_return, true);
    }
    start_until_it_is_tried(&crowd[0]);
    for (int i = 1; i < CROWD; i++)
        start(&crowd[i]);
    nap(20 * MS);
    assert_int_equal(atomic_load(&server.opening_most), 1);
    atomic_store(&server.gate_shut, false);
    for (int i = 0; i < CROWD; i++)
        finish(&crowd[i]);
    release(pool, wait_for_one(pool));
    end_threaded(&server, &pool);
}

/* SQLAlchemy lets each request find its own dead connection, and connect for
 * itself: here the first discovery counts for all, and one tries for all. */
static void test_pool__A18_9_one_discovery_and_one_attempt(void **state)
{
    wi_pool_options options = fake_options(8);
    static borrower crowd[CROWD];
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    options.backoff_ns = 60 * SECOND;
    pool = threaded_pool(&options);
    use_some(pool, 8);
    for (int i = 0; i < 8; i++)
        atomic_store(&server.sessions[i].dead, true);
    atomic_store(&server.failures_to_come, 1000000);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    finish_all(crowd, CROWD, WEIR_ERR_CONNECTION);
    for (int i = 0; i < CROWD; i++) /* no pause is waited for */
        assert_true(crowd[i].took_ns < 30 * SECOND);
    /* Fewer than one for each: not each has tried for himself. */
    assert_true(status_of(pool).connect_failures < CROWD);
    wi_pool_dispose(pool);
    assert_int_equal(status_of(pool).idle, 0);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_11__the_deadline_covers_everything),
        cmocka_unit_test(test_pool_15__who_leaves_starts_no_storm),
        cmocka_unit_test(test_pool_26__waiting_to_connect_is_said),
        cmocka_unit_test(test_pool_30__a_black_hole_holds_nobody),
        cmocka_unit_test(test_pool_31__recovers_slowly_and_always),
        cmocka_unit_test(test_pool__A18_9_one_discovery_and_one_attempt),
    };

    fake_use("fast", WI_CORE_FAST, &wi_port_native);
    return cmocka_run_group_tests_name("fast", tests, NULL, NULL);
}
