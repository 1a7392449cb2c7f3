/* SPDX-License-Identifier: MIT */
/*
 * A resolver that is stuck uses up none of what max_connecting allows: the
 * openings of these pools can be made to hang before they meet the server.
 */
#include "pool/borrower.h"

static fake_server server;
static wi_pool *pool;
static atomic_int to_hang; /* so many openings will */
static atomic_int hanging;
static atomic_bool lines_are_up; /* whoever hangs goes on */
static atomic_bool lets_out[64]; /* what the pool said to each */
static atomic_int said;

/* Hangs first, if it is to, and meets the server then. */
static weir_status slow_open(void *context, int64_t deadline_ns, void **out,
                             weir_error *err)
{
    if (atomic_load(&to_hang) > 0) {
        atomic_fetch_sub(&to_hang, 1);
        lets_out[atomic_fetch_add(&said, 1)] = wi_pool_hangs(pool);
        atomic_fetch_add(&hanging, 1);
        while (!atomic_load(&lines_are_up))
            nap(MS / 5);
        atomic_fetch_sub(&hanging, 1);
        wi_pool_goes_on(pool);
    }
    return fake_open(context, deadline_ns, out, err);
}

static void set_up(int size, bool threads)
{
    static wi_resource_kind kind;
    wi_pool_options options = fake_options(size);

    options.threads = threads;
    options.connecting_max = 2;
    kind = fake_kind;
    kind.open = slow_open;
    atomic_store(&lines_are_up, false);
    atomic_store(&to_hang, 0);
    atomic_store(&said, 0);
    pool = fake_pool_of(&kind, &server, &options);
}

static void tear_down(void)
{
    while (status_of(pool).connecting > 0)
        nap(MS / 5);
    (void)wi_pool_close(pool);
    end(&server, &pool);
}

/* All of them have one at the same time. */
static void finish_together(borrower *borrowers, int count)
{
    until_all_done(borrowers, count);
    finish_all(borrowers, count, WEIR_OK);
}

static void test_hanging__uses_no_limit_up(void **state)
{
    borrower waiters[4];

    (void)state;
    set_up(20, true);
    atomic_store(&to_hang, 7);
    start_all(waiters, 4, pool, 60 * SECOND);
    finish_together(waiters, 4); /* by others than those seven */
    assert_int_equal(atomic_load(&hanging), 7);
    atomic_store(&lines_are_up, true);
    tear_down();
}

/* Six hang, and who counts is two at most. */
static void test_going_on__counts_again(void **state)
{
    borrower waiters[12];

    (void)state;
    set_up(12, true);
    atomic_store(&to_hang, 6);
    atomic_store(&server.gate_shut, true);
    start_all(waiters, 12, pool, 60 * SECOND);
    until_opening(&server, 2);
    while (atomic_load(&hanging) < 6)
        nap(MS / 5);
    assert_counts(pool, 0, 0, 8);
    atomic_store(&lines_are_up, true);
    until_opening(&server, 8);
    assert_counts(pool, 0, 0, 8); /* there is no room: none has begun since */
    atomic_store(&server.gate_shut, false);
    finish_together(waiters, 12);
    assert_int_equal(atomic_load(&server.opening_most), 8);
    tear_down();
}

static void test_hanging__has_a_limit_of_its_own(void **state)
{
    borrower waiters[40];
    int let_out = 0;

    (void)state;
    set_up(40, true);
    atomic_store(&to_hang, 40);
    start_all(waiters, 40, pool, 60 * SECOND);
    until_waiting(pool, 40);
    while (atomic_load(&hanging) < 10)
        nap(MS / 5);
    assert_counts(pool, 0, 0, 10); /* 8, and the two that may connect */
    for (int i = 0; i < 10; i++)
        let_out += atomic_load(&lets_out[i]);
    assert_int_equal(let_out, 8);
    atomic_store(&to_hang, 0);
    atomic_store(&lines_are_up, true);
    finish_together(waiters, 40);
    assert_int_equal(status_of(pool).connecting, 0);
    tear_down();
}

static void test_hanging__that_fails_leaves_the_count_right(void **state)
{
    borrower waiters[3];

    (void)state;
    set_up(1, true);
    atomic_store(&to_hang, 1);
    start_all(waiters, 1, pool, 60 * SECOND);
    while (atomic_load(&hanging) < 1)
        nap(MS / 5);
    atomic_store(&server.failures_to_come, 1);
    atomic_store(&lines_are_up, true);
    until_done(&waiters[0]);
    finish(&waiters[0]);
    assert_int_equal(waiters[0].status, WEIR_ERR_CONNECTION);
    start_all(waiters, 3, pool, 60 * SECOND);
    let_all_return(waiters, 3);
    finish_all(waiters, 3, WEIR_OK);
    tear_down();
}

/* Who opens for himself is not counted, so he cannot be let out. */
static void test_borrower__is_not_let_out(void **state)
{
    borrower alone;

    (void)state;
    set_up(2, false);
    atomic_store(&to_hang, 1);
    start_all(&alone, 1, pool, 60 * SECOND);
    while (atomic_load(&hanging) < 1)
        nap(MS / 5);
    assert_false(atomic_load(&lets_out[0]));
    atomic_store(&lines_are_up, true);
    finish_together(&alone, 1);
    tear_down();
}

int main(void)
{
    const struct CMUnitTest fast[] = {
        cmocka_unit_test(test_hanging__uses_no_limit_up),
        cmocka_unit_test(test_going_on__counts_again),
        cmocka_unit_test(test_hanging__has_a_limit_of_its_own),
        cmocka_unit_test(test_hanging__that_fails_leaves_the_count_right),
        cmocka_unit_test(test_borrower__is_not_let_out),
    };
    const struct CMUnitTest both[] = {
        cmocka_unit_test(test_borrower__is_not_let_out),
    };

    return cmocka_run_group_tests(fast, NULL, NULL) + FAKE_RUN_OVER_CORES(both);
}
