/* SPDX-License-Identifier: MIT */
/*
 * Scenario 32 beside a real server: sessions are ended, and nobody who borrows
 * afterwards is told of it. What was not ended stays the session it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

enum { SESSIONS = 6 };

static weir_engine *engine; /* has them all */
static weir_engine *other;  /* ends them */
static weir_conn *conns[SESSIONS];
static int64_t ids[SESSIONS]; /* the first six */

/* ------------------------------------------------------------------- tools */

static weir_engine *open_engine(int size)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *opened;
    weir_error err;

    options.pool_size = size;
    options.max_overflow = 0;
    opened = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    if (!opened)
        fail_msg("open: %s", err.message);
    return opened;
}

static weir_conn *borrow(weir_engine *from)
{
    weir_error err;
    weir_conn *conn = weir_connect(from, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static bool is_postgres(void)
{
    return strcmp(weir_engine_backend(engine), "postgres") == 0;
}

static int64_t get(weir_conn *conn, const char *sql)
{
    weir_result *rows = weir_query(conn, sql, NOARGS);
    int64_t found;

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_result_error(rows)->message);
    found = weir_get_i64(rows, 0);
    weir_result_close(&rows);
    return found;
}

static int64_t id_of(weir_conn *conn)
{
    return get(conn, is_postgres() ? "SELECT pg_backend_pid()"
                                   : "SELECT connection_id()");
}

static void end_session(int64_t id)
{
    weir_conn *by = borrow(other);
    char sql[96];

    snprintf(sql, sizeof sql,
             is_postgres() ? "SELECT pg_terminate_backend(%d, 5000)::int"
                           : "KILL %d",
             (int)id);
    if (weir_exec(by, sql, NOARGS) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_conn_error(by)->message);
    weir_conn_close(&by);
}

static void borrow_some(int count)
{
    for (int i = 0; i < count; i++)
        conns[i] = borrow(engine);
}

static void return_some(int count)
{
    for (int i = 0; i < count; i++)
        weir_conn_close(&conns[i]);
}

static int set_up(void **state)
{
    (void)state;
    engine = open_engine(SESSIONS);
    other = open_engine(1);
    borrow_some(SESSIONS);
    for (int i = 0; i < SESSIONS; i++)
        ids[i] = id_of(conns[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    weir_engine_close(&engine);
    weir_engine_close(&other);
    return 0;
}

/* The pool has closed so many, and is at nothing. */
static void until_closed(int count)
{
    weir_pool_status now;

    do {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        weir_engine_pool_status(engine, &now);
    } while (
        now.closed != (uint64_t)count ||
        now.busy + now.connecting + now.asking + now.closing + now.waiting > 0);
}

/* How many of the first sessions are lent now; all of them work. */
static int count_first(int borrowed)
{
    int found = 0;

    for (int i = 0; i < borrowed; i++) {
        int64_t id = id_of(conns[i]);

        for (int j = 0; j < SESSIONS; j++)
            found += ids[j] == id;
    }
    return found;
}

/* ------------------------------------------------------------------- tests */

static void test_pool_32__one_that_is_lost_costs_no_other(void **state)
{
    (void)state;
    end_session(ids[2]);
    while (weir_exec(conns[2], "SELECT 1", NOARGS) == WEIR_OK)
        continue; /* its holder is told */
    assert_int_equal(weir_conn_error(conns[2])->status, WEIR_ERR_CONNECTION);
    (void)weir_rollback(conns[2]);
    return_some(SESSIONS);
    until_closed(1);
    borrow_some(SESSIONS - 1);
    assert_int_equal(count_first(SESSIONS - 1), SESSIONS - 1);
    return_some(SESSIONS - 1);
}

static void test_pool_32__one_that_hangs_up_costs_no_other(void **state)
{
    (void)state;
    return_some(SESSIONS);
    end_session(ids[4]);
    until_closed(1);
    borrow_some(SESSIONS);
    assert_int_equal(count_first(SESSIONS), SESSIONS - 1);
    return_some(SESSIONS);
}

/* As when the server restarts: who borrows then gets what works. */
static void test_pool_32__nobody_is_told_of_idle_ones(void **state)
{
    (void)state;
    return_some(SESSIONS);
    for (int i = 0; i < SESSIONS; i++)
        end_session(ids[i]);
    until_closed(SESSIONS);
    borrow_some(SESSIONS);
    assert_int_equal(count_first(SESSIONS), 0);
    return_some(SESSIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_pool_32__one_that_is_lost_costs_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pool_32__one_that_hangs_up_costs_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pool_32__nobody_is_told_of_idle_ones, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
