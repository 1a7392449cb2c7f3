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

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_begin__that_loses_the_connection_loses_no_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
