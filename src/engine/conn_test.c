/* SPDX-License-Identifier: MIT */
/* A connection that is borrowed, given back, found dead, used twice. */
#include "scripted.h"

#include <pthread.h>

static void fill(weir_conn **conns, int count)
{
    for (int i = 0; i < count; i++)
        conns[i] = script_borrow();
}

static void give_back(weir_conn **conns, int count)
{
    for (int i = 0; i < count; i++)
        weir_conn_close(&conns[i]);
}

/* The server went away: the idle ones are not lent any more. Each of those
 * that find out is replaced once, and their replacements are trusted. */
static void test_dead_connections__do_not_spoil_their_successors(void **state)
{
    weir_pool_status status;
    weir_conn *conns[4];

    (void)state;
    fill(conns, 4);
    weir_conn_close(&conns[3]);
    weir_mock_drop_connections(mock);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_exec(conns[i], "UPDATE t", NOARGS),
                         WEIR_ERR_CONNECTION);
        must(conns[i], weir_rollback(conns[i]));
        must(conns[i], weir_exec(conns[i], "UPDATE t", NOARGS));
    }
    conns[3] = script_borrow();
    must(conns[3], weir_exec(conns[3], "UPDATE t", NOARGS));
    give_back(conns, 4);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.opened, 8);
    assert_int_equal(status.idle, 4);
    fill(conns, 4);
    give_back(conns, 4);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.opened, 8);
}

static void test_invalidate__is_one_connections_own_affair(void **state)
{
    weir_pool_status status;
    weir_conn *conns[2];

    (void)state;
    fill(conns, 2);
    weir_conn_close(&conns[1]);
    must(conns[0], weir_conn_invalidate(conns[0]));
    must(conns[0], weir_conn_invalidate(conns[0]));
    conns[1] = script_borrow();
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.opened, 2);
    weir_conn_close(&conns[0]);
    weir_conn_close(&conns[1]);
}

/* A statement that took too long says nothing of the server. */
static void test_timeout__costs_only_its_own_connection(void **state)
{
    weir_pool_status status;
    weir_conn *conns[2];

    (void)state;
    script_add(&(weir_mock_step){.text = "UPDATE t", .fault = WEIR_MOCK_HANG});
    fill(conns, 2);
    weir_conn_close(&conns[1]);
    must(conns[0], weir_set_isolation(conns[0], WEIR_AUTOCOMMIT));
    must(conns[0], weir_set_timeout(conns[0], 0.005));
    must_fail(conns[0], weir_exec(conns[0], "UPDATE t", NOARGS),
              WEIR_ERR_COMMIT_UNKNOWN, "deadline");
    conns[1] = script_borrow();
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.opened, 2);
    give_back(conns, 2);
}

/* ------------------------------------------------------------- two threads */

static void *hang(void *memory)
{
    weir_exec(memory, "UPDATE hanging", NOARGS);
    return NULL;
}

static void test_close__while_another_is_inside_does_nothing(void **state)
{
    weir_conn *conn = script_borrow(), *copy = conn;
    weir_result *rows;
    pthread_t thread;

    (void)state;
    script_rows("SELECT n", 2);
    rows = weir_query(conn, "SELECT n", NOARGS);
    script_add(
        &(weir_mock_step){.text = "UPDATE hanging", .fault = WEIR_MOCK_HANG});
    assert_int_equal(pthread_create(&thread, NULL, hang, conn), 0);
    while (weir_mock_hanging(mock) == 0)
        sched_yield();
    assert_int_equal(weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_MISUSE);
    weir_conn_close(&copy);
    assert_ptr_equal(copy, conn);
    weir_result_close(&rows);
    assert_non_null(rows);
    weir_mock_resume(mock);
    pthread_join(thread, NULL);
    weir_result_close(&rows);
    assert_null(rows);
    weir_conn_close(&copy);
    assert_null(copy);
    weir_conn_close(&conn); /* a stale copy */
    assert_null(conn);
}

static void test_cancel__ends_what_another_thread_waits_for(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    pthread_t thread;

    (void)state;
    script_add(
        &(weir_mock_step){.text = "UPDATE hanging", .fault = WEIR_MOCK_HANG});
    assert_int_equal(pthread_create(&thread, NULL, hang, conn), 0);
    while (weir_mock_hanging(mock) == 0)
        sched_yield();
    assert_int_equal(weir_cancel(conn), WEIR_OK);
    pthread_join(thread, NULL);
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_CANCELLED);
    assert_string_equal(weir_conn_error(conn)->statement, "UPDATE hanging");
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

/* ------------------------------------------------------------------ options */

static void expect_refused(weir_connect_options options, weir_status wanted,
                           const char *part)
{
    weir_error err;

    assert_null(weir_connect_with(engine, &options, &err));
    assert_int_equal(err.status, wanted);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void test_connect__refuses_options_that_make_no_sense(void **state)
{
    const weir_connect_options fine = WEIR_CONNECT_OPTIONS;
    weir_connect_options wrong;
    double zero = 0;

    (void)state;
    expect_refused((weir_connect_options){0}, WEIR_ERR_MISUSE, "all zero");
    wrong = fine;
    wrong.size++;
    expect_refused(wrong, WEIR_ERR_MISUSE, "newer version");
    wrong = fine;
    wrong.timeout_s = zero / zero;
    expect_refused(wrong, WEIR_ERR_CONFIG, "timeout_s");
    wrong = fine;
    wrong.access = (weir_access)7;
    expect_refused(wrong, WEIR_ERR_MISUSE, "weir_access");
    wrong = fine;
    wrong.isolation = (weir_isolation)99;
    expect_refused(wrong, WEIR_ERR_MISUSE, "isolation");
}

/* 53: closed twice, used after it was closed, used by two: told, and the pool
 * is what it was. */
static void test_pool_53__misuse_is_told_and_harms_nothing(void **state)
{
    weir_pool_status status;
    weir_conn *conn = script_borrow();
    weir_conn *copy = conn;
    weir_conn *others[3];

    (void)state;
    weir_conn_close(&conn);
    weir_conn_close(&conn);
    for (int i = 0; i < 3; i++) {
        others[i] = script_borrow();
        assert_ptr_not_equal(others[i], copy);
    }
    assert_int_equal(weir_exec(copy, "UPDATE t", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_begin(copy), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_invalidate(copy), WEIR_ERR_MISUSE);
    assert_int_equal(weir_cancel(copy), WEIR_ERR_MISUSE);
    assert_null(weir_conn_native(copy, "x"));
    assert_non_null(strstr(weir_conn_error(copy)->message, "is closed"));
    weir_conn_close(&copy);
    assert_null(copy);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.busy, 3);
    assert_int_equal(status.stale_returns, 1);
    give_back(others, 3);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.idle, 3);
    assert_int_equal(status.opened, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dead_connections__do_not_spoil_their_successors),
        TEST(invalidate__is_one_connections_own_affair),
        TEST(timeout__costs_only_its_own_connection),
        TEST(close__while_another_is_inside_does_nothing),
        TEST(cancel__ends_what_another_thread_waits_for),
        TEST(connect__refuses_options_that_make_no_sense),
        TEST(pool_53__misuse_is_told_and_harms_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
