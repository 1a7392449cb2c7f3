/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of who is served, when, by number: each over the mutex core, the
 * fast one, and the fast one on conditions in place of futexes. Those that
 * need every interleaving are seen to by tests/pool/sim, too.
 */
#include <signal.h>

#include "pool/borrower.h"

enum {
    OWNERS = 64,
    OWNED_ROUNDS = 2000,
    QUEUE = 10,
    RACES = 300,
};

/* --------------------------------------------------------------- ownership */

/* 1: an empty pool opens one, and lends the same again. */
static void test_pool_1__one_thread_one_session(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(5);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    const void *first = wi_lease_resource(lease);

    (void)state;
    release(pool, lease);
    lease = acquire(pool);
    assert_ptr_equal(wi_lease_resource(lease), first);
    release(pool, lease);
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

typedef struct owner {
    pthread_t thread;
    wi_pool *pool;
    atomic_int *holders; /* of each session */
    fake_server *server;
    atomic_int *collisions;
} owner;

static void *own(void *argument)
{
    owner *self = argument;

    for (int i = 0; i < OWNED_ROUNDS; i++) {
        wi_request request = {.tag = "owner"};
        wi_lease *lease = NULL;
        fake_session *session;
        atomic_int *holder;

        if (wi_pool_acquire(self->pool, &request, &lease, NULL) != WEIR_OK) {
            atomic_fetch_add(self->collisions, 1);
            continue;
        }
        session = wi_lease_resource(lease);
        holder = &self->holders[session - self->server->sessions];
        if (atomic_fetch_add(holder, 1) != 0)
            atomic_fetch_add(self->collisions, 1);
        atomic_fetch_sub(holder, 1);
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    }
    return NULL;
}

/* 3 and 4: what is lent has one holder, and there are never more than 8. */
static void test_pool_3_4__one_holder_and_no_more_than_the_limit(void **state)
{
    static fake_server server;
    static owner owners[OWNERS];
    static atomic_int holders[SESSIONS_MAX];
    wi_pool_options options = fake_options(6);
    atomic_int collisions = 0;
    wi_pool *pool;

    (void)state;
    options.max_overflow = 2;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < OWNERS; i++) {
        owners[i] = (owner){.pool = pool,
                            .holders = holders,
                            .server = &server,
                            .collisions = &collisions};
        assert_int_equal(
            pthread_create(&owners[i].thread, NULL, own, &owners[i]), 0);
    }
    for (int i = 0; i < OWNERS; i++)
        pthread_join(owners[i].thread, NULL);
    assert_int_equal(atomic_load(&collisions), 0);
    assert_true(atomic_load(&server.open_most) <= 8);
    assert_int_equal(status_of(pool).acquired, (uint64_t)OWNERS * OWNED_ROUNDS);
    end(&server, &pool);
}

/* ------------------------------------------------------------------- order */

/* 5: ten who queue one after the other are served in that order. */
static void test_pool_5__first_come_first_served(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower all[QUEUE];
    atomic_int clock = 0;

    (void)state;
    for (int i = 0; i < QUEUE; i++) {
        all[i] = (borrower){.pool = pool,
                            .timeout_ns = 60 * SECOND,
                            .clock = &clock,
                            .may_return = true};
        start(&all[i]);
        until_waiting(pool, i + 1);
    }
    release(pool, lease);
    for (int i = 0; i < QUEUE; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].turn, i);
    }
    end(&server, &pool);
}

/* 6: with one in the queue, who comes at the moment of the return gets
 * nothing, however often it is tried. */
static void test_pool_6__nobody_barges_in(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);

    (void)state;
    for (int i = 0; i < RACES; i++) {
        wi_lease *lease = acquire(pool);
        borrower one = {.pool = pool, .timeout_ns = 60 * SECOND};

        start(&one);
        until_waiting(pool, 1);
        release(pool, lease);
        assert_null(try_acquire(pool));
        finish(&one);
        assert_int_equal(one.status, WEIR_OK);
    }
    end(&server, &pool);
}

/* --------------------------------------------------------------- deadlines */

/* 8 and 9: not before its time, and at once if the time has passed; nothing of
 * it is left in the queue. */
static void test_pool_8_9__a_timeout_is_never_early(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower late = {.pool = pool, .timeout_ns = 40 * MS};

    (void)state;
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late.took_ns >= 40 * MS);
    assert_null(try_acquire(pool));
    assert_int_equal(status_of(pool).waiting, 0);
    assert_int_equal(status_of(pool).timeouts, 2);
    release(pool, lease);
    end(&server, &pool);
}

/* 10: a return at the moment of the deadline is used or kept, never lost. */
static void test_pool_10__a_grant_at_the_deadline_is_not_lost(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);

    (void)state;
    for (int i = 0; i < RACES; i++) {
        wi_lease *lease = acquire(pool);
        borrower one = {.pool = pool, .timeout_ns = MS, .may_return = true};

        start(&one);
        nap(MS - MS / 5 + i * MS / 1000);
        release(pool, lease);
        pthread_join(one.thread, NULL);
        assert_true(one.status == WEIR_OK ||
                    one.status == WEIR_ERR_POOL_TIMEOUT);
        assert_counts(pool, 1, 0, 0);
    }
    assert_int_equal(atomic_load(&server.opened), 1);
    end(&server, &pool);
}

static void on_signal(int number)
{
    (void)number;
}

/* 12: a storm of signals moves no deadline and loses no grant. */
static void test_pool_12__signals_change_nothing(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower late = {.pool = pool, .timeout_ns = 60 * MS};
    borrower lucky = {.pool = pool, .timeout_ns = 60 * SECOND};
    struct sigaction action = {.sa_handler = on_signal};

    (void)state;
    sigaction(SIGUSR1, &action, NULL);
    start(&late);
    until_waiting(pool, 1);
    start(&lucky);
    until_waiting(pool, 2);
    while (!atomic_load(&late.done)) {
        pthread_kill(late.thread, SIGUSR1);
        pthread_kill(lucky.thread, SIGUSR1);
        nap(MS);
    }
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(late.took_ns >= 60 * MS);
    release(pool, lease);
    until_done(&lucky);
    finish(&lucky);
    assert_int_equal(lucky.status, WEIR_OK);
    end(&server, &pool);
}

/* 16: a thread that is cancelled while it waits ends after its wait, with
 * nothing lost: waiting is no cancellation point. */
static void test_pool_16__a_cancelled_thread_leaves_nothing_behind(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    wi_pool *pool = fake_pool(&server, &options);
    wi_lease *lease = acquire(pool);
    borrower one = {.pool = pool, .timeout_ns = 30 * MS};

    (void)state;
    start(&one);
    until_waiting(pool, 1);
    pthread_cancel(one.thread);
    pthread_join(one.thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_POOL_TIMEOUT);
    assert_int_equal(status_of(pool).waiting, 0);
    release(pool, lease);
    release(pool, acquire(pool));
    end(&server, &pool);
}

/* 17: one more than may wait is refused at once (the fast core's option). */
static void test_pool_17__a_full_queue_is_said_at_once(void **state)
{
    static fake_server server;
    wi_pool_options options = fake_options(1);
    borrower waiting = {.timeout_ns = 60 * SECOND};
    borrower refused = {.timeout_ns = 60 * SECOND};
    wi_lease *lease;
    wi_pool *pool;

    (void)state;
    if (fake_core.core != WI_CORE_FAST)
        skip();
    options.waiters_max = 1;
    pool = fake_pool(&server, &options);
    lease = acquire(pool);
    waiting.pool = refused.pool = pool;
    start(&waiting);
    until_waiting(pool, 1);
    start(&refused);
    finish(&refused);
    assert_int_equal(refused.status, WEIR_ERR_RESOURCE);
    release(pool, lease);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_OK);
    end(&server, &pool);
}

/* ----------------------------------------------------------- which is lent */

/* How many sessions of ten are used by a light load of 100 loans. */
static int used_of_ten(wi_idle_order order)
{
    static fake_server server;
    wi_pool_options options = fake_options(10);
    bool used[SESSIONS_MAX] = {false};
    wi_lease *leases[10];
    int count = 0;
    wi_pool *pool;

    options.order = order;
    pool = fake_pool(&server, &options);
    for (int i = 0; i < 10; i++)
        leases[i] = acquire(pool);
    for (int i = 0; i < 10; i++)
        release(pool, leases[i]);
    for (int i = 0; i < 100; i++) {
        wi_lease *lease = acquire(pool);
        const fake_session *session = wi_lease_resource(lease);

        used[session - server.sessions] = true;
        release(pool, lease);
    }
    for (int i = 0; i < SESSIONS_MAX; i++)
        count += used[i];
    end(&server, &pool);
    return count;
}

/* 21: LIFO leaves the others to grow old, FIFO uses all. */
static void test_pool_21__lifo_uses_one_and_fifo_all(void **state)
{
    (void)state;
    assert_int_equal(used_of_ten(WI_ORDER_LIFO), 1);
    assert_int_equal(used_of_ten(WI_ORDER_FIFO), 10);
}

/* 22: a thread gets what it had last. */
static void test_pool_22__a_thread_keeps_to_its_own(void **state)
{
    (void)state;
    if (fake_core.core != WI_CORE_FAST)
        skip();
    assert_int_equal(used_of_ten(WI_ORDER_AFFINITY), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_1__one_thread_one_session),
        cmocka_unit_test(test_pool_3_4__one_holder_and_no_more_than_the_limit),
        cmocka_unit_test(test_pool_5__first_come_first_served),
        cmocka_unit_test(test_pool_6__nobody_barges_in),
        cmocka_unit_test(test_pool_8_9__a_timeout_is_never_early),
        cmocka_unit_test(test_pool_10__a_grant_at_the_deadline_is_not_lost),
        cmocka_unit_test(test_pool_12__signals_change_nothing),
        cmocka_unit_test(
            test_pool_16__a_cancelled_thread_leaves_nothing_behind),
        cmocka_unit_test(test_pool_17__a_full_queue_is_said_at_once),
        cmocka_unit_test(test_pool_21__lifo_uses_one_and_fifo_all),
        cmocka_unit_test(test_pool_22__a_thread_keeps_to_its_own),
    };

    return FAKE_RUN_OVER_CORES(tests);
}
