/* SPDX-License-Identifier: MIT */
/*
 * Loans end in the moment in which they are taken back, over and over: eight
 * threads hold connections for about as long as they may. Each loan ends once,
 * whoever was first, and what the pool counts adds up.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "scripted.h"

enum { THREADS = 8, ROUNDS = 150, LIMIT_US = 4000 };

static atomic_int in_time;  /* loans that nobody took back */
static atomic_int too_late; /* those that were seen to be */
static atomic_int wrong;    /* answers that nobody should get */

static unsigned next(unsigned *dice)
{
    *dice = *dice * 1664525u + 1013904223u;
    return *dice >> 8;
}

static void nap(unsigned us)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

/* Whatever a call answers while its loan is taken back. */
static bool expect(weir_status status, const weir_error *err)
{
    bool is_late =
        (status == WEIR_ERR_CONNECTION || status == WEIR_ERR_ROLLBACK_FIRST) &&
        strstr(err->message, "taken back");

    if (status != WEIR_OK && !is_late) {
        print_error("%s: %s\n", weir_status_name(status), err->message);
        atomic_fetch_add(&wrong, 1);
    }
    return status == WEIR_OK;
}

static void read_some(weir_conn *conn, unsigned wait_us)
{
    weir_result *rows = weir_query(conn, "SELECT n", NOARGS);

    if (expect(weir_result_status(rows), weir_result_error(rows)) &&
        weir_next(rows)) {
        nap(wait_us);
        (void)weir_get_i64(rows, 0);
        (void)weir_next(rows);
    }
    weir_result_close(&rows);
}

static void *work(void *argument)
{
    unsigned dice = *(const unsigned *)argument;

    for (int i = 0; i < ROUNDS; i++) {
        weir_error err;
        weir_conn *conn = weir_connect(engine, &err);
        unsigned wait_us = next(&dice) % LIMIT_US;
        bool went = true;

        if (!conn) {
            expect(err.status, &err);
            continue;
        }
        if (next(&dice) % 2)
            read_some(conn, wait_us);
        else
            nap(wait_us);
        for (int j = 0; j < 3 && went; j++) {
            went = expect(weir_exec(conn, "UPDATE t", NOARGS),
                          weir_conn_error(conn));
            nap(next(&dice) % 300);
        }
        if (went && next(&dice) % 2)
            went = expect(weir_commit(conn), weir_conn_error(conn));
        atomic_fetch_add(went ? &in_time : &too_late, 1);
        weir_conn_close(&conn);
        if (conn)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void open_leaky(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = 3;
    options.max_overflow = 1;
    options.pool_threads = WEIR_POOL_THREADS_ON;
    options.pool_leak_threshold_s = LIMIT_US / 2e6;
    options.pool_reclaim_after_s = LIMIT_US / 1e6;
    script_open(NULL, &options);
    script_rows("SELECT n", 3);
}

static void test_pool_54__a_loan_ends_once(void **state)
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    weir_pool_status end;

    (void)state;
    open_leaky();
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = 4711 + i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &seeds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    do {
        nap(1000);
        weir_engine_pool_status(engine, &end);
    } while (end.busy + end.closing > 0);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(end.overdue, 0);
    assert_true(end.reclaimed > 0);
    assert_true(end.reclaimed <= end.leaks);
    assert_int_equal(end.stale_returns, end.reclaimed);
    assert_int_equal(end.acquired, THREADS * ROUNDS);
    assert_int_equal(end.opened, end.closed + (unsigned)end.idle);
    print_message("%d in time, %d too late, %d taken back\n",
                  atomic_load(&in_time), atomic_load(&too_late),
                  (int)end.reclaimed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_54__a_loan_ends_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
