/* SPDX-License-Identifier: MIT */
/*
 * One engine and many threads: they borrow, run, cancel each other, change
 * options and look at the status, and in the end it is closed under them. What
 * is wrong here the thread sanitizer says.
 */
#include "scripted.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS = 4, ROUNDS = 200 };

static weir_conn *_Atomic shown[WORKERS]; /* may be cancelled */
static atomic_bool done;

static void *work(void *memory)
{
    int self = (int)(intptr_t)memory;

    for (int i = 0; i < ROUNDS; i++) {
        weir_error err;
        weir_conn *conn = weir_connect(engine, &err);

        if (!conn)
            return "no connection";
        atomic_store(&shown[self], conn);
        weir_exec(conn, "UPDATE t SET a = ?", ARGS(i));
        if (i % 2 ? weir_commit(conn) : weir_rollback(conn))
            weir_rollback(conn);
        /* Cancelling ends before the connection is given back. */
        while (!atomic_compare_exchange_weak(&shown[self], &(weir_conn *){conn},
                                             NULL))
            sched_yield();
        weir_conn_close(&conn);
    }
    return NULL;
}

/* While it is cancelled nobody may close it: it is taken out of view. */
static void cancel_one(int number)
{
    weir_conn *conn = atomic_exchange(&shown[number], NULL);

    if (!conn)
        return;
    weir_cancel(conn);
    atomic_store(&shown[number], conn);
}

static void *disturb(void *memory)
{
    static const char *const sizes[] = {"1", "5", "3"};
    weir_pool_status status;
    weir_error err;

    (void)memory;
    for (int i = 0; !atomic_load(&done); i++) {
        cancel_one(i % WORKERS);
        if (weir_engine_set(engine, "pool_size", sizes[i % 3], &err) ||
            weir_engine_set(engine, "pool_timeout", i % 2 ? "5" : "30", &err) ||
            weir_engine_set(engine, "statement_timeout", i % 2 ? "0" : "60",
                            &err) ||
            weir_engine_set(engine, "pool_reset_on_return",
                            i % 2 ? "commit" : "rollback", &err))
            return "an option was refused";
        weir_engine_pool_status(engine, &status);
        if (i % 8 == 0)
            weir_engine_dispose(engine);
        sched_yield();
    }
    return NULL;
}

static void join(pthread_t thread)
{
    void *wrong = NULL;

    pthread_join(thread, &wrong);
    if (wrong)
        fail_msg("%s", (const char *)wrong);
}

static void test_threads__share_an_engine(void **state)
{
    pthread_t workers[WORKERS], disturber;

    (void)state;
    assert_int_equal(pthread_create(&disturber, NULL, disturb, NULL), 0);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(
            pthread_create(&workers[i], NULL, work, (void *)(intptr_t)i), 0);
    for (int i = 0; i < WORKERS; i++)
        join(workers[i]);
    atomic_store(&done, true);
    join(disturber);
}

/* --------------------------------------------------------- closed meanwhile */

static pthread_barrier_t all_out;

static void *outlast(void *memory)
{
    weir_error err;
    weir_conn *conn = weir_connect(memory, &err);
    weir_status status;

    pthread_barrier_wait(&all_out);
    if (!conn)
        return "no connection";
    status = weir_exec(conn, "UPDATE t", NOARGS);
    if (status == WEIR_OK)
        status = weir_commit(conn);
    weir_conn_close(&conn); /* the last one frees the engine */
    return status == WEIR_OK ? NULL : "a connection did not outlast it";
}

static void test_engine__closed_under_its_threads_ends_with_the_last(void **s)
{
    pthread_t threads[WORKERS];

    (void)s;
    for (int round = 0; round < 20; round++) {
        script_open(NULL, NULL);
        pthread_barrier_init(&all_out, NULL, WORKERS + 1);
        for (int i = 0; i < WORKERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, outlast, engine),
                             0);
        pthread_barrier_wait(&all_out);
        weir_engine_close(&engine);
        for (int i = 0; i < WORKERS; i++)
            join(threads[i]);
        assert_int_equal(weir_mock_connections(mock), 0);
        pthread_barrier_destroy(&all_out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(threads__share_an_engine),
        TEST(engine__closed_under_its_threads_ends_with_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
