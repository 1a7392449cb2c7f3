/* SPDX-License-Identifier: MIT */
/* Transactions: begun by themselves or by hand, isolation, read-only. */
#include "suite.h"

#include <time.h>

static void test_close__rolls_back_what_was_not_committed(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    assert_true(weir_in_transaction(conn));
    weir_conn_close(&conn);
    assert_null(conn);
    assert_int_equal(committed(), 0);
}

static void test_commit__makes_work_lasting(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, weir_commit(conn)); /* without one: nothing */
    must(conn, add(conn, 1, "a"));
    must(conn, weir_commit(conn));
    assert_false(weir_in_transaction(conn));
    must(conn, weir_rollback(conn));
    assert_int_equal(committed(), 1);
    must(conn, add(conn, 2, "b")); /* commit as you go */
    assert_true(weir_in_transaction(conn));
    must(conn, weir_commit(conn));
    assert_int_equal(committed(), 2);
}

static void test_begin__once_and_only_outside(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, weir_begin(conn));
    assert_true(weir_in_transaction(conn));
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE);
    must(conn, add(conn, 1, "a"));
    must(conn, weir_rollback(conn));
    assert_false(weir_in_transaction(conn));
    assert_int_equal(count(conn), 0);
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE); /* begun by count() */
}

static void
test_failed_statement__leaves_the_transaction_to_its_owner(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must_fail(conn, add(conn, 2, "a"), WEIR_ERR_CONSTRAINT);
    assert_true(weir_in_transaction(conn));
    must(conn, weir_rollback(conn));
    must(conn, add(conn, 3, "c"));
    must(conn, weir_commit(conn));
    assert_int_equal(committed(), 1);
}

static void test_autocommit__keeps_each_statement(void **state)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;

    (void)state;
    options.isolation = WEIR_AUTOCOMMIT;
    WEIR_AUTO(weir_conn) conn = borrow_with(&options);
    assert_int_equal(weir_get_isolation(conn), WEIR_AUTOCOMMIT);
    must(conn, add(conn, 1, "a"));
    assert_false(weir_in_transaction(conn));
    assert_int_equal(committed(), 1);
    must(conn, weir_rollback(conn));
    assert_int_equal(committed(), 1);
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE);
}

static void test_isolation__is_set_only_outside_and_for_one_loan(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_isolation before = weir_get_isolation(conn);

    (void)state;
    assert_int_not_equal(before, WEIR_ISOLATION_DEFAULT);
    must(conn, weir_set_isolation(conn, WEIR_SERIALIZABLE));
    assert_int_equal(weir_get_isolation(conn), WEIR_SERIALIZABLE);
    must(conn, add(conn, 1, "a"));
    must_fail(conn, weir_set_isolation(conn, before), WEIR_ERR_MISUSE);
    must(conn, weir_commit(conn));
    must_fail(conn, weir_set_isolation(conn, (weir_isolation)77),
              WEIR_ERR_MISUSE);
    weir_conn_close(&conn);
    conn = borrow(); /* the next loan begins with the engine's again */
    assert_int_equal(weir_get_isolation(conn), before);
}

static void test_serializable__does_not_see_what_others_commit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_conn) other = NULL;
    weir_tx_options options = WEIR_TX_OPTIONS;
    weir_status status;

    (void)state;
    if (!can(WEIR_CAN_SHARE | WEIR_CAN_READ_ONLY))
        return;
    options.isolation = WEIR_SERIALIZABLE;
    options.access = WEIR_READ_ONLY;
    must(conn, weir_begin_with(conn, &options));
    assert_int_equal(count(conn), 0);
    other = borrow();
    must(other, weir_set_timeout(other, suite_measure.patience_s));
    status = add(other, 1, "a");
    if (status == WEIR_ERR_TIMEOUT || status == WEIR_ERR_SERIALIZATION)
        return; /* locks instead of snapshots: it sees nothing for sure */
    must(other, status);
    must(other, weir_commit(other));
    assert_int_equal(count(conn), 0);
    must(conn, weir_commit(conn));
    assert_int_equal(count(conn), 1);
}

static void test_read_only__refuses_to_write(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    if (!can(WEIR_CAN_READ_ONLY))
        return;
    options.access = WEIR_READ_ONLY;
    must(conn, weir_begin_with(conn, &options));
    assert_int_equal(count(conn), 0);
    must_fail(conn, add(conn, 1, "a"), WEIR_ERR_UNAVAILABLE);
    assert_string_equal(weir_conn_error(conn)->sqlstate, "25006");
    must(conn, weir_rollback(conn));
    must(conn, add(conn, 1, "a"));
    must(conn, weir_rollback(conn));
    must(conn, weir_set_access(conn, WEIR_READ_ONLY));
    must_fail(conn, add(conn, 1, "a"), WEIR_ERR_UNAVAILABLE);
}

static void test_ddl__rolls_back_where_the_database_can(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!can(WEIR_CAN_DDL_ROLLBACK))
        return;
    must(conn, weir_exec(conn, "CREATE TABLE fleeting (id INTEGER)", NOARGS));
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_exec(conn, "SELECT * FROM fleeting", NOARGS),
              WEIR_ERR_SQL);
}

/* A reader must not be kept out by somebody else's unfinished work. */
static void test_readers__go_on_while_another_writes(void **state)
{
    WEIR_AUTO(weir_conn) writer = borrow();
    WEIR_AUTO(weir_conn) reader = NULL;

    (void)state;
    if (!can(WEIR_CAN_SHARE))
        return;
    must(writer, add(writer, 1, "a"));
    reader = borrow();
    must(reader, weir_set_timeout(reader, 5));
    assert_int_equal(count(reader), 0);
    must(writer, weir_commit(writer));
    must(reader, weir_rollback(reader));
    assert_int_equal(count(reader), 1);
}

static void test_xid__is_refused_without_two_phase(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    if (can(WEIR_CAN_TWO_PHASE))
        return;
    options.xid = "one";
    must_fail(conn, weir_begin_with(conn, &options), WEIR_ERR_UNSUPPORTED);
    must_fail(conn, weir_commit_prepared(conn, "one"), WEIR_ERR_UNSUPPORTED);
}

/* ------------------------------------------------------------- two phases */

static void prepare(weir_conn *conn, const char *xid, int64_t id)
{
    weir_tx_options options = WEIR_TX_OPTIONS;

    options.xid = xid;
    must(conn, weir_begin_with(conn, &options));
    must(conn, add(conn, id, xid));
    must(conn, weir_prepare_commit(conn));
}

static void prepare_and_leave(const char *xid, int64_t id)
{
    weir_conn *conn = borrow();

    prepare(conn, xid, id);
    must(conn, weir_conn_invalidate(conn));
    weir_conn_close(&conn);
}

static void pause_between_tries(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

/* A server may hold it a moment longer for the connection that has left. */
static void end_left(weir_conn *conn, const char *xid,
                     weir_status (*end)(weir_conn *conn, const char *xid))
{
    weir_status status = end(conn, xid);

    for (int i = 0; i < 100 && status != WEIR_OK; i++) {
        pause_between_tries();
        weir_rollback(conn);
        status = end(conn, xid);
    }
    must(conn, status);
}

static void note_quoted(void *context, const char *xid)
{
    *(int *)context += strcmp(xid, "it's") == 0;
}

static int count_quoted(weir_conn *conn)
{
    int count = 0;

    must(conn, weir_list_prepared(conn, note_quoted, &count));
    return count;
}

/* One test, and the last: what is left of one that fails holds locks. */
static void test_two_phase__survives_its_connection(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!can(WEIR_CAN_TWO_PHASE))
        return;
    prepare(conn, "it's own", 1);
    must(conn, weir_commit(conn));
    assert_int_equal(committed(), 1);
    prepare_and_leave("weir-conformance-1", 2);
    assert_int_equal(count(conn), 1);
    must(conn, weir_rollback(conn));
    end_left(conn, "weir-conformance-1", weir_commit_prepared);
    assert_int_equal(count(conn), 2);
    must(conn, weir_rollback(conn));
    prepare_and_leave("it's", 3);
    for (int i = 0; i < 100 && count_quoted(conn) == 0; i++)
        pause_between_tries();
    assert_int_equal(count_quoted(conn), 1);
    end_left(conn, "it's", weir_rollback_prepared);
    assert_int_equal(count_quoted(conn), 0);
    must_fail(conn, weir_rollback_prepared(conn, "it's"), WEIR_ERR_SQL);
    assert_int_equal(count(conn), 2);
}

int run_transactions(void)
{
    const struct CMUnitTest tests[] = {
        TEST(close__rolls_back_what_was_not_committed),
        TEST(commit__makes_work_lasting),
        TEST(begin__once_and_only_outside),
        TEST(failed_statement__leaves_the_transaction_to_its_owner),
        TEST(autocommit__keeps_each_statement),
        TEST(isolation__is_set_only_outside_and_for_one_loan),
        TEST(serializable__does_not_see_what_others_commit),
        TEST(read_only__refuses_to_write),
        TEST(ddl__rolls_back_where_the_database_can),
        TEST(readers__go_on_while_another_writes),
        TEST(xid__is_refused_without_two_phase),
        TEST(two_phase__survives_its_connection),
    };

    return cmocka_run_group_tests_name("transactions", tests, NULL, NULL);
}
