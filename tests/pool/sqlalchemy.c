/* SPDX-License-Identifier: MIT */
/*
 * What SQLAlchemy tests of its queue pool and nothing else here does already:
 * docs/guide/pool-sqlalchemy.md has the whole list. Each is named after the
 * test there, over all cores.
 */
#include "pool/borrower.h"

enum {
    CROWD = 15,
    MANY = 40,
    ROUNDS = 10,
};

static fake_server server;

static void give_back(wi_pool *pool, wi_lease **leases, int from, int to)
{
    for (int i = from; i < to; i++)
        release(pool, leases[i]);
}

/* The way of the counters, with any overflow. */
static void test_A16__queuepool_del(void **state)
{
    wi_pool_options options = fake_options(3);
    wi_lease *leases[6];
    wi_pool *pool;

    (void)state;
    options.max_overflow = -1;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 6; i++) {
        leases[i] = acquire(pool);
        assert_counts(pool, 0, i + 1, 0);
    }
    give_back(pool, leases, 0, 3);
    assert_counts(pool, 3, 3, 0);
    give_back(pool, leases, 3, 6);
    assert_counts(pool, 3, 0, 0);
    leases[0] = acquire(pool);
    leases[1] = acquire(pool);
    assert_counts(pool, 1, 2, 0);
    give_back(pool, leases, 0, 2);
    assert_counts(pool, 3, 0, 0);
    /* Exactly the surplus was closed, each once: the server asserts that. */
    assert_int_equal(status_of(pool).closed, 3);
    end(&server, &pool);
}

/* Whoever loses the race for the last place waits as long as anybody. */
static void test_A16__timeout_race(void **state)
{
    borrower crowd[CROWD];
    wi_pool_options options = fake_options(2);
    int lent = 0;
    wi_pool *pool;

    (void)state;
    options.max_overflow = 1;
    pool = fake_pool(&server, &options);
    start_all(crowd, CROWD, pool, 60 * MS);
    until_all_done(crowd, CROWD);
    for (int i = 0; i < CROWD; i++) {
        finish(&crowd[i]);
        lent += crowd[i].status == WEIR_OK;
        if (crowd[i].status == WEIR_OK)
            continue;
        assert_int_equal(crowd[i].status, WEIR_ERR_POOL_TIMEOUT);
        assert_true(crowd[i].took_ns >= 60 * MS);
    }
    assert_true(lent >= 3);
    end(&server, &pool);
}

typedef struct loser {
    pthread_t thread;
    wi_pool *pool;
    wi_lease *lease;
    weir_status status;
} loser;

static void *lose_it(void *argument)
{
    loser *self = argument;

    wi_pool_suspect(self->pool, self->lease);
    wi_pool_lose(self->pool, self->lease);
    self->status = wi_pool_reopen(self->pool, self->lease,
                                  wi_now_ns() + 60 * SECOND, NULL);
    (void)wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

/* Fifteen find the server gone at once, and closing is slow: each is closed
 * once, each replaced once, and the replacements are trusted. */
static void test_A16__recycle_pool_no_race(void **state)
{
    loser losers[CROWD] = {0};
    wi_pool_options options = fake_options(CROWD);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *leases[CROWD];

    (void)state;
    for (int i = 0; i < CROWD; i++)
        losers[i] = (loser){.pool = pool, .lease = acquire(pool)};
    atomic_store(&server.close_gate_shut, true);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(
            pthread_create(&losers[i].thread, NULL, lose_it, &losers[i]), 0);
    nap(5 * MS);
    atomic_store(&server.close_gate_shut, false);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(losers[i].thread, NULL);
        assert_int_equal(losers[i].status, WEIR_OK);
    }
    assert_int_equal(atomic_load(&server.opened), 2 * CROWD);
    assert_int_equal(atomic_load(&server.closed), CROWD);
    assert_counts(pool, CROWD, 0, 0);
    for (int i = 0; i < CROWD; i++)
        leases[i] = acquire(pool);
    give_back(pool, leases, 0, CROWD);
    assert_int_equal(atomic_load(&server.opened), 2 * CROWD);
    end(&server, &pool);
}

static void check_waiters(int overflow, bool invalidates)
{
    borrower crowd[CROWD];
    wi_pool_options options = fake_options(2);
    wi_lease *leases[2];
    wi_pool *pool;

    options.max_overflow = overflow;
    pool = fake_pool(&server, &options);
    leases[0] = acquire(pool);
    leases[1] = acquire(pool);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    let_all_return(crowd, CROWD);
    if (overflow == 0)
        until_waiting(pool, CROWD);
    if (invalidates)
        wi_pool_invalidate(pool);
    for (int i = 0; i < 2; i++)
        assert_false(wi_pool_release(pool, leases[i], WEIR_FATE_DISCARD));
    finish_all(crowd, CROWD, WEIR_OK);
    end(&server, &pool);
}

/* Those who wait are served after what was out broke, or all was
 * invalidated; with whatever overflow. */
static void test_A16__waiters_handled(void **state)
{
    static const int overflows[] = {0, -1, 3};

    (void)state;
    for (int i = 0; i < 3; i++) {
        check_waiters(overflows[i], false);
        check_waiters(overflows[i], true);
    }
}

static void *borrow_often(void *argument)
{
    borrower *self = argument;

    for (int i = 0; i < ROUNDS; i++) {
        wi_request request = {.deadline_ns = wi_now_ns() + 60 * SECOND};
        wi_lease *lease = NULL;

        self->status = wi_pool_acquire(self->pool, &request, &lease, NULL);
        if (self->status != WEIR_OK)
            break;
        nap(MS / 10);
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    }
    return NULL;
}

static void check_many(int overflow)
{
    static borrower many[MANY];
    wi_pool_options options = fake_options(3);
    wi_pool *pool;

    options.max_overflow = overflow;
    pool = fake_pool(&server, &options);
    memset(many, 0, sizeof many);
    for (int i = 0; i < MANY; i++) {
        many[i].pool = pool;
        assert_int_equal(
            pthread_create(&many[i].thread, NULL, borrow_often, &many[i]), 0);
    }
    for (int i = 0; i < MANY; i++) {
        pthread_join(many[i].thread, NULL);
        assert_int_equal(many[i].status, WEIR_OK);
    }
    assert_true(atomic_load(&server.open_most) <= 3 + overflow);
    assert_int_equal(status_of(pool).acquired, MANY * ROUNDS);
    end(&server, &pool);
}

static void test_A16__no_overflow(void **state)
{
    (void)state;
    check_many(0);
}

static void test_A16__max_overflow(void **state)
{
    (void)state;
    check_many(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_A16__queuepool_del),
        cmocka_unit_test(test_A16__timeout_race),
        cmocka_unit_test(test_A16__recycle_pool_no_race),
        cmocka_unit_test(test_A16__waiters_handled),
        cmocka_unit_test(test_A16__no_overflow),
        cmocka_unit_test(test_A16__max_overflow),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
