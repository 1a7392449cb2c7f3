/* SPDX-License-Identifier: MIT */
/*
 * The visits of the housekeeper, made by hand, on a clock that is set ahead by
 * hand: what takes hours elsewhere. Numbers are those of the scenarios in the
 * pool's test plan.
 */
#include "pool/fast_house.h"

#include "pool/borrower.h"

enum { MANY = 20 };

static fake_server server;
static wi_port port; /* the native one, but for the clock and without a house */
static _Atomic int64_t ahead_ns;
static atomic_bool has_ended;
static atomic_int asking;
static atomic_int asking_most;

static int64_t set_ahead(void *context)
{
    (void)context;
    return wi_now_ns() + atomic_load(&ahead_ns);
}

static void tell_ended(void *context)
{
    (void)context;
    atomic_store(&has_ended, true);
}

static weir_status ask(void *context, void *resource, int64_t deadline_ns,
                       weir_error *err)
{
    weir_status status;

    count_up(&asking, &asking_most);
    nap(MS / 2);
    status = fake_check(context, resource, deadline_ns, err);
    atomic_fetch_sub(&asking, 1);
    return status;
}

static const wi_resource_kind kind = {
    .open = fake_open,
    .check = ask,
    .returned = fake_returned,
    .close = fake_close,
    .ended = tell_ended,
};

static wi_pool_options kept_options(int size)
{
    wi_pool_options options = fake_options(size);

    port = wi_port_native;
    port.now_ns = set_ahead;
    port.coarse_ns = set_ahead;
    port.house = NULL;
    options.port = &port;
    options.threads = true;
    options.connecting_max = 4;
    return options;
}

static wi_pool *kept_pool(const wi_pool_options *options)
{
    wi_pool *pool;

    memset(&server, 0, sizeof server);
    atomic_store(&has_ended, false);
    atomic_store(&asking_most, 0);
    pool = wi_pool_new(&kind, &server, options, NULL);
    assert_non_null(pool);
    return pool;
}

static void end_kept(wi_pool **pool)
{
    if (!wi_pool_close(*pool)) {
        while (!atomic_load(&has_ended))
            nap(MS / 5);
    }
    end(&server, pool);
}

static void visit(wi_pool *pool, int64_t later_ns)
{
    atomic_fetch_add(&ahead_ns, later_ns);
    wi_fast_keep(pool, atomic_load(&pool->serial));
}

/* Visits until so many are idle and nothing else is there or on its way. */
static void until_idle(wi_pool *pool, int count)
{
    weir_pool_status now = status_of(pool);

    while (now.idle != count || now.busy + now.connecting > 0) {
        nap(MS / 5);
        visit(pool, 0);
        now = status_of(pool);
    }
}

/* So many are lent at the same time, and come back. */
static void use(wi_pool *pool, int count)
{
    wi_lease *leases[MANY];

    for (int i = 0; i < count; i++) {
        wi_request request = {.tag = "use"};

        assert_int_equal(wi_pool_acquire(pool, &request, &leases[i], NULL),
                         WEIR_OK);
    }
    for (int i = 0; i < count; i++)
        release(pool, leases[i]);
}

/* ----------------------------------------------------------------- reserve */

static void test_keep__opens_a_reserve_and_replaces_it(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    wi_pool *pool;

    (void)state;
    options.min_idle = 3;
    pool = kept_pool(&options);
    until_idle(pool, 3);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    until_idle(pool, 3);
    assert_int_equal(atomic_load(&server.opened), 4);
    end_kept(&pool);
}

static void test_keep__fills_the_pool_once(void **state)
{
    wi_pool_options options = kept_options(5);
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;
    wi_pool *pool;

    (void)state;
    options.prefill = true;
    pool = kept_pool(&options);
    until_idle(pool, 5);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_false(wi_pool_release(pool, lease, WEIR_FATE_DISCARD));
    until_idle(pool, 4);
    visit(pool, SECOND);
    assert_int_equal(atomic_load(&server.opened), 5);
    end_kept(&pool);
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
    end_kept(&pool);
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
    memset(waiters, 0, sizeof waiters);
    for (int i = 0; i < 3; i++) {
        waiters[i].pool = pool;
        waiters[i].timeout_ns = 60 * SECOND + atomic_load(&ahead_ns);
        start(&waiters[i]);
    }
    until_waiting(pool, 3);
    atomic_store(&server.gate_shut, false);
    for (int i = 0; i < 3; i++) {
        finish(&waiters[i]);
        assert_int_equal(waiters[i].status, WEIR_OK);
    }
    until_idle(pool, 8);
    assert_int_equal(atomic_load(&server.opened), 8);
    assert_true(atomic_load(&server.opening_most) <= 4);
    end_kept(&pool);
}

/* ------------------------------------------------------------------ ageing */

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
    until_idle(pool, MANY);
    visit(pool, 1801 * SECOND);
    for (int i = 0; i < 2 * MANY; i++) {
        int closed = atomic_load(&server.closed);

        while (status_of(pool).connecting > 0)
            nap(MS / 5);
        assert_true(status_of(pool).idle >= MANY);
        visit(pool, 5 * SECOND);
        until_idle(pool, status_of(pool).idle);
        assert_true(atomic_load(&server.closed) <= closed + 1);
    }
    assert_int_equal(atomic_load(&server.closed), MANY);
    assert_int_equal(status_of(pool).acquired, 0);
    end_kept(&pool);
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
    use(pool, MANY);
    for (int i = 0; i < 8; i++) {
        visit(pool, 15 * SECOND);
        for (int j = 0; j < 50; j++)
            use(pool, 3);
    }
    until_idle(pool, 3);
    for (int i = 0; i < 40; i++) {
        visit(pool, 15 * SECOND);
        use(pool, 3);
    }
    assert_int_equal(atomic_load(&server.opened), MANY);
    assert_counts(pool, 3, 0, 0);
    end_kept(&pool);
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
        use(pool, MANY);
        for (int j = 0; j < 3; j++)
            visit(pool, 15 * SECOND);
    }
    assert_int_equal(atomic_load(&server.opened), MANY);
    end_kept(&pool);
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
    use(pool, 5);
    visit(pool, 15 * SECOND);
    visit(pool, 59 * SECOND);
    assert_counts(pool, 5, 0, 0);
    visit(pool, SECOND);
    until_idle(pool, 2);
    for (int i = 0; i < 20; i++)
        visit(pool, 60 * SECOND);
    assert_counts(pool, 2, 0, 0);
    use(pool, 2);
    assert_int_equal(atomic_load(&server.opened), 5);
    end_kept(&pool);
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
    use(pool, 5);
    visit(pool, 59 * SECOND);
    assert_int_equal(atomic_load(&server.checks), 0);
    for (int interval = 1; interval <= 3; interval++) {
        visit(pool, 61 * SECOND);
        while (atomic_load(&server.checks) < 5 * interval) {
            nap(MS / 5);
            visit(pool, 0);
        }
        until_idle(pool, 5);
        assert_int_equal(atomic_load(&server.checks), 5 * interval);
    }
    assert_int_equal(atomic_load(&asking_most), 1);
    assert_int_equal(status_of(pool).acquired, 5);
    end_kept(&pool);
}

static void test_pool_46__what_does_not_answer_goes(void **state)
{
    wi_pool_options options = kept_options(1);
    wi_pool *pool;

    (void)state;
    options.keepalive_ns = 60 * SECOND;
    pool = kept_pool(&options);
    use(pool, 1);
    atomic_store(&server.sessions[0].dead, true);
    visit(pool, 61 * SECOND);
    until_idle(pool, 0);
    use(pool, 1);
    assert_int_equal(atomic_load(&server.opened), 2);
    end_kept(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep__opens_a_reserve_and_replaces_it),
        cmocka_unit_test(test_keep__fills_the_pool_once),
        cmocka_unit_test(test_keep__does_not_insist_on_a_refusal),
        cmocka_unit_test(test_pool_27__the_reserve_stands_behind_who_waits),
        cmocka_unit_test(test_pool_40__the_old_go_one_by_one),
        cmocka_unit_test(test_pool_42__what_is_not_needed_goes_in_any_order),
        cmocka_unit_test(test_pool_42__a_saw_tooth_opens_nothing),
        cmocka_unit_test(test_pool_42__the_reserve_stays),
        cmocka_unit_test(test_pool_46__what_is_idle_is_asked_once),
        cmocka_unit_test(test_pool_46__what_does_not_answer_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
