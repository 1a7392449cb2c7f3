/* SPDX-License-Identifier: MIT */
/*
 * What the stories of this folder have found, each fault by itself: so that it
 * is found again at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/faulty.h>
#include <weir/sys/mock.h>
#include <weir/weir.h>

static weir_engine *engine;
static weir_faulty *faulty;
static weir_conn *conn;
static weir_error err;

static void open_url(const char *url)
{
    engine = weir_engine_open(url, NULL, &err);
    assert_non_null(engine);
    faulty = weir_faulty_find("found");
    assert_non_null(faulty);
    conn = weir_connect(engine, &err);
    assert_non_null(conn);
}

static int begin_test(void **state)
{
    (void)state;
    open_url("faulty+sqlite://?fault_name=found");
    assert_int_equal(weir_exec(conn, "CREATE TABLE t (a INTEGER)", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_commit(conn), WEIR_OK);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    weir_conn_close(&conn);
    weir_engine_dispose(engine);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_PREPARE),
                     weir_faulty_calls(faulty, WEIR_FAULT_FINISH));
    assert_null(weir_faulty_breach(faulty));
    weir_engine_close(&engine);
    return 0;
}

static void arm(weir_fault_op op, weir_fault_kind kind)
{
    weir_fault fault = {.kind = kind, .op = op, .at = 1};

    weir_faulty_arm(faulty, &fault);
}

/* The statement was prepared before its transaction began, and nobody
 * finished it when the connection was lost in between. */
static void
test_begin__that_loses_the_connection_loses_no_statement(void **state)
{
    (void)state;
    arm(WEIR_FAULT_BEGIN, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(weir_exec(conn, "INSERT INTO t VALUES (1)", NOARGS),
                     WEIR_ERR_CONNECTION);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    arm(WEIR_FAULT_BEGIN, WEIR_FAULT_LOST_BEFORE);
    WEIR_AUTO(weir_result)
    rows = weir_query(conn, "INSERT INTO t VALUES (1) RETURNING a", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_CONNECTION);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_exec(conn, "INSERT INTO t VALUES (1)", NOARGS),
                     WEIR_OK);
}

/* A write that commits itself, and whose answer does not come, is not said to
 * have had no effect. */
static void test_autocommit__without_an_answer_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    assert_int_equal(weir_set_timeout(conn, 0.02), WEIR_OK);
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_HANG_AFTER);
    assert_int_equal(weir_exec(conn, "INSERT INTO t VALUES (1)", NOARGS),
                     WEIR_ERR_COMMIT_UNKNOWN);
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_HANG_AFTER);
    assert_int_equal(weir_exec(conn, "SELECT * FROM t", NOARGS),
                     WEIR_ERR_TIMEOUT);
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_FAIL);
    assert_int_equal(weir_exec(conn, "INSERT INTO t VALUES (1)", NOARGS),
                     WEIR_ERR_SQL);
}

/* It has run: the rows that cannot be had say nothing of its work. */
static void test_autocommit__without_its_rows_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    arm(WEIR_FAULT_FETCH, WEIR_FAULT_FAIL);
    assert_int_equal(
        weir_exec(conn, "INSERT INTO t VALUES (1) RETURNING a", NOARGS),
        WEIR_ERR_COMMIT_UNKNOWN);
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_DIES_AFTER);
    WEIR_AUTO(weir_result)
    rows = weir_query(conn, "INSERT INTO t VALUES (1) RETURNING a", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(weir_error_is_retryable(weir_result_error(rows)), 0);
    arm(WEIR_FAULT_FETCH, WEIR_FAULT_FAIL);
    assert_int_equal(weir_exec(conn, "SELECT * FROM t", NOARGS), WEIR_ERR_SQL);
}

/* Without transactions every write commits itself, whatever the isolation. */
static void test_no_transactions__make_a_lost_write_unknown(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;
    weir_mock *mock;

    (void)state;
    options.capabilities &= ~(uint32_t)WEIR_CAN_TRANSACT;
    mock = weir_mock_new("found", &options, &err);
    assert_non_null(mock);
    open_url("faulty+mock://found?fault_name=found");
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(weir_exec(conn, "UPDATE t", NOARGS),
                     WEIR_ERR_COMMIT_UNKNOWN);
    end_test(NULL);
    weir_mock_free(&mock);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_begin__that_loses_the_connection_loses_no_statement),
        TEST(test_autocommit__without_an_answer_is_unknown),
        TEST(test_autocommit__without_its_rows_is_unknown),
        cmocka_unit_test(test_no_transactions__make_a_lost_write_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
