/* SPDX-License-Identifier: MIT */
/* Statements without rows, and what is refused before it does harm. */
#include "suite.h"

static void test_exec__counts_the_rows_it_matched(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    assert_int_equal(weir_affected(conn), 1);
    must(conn, add(conn, 2, "b"));
    must(conn, weir_exec(conn, "UPDATE thing SET age = ?", ARGS(5)));
    assert_int_equal(weir_affected(conn), 2);
    /* Matched, not changed: the value was 5 before. */
    must(conn,
         weir_exec(conn, "UPDATE thing SET age = ? WHERE id = ?", ARGS(5, 1)));
    assert_int_equal(weir_affected(conn), 1);
    must(conn, weir_exec(conn, "DELETE FROM thing WHERE id > ?", ARGS(9)));
    assert_int_equal(weir_affected(conn), 0);
}

static void test_exec__runs_a_query_to_its_end(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, add(conn, 2, "b"));
    must(conn, weir_exec(conn, "SELECT id FROM thing", NOARGS));
    assert_int_equal(count(conn), 2);
}

static void test_exec__tells_constraint_and_its_kind(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint before;

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_commit(conn));
    must(conn, weir_savepoint_begin(conn, &before));
    must_fail(conn, add(conn, 2, "a"), WEIR_ERR_CONSTRAINT);
    assert_int_equal(weir_conn_error(conn)->constraint_kind,
                     WEIR_CONSTRAINT_UNIQUE);
    assert_string_equal(weir_conn_error(conn)->sqlstate, "23505");
    assert_non_null(strstr(weir_conn_error(conn)->statement, "INSERT"));
    must(conn, weir_savepoint_rollback(conn, &before));
    must_fail(conn,
              weir_exec(conn, "INSERT INTO thing (id, name) VALUES (?, NULL)",
                        ARGS(9)),
              WEIR_ERR_CONSTRAINT);
    assert_int_equal(weir_conn_error(conn)->constraint_kind,
                     WEIR_CONSTRAINT_NOT_NULL);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 1);
}

static void test_generated_key__is_that_of_the_last_insert(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t key = -1;

    (void)state;
    must_fail(conn, weir_generated_key(conn, &key),
              can(WEIR_CAN_KEYS) ? WEIR_ERR_NOT_FOUND : WEIR_ERR_UNSUPPORTED);
    assert_int_equal(key, -1);
    if (!can(WEIR_CAN_KEYS | WEIR_CAN_RETURNING | WEIR_CAN_INTERLEAVE))
        return;
    must(conn,
         weir_exec(conn, "INSERT INTO thing (name) VALUES (?)", ARGS("a")));
    must(conn, weir_generated_key(conn, &key));
    assert_int_equal(key, 1);
}

static void test_returning__gives_rows_and_has_written(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!can(WEIR_CAN_RETURNING))
        return;
    WEIR_AUTO(weir_result) rows = weir_query(
        conn, "INSERT INTO thing (id, name) VALUES (?, ?) RETURNING id, name",
        ARGS(4, "d"));
    assert_int_equal(weir_result_one(rows), WEIR_OK);
    assert_int_equal(weir_get_i64(rows, 0), 4);
    assert_string_equal(weir_get_text(rows, 1), "d");
    weir_result_close(&rows);
    assert_int_equal(count(conn), 1);
}

static void test_wrong_sql__is_told_and_loses_nothing(void **state)
{
    static const char *const wrong[] = {"SELEC 1", "SELECT nothing FROM thing",
                                        "SELECT * FROM no_such_table"};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint before;

    (void)state;
    must(conn, add(conn, 1, "a"));
    for (int i = 0; i < 3; i++) {
        must(conn, weir_savepoint_begin(conn, &before));
        must_fail(conn, weir_exec(conn, wrong[i], NOARGS), WEIR_ERR_SQL);
        must(conn, weir_savepoint_rollback(conn, &before));
    }
    assert_int_equal(count(conn), 1);
}

static void test_wrong_parameters__are_refused_unsent(void **state)
{
    static const char one[] = "SELECT id FROM thing WHERE id = ?";
    static const char named[] = "SELECT id FROM thing WHERE id = :ident";
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must_fail(conn, weir_exec(conn, one, NOARGS), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, one, ARGS(1, 2)), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, named, ARGS(P("idnt", 1))),
              WEIR_ERR_MISUSE);
    assert_non_null(strstr(weir_conn_error(conn)->message, ":ident"));
    must_fail(conn, weir_exec(conn, named, ARGS(1)), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, one, ARGS(P("a", 1))), WEIR_ERR_MISUSE);
    must_fail(
        conn,
        weir_exec(conn, "SELECT id FROM thing WHERE name = ?", ARGS("\xff")),
        WEIR_ERR_TYPE);
    must_fail(conn,
              weir_exec(conn, "SELECT id FROM thing WHERE name = ?",
                        ARGS((void *)conn)),
              WEIR_ERR_TYPE);
    assert_int_equal(count(conn), 1);
}

static void test_wrong_text__is_refused_unsent(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must_fail(conn, weir_exec(conn, NULL, NOARGS), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, "", NOARGS), WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "  -- nothing", NOARGS), WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "SELECT 1; SELECT 2", NOARGS),
              WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "SELECT 'open", NOARGS), WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "SELECT '\xff'", NOARGS), WEIR_ERR_TYPE);
    must_fail(conn, weir_exec(conn, "COMMIT", NOARGS), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, "/* x */ begin", NOARGS), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec(conn, "ROLLBACK", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(count(conn), 1);
}

static void test_quote_name__makes_any_name_safe(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char quoted[200], long_name[2000], sql[300];
    size_t size;

    (void)state;
    size = weir_quote_name(conn, "a \"b\" `c` [d]", quoted, sizeof quoted);
    assert_int_equal(size, strlen(quoted));
    snprintf(sql, sizeof sql, "SELECT id AS %s FROM thing", quoted);
    WEIR_AUTO(weir_result) rows = weir_query(conn, sql, NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_string_equal(weir_column_name(rows, 0), "a \"b\" `c` [d]");
    assert_int_equal(weir_quote_name(conn, "", quoted, sizeof quoted), 0);
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_TYPE);
    assert_int_equal(weir_quote_name(conn, "\xff", quoted, sizeof quoted), 0);
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_TYPE);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    if (weir_quote_name(conn, long_name, NULL, 0) == 0)
        assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_LIMIT);
}

int run_statements(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exec__counts_the_rows_it_matched),
        TEST(exec__runs_a_query_to_its_end),
        TEST(exec__tells_constraint_and_its_kind),
        TEST(generated_key__is_that_of_the_last_insert),
        TEST(returning__gives_rows_and_has_written),
        TEST(wrong_sql__is_told_and_loses_nothing),
        TEST(wrong_parameters__are_refused_unsent),
        TEST(wrong_text__is_refused_unsent),
        TEST(quote_name__makes_any_name_safe),
    };

    return cmocka_run_group_tests_name("statements", tests, NULL, NULL);
}
