/* SPDX-License-Identifier: MIT */
/*
 * Scenario 45: closes that hang longer than they may.
 */
#include "pool/fast/closers.h"

#include "pool/by_hand.h"

enum { HUNG = 5 };

static fake_server server;

static wi_pool *threaded_pool(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    return fake_pool(&server, &options);
}

static void until_in_close(int count)
{
    int now;

    do {
        now = 0;
        nap(MS / 5);
        for (int i = 0; i < atomic_load(&server.opened); i++)
            now += !atomic_load(&server.sessions[i].open);
    } while (now != count);
}

/* So many come back broken and hang in their close. */
static void break_some(wi_pool *pool, int count)
{
    wi_lease *leases[SOME_MAX];

    borrow_some(pool, leases, count);
    atomic_store(&server.close_gate_shut, true);
    for (int i = 0; i < count; i++)
        assert_false(wi_pool_release(pool, leases[i], WEIR_FATE_DISCARD));
}

/* Four threads close; the fifth has its turn when their time is over. */
static void test_pool_45__five_that_hang_leave_their_places(void **state)
{
    wi_pool *pool = threaded_pool(HUNG);

    (void)state;
    break_some(pool, HUNG);
    until_in_close(4);
    visit(pool, WI_CLOSE_NS / 2);
    assert_int_equal(status_of(pool).closing, HUNG);
    visit(pool, WI_CLOSE_NS);
    until_in_close(HUNG);
    assert_int_equal(status_of(pool).closing, 1);
    visit(pool, WI_CLOSE_NS + SECOND);
    assert_int_equal(status_of(pool).closing, 0);
    use_some(pool, HUNG);
    assert_counts(pool, HUNG, 0, 0);
    assert_int_equal(atomic_load(&server.open_now), 2 * HUNG);
    atomic_store(&server.close_gate_shut, false);
    end_threaded(&server, &pool);
    assert_int_equal(atomic_load(&server.ended), 1);
}

/* What comes back later is closed all the same. */
static void test_pool_45__others_are_closed_meanwhile(void **state)
{
    wi_pool *pool = threaded_pool(HUNG);

    (void)state;
    break_some(pool, 4);
    until_in_close(4);
    visit(pool, WI_CLOSE_NS + SECOND);
    assert_int_equal(status_of(pool).closing, 0);
    atomic_store(&server.close_gate_shut, false);
    assert_false(wi_pool_release(pool, wait_for_one(pool), WEIR_FATE_DISCARD));
    until_counts(pool, 0, 0);
    while (status_of(pool).closed != 5)
        nap(MS / 5);
    end_threaded(&server, &pool);
}

/* How many may hang for ever is limited: the rest counts. */
static void test_pool_45__no_more_threads_hang_than_may(void **state)
{
    enum { MANY = 16, MOST = 12 };
    wi_pool *pool = threaded_pool(MANY);

    (void)state;
    break_some(pool, MANY);
    for (int i = 4; i <= MOST; i += 4) {
        until_in_close(i);
        visit(pool, WI_CLOSE_NS + SECOND);
    }
    visit(pool, WI_CLOSE_NS + SECOND);
    assert_int_equal(status_of(pool).closing, MANY - 8);
    atomic_store(&server.close_gate_shut, false);
    until_counts(pool, 0, 0);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_45__five_that_hang_leave_their_places),
        cmocka_unit_test(test_pool_45__others_are_closed_meanwhile),
        cmocka_unit_test(test_pool_45__no_more_threads_hang_than_may),
    };

    go_by_hand();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
