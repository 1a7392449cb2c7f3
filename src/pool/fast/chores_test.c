/* SPDX-License-Identifier: MIT */
/*
 * The visits of the housekeeper, made by hand, on a clock that is set ahead by
 * hand: what takes hours elsewhere. Numbers are those of the scenarios in the
 * pool's test plan.
 */
#include "pool/fast/chores.h"

#include "pool/by_hand.h"

enum { MANY = 20 };

static fake_server server;

static wi_pool_options kept_options(int size)
{
    wi_pool_options options = fake_options(size);

    options.threads = true;
    options.connecting_max = 4;
    return options;
}

static wi_pool *kept_pool(const wi_pool_options *options)
{
    wi_pool *pool = fake_pool(&server, options);

    atomic_store(&server.check_takes_ns, MS / 2);
    return pool;
}

/* Visits until so many are idle and nothing else is there or on its way. */
static void visit_until_idle(wi_pool *pool, int count)
{
    while (status_of(pool).idle != count || at_something(pool) > 0) {
        nap(MS / 5);
        visit(pool, 0);
    }
}

/* ----------------------------------------------------------------- reserve */

static void test_keep__opens_a_reserve_and_replaces_it(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_pool *pool;

    (void)state;
    options.min_idle = 3;
    pool = kept_pool(&options);
    visit_until_idle(pool, 3);
    assert_false(wi_pool_release(pool, wait_for_one(pool), WEIR_FATE_DISCARD));
    visit_until_idle(pool, 3);
    assert_int_equal(atomic_load(&server.opened), 4);
    end_threaded(&server, &pool);
}

static void test_keep__fills_the_pool_once(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_pool *pool;

    (void)state;
    options.prefill = true;
    pool = kept_pool(&options);
    visit_until_idle(pool, 5);
    assert_false(wi_pool_release(pool, wait_for_one(pool), WEIR_FATE_DISCARD));
    visit_until_idle(pool, 4);
    visit(pool, SECOND);
    assert_int_equal(atomic_load(&server.opened), 5);
    end_threaded(&server, &pool);
}

/* A wrong password is not tried again and again in the background. */
static void test_keep__does_not_insist_on_a_refusal(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_pool *pool;

    (void)state;
    options.min_idle = 1;
    pool = kept_pool(&options);
    atomic_store(&server.refuses, true);
    visit(pool, 0);
    while (status_of(pool).connect_failures == 0)
        nap(MS / 5);
    for (int i = 0; i < 20; i++)
        visit(pool, 10 * SECOND);
    assert_int_equal(status_of(pool).connect_failures, 1);
    end_threaded(&server, &pool);
}

/* 27: who waits gets what was begun for the reserve, and a reserve takes not
 * all of the turns. */
static void test_pool_27__the_reserve_stands_behind_who_waits(void **state)
{
    wi_pool_options options = kept_options(8);
    borrower waiters[3];
    wi_pool *pool;

    (void)state;
    options.min_idle = 8;
    pool = kept_pool(&options);
    atomic_store(&server.gate_shut, true);
    visit(pool, 0);
    until_opening(&server, 3);
    assert_counts(pool, 0, 0, 3);
    start_all(waiters, 3, pool, 60 * SECOND + atomic_load(&ahead_ns));
    until_waiting(pool, 3);
    atomic_store(&server.gate_shut, false);
    finish_all(waiters, 3, WEIR_OK);
    visit_until_idle(pool, 8);
    assert_int_equal(atomic_load(&server.opened), 8);
    assert_true(atomic_load(&server.opening_most) <= 4);
    end_threaded(&server, &pool);
}

/* ------------------------------------------------------------------ ageing */

/* 40: what was opened at one moment ends by and by, within the last tenth of
 * its time. */
static void test_pool_40__what_began_together_ends_by_and_by(void **state)
{
    wi_pool_options options = fake_options(SOME_MAX);
    int64_t shortest_ns = INT64_MAX, longest_ns = 0;
    const wi_lease *place;
    wi_pool *pool;

    (void)state;
    options.recycle_ns = 1000 * SECOND;
    pool = fake_pool(&server, &options);
    use_some(pool, SOME_MAX);
    for (int i = 0; i < SOME_MAX; i++) {
        int64_t life_ns;

        place = wi_place_at(pool, i);
        life_ns = wi_expiry_ns(pool, place) - place->made_ns;
        assert_in_range(life_ns, 900 * SECOND, 1000 * SECOND);
        shortest_ns = life_ns < shortest_ns ? life_ns : shortest_ns;
        longest_ns = life_ns > longest_ns ? life_ns : longest_ns;
    }
    assert_true(longest_ns - shortest_ns > 50 * SECOND);
    end(&server, &pool);
}

/* 40: all of an age go one after the other, each replaced before it goes, and
 * nobody had to wait for it. */
static void test_pool_40__the_old_go_one_by_one(void **state)
{
    wi_pool_options options = kept_options(MANY);
    wi_pool *pool;

    (void)state;
    options.max_overflow = 1;
    options.min_idle = MANY;
    options.recycle_ns = 1800 * SECOND;
    pool = kept_pool(&options);
    visit_until_idle(pool, MANY);
    visit(pool, 1801 * SECOND);
    for (int i = 0; i < 2 * MANY; i++) {
        int closed = atomic_load(&server.closed);

        while (status_of(pool).connecting > 0)
            nap(MS / 5);
        assert_true(status_of(pool).idle >= MANY);
        visit(pool, 5 * SECOND);
        visit_until_idle(pool, status_of(pool).idle);
        assert_true(atomic_load(&server.closed) <= closed + 1);
    }
    assert_int_equal(atomic_load(&server.closed), MANY);
    assert_int_equal(status_of(pool).acquired, 0);
    end_threaded(&server, &pool);
}

/* 42: after a burst of twenty a load of three leaves three, whatever order
 * they are lent in, and none is opened again. */
static void shrinks_in_order(wi_idle_order order)
{
    wi_pool_options options = kept_options(MANY);
    wi_pool *pool;

    options.idle_ns = 60 * SECOND;
    options.order = order;
    pool = kept_pool(&options);
    use_some(pool, MANY);
    for (int i = 0; i < 8; i++) {
        visit(pool, 15 * SECOND);
        for (int j = 0; j < 50; j++)
            use_some(pool, 3);
    }
    visit_until_idle(pool, 3);
    for (int i = 0; i < 40; i++) {
        visit(pool, 15 * SECOND);
        use_some(pool, 3);
    }
    assert_int_equal(atomic_load(&server.opened), MANY);
    assert_counts(pool, 3, 0, 0);
    end_threaded(&server, &pool);
}

static void test_pool_42__what_is_not_needed_goes_in_any_order(void **state)
{
    (void)state;
    shrinks_in_order(WI_ORDER_AFFINITY);
    shrinks_in_order(WI_ORDER_FIFO);
    shrinks_in_order(WI_ORDER_LIFO);
}

/* 42: a load that comes and goes within the idle time keeps all. */
static void test_pool_42__a_saw_tooth_opens_nothing(void **state)
{
    wi_pool_options options = kept_options(MANY);
    wi_pool *pool;

    (void)state;
    options.idle_ns = 60 * SECOND;
    pool = kept_pool(&options);
    for (int i = 0; i < 20; i++) {
        use_some(pool, MANY);
        for (int j = 0; j < 3; j++)
            visit(pool, 15 * SECOND);
    }
    assert_int_equal(atomic_load(&server.opened), MANY);
    end_threaded(&server, &pool);
}

/* Nobody uses it: it goes down to what has to be kept, and not before the idle
 * time is over. */
static void test_pool_42__the_reserve_stays(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_pool *pool;

    (void)state;
    options.idle_ns = 60 * SECOND;
    options.min_idle = 2;
    pool = kept_pool(&options);
    use_some(pool, 5);
    visit(pool, 15 * SECOND);
    visit(pool, 59 * SECOND);
    assert_counts(pool, 5, 0, 0);
    visit(pool, SECOND);
    visit_until_idle(pool, 2);
    for (int i = 0; i < 20; i++)
        visit(pool, 60 * SECOND);
    assert_counts(pool, 2, 0, 0);
    use_some(pool, 2);
    assert_int_equal(atomic_load(&server.opened), 5);
    end_threaded(&server, &pool);
}

/* --------------------------------------------------------------- keepalive */

/* 46: each is asked once in the interval, one at a time; it is no use. */
static void test_pool_46__what_is_idle_is_asked_once(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_pool *pool;

    (void)state;
    options.keepalive_ns = 60 * SECOND;
    pool = kept_pool(&options);
    use_some(pool, 5);
    visit(pool, 59 * SECOND);
    assert_int_equal(atomic_load(&server.checks), 0);
    for (int interval = 1; interval <= 3; interval++) {
        visit(pool, 61 * SECOND);
        while (atomic_load(&server.checks) < 5 * interval) {
            nap(MS / 5);
            visit(pool, 0);
        }
        visit_until_idle(pool, 5);
        assert_int_equal(atomic_load(&server.checks), 5 * interval);
    }
    assert_int_equal(atomic_load(&server.asking_most), 1);
    assert_int_equal(status_of(pool).acquired, 5);
    end_threaded(&server, &pool);
}

static void test_pool_46__what_does_not_answer_goes(void **state)
{
    wi_pool_options options = kept_options(1);
    wi_pool *pool;

    (void)state;
    options.keepalive_ns = 60 * SECOND;
    pool = kept_pool(&options);
    use_some(pool, 1);
    atomic_store(&server.sessions[0].dead, true);
    visit(pool, 61 * SECOND);
    visit_until_idle(pool, 0);
    use_some(pool, 1);
    assert_int_equal(atomic_load(&server.opened), 2);
    end_threaded(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep__opens_a_reserve_and_replaces_it),
        cmocka_unit_test(test_keep__fills_the_pool_once),
        cmocka_unit_test(test_keep__does_not_insist_on_a_refusal),
        cmocka_unit_test(test_pool_27__the_reserve_stands_behind_who_waits),
        cmocka_unit_test(test_pool_40__what_began_together_ends_by_and_by),
        cmocka_unit_test(test_pool_40__the_old_go_one_by_one),
        cmocka_unit_test(test_pool_42__what_is_not_needed_goes_in_any_order),
        cmocka_unit_test(test_pool_42__a_saw_tooth_opens_nothing),
        cmocka_unit_test(test_pool_42__the_reserve_stays),
        cmocka_unit_test(test_pool_46__what_is_idle_is_asked_once),
        cmocka_unit_test(test_pool_46__what_does_not_answer_goes),
    };

    go_by_hand();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
