/* SPDX-License-Identifier: MIT */
/* Handles: NULL, closed, closed twice, used by two threads. */
#include <pthread.h>

#include "suite.h"

static void test_null__is_answered_everywhere(void **state)
{
    weir_conn *no_conn = NULL;
    weir_engine *no_engine = NULL;
    weir_result *no_result = NULL;
    weir_error err;

    (void)state;
    assert_int_equal(weir_exec(NULL, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_error(NULL)->status, WEIR_ERR_MISUSE);
    assert_int_equal(weir_result_status(weir_query(NULL, "x", NOARGS)),
                     WEIR_ERR_MISUSE);
    assert_int_equal(weir_result_status(weir_stream(NULL, "x", NOARGS)),
                     WEIR_ERR_MISUSE);
    assert_int_equal(weir_commit(NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_rollback(NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_begin(NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_exec_many(NULL, "x", NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_bulk_insert(NULL, NULL, NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_cancel(NULL), WEIR_ERR_MISUSE);
    assert_int_equal(weir_affected(NULL), -1);
    assert_false(weir_in_transaction(NULL));
    assert_false(weir_next(NULL));
    assert_int_equal(weir_result_status(NULL), WEIR_ERR_MISUSE);
    assert_null(weir_cell(NULL, 0));
    assert_null(weir_connect(NULL, &err));
    assert_int_equal(err.status, WEIR_ERR_MISUSE);
    assert_int_equal(weir_engine_ping(NULL, &err), WEIR_ERR_MISUSE);
    weir_conn_close(NULL);
    weir_conn_close(&no_conn);
    weir_result_close(&no_result);
    weir_engine_close(&no_engine);
}

static void test_closed_connection__is_told_by_its_stale_copy(void **state)
{
    weir_conn *conn = borrow(), *stale = conn;

    (void)state;
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    weir_conn_close(&conn);
    assert_null(conn);
    weir_conn_close(&conn);
    assert_int_equal(weir_exec(stale, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_error(stale)->status, WEIR_ERR_MISUSE);
    assert_non_null(strstr(weir_conn_error(stale)->message, "closed"));
    assert_int_equal(weir_result_status(weir_query(stale, "x", NOARGS)),
                     WEIR_ERR_MISUSE);
    weir_conn_close(&stale);
}

static void test_closed_result__is_told_by_its_stale_copy(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_result *rows = weir_query(conn, "SELECT 1", NOARGS);
    weir_result *stale = rows;

    (void)state;
    weir_result_close(&rows);
    assert_null(rows);
    assert_false(weir_next(stale));
    assert_int_equal(weir_result_status(stale), WEIR_ERR_MISUSE);
    assert_null(weir_cell(stale, 0));
    assert_int_equal(weir_column_count(stale), 0);
    weir_result_close(&stale);
}

static void test_open_result__ends_with_its_connection(void **state)
{
    weir_conn *conn = borrow();
    weir_result *rows;

    (void)state;
    must(conn, add(conn, 1, "a"));
    rows = weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_true(weir_next(rows));
    weir_conn_close(&conn);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_MISUSE);
    weir_result_close(&rows);
}

/* ------------------------------------------------------------- two threads */

enum { ROUNDS = 3000 };

typedef struct racer {
    weir_conn *conn;
    int done, refused, wrong;
} racer;

static void *race(void *memory)
{
    racer *self = memory;

    for (int i = 0; i < ROUNDS; i++) {
        switch (weir_exec(self->conn, "SELECT 1", NOARGS)) {
        case WEIR_OK:
            self->done++;
            break;
        case WEIR_ERR_MISUSE:
            self->refused++;
            break;
        default:
            self->wrong++;
        }
    }
    return NULL;
}

static void test_connection__refuses_a_second_thread_at_once(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    racer one = {.conn = conn}, two = {.conn = conn};
    pthread_t first, second;

    (void)state;
    assert_int_equal(pthread_create(&first, NULL, race, &one), 0);
    assert_int_equal(pthread_create(&second, NULL, race, &two), 0);
    pthread_join(first, NULL);
    pthread_join(second, NULL);
    assert_int_equal(one.wrong + two.wrong, 0);
    assert_int_equal(one.done + one.refused, ROUNDS);
    assert_int_equal(two.done + two.refused, ROUNDS);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

static void test_connection__may_move_between_threads(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    racer one = {.conn = conn};
    pthread_t thread;

    (void)state;
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    assert_int_equal(pthread_create(&thread, NULL, race, &one), 0);
    pthread_join(thread, NULL);
    assert_int_equal(one.done, ROUNDS);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

/* ------------------------------------------------------------------ engine */

static void test_engine__closed_with_connections_out_stays_usable(void **state)
{
    weir_engine *own = open_engine(NULL), *stale = own;
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    (void)state;
    assert_non_null(conn);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    weir_engine_close(&own);
    assert_null(own);
    weir_engine_close(&own);
    assert_null(weir_connect(stale, &err));
    assert_int_not_equal(err.status, WEIR_OK);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    weir_conn_close(&conn); /* frees the engine */
}

static void test_native__is_given_by_its_name_only(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_null(weir_conn_native(conn, "no such library"));
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_MISUSE);
    assert_null(weir_conn_native(conn, NULL));
}

int run_handles(void)
{
    const struct CMUnitTest any[] = {
        ANY(null__is_answered_everywhere),
        ANY(closed_connection__is_told_by_its_stale_copy),
        ANY(closed_result__is_told_by_its_stale_copy),
        ANY(connection__refuses_a_second_thread_at_once),
        ANY(connection__may_move_between_threads),
        ANY(engine__closed_with_connections_out_stays_usable),
        ANY(native__is_given_by_its_name_only),
    };
    const struct CMUnitTest with_tables[] = {
        TEST(open_result__ends_with_its_connection),
    };
    int failed = cmocka_run_group_tests_name("handles", any, NULL, NULL);

    if (can(WEIR_HAS_SQL))
        failed += cmocka_run_group_tests_name("handles of rows", with_tables,
                                              NULL, NULL);
    return failed;
}
