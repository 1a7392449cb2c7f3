/* SPDX-License-Identifier: MIT */
/*
 * The pool with threads of its own: who opens and closes, how many at once,
 * and what an outage does. Numbers are those of the scenarios in the pool's
 * test plan.
 */
#include "pool/threaded.h"
#include "pool/view.h"

static fake_server server;

static wi_pool_options threaded_options(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    return options;
}

/* ---------------------------------------------------------------- creation */

/* The borrower goes at his deadline; what was begun for him is kept. */
static void test_pool_11_15__a_late_connect_becomes_idle(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = fake_pool(&server, &options);
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
    end_threaded(&server, &pool);
}

/* 9: who has no time is told so at once, however slow the server is; what he
 * came for is begun, once, and a later try finds it. */
static void test_pool_9__a_try_begins_one_for_later(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request hasty = {.deadline_ns = 1};
    wi_lease *lease = NULL;
    weir_error err;

    (void)state;
    atomic_store(&server.gate_shut, true);
    for (int i = 0; i < 100; i++)
        assert_int_equal(wi_pool_acquire(pool, &hasty, &lease, &err),
                         WEIR_ERR_POOL_TIMEOUT);
    assert_null(strstr(err.message, "last connect error"));
    until_opening(&server, 1);
    atomic_store(&server.gate_shut, false);
    until_idle(pool, 1);
    assert_int_equal(wi_pool_acquire(pool, &hasty, &lease, &err), WEIR_OK);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.opened), 1);
    assert_int_equal(status_of(pool).connect_failures, 0);
    end_threaded(&server, &pool);
}

static void test_pool_24__what_returns_beats_a_connect(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = fake_pool(&server, &options);
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
    end_threaded(&server, &pool);
}

static void test_pool_25__opens_no_more_at_once_than_it_may(void **state)
{
    wi_pool_options options = threaded_options(20);
    borrower waiters[20];
    wi_pool *pool;

    (void)state;
    options.connecting_max = 3;
    pool = fake_pool(&server, &options);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 20, pool, 30 * SECOND);
    until_waiting(pool, 20);
    until_opening(&server, 3);
    assert_counts(pool, 0, 0, 3);
    atomic_store(&server.gate_shut, false);
    until_all_done(waiters, 20);
    finish_all(waiters, 20, WEIR_OK);
    assert_true(atomic_load(&server.opening_most) <= 3);
    end_threaded(&server, &pool);
}

static void test_pool_38__a_failed_connect_leaves_room(void **state)
{
    wi_pool_options options = threaded_options(1);
    wi_pool *pool = fake_pool(&server, &options);
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
    end_threaded(&server, &pool);
}

/* ----------------------------------------------------------------- closing */

static void test_pool_45__a_slow_close_holds_up_nobody(void **state)
{
    wi_pool_options options = threaded_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = wait_for_one(pool);

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    lease = wait_for_one(pool);
    release(pool, lease);
    assert_counts(pool, 1, 0, 0);
    assert_int_equal(status_of(pool).closing, 1); /* it counts until then */
    atomic_store(&server.close_gate_shut, false);
    while (status_of(pool).closing > 0)
        nap(MS / 5);
    end_threaded(&server, &pool);
}

static void test_pool_58__a_connect_under_way_ends_a_closed_pool(void **state)
{
    wi_pool_options options = threaded_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower waiter = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&waiter);
    until_opening(&server, 1);
    assert_false(wi_pool_close(pool));
    finish(&waiter);
    assert_int_equal(waiter.status, WEIR_ERR_CLOSED);
    assert_int_equal(atomic_load(&server.ended), 0);
    atomic_store(&server.gate_shut, false);
    while (atomic_load(&server.ended) == 0)
        nap(MS / 5);
    end(&server, &pool);
    assert_int_equal(atomic_load(&server.ended), 1);
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
    pool = fake_pool(&server, &options);
    atomic_store(&server.failures_to_come, 1000000);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 30, pool, 30 * SECOND);
    until_waiting(pool, 30);
    atomic_store(&server.gate_shut, false);
    finish_all(waiters, 30, WEIR_ERR_CONNECTION);
    for (int i = 0; i < 30; i++) {
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
    end_threaded(&server, &pool);
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
    pool = fake_pool(&server, &options);
    atomic_store(&server.failures_to_come, 1000000);
    do {
        assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err),
                         WEIR_ERR_CONNECTION);
    } while (!strstr(err.message, "in a row; the next attempt is in"));
    assert_non_null(strstr(err.message, "the server is down ("));
    end_threaded(&server, &pool);
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
    pool = fake_pool(&server, &options);
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
    end_threaded(&server, &pool);
}

static void test_pool_35__serves_from_what_is_open_meanwhile(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = wait_for_one(pool);
    borrower waiters[5];

    (void)state;
    atomic_store(&server.failures_to_come, 1000000);
    start_all(waiters, 5, pool, 30 * SECOND);
    until_waiting(pool, 5);
    while (status_of(pool).connect_failures < 2)
        nap(MS);
    release(pool, held);
    let_all_return(waiters, 5);
    finish_all(waiters, 5, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 1);
    end_threaded(&server, &pool);
}

/* The server lets no more in, and who asks holds all that there is: waiting
 * could not help, so the cause is told at once. */
static void test_pool_33__a_full_server_is_told_to_who_holds_all(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = fake_pool(&server, &options);
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
    end_threaded(&server, &pool);
}

/* 33: it is up, however often it says so; who asks holds all that there is, and
 * is told what would help. The pauses between attempts are those of an
 * outage. */
static void test_pool_33__a_full_server_is_not_down(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = wait_for_one(pool);
    wi_request request = {.tag = "main"};
    wi_pool_view view = {.place_count = 0};
    wi_lease *lease = NULL;
    weir_error err;

    (void)state;
    atomic_store(&server.is_full, true);
    while (status_of(pool).connect_failures < 4) {
        assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err),
                         WEIR_ERR_RESOURCE);
        nap(MS);
    }
    assert_non_null(strstr(err.message, "too many connections; fewer"));
    assert_null(strstr(err.message, "in a row"));
    wi_pool_view_of(pool, &view);
    assert_int_equal(view.health, WI_HEALTH_UP);
    atomic_store(&server.is_full, false);
    while (wi_pool_acquire(pool, &request, &lease, &err) != WEIR_OK)
        nap(MS);
    wi_pool_view_of(pool, &view);
    assert_int_equal(view.health, WI_HEALTH_UP);
    release(pool, lease);
    release(pool, held);
    end_threaded(&server, &pool);
}

/* A wrong password does not become right by waiting. */
static void test_pool_34__a_refusal_is_told_to_all(void **state)
{
    wi_pool_options options = threaded_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *held = wait_for_one(pool);
    borrower waiters[5];

    (void)state;
    atomic_store(&server.refuses, true);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 5, pool, 30 * SECOND);
    until_waiting(pool, 5);
    atomic_store(&server.gate_shut, false);
    finish_all(waiters, 5, WEIR_ERR_AUTH);
    for (int i = 0; i < 5; i++)
        assert_true(waiters[i].took_ns < 15 * SECOND);
    assert_true(status_of(pool).connect_failures <= 5);
    release(pool, held);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_11_15__a_late_connect_becomes_idle),
        cmocka_unit_test(test_pool_9__a_try_begins_one_for_later),
        cmocka_unit_test(test_pool_24__what_returns_beats_a_connect),
        cmocka_unit_test(test_pool_25__opens_no_more_at_once_than_it_may),
        cmocka_unit_test(test_pool_38__a_failed_connect_leaves_room),
        cmocka_unit_test(test_pool_45__a_slow_close_holds_up_nobody),
        cmocka_unit_test(test_pool_58__a_connect_under_way_ends_a_closed_pool),
        cmocka_unit_test(test_pool_29_31__an_outage_is_told_and_ends),
        cmocka_unit_test(test_pool_29__says_when_it_will_try_again),
        cmocka_unit_test(test_pool_31__a_reopened_one_ends_the_outage),
        cmocka_unit_test(test_pool_33__a_full_server_is_told_to_who_holds_all),
        cmocka_unit_test(test_pool_33__a_full_server_is_not_down),
        cmocka_unit_test(test_pool_34__a_refusal_is_told_to_all),
        cmocka_unit_test(test_pool_35__serves_from_what_is_open_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
