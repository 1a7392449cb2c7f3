/* SPDX-License-Identifier: MIT */
/*
 * The pool with threads of its own: who opens and closes, how many at once,
 * and what an outage does. Numbers are those of the scenarios in the pool's
 * test plan.
 */
#include "pool/borrower.h"

static fake_server server;
static atomic_int ended;

static void tell_ended(void *context)
{
    (void)context;
    atomic_fetch_add(&ended, 1);
}

static wi_resource_kind threaded_kind;

static wi_pool_options threaded_options(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    return options;
}

static wi_pool *threaded_pool(const wi_pool_options *options)
{
    wi_pool *pool;

    memset(&server, 0, sizeof server);
    atomic_store(&ended, 0);
    threaded_kind = fake_kind;
    threaded_kind.ended = tell_ended;
    pool = wi_pool_new(&threaded_kind, &server, options, NULL);
    assert_non_null(pool);
    return pool;
}

/* Closes, waits for the pool's threads, frees. */
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

static void until_idle(wi_pool *pool, int count)
{
    while (status_of(pool).idle != count)
        nap(MS / 5);
}

static void start_all(borrower *borrowers, int count, wi_pool *pool,
                      int64_t timeout_ns)
{
    memset(borrowers, 0, (size_t)count * sizeof *borrowers);
    for (int i = 0; i < count; i++) {
        borrowers[i].pool = pool;
        borrowers[i].timeout_ns = timeout_ns;
        start(&borrowers[i]);
    }
}

/* ---------------------------------------------------------------- creation */

/* The borrower goes at his deadline; what was begun for him is kept. */
static void test_pool_11_15__a_late_connect_becomes_idle(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = threaded_pool(&options);
    borrower hasty = {.pool = pool, .timeout_ns = 20 * MS};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&hasty);
    until_opening(&server, 1);
    finish(&hasty);
    assert_int_equal(hasty.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(hasty.took_ns >= 20 * MS);
    assert_counts(pool, 0, 0, 1);
    atomic_store(&server.gate_shut, false);
    until_idle(pool, 1);
    assert_int_equal(atomic_load(&server.opened), 1);
    end_threaded(&pool);
}

static void test_pool_24__what_returns_beats_a_connect(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *held = wait_for_one(pool);
    borrower waiter = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&waiter);
    until_opening(&server, 1);
    release(pool, held);
    until_done(&waiter);
    assert_int_equal(waiter.status, WEIR_OK);
    assert_ptr_equal(waiter.lease, held);
    atomic_store(&server.gate_shut, false);
    until_idle(pool, 1);
    finish(&waiter);
    end_threaded(&pool);
}

static void test_pool_25__opens_no_more_at_once_than_it_may(void **state)
{
    wi_pool_options options = threaded_options(20);
    borrower waiters[20];
    wi_pool *pool;

    (void)state;
    options.connecting_max = 3;
    pool = threaded_pool(&options);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 20, pool, 30 * SECOND);
    until_waiting(pool, 20);
    until_opening(&server, 3);
    assert_counts(pool, 0, 0, 3);
    atomic_store(&server.gate_shut, false);
    for (int i = 0; i < 20; i++)
        until_done(&waiters[i]);
    for (int i = 0; i < 20; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].status, WEIR_OK);
    }
    assert_true(atomic_load(&server.opening_most) <= 3);
    end_threaded(&pool);
}

static void test_pool_38__a_failed_connect_leaves_room(void **state)
{
    wi_pool_options options = threaded_options(1);
    wi_pool *pool = threaded_pool(&options);
    borrower waiters[2];
    int served;

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 2, pool, 30 * SECOND);
    until_waiting(pool, 2);
    atomic_store(&server.gate_shut, false);
    finish(&waiters[0]);
    finish(&waiters[1]);
    served = (waiters[0].status == WEIR_OK) + (waiters[1].status == WEIR_OK);
    assert_int_equal(served, 1);
    assert_int_equal(waiters[0].status + waiters[1].status,
                     WEIR_ERR_CONNECTION);
    end_threaded(&pool);
}

/* ----------------------------------------------------------------- closing */

static void test_pool_45__a_slow_close_holds_up_nobody(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *lease = wait_for_one(pool);

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    lease = wait_for_one(pool);
    release(pool, lease);
    assert_counts(pool, 1, 1, 0); /* it counts until it is closed */
    atomic_store(&server.close_gate_shut, false);
    while (status_of(pool).busy > 0)
        nap(MS / 5);
    end_threaded(&pool);
}

static void test_pool_58__a_connect_under_way_ends_a_closed_pool(void **state)
{
    wi_pool_options options = threaded_options(1);
    wi_pool *pool = threaded_pool(&options);
    borrower waiter = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&waiter);
    until_opening(&server, 1);
    assert_false(wi_pool_close(pool));
    finish(&waiter);
    assert_int_equal(waiter.status, WEIR_ERR_CLOSED);
    assert_int_equal(atomic_load(&ended), 0);
    atomic_store(&server.gate_shut, false);
    while (atomic_load(&ended) == 0)
        nap(MS / 5);
    end(&server, &pool);
    assert_int_equal(atomic_load(&ended), 1);
}

/* ----------------------------------------------------------------- outages */

/* All fail at once, with the cause; one at a time tries; the recovery serves
 * who comes then. */
static void test_pool_29_31__an_outage_is_told_and_ends(void **state)
{
    wi_pool_options options = threaded_options(8);
    borrower waiters[30];
    wi_request request = {.tag = "later"};
    wi_lease *lease = NULL;
    weir_error err;
    wi_pool *pool;

    (void)state;
    options.connecting_max = 4;
    options.backoff_ns = 20 * MS;
    pool = threaded_pool(&options);
    atomic_store(&server.failures_to_come, 1000000);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 30, pool, 30 * SECOND);
    until_waiting(pool, 30);
    atomic_store(&server.gate_shut, false);
    for (int i = 0; i < 30; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].status, WEIR_ERR_CONNECTION);
        assert_true(waiters[i].took_ns < 15 * SECOND);
        assert_non_null(strstr(waiters[i].error.message, "the server is down"));
    }
    assert_true(status_of(pool).connect_failures < 20);
    atomic_store(&server.failures_to_come, 0);
    while (wi_pool_acquire(pool, &request, &lease, &err) != WEIR_OK) {
        assert_int_equal(err.status, WEIR_ERR_CONNECTION);
        nap(MS);
    }
    release(pool, lease);
    end_threaded(&pool);
}

static void test_pool_29__says_when_it_will_try_again(void **state)
{
    wi_pool_options options = threaded_options(2);
    weir_error err = {.status = WEIR_OK};
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    wi_pool *pool;

    (void)state;
    options.backoff_ns = 60 * SECOND;
    pool = threaded_pool(&options);
    atomic_store(&server.failures_to_come, 1000000);
    do {
        assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err),
                         WEIR_ERR_CONNECTION);
    } while (!strstr(err.message, "in a row; the next attempt is in"));
    assert_non_null(strstr(err.message, "the server is down ("));
    end_threaded(&pool);
}

/* Whoever lost his connection tries for himself; that it works ends an outage
 * for all. */
static void test_pool_31__a_reopened_one_ends_the_outage(void **state)
{
    wi_pool_options options = threaded_options(2);
    weir_error err = {.status = WEIR_OK};
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    wi_lease *held;
    wi_pool *pool;

    (void)state;
    options.backoff_ns = 3600 * SECOND;
    pool = threaded_pool(&options);
    held = wait_for_one(pool);
    atomic_store(&server.failures_to_come, 1000000);
    wi_pool_lose(pool, held);
    for (int i = 0; i < 40; i++) {
        request.deadline_ns = wi_now_ns() + MS;
        assert_int_not_equal(wi_pool_acquire(pool, &request, &lease, &err),
                             WEIR_OK);
        while (status_of(pool).connecting > 0)
            nap(MS / 5);
    }
    assert_int_not_equal(wi_pool_reopen(pool, held, 0, &err), WEIR_OK);
    atomic_store(&server.failures_to_come, 0);
    assert_int_equal(wi_pool_reopen(pool, held, 0, &err), WEIR_OK);
    request.deadline_ns = wi_now_ns() + 30 * SECOND;
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err), WEIR_OK);
    release(pool, lease);
    release(pool, held);
    end_threaded(&pool);
}

static void test_pool_35__serves_from_what_is_open_meanwhile(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *held = wait_for_one(pool);
    borrower waiters[5];

    (void)state;
    atomic_store(&server.failures_to_come, 1000000);
    start_all(waiters, 5, pool, 30 * SECOND);
    until_waiting(pool, 5);
    while (status_of(pool).connect_failures < 2)
        nap(MS);
    release(pool, held);
    for (int i = 0; i < 5; i++)
        atomic_store(&waiters[i].may_return, true);
    for (int i = 0; i < 5; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].status, WEIR_OK);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end_threaded(&pool);
}

/* The server lets no more in, and who asks holds all that there is: waiting
 * could not help, so the cause is told at once. */
static void test_pool_33__a_full_server_is_told_to_who_holds_all(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *held = wait_for_one(pool);
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    weir_error err;

    (void)state;
    atomic_store(&server.is_full, true);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err),
                     WEIR_ERR_RESOURCE);
    release(pool, held);
    release(pool, wait_for_one(pool));
    assert_int_equal(status_of(pool).connect_failures, 1);
    end_threaded(&pool);
}

/* A wrong password does not become right by waiting. */
static void test_pool_34__a_refusal_is_told_to_all(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = threaded_pool(&options);
    wi_lease *held = wait_for_one(pool);
    borrower waiters[5];

    (void)state;
    atomic_store(&server.refuses, true);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 5, pool, 30 * SECOND);
    until_waiting(pool, 5);
    atomic_store(&server.gate_shut, false);
    for (int i = 0; i < 5; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].status, WEIR_ERR_AUTH);
        assert_true(waiters[i].took_ns < 15 * SECOND);
    }
    assert_true(status_of(pool).connect_failures <= 5);
    release(pool, held);
    end_threaded(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_11_15__a_late_connect_becomes_idle),
        cmocka_unit_test(test_pool_24__what_returns_beats_a_connect),
        cmocka_unit_test(test_pool_25__opens_no_more_at_once_than_it_may),
        cmocka_unit_test(test_pool_38__a_failed_connect_leaves_room),
        cmocka_unit_test(test_pool_45__a_slow_close_holds_up_nobody),
        cmocka_unit_test(test_pool_58__a_connect_under_way_ends_a_closed_pool),
        cmocka_unit_test(test_pool_29_31__an_outage_is_told_and_ends),
        cmocka_unit_test(test_pool_29__says_when_it_will_try_again),
        cmocka_unit_test(test_pool_31__a_reopened_one_ends_the_outage),
        cmocka_unit_test(test_pool_33__a_full_server_is_told_to_who_holds_all),
        cmocka_unit_test(test_pool_34__a_refusal_is_told_to_all),
        cmocka_unit_test(test_pool_35__serves_from_what_is_open_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
