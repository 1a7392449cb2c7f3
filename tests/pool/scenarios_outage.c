/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of slow and failing openings, by number, in a pool with threads.
 */
#include "pool/borrower.h"

enum {
    HASTY = 4,
    TRIES = 250,
    CYCLES = 40,
    CROWD = 20,
};

static fake_server server;
static wi_resource_kind threaded_kind;
static atomic_int ended;

static void tell_ended(void *context)
{
    (void)context;
    atomic_fetch_add(&ended, 1);
}

static wi_pool *threaded_pool(wi_pool_options *options)
{
    wi_pool *pool;

    memset(&server, 0, sizeof server);
    atomic_store(&ended, 0);
    threaded_kind = fake_kind;
    threaded_kind.ended = tell_ended;
    options->threads = true;
    pool = wi_pool_new(&threaded_kind, &server, options, NULL);
    assert_non_null(pool);
    return pool;
}

static void end_threaded(wi_pool **pool)
{
    if (!wi_pool_close(*pool)) {
        while (atomic_load(&ended) == 0)
            nap(MS / 5);
    }
    end(&server, pool);
}

static wi_lease *wait_for_one(wi_pool *pool)
{
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;

    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    return lease;
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
    end_threaded(&pool);
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
    end_threaded(&pool);
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
    end_threaded(&pool);
}

/* 30: nothing answers, neither what is open nor what is new. Nobody stays
 * beyond his deadline, what is silent is closed, and all is well afterwards. */
static void test_pool_30__a_black_hole_holds_nobody(void **state)
{
    wi_pool_options options = fake_options(3);
    borrower crowd[6] = {0};
    wi_lease *leases[3];
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    options.backoff_ns = MS;
    pool = threaded_pool(&options);
    for (int i = 0; i < 3; i++)
        leases[i] = wait_for_one(pool);
    for (int i = 0; i < 3; i++)
        release(pool, leases[i]);
    atomic_store(&server.check_is_slow, true);
    atomic_store(&server.gate_shut, true);
    for (int i = 0; i < 6; i++) {
        crowd[i].pool = pool;
        crowd[i].timeout_ns = 80 * MS;
        start(&crowd[i]);
    }
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
    for (int i = 0; i < 3; i++)
        leases[i] = wait_for_one(pool);
    for (int i = 0; i < 3; i++)
        release(pool, leases[i]);
    end_threaded(&pool);
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
    end_threaded(&pool);
}

/* SQLAlchemy lets each request find its own dead connection, and connect for
 * itself: here the first discovery counts for all, and one tries for all. */
static void test_pool__A18_9_one_discovery_and_one_attempt(void **state)
{
    wi_pool_options options = fake_options(8);
    static borrower crowd[CROWD];
    wi_lease *leases[8];
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    options.backoff_ns = 60 * SECOND;
    pool = threaded_pool(&options);
    for (int i = 0; i < 8; i++)
        leases[i] = wait_for_one(pool);
    for (int i = 0; i < 8; i++) {
        release(pool, leases[i]);
        atomic_store(&server.sessions[i].dead, true);
    }
    atomic_store(&server.failures_to_come, 1000000);
    memset(crowd, 0, sizeof crowd);
    for (int i = 0; i < CROWD; i++) {
        crowd[i].pool = pool;
        crowd[i].timeout_ns = 60 * SECOND;
        atomic_store(&crowd[i].may_return, true);
        start(&crowd[i]);
    }
    for (int i = 0; i < CROWD; i++) {
        finish(&crowd[i]);
        assert_int_equal(crowd[i].status, WEIR_ERR_CONNECTION);
        assert_true(crowd[i].took_ns <
                    30 * SECOND); /* no pause is waited for */
    }
    /* Fewer than one for each: not each has tried for himself. */
    assert_true(status_of(pool).connect_failures < CROWD);
    wi_pool_dispose(pool);
    assert_int_equal(status_of(pool).idle, 0);
    end_threaded(&pool);
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
