/* SPDX-License-Identifier: MIT */
/* Which statements a connection keeps prepared. */
#include "scripted.h"

static void open_with_room_for(int count)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.statement_cache_size = count;
    script_open(NULL, &options);
}

static void run(weir_conn *conn, const char *sql)
{
    must(conn, weir_exec(conn, sql, NOARGS));
}

static void test_cache__drops_what_was_not_used_for_longest(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    open_with_room_for(2);
    conn = script_borrow();
    run(conn, "UPDATE a");
    run(conn, "UPDATE b");
    run(conn, "UPDATE a");
    assert_int_equal(weir_mock_count(mock, "prepare"), 2);
    run(conn, "UPDATE c"); /* in the place of b */
    assert_int_equal(weir_mock_count(mock, "finish"), 1);
    run(conn, "UPDATE a");
    run(conn, "UPDATE c");
    assert_int_equal(weir_mock_count(mock, "prepare"), 3);
    run(conn, "UPDATE b");
    assert_int_equal(weir_mock_count(mock, "prepare UPDATE b"), 2);
}

static void test_cache__of_no_size_keeps_none(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    open_with_room_for(0);
    conn = script_borrow();
    run(conn, "UPDATE a");
    run(conn, "UPDATE a");
    assert_int_equal(weir_mock_count(mock, "prepare"), 2);
    assert_int_equal(weir_mock_count(mock, "finish"), 2);
}

static void test_cache__outlasts_the_loan(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        weir_conn *conn = script_borrow();

        run(conn, "UPDATE a");
        weir_conn_close(&conn);
    }
    assert_int_equal(weir_mock_count(mock, "prepare"), 1);
}

/* The same text while its first result is still read. */
static void test_statement__in_use_gets_a_double(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_rows("SELECT n", 2);
    WEIR_AUTO(weir_result) outer = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(outer));
    WEIR_AUTO(weir_result) inner = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(inner));
    assert_true(weir_next(inner));
    assert_int_equal(weir_get_i64(inner, 0), 2);
    assert_int_equal(weir_get_i64(outer, 0), 1);
    assert_int_equal(weir_mock_count(mock, "prepare"), 2);
    weir_result_close(&inner);
    assert_int_equal(weir_mock_count(mock, "finish"), 1);
}

static void test_cache__grows_while_all_are_in_use(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;
    weir_result *rows[3];

    (void)state;
    open_with_room_for(1);
    script_rows("SELECT n", 2);
    script_rows("SELECT n, 2", 2);
    script_rows("SELECT n, 3", 2);
    conn = script_borrow();
    rows[0] = weir_query(conn, "SELECT n", NOARGS);
    rows[1] = weir_query(conn, "SELECT n, 2", NOARGS);
    rows[2] = weir_query(conn, "SELECT n, 3", NOARGS);
    for (int i = 0; i < 3; i++) {
        assert_true(weir_next(rows[i]));
        weir_result_close(&rows[i]);
    }
    run(conn, "UPDATE a");
    assert_int_equal(weir_mock_count(mock, "finish"), 3);
}

static void test_control__of_transactions_is_refused_unsent(void **state)
{
    static const char *const texts[] = {"COMMIT", "begin", "/* x */ ROLLBACK",
                                        "SAVEPOINT weir_1", "SAVEPOINT other"};
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint own;

    (void)state;
    must(conn, weir_savepoint_begin(conn, &own));
    weir_mock_clear_log(mock);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        must_fail(conn, weir_exec(conn, texts[i], NOARGS), WEIR_ERR_MISUSE,
                  "weir_savepoint_begin()");
    must_have_sent("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cache__drops_what_was_not_used_for_longest),
        TEST(cache__of_no_size_keeps_none),
        TEST(cache__outlasts_the_loan),
        TEST(statement__in_use_gets_a_double),
        TEST(cache__grows_while_all_are_in_use),
        TEST(control__of_transactions_is_refused_unsent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
