/* SPDX-License-Identifier: MIT */
/*
 * Scenario 54 on each database: a connection that nobody gives back is taken
 * back. Its session ends at the server, with its transaction and its locks,
 * whatever its borrower is at, and somebody else has its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/driver.h>
#include <weir/weir.h>

/* What differs: how a session is known, and looked for, and what takes long.
 * SQLite has no sessions but its locks. */
typedef struct tongue {
    const char *backend;
    const char *who;
    const char *is_there;
    const char *sleeps;
} tongue;

static const tongue tongues[] = {
    {"postgres", "SELECT pg_backend_pid()",
     "SELECT count(*) FROM pg_stat_activity WHERE pid = ",
     "SELECT pg_sleep(100)"},
    {"mysql", "SELECT connection_id()",
     "SELECT count(*) FROM information_schema.processlist WHERE id = ",
     "SELECT sleep(100)"},
    {"sqlite", NULL, NULL,
     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
     "SELECT count(*) FROM n"},
};

static const tongue *tongue_is;
static weir_engine *leaky;   /* of one connection, with limits */
static weir_engine *another; /* looks at the server, and writes */

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static weir_engine *open_one(double leak_s, double reclaim_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *engine;
    weir_error err;

    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_leak_threshold_s = leak_s;
    options.pool_reclaim_after_s = reclaim_s;
    engine = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    if (!engine)
        fail_msg("%s", err.message);
    return engine;
}

static weir_conn *borrow(weir_engine *engine)
{
    weir_connect_options loan = WEIR_CONNECT_OPTIONS;
    weir_error err;
    weir_conn *conn;

    loan.may_move = true;
    conn = weir_connect_with(engine, &loan, &err);
    if (!conn)
        fail_msg("%s", err.message);
    return conn;
}

static void run(weir_conn *conn, const char *sql)
{
    if (weir_exec(conn, sql, NOARGS) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_conn_error(conn)->message);
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

static int set_up(void **state)
{
    weir_conn *conn;

    (void)state;
    another = open_one(0, 0);
    for (size_t i = 0; i < sizeof tongues / sizeof tongues[0]; i++) {
        if (strcmp(weir_engine_backend(another), tongues[i].backend) == 0)
            tongue_is = &tongues[i];
    }
    assert_non_null(tongue_is);
    conn = borrow(another);
    run(conn, "DROP TABLE IF EXISTS leak_thing");
    run(conn, "CREATE TABLE leak_thing (i INT)");
    assert_int_equal(weir_commit(conn), WEIR_OK);
    weir_conn_close(&conn);
    leaky = open_one(0.2, 0.4);
    return 0;
}

static int tear_down(void **state)
{
    weir_conn *conn = borrow(another);

    (void)state;
    run(conn, "DROP TABLE leak_thing");
    assert_int_equal(weir_commit(conn), WEIR_OK);
    weir_conn_close(&conn);
    weir_engine_close(&leaky);
    weir_engine_close(&another);
    return 0;
}

static weir_pool_status now(void)
{
    weir_pool_status status;

    weir_engine_pool_status(leaky, &status);
    return status;
}

/* The number of its session; 0 where there are none. */
static int64_t begin_work(weir_conn *conn)
{
    run(conn, "INSERT INTO leak_thing VALUES (1)");
    return tongue_is->who ? get(conn, tongue_is->who) : 0;
}

static void until_session_is_gone(int64_t session)
{
    weir_conn *conn = borrow(another);
    char sql[120];

    if (tongue_is->is_there) {
        snprintf(sql, sizeof sql, "%s%lld", tongue_is->is_there,
                 (long long)session);
        while (get(conn, sql) != 0) {
            assert_int_equal(weir_rollback(conn), WEIR_OK);
            nap();
        }
    }
    weir_conn_close(&conn);
}

/* What it had locked is free, and what it had written is not there. */
static void must_be_undone(void)
{
    weir_conn *conn = borrow(another);

    run(conn, "INSERT INTO leak_thing VALUES (2)");
    run(conn, "UPDATE leak_thing SET i = 3");
    assert_int_equal(weir_commit(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM leak_thing WHERE i = 3"),
                     1);
    weir_conn_close(&conn);
}

static void must_be_taken(int64_t session)
{
    weir_conn *conn;

    while (now().reclaimed == 0)
        nap();
    conn = borrow(leaky); /* there is room for one only */
    assert_int_equal(get(conn, "SELECT 4711"), 4711);
    weir_conn_close(&conn);
    until_session_is_gone(session);
    must_be_undone();
}

static void close_late(weir_conn **conn)
{
    assert_int_not_equal(weir_commit(*conn), WEIR_OK);
    assert_non_null(strstr(weir_conn_error(*conn)->message, "taken back"));
    assert_int_equal(weir_rollback(*conn), WEIR_OK);
    assert_int_equal(weir_exec(*conn, "SELECT 1", NOARGS), WEIR_ERR_CONNECTION);
    assert_non_null(strstr(weir_conn_error(*conn)->message, "taken back"));
    weir_conn_close(conn);
    assert_int_equal(now().leaks, 1);
    assert_int_equal(now().stale_returns, 1);
}

static void test_pool_54__a_forgotten_one_is_taken_back(void **state)
{
    weir_conn *conn = borrow(leaky);
    int64_t session = begin_work(conn);

    (void)state;
    must_be_taken(session);
    close_late(&conn);
}

static const char rows_of[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 900) SELECT i, 'row' FROM n";

static void leave_rows(bool streams)
{
    weir_conn *conn = borrow(leaky);
    int64_t session = begin_work(conn);
    weir_result *rows = streams ? weir_stream(conn, rows_of, NOARGS)
                                : weir_query(conn, rows_of, NOARGS);
    const char *text;

    assert_true(weir_next(rows));
    text = weir_get_text(rows, 1);
    must_be_taken(session);
    assert_string_equal(text, "row");
    while (weir_next(rows)) /* what has come already may be read */
        ;
    weir_result_close(&rows);
    assert_null(rows);
    close_late(&conn);
}

static void test_pool_54__rows_in_hand_stay(void **state)
{
    (void)state;
    leave_rows(false);
}

static void test_pool_54__a_stream_ends(void **state)
{
    (void)state;
    leave_rows(true);
}

static void test_pool_54__a_statement_that_runs_is_aborted(void **state)
{
    weir_conn *conn = borrow(leaky);
    int64_t session = begin_work(conn);
    weir_result *rows;

    (void)state;
    rows = weir_query(conn, tongue_is->sleeps, NOARGS);
    assert_int_equal(weir_result_one(rows), WEIR_ERR_CONNECTION);
    assert_non_null(strstr(weir_result_error(rows)->message, "taken back"));
    weir_result_close(&rows);
    must_be_taken(session);
    close_late(&conn);
}

static void *write_too(void *memory)
{
    (void)weir_exec(memory, "INSERT INTO leak_thing VALUES (7)", NOARGS);
    return NULL;
}

/* SQLite: whoever has it is left alone, since his is detached. */
static void test_pool_54__who_waits_for_the_permit_is_ended(void **state)
{
    weir_conn *writer = borrow(leaky), *waits;
    pthread_t thread;

    (void)state;
    assert_int_equal(weir_conn_detach(writer), WEIR_OK);
    if ((weir_engine_capabilities(leaky) & WEIR_HAS_SINGLE_WRITER) != 0) {
        run(writer, "INSERT INTO leak_thing VALUES (6)");
        assert_int_equal(weir_engine_set(leaky, "pool_size", "2", NULL),
                         WEIR_OK);
        waits = borrow(leaky);
        assert_int_equal(pthread_create(&thread, NULL, write_too, waits), 0);
        pthread_join(thread, NULL);
        assert_int_equal(weir_conn_error(waits)->status, WEIR_ERR_CONNECTION);
        assert_non_null(strstr(weir_conn_error(waits)->message, "taken back"));
        while (now().reclaimed == 0)
            nap();
        close_late(&waits);
        assert_int_equal(weir_commit(writer), WEIR_OK);
    }
    weir_conn_close(&writer);
}

static void test_pool_54__the_late_close_comes_after_all(void **state)
{
    weir_conn *conn = borrow(leaky);
    weir_error err;

    (void)state;
    (void)begin_work(conn);
    while (now().reclaimed == 0)
        nap();
    assert_int_equal(weir_engine_close_within(&leaky, 100, &err), WEIR_OK);
    must_be_undone();
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_pool_54__a_forgotten_one_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pool_54__rows_in_hand_stay, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_pool_54__a_stream_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_pool_54__a_statement_that_runs_is_aborted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pool_54__who_waits_for_the_permit_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_pool_54__the_late_close_comes_after_all, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
