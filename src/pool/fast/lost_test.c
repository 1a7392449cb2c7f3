/* SPDX-License-Identifier: MIT */
/*
 * Scenario 45 for who does not give back: losing, disposing, setting, draining
 * and closing with a deadline are not held up by a close that hangs.
 */
#include "pool/threaded.h"

static fake_server server;

static wi_pool *pool_of(int size)
{
    wi_pool_options options = fake_options(size);
    wi_pool *pool;

    options.threads = true;
    pool = fake_pool(&server, &options);
    return pool;
}

/* So many count though nobody has them any more. */
static void assert_closing(wi_pool *pool, int count)
{
    assert_int_equal(status_of(pool).closing, count);
}

/* So many are idle, and cannot be closed. */
static wi_pool *stuck_pool(int count)
{
    wi_pool *pool = pool_of(8);

    use_some(pool, count);
    atomic_store(&server.close_gate_shut, true);
    return pool;
}

static void open_gate(wi_pool *pool)
{
    atomic_store(&server.close_gate_shut, false);
    until_counts(pool, 0, 0);
}

/* While there is room who lost one has another at once. */
static void test_pool_45__who_loses_one_is_not_held_up(void **state)
{
    wi_pool *pool = pool_of(2);
    wi_lease *lease = wait_for_one(pool);

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    wi_pool_lose(pool, lease);
    assert_null(wi_lease_resource(lease));
    assert_int_equal(wi_pool_reopen(pool, lease, 0, NULL), WEIR_OK);
    assert_counts(pool, 0, 1, 0);
    assert_closing(pool, 1);
    release(pool, lease);
    atomic_store(&server.close_gate_shut, false);
    until_counts(pool, 1, 0);
    assert_int_equal(status_of(pool).closed, 1);
    end_threaded(&server, &pool);
}

/* Without room he waits, within his deadline: no more than one are open. */
static void test_pool_4_45__a_lost_one_counts_until_it_is_closed(void **state)
{
    wi_pool *pool = pool_of(1);
    wi_lease *lease = wait_for_one(pool);
    weir_error err;

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    wi_pool_lose(pool, lease);
    assert_int_equal(wi_pool_reopen(pool, lease, wi_now_ns() + 10 * MS, &err),
                     WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "still being closed"));
    atomic_store(&server.close_gate_shut, false);
    assert_int_equal(wi_pool_reopen(pool, lease, 0, &err), WEIR_OK);
    assert_int_equal(atomic_load(&server.open_most), 1);
    release(pool, lease);
    end_threaded(&server, &pool);
}

/* All places of the first block are lent, so another block is made. */
static void test_lose__needs_no_place_that_is_there(void **state)
{
    wi_pool *pool = pool_of(8);
    wi_lease *leases[8];

    (void)state;
    borrow_some(pool, leases, 8);
    atomic_store(&server.close_gate_shut, true);
    for (int i = 0; i < 8; i++)
        wi_pool_lose(pool, leases[i]);
    for (int i = 0; i < 8; i++)
        assert_false(wi_pool_release(pool, leases[i], WEIR_FATE_DISCARD));
    assert_counts(pool, 0, 0, 0);
    assert_closing(pool, 8);
    open_gate(pool);
    end_threaded(&server, &pool);
}

/* A pool that is closed does not end while a lost one is being closed. */
static void test_lose__keeps_the_pool_until_it_is_closed(void **state)
{
    wi_pool *pool = pool_of(1);
    wi_lease *lease = wait_for_one(pool);

    (void)state;
    atomic_store(&server.close_gate_shut, true);
    wi_pool_lose(pool, lease);
    assert_false(wi_pool_close(pool));
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    assert_int_equal(atomic_load(&server.ended), 0);
    atomic_store(&server.close_gate_shut, false);
    while (atomic_load(&server.ended) == 0)
        nap(MS / 5);
    end(&server, &pool);
}

static void test_pool_45__disposing_is_not_held_up(void **state)
{
    wi_pool *pool = stuck_pool(3);

    (void)state;
    wi_pool_dispose(pool);
    assert_counts(pool, 0, 0, 0);
    assert_closing(pool, 3);
    release(pool, wait_for_one(pool));
    assert_counts(pool, 1, 0, 0);
    atomic_store(&server.close_gate_shut, false);
    until_counts(pool, 1, 0);
    end_threaded(&server, &pool);
}

static void test_pool_45__setting_is_not_held_up(void **state)
{
    wi_pool *pool = stuck_pool(3);
    wi_pool_options fewer = fake_options(1);

    (void)state;
    assert_int_equal(wi_pool_set(pool, &fewer), WEIR_OK);
    assert_counts(pool, 1, 0, 0);
    assert_closing(pool, 2);
    atomic_store(&server.close_gate_shut, false);
    until_counts(pool, 1, 0);
    end_threaded(&server, &pool);
}

static void test_pool_45__draining_ends_at_its_deadline(void **state)
{
    wi_pool *pool = stuck_pool(2);
    bool last = false;

    (void)state;
    assert_int_equal(wi_pool_drain(pool, wi_now_ns() + 10 * MS, &last, NULL),
                     WEIR_ERR_TIMEOUT);
    atomic_store(&server.close_gate_shut, false);
    assert_int_equal(
        wi_pool_drain(pool, wi_now_ns() + 60 * SECOND, &last, NULL), WEIR_OK);
    assert_int_equal(atomic_load(&server.open_now), 0);
    end_threaded(&server, &pool);
}

static void test_pool_45__closing_ends_at_its_deadline(void **state)
{
    wi_pool *pool = stuck_pool(2);
    bool last = false;

    (void)state;
    assert_int_equal(
        wi_pool_close_within(pool, wi_now_ns() + 10 * MS, &last, NULL),
        WEIR_ERR_TIMEOUT);
    assert_false(last);
    atomic_store(&server.close_gate_shut, false);
    while (atomic_load(&server.ended) == 0)
        nap(MS / 5);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_45__who_loses_one_is_not_held_up),
        cmocka_unit_test(test_pool_4_45__a_lost_one_counts_until_it_is_closed),
        cmocka_unit_test(test_lose__needs_no_place_that_is_there),
        cmocka_unit_test(test_lose__keeps_the_pool_until_it_is_closed),
        cmocka_unit_test(test_pool_45__disposing_is_not_held_up),
        cmocka_unit_test(test_pool_45__setting_is_not_held_up),
        cmocka_unit_test(test_pool_45__draining_ends_at_its_deadline),
        cmocka_unit_test(test_pool_45__closing_ends_at_its_deadline),
    };

    fake_use("fast", WI_CORE_FAST, &wi_port_native);
    if (cmocka_run_group_tests_name("fast", tests, NULL, NULL) != 0)
        return 1;
    fake_use("portable", WI_CORE_FAST, &wi_port_portable);
    return cmocka_run_group_tests_name("portable", tests, NULL, NULL);
}
