/* SPDX-License-Identifier: MIT */
/* Two phases, on a database that answers as it is told. */
#include "scripted.h"

static int set_up(void **state)
{
    (void)state;
    script_open_with(WEIR_CAN_TWO_PHASE | WEIR_CAN_TX_OUTCOME);
    return 0;
}

/* Up to its first phase; the program's xid is gone by then. */
static void begin_and_write(weir_conn *conn, const char *xid)
{
    weir_tx_options options = WEIR_TX_OPTIONS;
    char *own = strdup(xid);

    options.xid = own;
    must(conn, weir_begin_with(conn, &options));
    free(own);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

static void test_prepared__waits_for_its_second_phase(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    begin_and_write(conn, "one");
    must(conn, weir_prepare_commit(conn));
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_MISUSE,
              "prepared");
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE, "prepared");
    weir_mock_clear_log(mock);
    must(conn, weir_commit(conn));
    must_have_sent("commit_prepared one\n");
    begin_and_write(conn, "two");
    must(conn, weir_prepare_commit(conn));
    weir_mock_clear_log(mock);
    must(conn, weir_rollback(conn));
    must_have_sent("rollback_prepared two\n");
    assert_false(weir_in_transaction(conn));
}

static void test_prepare__needs_a_transaction_with_an_xid(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must_fail(conn, weir_prepare_commit(conn), WEIR_ERR_MISUSE, "xid");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must_fail(conn, weir_prepare_commit(conn), WEIR_ERR_MISUSE, "xid");
    must_fail(conn, weir_commit_prepared(conn, "x"), WEIR_ERR_MISUSE,
              "outside a transaction");
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_commit_prepared(conn, NULL), WEIR_ERR_MISUSE, "xid");
}

static void test_prepare__that_fails_leaves_only_rollback(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_PREPARE_TX,
        .error = {.status = WEIR_ERR_LIMIT, .message = "too many"}});
    begin_and_write(conn, "one");
    must_fail(conn, weir_prepare_commit(conn), WEIR_ERR_LIMIT, "too many");
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST, "too many");
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

static void test_second_phase__that_is_lost_can_be_done_again(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){.op = WEIR_MOCK_COMMIT_PREPARED,
                                 .fault = WEIR_MOCK_LOSE_BEFORE});
    begin_and_write(conn, "one");
    must(conn, weir_prepare_commit(conn));
    must_fail(conn, weir_commit(conn), WEIR_ERR_CONNECTION, "");
    must(conn, weir_rollback(conn)); /* nothing of this connection is open */
    must(conn, weir_commit_prepared(conn, "one"));
}

static void nothing(void *context, const char *xid)
{
    (void)context;
    (void)xid;
}

static void test_list__ends_at_the_deadline(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){.op = WEIR_MOCK_LIST_PREPARED,
                                 .fault = WEIR_MOCK_HANG});
    must(conn, weir_set_timeout(conn, 0.005));
    must_fail(conn, weir_list_prepared(conn, nothing, NULL), WEIR_ERR_TIMEOUT,
              "");
    must(conn, weir_list_prepared(conn, nothing, NULL));
}

/* A connection that is given back keeps what it has prepared. */
static void test_close__rolls_a_prepared_transaction_back(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    begin_and_write(conn, "one");
    must(conn, weir_prepare_commit(conn));
    weir_conn_close(&conn);
    conn = script_borrow();
    must(conn, weir_commit_prepared(conn, "one"));
    weir_conn_close(&conn);
}

static void test_outcome__is_asked_by_the_id(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_tx_outcome outcome;
    char id[32], small[1];

    (void)state;
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_tx_id(conn, id, sizeof id));
    assert_true(strlen(id) > 0);
    must(conn, weir_tx_find_outcome(conn, id, &outcome));
    assert_int_equal(outcome, WEIR_TX_IN_PROGRESS);
    must(conn, weir_commit(conn));
    must(conn, weir_tx_find_outcome(conn, id, &outcome));
    assert_int_equal(outcome, WEIR_TX_COMMITTED);
    must_fail(conn, weir_tx_id(conn, small, sizeof small), WEIR_ERR_LIMIT,
              "room for 1");
}

#undef TEST
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, script_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(prepared__waits_for_its_second_phase),
        TEST(prepare__needs_a_transaction_with_an_xid),
        TEST(prepare__that_fails_leaves_only_rollback),
        TEST(second_phase__that_is_lost_can_be_done_again),
        TEST(list__ends_at_the_deadline),
        TEST(close__rolls_a_prepared_transaction_back),
        TEST(outcome__is_asked_by_the_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
