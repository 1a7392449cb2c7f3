/* SPDX-License-Identifier: MIT */
/*
 * Behind a pooler in transaction mode (PgBouncer): each transaction runs in
 * another session at the server than the one before.
 */
#include "postgres/with_server.h"

enum { TURNS = 10, TOGETHER = 4 };

static weir_engine *open_pooled(const char *query)
{
    weir_error err;
    char url[400];
    weir_engine *opened;

    snprintf(url, sizeof url, "%s%s", getenv("WEIR_TEST_POOLER_URL"), query);
    opened = weir_engine_open(url, NULL, &err);
    if (!opened)
        fail_msg("%s", err.message);
    return opened;
}

static weir_conn *borrow_of(weir_engine *from)
{
    weir_error err;
    weir_conn *conn = weir_connect(from, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static int set_up(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS thing");
    run(conn, "CREATE TABLE thing (id int PRIMARY KEY, name text)");
    run(conn, "INSERT INTO thing SELECT i, 'n' || i FROM "
              "generate_series(1, 20) i");
    commit(conn);
    return 0;
}

static void expect_name(weir_conn *conn, const char *sql, int id)
{
    WEIR_AUTO(weir_result) row = weir_query(conn, sql, ARGS(id));
    char wanted[16];

    snprintf(wanted, sizeof wanted, "n%d", id);
    if (weir_result_one(row) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_result_error(row)->message);
    assert_string_equal(weir_get_text(row, 0), wanted);
}

/* ------------------------------------------------------- the pooler's mode */

/* Several programs at once, each with statements of its own. */
static void test_unnamed__statements_follow_to_any_session(void **state)
{
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) one = borrow_of(pooled);
    WEIR_AUTO(weir_conn) two = borrow_of(pooled);

    (void)state;
    for (int i = 1; i <= TURNS; i++) {
        expect_name(one, "SELECT name FROM thing WHERE id = ?", i);
        expect_name(two, "SELECT name || '' FROM thing WHERE id = ?", i);
        expect_name(one, "SELECT name FROM thing WHERE id + 0 = ?", i);
        commit(one);
        commit(two);
    }
    assert_int_equal(get(one, "SELECT count(*) FROM pg_prepared_statements"),
                     0);
}

static void test_unnamed__works_in_autocommit(void **state)
{
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) conn = borrow_of(pooled);
    int64_t first = 0, pids = 0;

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    for (int i = 1; i <= TURNS; i++) {
        int64_t pid = get(conn, "SELECT pg_backend_pid()");

        pids += pid != first;
        first = pid;
        expect_name(conn, "SELECT name FROM thing WHERE id = ?", i);
    }
    assert_true(pids > 1); /* else nothing was mixed, and nothing shown */
}

static void query_together(weir_conn *conn)
{
    weir_statement asked[TOGETHER];
    weir_result *rows[TOGETHER];
    weir_value ids[TOGETHER];

    for (int i = 0; i < TOGETHER; i++) {
        ids[i] = weir_value_i64(i + 1);
        asked[i] =
            (weir_statement){"SELECT id FROM thing WHERE id = ?", &ids[i], 1};
    }
    if (weir_query_many(conn, asked, TOGETHER, rows) != WEIR_OK)
        fail_msg("%s", weir_conn_error(conn)->message);
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(weir_result_one(rows[i]), WEIR_OK);
        assert_int_equal(weir_get_i64(rows[i], 0), i + 1);
        weir_result_close(&rows[i]);
    }
}

static void test_unnamed__pipelines_pass(void **state)
{
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) conn = borrow_of(pooled);

    (void)state;
    for (int i = 0; i < TURNS; i++) {
        query_together(conn);
        commit(conn);
    }
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    for (int i = 0; i < TURNS; i++)
        query_together(conn);
}

static void test_unnamed__many_rows_and_copy_pass(void **state)
{
    static const char *const names[] = {"id", "name"};
    const weir_table_columns into = {"thing", names, 2};
    const weir_value values[] = {WEIR_VAL(101), WEIR_VAL("a"), WEIR_VAL(102),
                                 WEIR_VAL("b")};
    const weir_value others[] = {WEIR_VAL(201), WEIR_VAL("a"), WEIR_VAL(202),
                                 WEIR_VAL("b")};
    const weir_rows rows = {values, 2, 2}, more = {others, 2, 2};
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) conn = borrow_of(pooled);

    (void)state;
    assert_int_equal(
        weir_exec_many(conn, "INSERT INTO thing VALUES (?, ?)", &rows),
        WEIR_OK);
    commit(conn);
    assert_int_equal(weir_bulk_insert(conn, &into, &more), WEIR_OK);
    commit(conn);
    assert_int_equal(get(conn, "SELECT count(*) FROM thing WHERE id > 100"), 4);
    WEIR_AUTO(weir_result)
    stream = weir_stream(conn, "SELECT id FROM thing ORDER BY id", NOARGS);
    for (int i = 0; i < 24; i++)
        assert_true(weir_next(stream));
    assert_false(weir_next(stream));
    assert_int_equal(weir_result_status(stream), WEIR_OK);
}

static void test_unnamed__savepoints_and_failures_stay_in_place(void **state)
{
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) conn = borrow_of(pooled);
    weir_savepoint point;

    (void)state;
    for (int i = 0; i < TURNS; i++) {
        run(conn, "UPDATE thing SET name = 'x' WHERE id = 1");
        assert_int_equal(weir_savepoint_begin(conn, &point), WEIR_OK);
        assert_int_equal(try(conn, "INSERT INTO thing VALUES (1, 'twice')"),
                         WEIR_ERR_CONSTRAINT);
        assert_int_equal(weir_savepoint_rollback(conn, &point), WEIR_OK);
        expect(conn, "SELECT name FROM thing WHERE id = 1", "x");
        assert_int_equal(weir_rollback(conn), WEIR_OK);
        expect(conn, "SELECT name FROM thing WHERE id = 1", "n1");
        commit(conn);
    }
}

/* The pooler has keys of its own, and hands a wish to stop on. */
static void test_unnamed__a_deadline_stops_the_statement(void **state)
{
    WEIR_AUTO(weir_engine) pooled = open_pooled("?prepared_statements=off");
    WEIR_AUTO(weir_conn) conn = borrow_of(pooled);

    (void)state;
    run(conn, "SELECT 1");
    assert_int_equal(weir_set_timeout(conn, 0.2), WEIR_OK);
    assert_int_equal(try(conn, "SELECT pg_sleep(60)"), WEIR_ERR_TIMEOUT);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_set_timeout(conn, 0), WEIR_OK);
    expect_name(conn, "SELECT name FROM thing WHERE id = ?", 7);
}

/* -------------------------------------------------------- without the mode */

/* Two programs may have the same number of statements at a session, but never
 * the same names: no answer is that of somebody else's statement. Either it
 * is right or it says what to write into the URL. */
static void test_named__is_right_or_says_what_to_do(void **state)
{
    static const char *const texts[] = {
        "SELECT name FROM thing WHERE id = ?",
        "SELECT 'n' || ? FROM thing WHERE id = 1 AND name IS NOT NULL",
    };
    WEIR_AUTO(weir_engine) pooled = open_pooled("");
    weir_conn *conns[2] = {borrow_of(pooled), borrow_of(pooled)};
    int told = 0;

    (void)state;
    for (int i = 0; i < 4 * TURNS; i++) {
        weir_conn *conn = conns[i % 2];
        WEIR_AUTO(weir_result)
        row = i % 2 ? weir_query(conn, texts[1], ARGS("5"))
                    : weir_query(conn, texts[0], ARGS(5));

        if (weir_result_status(row) == WEIR_ERR_CONFIG) {
            assert_non_null(strstr(weir_result_error(row)->message,
                                   "prepared_statements=off"));
            told++;
        } else if (weir_result_one(row) != WEIR_OK) {
            fail_msg("%d: %s", i, weir_result_error(row)->message);
        } else {
            assert_string_equal(weir_get_text(row, 0), "n5");
        }
        weir_rollback(conn);
    }
    assert_true(told > 0);
    weir_conn_close(&conns[0]);
    weir_conn_close(&conns[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(unnamed__statements_follow_to_any_session),
        TEST(unnamed__works_in_autocommit),
        TEST(unnamed__pipelines_pass),
        TEST(unnamed__many_rows_and_copy_pass),
        TEST(unnamed__savepoints_and_failures_stay_in_place),
        TEST(unnamed__a_deadline_stops_the_statement),
        TEST(named__is_right_or_says_what_to_do),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
