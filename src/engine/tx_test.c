/* SPDX-License-Identifier: MIT */
/* What is sent for a transaction, and how often a client waits for it. */
#include "scripted.h"

static void test_autobegin__has_no_round_trip_of_its_own(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_commit(conn));
    weir_mock_clear_log(mock);
    for (int i = 0; i < 3; i++)
        must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_round_trips(mock), 3);
    assert_int_equal(weir_mock_count(mock, "begin"), 1);
    must(conn, weir_commit(conn));
    assert_int_equal(weir_mock_round_trips(mock), 4);
    must(conn, weir_commit(conn)); /* nothing is open: nothing is sent */
    must(conn, weir_rollback(conn));
    assert_int_equal(weir_mock_round_trips(mock), 4);
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_round_trips(mock), 4);
}

static void test_begin__that_is_never_used_sends_nothing(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    weir_mock_clear_log(mock);
    must(conn, weir_begin(conn));
    assert_true(weir_in_transaction(conn));
    must(conn, weir_commit(conn));
    must_have_sent("");
}

static void test_autocommit__sends_neither_begin_nor_end(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    weir_mock_clear_log(mock);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_commit(conn));
    must(conn, weir_rollback(conn));
    must_have_sent("prepare UPDATE t\nstream []\nend\n");
    must_fail(conn, weir_begin(conn), WEIR_ERR_MISUSE, "AUTOCOMMIT");
}

static void test_begin_with__tells_the_driver_all_options(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    options.isolation = WEIR_SERIALIZABLE;
    options.access = WEIR_READ_ONLY;
    options.deferrable = true;
    must(conn, weir_begin_with(conn, &options));
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_UNAVAILABLE,
              "read-only");
    weir_mock_clear_log(mock);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    assert_int_equal(
        weir_mock_count(mock, "begin SERIALIZABLE READ ONLY DEFERRABLE"), 1);
    must(conn, weir_rollback(conn));
    /* They were this transaction's only. */
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_count(mock, "begin READ COMMITTED"), 1);
    options.size = 0;
    must(conn, weir_commit(conn));
    must_fail(conn, weir_begin_with(conn, &options), WEIR_ERR_MISUSE,
              "all zero");
}

/* What an older program does not know stays a default, and is not read. */
static void test_begin_with__takes_options_of_an_older_version(void **state)
{
    const size_t size = offsetof(weir_tx_options, access);
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_tx_options now = WEIR_TX_OPTIONS;
    weir_tx_options *older = malloc(size);

    (void)state;
    assert_non_null(older);
    now.size = size;
    now.isolation = WEIR_SERIALIZABLE;
    memcpy(older, &now, size);
    must(conn, weir_begin_with(conn, older));
    free(older);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_count(mock, "begin SERIALIZABLE"), 1);
}

static void test_commit__that_fails_wants_a_rollback_first(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    const weir_mock_step fails = {
        .op = WEIR_MOCK_COMMIT,
        .error = {.status = WEIR_ERR_SERIALIZATION, .message = "too late"}};

    (void)state;
    script_add(&fails);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must_fail(conn, weir_commit(conn), WEIR_ERR_SERIALIZATION, "too late");
    /* The first error is repeated until then, and nothing is sent. */
    weir_mock_clear_log(mock);
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS),
              WEIR_ERR_ROLLBACK_FIRST, "too late");
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST, "too late");
    must_fail(conn, weir_begin(conn), WEIR_ERR_ROLLBACK_FIRST, "too late");
    must_have_sent("");
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_commit(conn));
}

static void test_lost_transaction__connects_anew_after_rollback(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_mock_drop_connections(mock);
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION,
              "");
    assert_true(weir_conn_is_invalidated(conn));
    assert_true(weir_in_transaction(conn));
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST, "");
    must(conn, weir_rollback(conn));
    assert_false(weir_in_transaction(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_false(weir_conn_is_invalidated(conn));
    must(conn, weir_commit(conn));
}

static void test_commit__whose_answer_is_lost_is_unknown(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){.op = WEIR_MOCK_COMMIT,
                                 .fault = WEIR_MOCK_LOSE_AFTER});
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must_fail(conn, weir_commit(conn), WEIR_ERR_COMMIT_UNKNOWN, "");
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST, "");
    assert_int_equal(weir_mock_count(mock, "commit"), 1); /* not repeated */
    must(conn, weir_rollback(conn));
}

static void test_statement_alone__whose_answer_is_lost_is_unknown(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    script_add(
        &(weir_mock_step){.text = "UPDATE t", .fault = WEIR_MOCK_LOSE_AFTER});
    script_add(
        &(weir_mock_step){.text = "SELECT 1", .fault = WEIR_MOCK_LOSE_AFTER});
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS),
              WEIR_ERR_COMMIT_UNKNOWN, "");
    /* What only reads may be asked again. */
    must_fail(conn, weir_exec(conn, "SELECT 1", NOARGS), WEIR_ERR_CONNECTION,
              "");
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(autobegin__has_no_round_trip_of_its_own),
        TEST(begin__that_is_never_used_sends_nothing),
        TEST(autocommit__sends_neither_begin_nor_end),
        TEST(begin_with__tells_the_driver_all_options),
        TEST(begin_with__takes_options_of_an_older_version),
        TEST(commit__that_fails_wants_a_rollback_first),
        TEST(lost_transaction__connects_anew_after_rollback),
        TEST(commit__whose_answer_is_lost_is_unknown),
        TEST(statement_alone__whose_answer_is_lost_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
