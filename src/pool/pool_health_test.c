/* SPDX-License-Identifier: MIT */
/*
 * Connections that are too old, dead or suspected, and those lost while lent.
 */
#include "pool/borrower.h"

static fake_server server;

/* Two connections that are idle. */
static wi_pool *pool_with_two_idle(const wi_pool_options *options)
{
    wi_pool *pool = fake_pool(&server, options);
    wi_lease *first = acquire(pool);
    wi_lease *second = acquire(pool);

    release(pool, first);
    release(pool, second);
    assert_counts(pool, 2, 0, 0);
    return pool;
}

/* ----------------------------------------------------------------- recycle */

static void test_pool_acquire__replaces_what_is_too_old(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.recycle_ns = MS;
    pool = fake_pool(&server, &options);
    lease = acquire(pool);
    nap(20 * MS);         /* the fast core's clock ticks every few */
    release(pool, lease); /* age counts when it is lent, not before */
    assert_int_equal(atomic_load(&server.closed), 0);
    lease = acquire(pool);
    assert_ptr_equal(wi_lease_resource(lease), &server.sessions[1]);
    assert_int_equal(atomic_load(&server.open_most), 1);
    release(pool, lease);
    end(&server, &pool);
}

static void test_pool_acquire__never_recycles_by_default(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);

    (void)state;
    for (int i = 0; i < 3; i++) {
        release(pool, acquire(pool));
        nap(MS);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* SQLAlchemy compares wall-clock seconds: what was made in the same one is
 * missed. A generation is not a time. */
static void test_pool_invalidate__A18_5_reaches_all_made_before(void **state)
{
    wi_pool_options options = fake_options(3);
    wi_pool *pool = pool_with_two_idle(&options);
    wi_lease *lent = acquire(pool);

    (void)state;
    wi_pool_invalidate(pool);
    release(pool, lent); /* closed: it is of before */
    assert_int_equal(atomic_load(&server.closed), 1);
    for (int i = 0; i < 3; i++)
        release(pool, acquire(pool));
    /* The other one was replaced at its next loan, and only then. */
    assert_int_equal(atomic_load(&server.closed), 2);
    assert_int_equal(atomic_load(&server.opened), 3);
    end(&server, &pool);
}

static void test_pool_acquire__returns_an_old_one_opened_meanwhile(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    borrower slow = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&slow);
    until_opening(&server, 1);
    wi_pool_invalidate(pool);
    atomic_store(&server.gate_shut, false);
    finish(&slow);
    assert_int_equal(slow.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.closed), 1);
    end(&server, &pool);
}

/* -------------------------------------------------------------------- ping */

static void test_pool_acquire__pings_what_it_has_not_just_opened(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 0);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.checks), 1);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

static void test_pool_acquire__replaces_the_dead(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool;
    wi_lease *first;
    wi_lease *second;

    (void)state;
    options.pre_ping = true;
    pool = pool_with_two_idle(&options);
    atomic_store(&server.sessions[0].dead, true);
    atomic_store(&server.sessions[1].dead, true);
    first = acquire(pool);
    assert_ptr_equal(wi_lease_resource(first), &server.sessions[2]);
    second = acquire(pool);
    assert_ptr_equal(wi_lease_resource(second), &server.sessions[3]);
    assert_int_equal(atomic_load(&server.checks), 2);
    assert_int_equal(atomic_load(&server.open_most), 2);
    release(pool, first);
    release(pool, second);
    assert_counts(pool, 2, 0, 0);
    end(&server, &pool);
}

/* One of them was dead; the others are asked once, though nobody wants them to
 * be, and are the same as before. */
static void test_pool_acquire__asks_the_equals_of_a_dead_one(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = pool_with_two_idle(&options);
    wi_lease *first = acquire(pool);
    wi_lease *second;

    (void)state;
    wi_pool_lose(pool, first);
    wi_pool_suspect(pool, first);
    for (int i = 0; i < 2; i++) {
        second = acquire(pool);
        assert_int_equal(atomic_load(&server.checks), 1);
        release(pool, second);
    }
    release(pool, first);
    assert_int_equal(atomic_load(&server.opened), 2);
    end(&server, &pool);
}

enum { EQUALS = 8 };

/* When several of them are dead the rest is not asked any more. */
static void test_pool_acquire__asks_no_more_than_it_must(void **state)
{
    wi_pool_options options = fake_options(EQUALS);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *leases[EQUALS];

    (void)state;
    for (int i = 0; i < EQUALS; i++)
        leases[i] = acquire(pool);
    wi_pool_lose(pool, leases[0]);
    wi_pool_suspect(pool, leases[0]);
    for (int i = 0; i < EQUALS; i++) {
        atomic_store(&server.sessions[i].dead, true);
        release(pool, leases[i]);
    }
    for (int i = 0; i < EQUALS; i++)
        leases[i] = acquire(pool);
    assert_int_equal(atomic_load(&server.checks), 4);
    assert_int_equal(atomic_load(&server.opened), 2 * EQUALS);
    for (int i = 0; i < EQUALS; i++)
        release(pool, leases[i]);
    end(&server, &pool);
}

static void test_pool_acquire__ends_a_silent_one_but_no_other(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool;

    (void)state;
    options.pre_ping = true;
    pool = pool_with_two_idle(&options);
    atomic_store(&server.check_is_slow, true);
    assert_null(try_acquire(pool)); /* its time is over with the ping */
    assert_counts(pool, 1, 0, 0);
    atomic_store(&server.check_is_slow, false);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 2);
    end(&server, &pool);
}

static void test_pool_acquire__leaves_room_when_no_other_opens(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool;
    weir_error err;
    wi_request request = {.tag = NULL};
    wi_lease *lease = NULL;

    (void)state;
    options.pre_ping = true;
    options.order = WI_ORDER_FIFO;
    pool = pool_with_two_idle(&options);
    atomic_store(&server.sessions[0].dead, true);
    atomic_store(&server.failures_to_come, 1);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, &err),
                     WEIR_ERR_CONNECTION);
    assert_string_equal(err.message, "the server is down");
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

static void test_pool_acquire__A18_7_one_deadline_for_all(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool;
    int64_t deadline = wi_now_ns() + 30 * SECOND;
    wi_request request = {.deadline_ns = deadline};
    wi_lease *lease = NULL;

    (void)state;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    release(pool, acquire(pool));
    atomic_store(&server.sessions[0].dead, true);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_true(atomic_load(&server.check_deadline_ns) == deadline);
    assert_true(atomic_load(&server.open_deadline_ns) == deadline);
    release(pool, lease);
    end(&server, &pool);
}

/* --------------------------------------------------------- lost while lent */

static void test_pool_lose__keeps_the_place(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);

    (void)state;
    wi_pool_lose(pool, lease);
    wi_pool_lose(pool, lease); /* nothing more to lose */
    assert_null(wi_lease_resource(lease));
    assert_int_equal(atomic_load(&server.open_now), 0);
    assert_counts(pool, 0, 1, 0);
    assert_null(try_acquire(pool));
    assert_int_equal(wi_pool_reopen(pool, lease, 0, NULL), WEIR_OK);
    assert_ptr_equal(wi_lease_resource(lease), &server.sessions[1]);
    assert_counts(pool, 0, 1, 0);
    release(pool, lease);
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

static void test_pool_reopen__leaves_it_lost_on_failure(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    weir_error err;

    (void)state;
    wi_pool_lose(pool, lease);
    atomic_store(&server.failures_to_come, 1);
    assert_int_equal(wi_pool_reopen(pool, lease, WI_NO_DEADLINE, &err),
                     WEIR_ERR_CONNECTION);
    assert_counts(pool, 0, 1, 0);
    assert_null(wi_lease_resource(lease));
    assert_int_equal(wi_pool_reopen(pool, lease, WI_NO_DEADLINE, &err),
                     WEIR_OK);
    release(pool, lease);
    end(&server, &pool);
}

static void test_pool_release__A18_6_a_lost_one_is_not_idle(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    wi_pool_lose(pool, lease);
    start(&waiting);
    until_waiting(pool, 1);
    release(pool, lease); /* its room goes to the waiter */
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.cleanings), 1);
    assert_counts(pool, 1, 0, 0);
    end(&server, &pool);
}

/* Two find out one after the other that the server is gone; what the first
 * has opened since is not suspected by the second. */
static void test_pool_suspect__counts_once_for_all_of_an_age(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *first = acquire(pool);
    wi_lease *second = acquire(pool);

    (void)state;
    wi_pool_lose(pool, first);
    wi_pool_suspect(pool, first);
    assert_int_equal(wi_pool_reopen(pool, first, 0, NULL), WEIR_OK);
    wi_pool_lose(pool, second);
    wi_pool_suspect(pool, second);
    release(pool, first);
    assert_counts(pool, 1, 1, 0);
    release(pool, second);
    release(pool, acquire(pool));
    assert_int_equal(atomic_load(&server.opened), 3);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_acquire__replaces_what_is_too_old),
        cmocka_unit_test(test_pool_acquire__never_recycles_by_default),
        cmocka_unit_test(test_pool_invalidate__A18_5_reaches_all_made_before),
        cmocka_unit_test(
            test_pool_acquire__returns_an_old_one_opened_meanwhile),
        cmocka_unit_test(test_pool_acquire__pings_what_it_has_not_just_opened),
        cmocka_unit_test(test_pool_acquire__replaces_the_dead),
        cmocka_unit_test(test_pool_acquire__asks_the_equals_of_a_dead_one),
        cmocka_unit_test(test_pool_acquire__asks_no_more_than_it_must),
        cmocka_unit_test(test_pool_acquire__ends_a_silent_one_but_no_other),
        cmocka_unit_test(test_pool_acquire__leaves_room_when_no_other_opens),
        cmocka_unit_test(test_pool_acquire__A18_7_one_deadline_for_all),
        cmocka_unit_test(test_pool_lose__keeps_the_place),
        cmocka_unit_test(test_pool_reopen__leaves_it_lost_on_failure),
        cmocka_unit_test(test_pool_release__A18_6_a_lost_one_is_not_idle),
        cmocka_unit_test(test_pool_suspect__counts_once_for_all_of_an_age),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
