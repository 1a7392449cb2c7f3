/* SPDX-License-Identifier: MIT */
/*
 * What a session comes to that the server has ended, on any server. The suite
 * has a table t (id, n) of the rows (1, 1) and (2, 2), and says how a session
 * is ended by another.
 */
#ifndef WEIR_TESTS_KIT_ENDED_H
#define WEIR_TESTS_KIT_ENDED_H

#include "kit/with_server.h"

static void end_session(weir_conn *victim);

static void test_ended__while_idle_in_a_transaction(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "UPDATE t SET n = 5 WHERE id = 1");
    end_session(conn);
    assert_int_equal(try(conn, "UPDATE t SET n = 6 WHERE id = 2"),
                     WEIR_ERR_CONNECTION);
    assert_true(weir_conn_is_invalidated(conn));
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT sum(n) FROM t"), 3);
}

static void test_ended__before_commit_is_unknown(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "UPDATE t SET n = 5 WHERE id = 1");
    end_session(conn);
    assert_int_equal(weir_commit(conn), WEIR_ERR_COMMIT_UNKNOWN);
    assert_true(weir_conn_is_invalidated(conn));
    assert_int_equal(weir_rollback(conn), WEIR_OK);
}

static void test_ended__autocommit_write_is_unknown(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "UPDATE t SET n = 5 WHERE id = 1");
    end_session(conn);
    assert_int_equal(try(conn, "UPDATE t SET n = 5 WHERE id = 1"),
                     WEIR_ERR_COMMIT_UNKNOWN);
}

#endif
