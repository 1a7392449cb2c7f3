/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the others when one is found dead. Scenario numbers are
 * those of the pool's test plan.
 */
#include "pool/fast/suspects.h"

#include "pool/fast/fast.h"
#include "pool/threaded.h"

enum { MANY = 50, ASKERS = 4, DEAD = 4 };

static fake_server server;
static wi_port port; /* the native one, but for its threads */
static atomic_bool has_no_threads;

static bool start_if_any(void *context, const char *name,
                         void (*run)(void *argument), void *argument)
{
    return !atomic_load(&has_no_threads) &&
           wi_port_native.start(context, name, run, argument);
}

static wi_pool_options suspicious_options(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    return options;
}

static wi_pool *suspicious_pool(const wi_pool_options *options)
{
    atomic_store(&has_no_threads, false);
    return fake_pool(&server, options);
}

/* The server takes this one, and whoever has it finds out. */
static void lose(wi_pool *pool, wi_lease *lease)
{
    wi_pool_lose(pool, lease);
    wi_pool_suspect(pool, lease);
    release(pool, lease);
}

static void lose_one(wi_pool *pool)
{
    lose(pool, wait_for_one(pool));
}

static int number_of(const wi_lease *lease)
{
    return (int)((fake_session *)wi_lease_resource(lease) - server.sessions);
}

static void until_asking(int count)
{
    while (atomic_load(&server.asking) != count)
        nap(MS / 5);
}

/* --------------------------------------------------------------- they stay */

/* 32: one of them was ended. The others are asked, by nobody who borrows, and
 * are lent again: no other connection is opened. */
static void test_pool_32__healthy_siblings_stay(void **state)
{
    wi_pool_options options = suspicious_options(5);
    wi_pool *pool = suspicious_pool(&options);
    wi_lease *leases[4];

    (void)state;
    use_some(pool, 5);
    lose_one(pool);
    until_counts(pool, 4, 0);
    assert_int_equal(atomic_load(&server.checks), 4);
    borrow_some(pool, leases, 4);
    assert_int_equal(atomic_load(&server.opened), 5);
    assert_int_equal(atomic_load(&server.checks), 4);
    assert_int_equal(atomic_load(&server.closed), 1);
    return_some(pool, leases, 4);
    end_threaded(&server, &pool);
}

/* Those that do not answer are closed, and only those. */
static void test_pool_32__dead_siblings_go(void **state)
{
    wi_pool_options options = suspicious_options(6);
    wi_pool *pool = suspicious_pool(&options);
    wi_lease *lease;

    (void)state;
    use_some(pool, 6);
    lease = wait_for_one(pool);
    for (int i = 0; i < 3; i++)
        atomic_store(&server.sessions[(number_of(lease) + 1 + i) % 6].dead,
                     true);
    lose(pool, lease);
    until_counts(pool, 2, 0);
    assert_int_equal(atomic_load(&server.checks), 5);
    for (int i = 0; i < 6; i++)
        assert_true(!atomic_load(&server.sessions[i].dead) ||
                    !atomic_load(&server.sessions[i].open));
    end_threaded(&server, &pool);
}

/* What is lent meanwhile is asked when it comes back. */
static void test_suspects__are_asked_when_they_come_back(void **state)
{
    wi_pool_options options = suspicious_options(3);
    wi_pool *pool = suspicious_pool(&options);
    wi_lease *leases[3];

    (void)state;
    borrow_some(pool, leases, 3);
    wi_pool_lose(pool, leases[0]);
    wi_pool_suspect(pool, leases[0]);
    assert_int_equal(atomic_load(&server.asking_most), 0);
    atomic_store(&((fake_session *)wi_lease_resource(leases[1]))->dead, true);
    return_some(pool, leases, 3);
    until_counts(pool, 1, 0);
    assert_int_equal(atomic_load(&server.checks), 2);
    assert_int_equal(atomic_load(&server.opened), 3);
    end_threaded(&server, &pool);
}

/* Of more than the size the rest goes, asked or not. */
static void test_suspects__are_no_more_than_may_stay(void **state)
{
    wi_pool_options options = suspicious_options(2);
    wi_pool *pool;
    wi_lease *leases[6];

    (void)state;
    options.max_overflow = 4;
    pool = suspicious_pool(&options);
    borrow_some(pool, leases, 6);
    wi_pool_lose(pool, leases[0]);
    wi_pool_suspect(pool, leases[0]);
    atomic_store(&server.check_gate_shut, true);
    return_some(pool, leases, 6);
    atomic_store(&server.check_gate_shut, false);
    until_counts(pool, 2, 0);
    end_threaded(&server, &pool);
}

/* ------------------------------------------------------------- many of them */

/* 32: the server has restarted. However many were idle, few are asked. */
static void test_pool_32__a_restart_costs_one_question(void **state)
{
    wi_pool_options options = suspicious_options(MANY);
    wi_pool *pool = suspicious_pool(&options);

    (void)state;
    use_some(pool, MANY);
    for (int i = 0; i < MANY; i++)
        atomic_store(&server.sessions[i].dead, true);
    lose_one(pool);
    until_counts(pool, 0, 0);
    assert_in_range(atomic_load(&server.checks), DEAD, DEAD + ASKERS - 1);
    release(pool, wait_for_one(pool));
    assert_int_equal(atomic_load(&server.opened), MANY + 1);
    end_threaded(&server, &pool);
}

/* 44, 46: a few are asked at a time; who comes meanwhile does not wait for
 * their answer while there is room for another. */
static void test_pool_44__silent_siblings_hold_nobody_up(void **state)
{
    wi_pool_options options = suspicious_options(MANY);
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.max_overflow = 1;
    pool = suspicious_pool(&options);
    use_some(pool, MANY);
    atomic_store(&server.check_gate_shut, true);
    lose_one(pool);
    until_asking(ASKERS);
    lease = wait_for_one(pool);
    assert_ptr_equal(wi_lease_resource(lease), &server.sessions[MANY]);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.asking_most), ASKERS);
    atomic_store(&server.check_gate_shut, false);
    until_counts(pool, MANY, 0);
    end_threaded(&server, &pool);
}

/* 30: a black hole. One limit is waited for, by the few that were asked; the
 * others go with them, and who waits gets a new one. */
static void test_pool_30__silence_speaks_for_all(void **state)
{
    wi_pool_options options = suspicious_options(MANY);
    borrower late = {.timeout_ns = 60 * SECOND};
    wi_pool *pool = late.pool = suspicious_pool(&options);

    (void)state;
    use_some(pool, MANY);
    atomic_store(&server.check_gate_shut, true);
    atomic_store(&server.check_is_slow, true);
    lose_one(pool);
    until_asking(ASKERS);
    release(pool, wait_for_one(pool)); /* there is room for this one */
    atomic_store(&server.check_gate_shut, false);
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_OK);
    until_counts(pool, 1, 0);
    assert_int_equal(atomic_load(&server.checks), ASKERS);
    end_threaded(&server, &pool);
}

/* Without room the first that answers serves who waits. */
static void test_suspects__the_first_that_answers_serves(void **state)
{
    wi_pool_options options = suspicious_options(3);
    borrower late = {.timeout_ns = 60 * SECOND};
    wi_pool *pool = late.pool = suspicious_pool(&options);
    wi_lease *dead;

    (void)state;
    use_some(pool, 3);
    dead = wait_for_one(pool);
    atomic_store(&server.check_gate_shut, true);
    wi_pool_lose(pool, dead);
    wi_pool_suspect(pool, dead);
    until_asking(2);
    start(&late);
    until_waiting(pool, 1);
    atomic_store(&server.check_gate_shut, false);
    finish(&late);
    assert_int_equal(late.status, WEIR_OK);
    assert_int_equal(atomic_load(&server.opened), 3);
    release(pool, dead);
    end_threaded(&server, &pool);
}

/* --------------------------------------------------------------- void ones */

/* What was invalidated by hand is not asked, and not lent: those that wait to
 * be asked are closed at once, the others when they have been. */
static void test_dispose__ends_suspects(void **state)
{
    wi_pool_options options = suspicious_options(10);
    wi_pool *pool = suspicious_pool(&options);

    (void)state;
    use_some(pool, 10);
    atomic_store(&server.check_gate_shut, true);
    lose_one(pool);
    until_asking(ASKERS);
    wi_pool_dispose(pool);
    while (atomic_load(&server.open_now) != ASKERS)
        nap(MS / 5);
    atomic_store(&server.check_gate_shut, false);
    until_counts(pool, 0, 0);
    assert_int_equal(atomic_load(&server.checks), ASKERS);
    release(pool, wait_for_one(pool));
    assert_int_equal(atomic_load(&server.opened), 11);
    end_threaded(&server, &pool);
}

static void test_close__ends_suspects(void **state)
{
    wi_pool_options options = suspicious_options(10);
    wi_pool *pool = suspicious_pool(&options);

    (void)state;
    use_some(pool, 10);
    atomic_store(&server.check_gate_shut, true);
    lose_one(pool);
    until_asking(ASKERS);
    assert_false(wi_pool_close(pool));
    assert_int_equal(atomic_load(&server.open_now), ASKERS);
    atomic_store(&server.check_gate_shut, false);
    while (atomic_load(&server.ended) == 0)
        nap(MS / 5);
    end(&server, &pool);
}

/* ---------------------------------------------------------------- by hand */

static void use_and_look(wi_pool *pool, int count, int opened)
{
    use_some(pool, count);
    assert_int_equal(atomic_load(&server.opened), opened);
}

/* Without threads who borrows asks, and keeps what answers. */
static void test_suspects__are_asked_by_who_borrows(void **state)
{
    wi_pool_options options = suspicious_options(5);
    wi_pool *pool;
    wi_lease *lease;

    (void)state;
    options.threads = false;
    pool = suspicious_pool(&options);
    use_some(pool, 5);
    lease = wait_for_one(pool);
    atomic_store(&server.sessions[(number_of(lease) + 1) % 5].dead, true);
    lose(pool, lease);
    assert_int_equal(atomic_load(&server.checks), 0);
    use_and_look(pool, 5, 7);
    assert_int_equal(atomic_load(&server.checks), 4);
    use_and_look(pool, 5, 7); /* they are known now */
    assert_int_equal(atomic_load(&server.checks), 4);
    end_threaded(&server, &pool);
}

/* A suspect is not given all the time of who borrows: one that is silent is
 * replaced, and those like it are, without a question. */
static void test_suspects__have_a_time_limit(void **state)
{
    wi_pool_options options = suspicious_options(3);
    wi_pool *pool;

    (void)state;
    options.threads = false;
    options.timeout_ns = 3600 * SECOND;
    pool = suspicious_pool(&options);
    use_some(pool, 3);
    lose_one(pool);
    atomic_store(&server.check_is_slow, true);
    use_and_look(pool, 3, 6);
    assert_int_equal(atomic_load(&server.checks), 1);
    assert_true(atomic_load(&server.check_deadline_ns) <
                wi_now_ns() + 60 * SECOND);
    end_threaded(&server, &pool);
}

/* If there can be no thread they are asked by who borrows, too. */
static void test_suspects__need_no_thread(void **state)
{
    wi_pool_options options = suspicious_options(3);
    wi_pool *pool = suspicious_pool(&options);

    (void)state;
    use_some(pool, 3);
    atomic_store(&has_no_threads, true);
    lose_one(pool);
    assert_counts(pool, 2, 0, 0);
    use_and_look(pool, 2, 3);
    assert_int_equal(atomic_load(&server.checks), 2);
    atomic_store(&has_no_threads, false);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_32__healthy_siblings_stay),
        cmocka_unit_test(test_pool_32__dead_siblings_go),
        cmocka_unit_test(test_suspects__are_asked_when_they_come_back),
        cmocka_unit_test(test_suspects__are_no_more_than_may_stay),
        cmocka_unit_test(test_pool_32__a_restart_costs_one_question),
        cmocka_unit_test(test_pool_44__silent_siblings_hold_nobody_up),
        cmocka_unit_test(test_pool_30__silence_speaks_for_all),
        cmocka_unit_test(test_suspects__the_first_that_answers_serves),
        cmocka_unit_test(test_dispose__ends_suspects),
        cmocka_unit_test(test_close__ends_suspects),
        cmocka_unit_test(test_suspects__are_asked_by_who_borrows),
        cmocka_unit_test(test_suspects__have_a_time_limit),
        cmocka_unit_test(test_suspects__need_no_thread),
    };

    fake_use("fast", WI_CORE_FAST, &port);
    port = wi_port_native;
    port.start = start_if_any;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
