/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of limits, deadlines and sums, by number, and what of A.18 is about
 * counters and cost: each over the mutex core, the fast one, and the fast one
 * on conditions in place of futexes.
 */
#include "pool/borrower.h"
#include "pool/view.h"

enum {
    CROWD = 100,
    LIMIT = 10,
    WORKERS = 8,
    STEPS = 400,
};

static fake_server server;

/* ------------------------------------------------------------------ limits */

/* 4: a hundred at once, some of whom break what they have: the server never
 * sees more than ten, also while some are closed and replaced. */
static void test_pool_4__never_more_than_the_limit(void **state)
{
    static borrower crowd[CROWD];
    wi_pool_options options = fake_options(6);
    wi_pool *pool;

    (void)state;
    options.max_overflow = 4;
    options.pre_ping = true;
    pool = fake_pool(&server, &options);
    start_all(crowd, CROWD, pool, 60 * SECOND);
    until_waiting(pool, CROWD - LIMIT);
    /* What comes back dirty is closed, and another opened in its place. */
    for (int i = 0; i < SESSIONS_MAX; i += 3)
        atomic_store(&server.sessions[i].dirty, true);
    let_all_return(crowd, CROWD);
    finish_all(crowd, CROWD, WEIR_OK);
    assert_int_equal(atomic_load(&server.open_most), LIMIT);
    assert_true(atomic_load(&server.opened) > LIMIT);
    end(&server, &pool);
}

/* 57: what is too many goes when it comes back; who waits is served by new
 * room at once, not at the next return. */
static void test_pool_57__resized_at_once_and_at_return(void **state)
{
    wi_pool_options options = fake_options(4);
    wi_pool *pool = fake_pool(&server, &options);
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};
    wi_lease *leases[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        leases[i] = acquire(pool);
    release(pool, leases[3]);
    options.size = 2;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    assert_counts(pool, 0, 3, 0); /* what was idle went at once */
    assert_null(try_acquire(pool));
    release(pool, leases[2]);
    assert_counts(pool, 0, 2, 0);
    start(&waiting);
    until_waiting(pool, 1);
    options.size = 3;
    assert_int_equal(wi_pool_set(pool, &options), WEIR_OK);
    until_done(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    assert_counts(pool, 0, 3, 0); /* nobody had to give one back */
    release(pool, leases[1]);
    release(pool, leases[0]);
    finish(&waiting);
    assert_counts(pool, 3, 0, 0);
    assert_int_equal(atomic_load(&server.open_most), 4);
    end(&server, &pool);
}

/* --------------------------------------------------------------- deadlines */

/* 8: not early, BUSY in the words of this library, and out of the queue. */
static void test_pool_8__a_timeout_is_exact(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);

    (void)state;
    for (int i = 1; i <= 4; i++) {
        borrower late = {.pool = pool, .timeout_ns = i * 25 * MS};

        start(&late);
        finish(&late);
        assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
        assert_true(late.took_ns >= i * 25 * MS);
        assert_true(late.took_ns < 15 * SECOND);
        assert_int_equal(status_of(pool).waiting, 0);
        assert_int_equal(status_of(pool).timeouts, i);
    }
    release(pool, lease);
    release(pool, acquire(pool));
    end(&server, &pool);
}

/* 9: no time at all: what is idle, or a new one, or nothing; but no waiting. */
static void test_pool_9__no_time_is_a_try(void **state)
{
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request request = {.deadline_ns = 1};
    wi_lease *lease = NULL;
    wi_lease *none = NULL;

    (void)state;
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    assert_int_equal(wi_pool_acquire(pool, &request, &none, NULL),
                     WEIR_ERR_POOL_TIMEOUT);
    release(pool, lease);
    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

/* What an operator asks at three in the morning, in the order of the line. */
static const char *const plight[] = {
    "no connection became free within ",
    "2 open, ",
    "2 busy, ",
    "0 idle, ",
    "0 connecting, ",
    "1 waiting",
    "longest holder \"GET /report\"",
    " at report.c:12 since ",
    "last connect error ",
    " s ago: the server is down",
};

/* 69 */
static void test_pool_69__a_timeout_says_all_of_it(void **state)
{
    wi_pool_options options = fake_options(2);
    wi_pool *pool = fake_pool(&server, &options);
    wi_request first = {.tag = "GET /report", .site = "report.c:12"};
    wi_request hasty = {.deadline_ns = 1};
    borrower waiting = {.pool = pool, .timeout_ns = 60 * SECOND};
    wi_lease *longest = NULL;
    wi_lease *other;
    wi_lease *none = NULL;
    const char *at;
    weir_error err;

    (void)state;
    atomic_store(&server.failures_to_come, 1);
    assert_null(try_acquire(pool));
    assert_int_equal(wi_pool_acquire(pool, &first, &longest, NULL), WEIR_OK);
    nap(20 * MS);
    other = acquire(pool);
    start(&waiting);
    until_waiting(pool, 1);
    assert_int_equal(wi_pool_acquire(pool, &hasty, &none, &err),
                     WEIR_ERR_POOL_TIMEOUT);
    at = err.message;
    for (size_t i = 0; i < sizeof plight / sizeof *plight; i++) {
        at = strstr(at, plight[i]);
        if (!at)
            fail_msg("\"%s\" does not say \"%s\"", err.message, plight[i]);
    }
    release(pool, other);
    finish(&waiting);
    release(pool, longest);
    end(&server, &pool);
}

/* -------------------------------------------------------------------- sums */

/* What a worker has seen. */
typedef struct worker {
    pthread_t thread;
    wi_pool *pool;
    uint64_t dice;
    int lent;
    int timeouts;
    int failures;
} worker;

static uint64_t roll(uint64_t *dice)
{
    *dice = *dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *dice >> 33;
}

static void *work(void *argument)
{
    worker *self = argument;

    for (int i = 0; i < STEPS; i++) {
        wi_request request = {.deadline_ns = 1};
        wi_lease *lease = NULL;
        weir_status status;

        if (roll(&self->dice) % 3)
            request.deadline_ns =
                wi_deadline_in_ns((int64_t)(roll(&self->dice) % 3) * MS);
        status = wi_pool_acquire(self->pool, &request, &lease, NULL);
        self->timeouts += status == WEIR_ERR_POOL_TIMEOUT;
        self->failures += status == WEIR_ERR_CONNECTION;
        if (status != WEIR_OK)
            continue;
        self->lent++;
        if (roll(&self->dice) % 8 == 0)
            nap((int64_t)(roll(&self->dice) % 1000000));
        (void)wi_pool_release(self->pool, lease,
                              roll(&self->dice) % 16 ? WEIR_FATE_KEEP
                                                     : WEIR_FATE_DISCARD);
    }
    return NULL;
}

/* 67: after any trace the counters are the sums of what borrowers saw. */
static void test_pool_67__any_trace_adds_up(void **state)
{
    wi_pool_options options = fake_options(2);
    worker workers[WORKERS] = {0};
    worker sum = {.lent = 0};
    wi_pool_view view = {.place_count = 0};
    weir_pool_status now;
    wi_pool *pool;

    (void)state;
    options.max_overflow = 1;
    options.backoff_ns = 1000; /* all five are to be met */
    pool = fake_pool(&server, &options);
    atomic_store(&server.failures_to_come, 5);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.pool = pool, .dice = (uint64_t)i + 5};
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        sum.lent += workers[i].lent;
        sum.timeouts += workers[i].timeouts;
        sum.failures += workers[i].failures;
    }
    wi_pool_view_of(pool, &view);
    now = view.status;
    assert_int_equal(sum.lent + sum.timeouts + sum.failures, WORKERS * STEPS);
    assert_int_equal(now.acquired, sum.lent);
    assert_int_equal(now.timeouts, sum.timeouts);
    assert_int_equal(now.connect_failures, 5);
    assert_int_equal(now.busy + now.connecting + now.waiting, 0);
    assert_int_equal(now.opened, now.closed + (uint64_t)now.idle);
    assert_int_equal(now.opened, atomic_load(&server.opened));
    assert_int_equal(now.closed, atomic_load(&server.closed));
    assert_int_equal(view.wait.total, view.waits);
    assert_true(view.waits > 0);
    end(&server, &pool);
}

/* SQLAlchemy counts its overflow without a lock if it has no limit. */
static void test_pool__A18_8_counts_without_a_limit_too(void **state)
{
    wi_pool_options options = fake_options(2);
    worker workers[WORKERS] = {0};
    uint64_t lent = 0;
    weir_pool_status now;
    wi_pool *pool;

    (void)state;
    options.max_overflow = -1;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.pool = pool, .dice = (uint64_t)i + 77};
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        lent += (uint64_t)workers[i].lent;
        assert_int_equal(workers[i].timeouts, 0);
    }
    now = status_of(pool);
    assert_int_equal(now.acquired, lent);
    assert_int_equal(now.busy, 0);
    assert_true(now.idle <= 2);
    assert_int_equal(now.opened, now.closed + (uint64_t)now.idle);
    end(&server, &pool);
}

/* -------------------------------------------------------------------- cost */

static int64_t time_of_loans(wi_pool *pool, int count)
{
    int64_t began = wi_now_ns();

    for (int i = 0; i < count; i++)
        release(pool, acquire(pool));
    return wi_now_ns() - began;
}

static int64_t time_of_locks(pthread_mutex_t *lock, int count)
{
    int64_t began = wi_now_ns();

    for (int i = 0; i < count; i++) {
        pthread_mutex_lock(lock);
        pthread_mutex_unlock(lock);
    }
    return wi_now_ns() - began;
}

/* SQLAlchemy's loan costs hundreds of locks; here, with a view of the clock
 * for each deadline and under sanitizers, tens. The least of many rounds on
 * both sides: another process does not count. */
static void test_pool__A18_10_a_loan_costs_a_few_locks(void **state)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    int64_t loans = INT64_MAX;
    int64_t locks = INT64_MAX;

    (void)state;
    for (int i = 0; i < 50; i++) {
        int64_t one = time_of_loans(pool, 500);
        int64_t other = time_of_locks(&lock, 500);

        loans = one < loans ? one : loans;
        locks = other < locks ? other : locks;
    }
    print_message("a loan is %.1f locks\n", (double)loans / (double)locks);
    assert_true(loans < 150 * locks);
    end(&server, &pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_4__never_more_than_the_limit),
        cmocka_unit_test(test_pool_57__resized_at_once_and_at_return),
        cmocka_unit_test(test_pool_8__a_timeout_is_exact),
        cmocka_unit_test(test_pool_9__no_time_is_a_try),
        cmocka_unit_test(test_pool_69__a_timeout_says_all_of_it),
        cmocka_unit_test(test_pool_67__any_trace_adds_up),
        cmocka_unit_test(test_pool__A18_8_counts_without_a_limit_too),
        cmocka_unit_test(test_pool__A18_10_a_loan_costs_a_few_locks),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
