/* SPDX-License-Identifier: MIT */
/* A statement on its way: values, lost connections, rows that nobody wants. */
#include "scripted.h"

static void test_values__reach_the_driver_in_its_order(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    weir_mock_clear_log(mock);
    must(conn, weir_exec(conn, "UPDATE t SET a = :a, b = :b WHERE c = :a",
                         ARGS(P("b", "x"), P("a", 1))));
    must_have_sent("prepare UPDATE t SET a = ?, b = ? WHERE c = ?\n"
                   "begin READ COMMITTED\n"
                   "stream [i64 1, text \"x\", i64 1]\n"
                   "end\n");
}

static void test_values__may_be_more_than_fit_in_place(void **state)
{
    enum { MANY = 40 };
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_value values[MANY];
    char sql[3 * MANY + 20] = "UPDATE t ";

    (void)state;
    for (int i = 0; i < MANY; i++) {
        values[i] = WEIR_VAL(i);
        strcat(sql, i ? ", ?" : "?");
    }
    must(conn, weir_exec(conn, sql, values, MANY));
    assert_int_equal(weir_mock_count(mock, "stream [i64 0, i64 1, i64 2"), 1);
    assert_non_null(strstr(weir_mock_log(mock), "i64 38, i64 39]\n"));
    /* What is refused later gives them back, too. */
    must_fail(conn, weir_exec(conn, sql, values, MANY - 1), WEIR_ERR_MISUSE,
              "");
}

static void test_rows__that_nobody_wants_are_stepped_over(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_rows("SELECT n", 3);
    must(conn, weir_exec(conn, "SELECT n", NOARGS));
    assert_int_equal(weir_mock_count(mock, "fetch"), 4);
    script_add(&(weir_mock_step){.op = WEIR_MOCK_FETCH,
                                 .skip = 1,
                                 .error = {.status = WEIR_ERR_STORAGE}});
    must_fail(conn, weir_exec(conn, "SELECT n", NOARGS), WEIR_ERR_STORAGE, "");
    must(conn, weir_exec(conn, "SELECT n", NOARGS));
}

/* Each way to lose the connection gives the statement back before it. */
static void test_statement__goes_with_its_connection(void **state)
{
    static const weir_mock_op ops[] = {WEIR_MOCK_PREPARE, WEIR_MOCK_BEGIN,
                                       WEIR_MOCK_EXECUTE};

    (void)state;
    for (int i = 0; i < 3; i++) {
        WEIR_AUTO(weir_conn) conn = script_borrow();

        must(conn, weir_conn_invalidate(conn)); /* nothing is prepared */
        script_add(
            &(weir_mock_step){.op = ops[i], .fault = WEIR_MOCK_LOSE_BEFORE});
        must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS),
                  WEIR_ERR_CONNECTION, "");
        assert_string_equal(weir_conn_error(conn)->statement,
                            ops[i] == WEIR_MOCK_BEGIN ? "BEGIN" : "UPDATE t");
        must(conn, weir_rollback(conn));
        must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    }
    assert_null(weir_mock_breach(mock));
}

static void test_error__keeps_the_beginning_of_the_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    char sql[4000] = "UPDATE t SET a = 'a long text of ";

    (void)state;
    memset(sql + strlen(sql), 'x', sizeof sql - 1 - strlen(sql));
    sql[sizeof sql - 2] = '\'';
    sql[sizeof sql - 1] = '\0';
    script_add(&(weir_mock_step){.error = {.status = WEIR_ERR_SQL}});
    must_fail(conn, weir_exec(conn, sql, NOARGS), WEIR_ERR_SQL, "");
    assert_memory_equal(weir_conn_error(conn)->statement, "UPDATE t", 8);
    assert_true(strlen(weir_conn_error(conn)->statement) <
                sizeof weir_conn_error(conn)->statement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values__reach_the_driver_in_its_order),
        TEST(values__may_be_more_than_fit_in_place),
        TEST(rows__that_nobody_wants_are_stepped_over),
        TEST(statement__goes_with_its_connection),
        TEST(error__keeps_the_beginning_of_the_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
