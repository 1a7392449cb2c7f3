/* SPDX-License-Identifier: MIT */
/* Many rows: each is bound, run and counted; who failed is named. */
#include "scripted.h"

static const char update[] = "UPDATE t SET a = ? WHERE b = ?";

static void test_exec_many__runs_the_statement_for_each_row(void **state)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("a"), WEIR_VAL(2),
                                 WEIR_VAL("b")};
    const weir_rows rows = {values, 2, 2};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){.text = update, .times = -1, .affected = 3});
    must(conn, weir_exec_many(conn, update, &rows));
    assert_int_equal(weir_affected(conn), 6);
    assert_int_equal(weir_mock_count(mock, "prepare"), 1);
    assert_int_equal(weir_mock_count(mock, "begin"), 1);
    assert_int_equal(weir_mock_count(mock, "stream [i64 1, text \"a\"]"), 1);
    assert_int_equal(weir_mock_count(mock, "stream [i64 2, text \"b\"]"), 1);
}

static void test_exec_many__of_no_rows_sends_nothing_to_run(void **state)
{
    const weir_rows none = {NULL, 2, 0};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must(conn, weir_exec_many(conn, update, &none));
    assert_int_equal(weir_affected(conn), 0);
    assert_int_equal(weir_mock_count(mock, "stream"), 0);
    assert_false(weir_in_transaction(conn));
}

static void test_exec_many__counts_what_nobody_can_count_as_unknown(void **s)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL(2)};
    const weir_rows rows = {values, 1, 2};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)s;
    script_add(&(weir_mock_step){.text = "UPDATE t SET a = ?", .affected = 2});
    script_add(&(weir_mock_step){.text = "UPDATE t SET a = ?", .affected = -1});
    must(conn, weir_exec_many(conn, "UPDATE t SET a = ?", &rows));
    assert_int_equal(weir_affected(conn), -1);
}

static void test_exec_many__names_the_row_that_failed(void **state)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL(2), WEIR_VAL(3)};
    const weir_rows rows = {values, 1, 3};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){
        .text = "UPDATE t SET a = ?",
        .skip = 1,
        .error = {.status = WEIR_ERR_CONSTRAINT, .message = "taken"}});
    must_fail(conn, weir_exec_many(conn, "UPDATE t SET a = ?", &rows),
              WEIR_ERR_CONSTRAINT, "row 2: taken");
    assert_int_equal(weir_mock_count(mock, "stream [i64 3]"), 0);
    assert_true(weir_in_transaction(conn)); /* row 1 is in it */
}

/* A row that cannot be bound is found before any of its batch is sent. */
static void test_exec_many__binds_a_batch_before_it_sends(void **state)
{
    const weir_value values[] = {WEIR_VAL("a"), WEIR_VAL("\xff")};
    const weir_rows rows = {values, 1, 2};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must_fail(conn, weir_exec_many(conn, "UPDATE t SET a = ?", &rows),
              WEIR_ERR_TYPE, "row 2: ");
    assert_int_equal(weir_mock_count(mock, "stream"), 0);
}

static void test_exec_many__lost_alone_is_unknown(void **state)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL(2)};
    const weir_rows rows = {values, 1, 2};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    script_add(&(weir_mock_step){.text = "UPDATE t SET a = ?",
                                 .skip = 1,
                                 .fault = WEIR_MOCK_LOSE_AFTER});
    must_fail(conn, weir_exec_many(conn, "UPDATE t SET a = ?", &rows),
              WEIR_ERR_COMMIT_UNKNOWN, "row 2: ");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exec_many__runs_the_statement_for_each_row),
        TEST(exec_many__of_no_rows_sends_nothing_to_run),
        TEST(exec_many__counts_what_nobody_can_count_as_unknown),
        TEST(exec_many__names_the_row_that_failed),
        TEST(exec_many__binds_a_batch_before_it_sends),
        TEST(exec_many__lost_alone_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
