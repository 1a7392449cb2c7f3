/* SPDX-License-Identifier: MIT */
/*
 * Scenario 48: whatever a borrower leaves behind, the next one finds none of
 * it. One connection, borrowed again and again; each row of a table makes one
 * kind of dirt and asks for it afterwards. What can be left is different with
 * each database, so each has a table of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

enum { FAILS = -1 };

typedef struct dirt {
    const char *what;
    const char *make[2]; /* the last may fail, if `may_fail` */
    bool may_fail;
    bool commits;
    const char *probe;
    int64_t wanted; /* the only cell of the probe, or FAILS */
} dirt;

/* clang-format off */
static const dirt of_postgres[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed transaction", {"INSERT INTO clean_thing VALUES (1)",
                              "SELECT 1 / 0"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i int)"}, 0, 1,
     "SELECT count(*) FROM pg_class WHERE relname = 'mine'", 0},
    {"a setting", {"SET work_mem = '1MB'"}, 0, 1,
     "SELECT (current_setting('work_mem') = '1MB')::int", 0},
    {"a search path", {"SET search_path = pg_catalog"}, 0, 1,
     "SELECT (current_setting('search_path') LIKE '%public%')::int", 1},
    {"a role", {"SET ROLE pg_monitor"}, 0, 1,
     "SELECT (current_user = session_user)::int", 1},
    {"a session that reads", {"SET SESSION CHARACTERISTICS AS TRANSACTION "
                              "READ ONLY"}, 0, 1,
     "SELECT (current_setting('transaction_read_only') = 'on')::int", 0},
    {"an advisory lock", {"SELECT pg_advisory_lock(4711)"}, 0, 1,
     "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 0},
    {"a lock on a table", {"LOCK TABLE clean_thing IN ACCESS EXCLUSIVE MODE"},
     0, 0, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'",
     0},
    {"a channel", {"LISTEN here"}, 0, 1,
     "SELECT count(*) FROM pg_listening_channels()", 0},
    {"a cursor", {"DECLARE c CURSOR WITH HOLD FOR SELECT 1"}, 0, 1,
     "SELECT count(*) FROM pg_cursors WHERE name = 'c'", 0},
    {"a prepared name", {"PREPARE p AS SELECT 1"}, 0, 1,
     "SELECT count(*) FROM pg_prepared_statements WHERE name = 'p'", 0},
    {NULL, {NULL}, 0, 0, NULL, 0},
};

static const dirt of_mysql[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed statement", {"INSERT INTO clean_thing VALUES (1)",
                            "SELECT * FROM nowhere"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i INT)"}, 0, 1,
     "SELECT count(*) FROM mine", FAILS},
    {"a variable", {"SET @mine = 1"}, 0, 1, "SELECT @mine IS NULL", 1},
    {"a time zone", {"SET time_zone = '+05:00'"}, 0, 1,
     "SELECT @@time_zone = '+05:00'", 0},
    {"a mode", {"SET sql_mode = ''"}, 0, 1, "SELECT @@sql_mode = ''", 0},
    {"a limit", {"SET SESSION sql_select_limit = 1"}, 0, 1,
     "SELECT @@sql_select_limit = 1", 0},
    {"a named lock", {"SELECT GET_LOCK('clean', 0)"}, 0, 1,
     "SELECT IS_FREE_LOCK('clean')", 1},
    {"locked tables", {"LOCK TABLES clean_thing WRITE"}, 0, 0,
     "SELECT count(*) FROM clean_other", 0},
    {"a prepared name", {"PREPARE p FROM 'SELECT 1'"}, 0, 1, "EXECUTE p",
     FAILS},
    {NULL, {NULL}, 0, 0, NULL, 0},
};

static const dirt of_sqlite[] = {
    {"an open transaction", {"INSERT INTO clean_thing VALUES (1)"}, 0, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a failed statement", {"INSERT INTO clean_thing VALUES (1)",
                            "SELECT * FROM nowhere"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary table", {"CREATE TEMPORARY TABLE mine (i INT)"}, 0, 1,
     "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a temporary view over another", {"CREATE TEMPORARY VIEW clean_thing AS "
                                       "SELECT 7 AS i"}, 0, 1,
     "SELECT count(*) FROM clean_thing", 0},
    {"a temporary trigger", {"CREATE TEMPORARY TRIGGER t AFTER INSERT ON "
                             "clean_thing BEGIN SELECT 1; END"}, 0, 1,
     "SELECT count(*) FROM sqlite_temp_schema", 0},
    {"a pragma", {"PRAGMA foreign_keys = off"}, 0, 1, "PRAGMA foreign_keys", 1},
    {"a pragma that forbids", {"PRAGMA query_only = on"}, 0, 1,
     "PRAGMA query_only", 0},
    {"an attached database", {"ATTACH ':memory:' AS another"}, 0, 1,
     "SELECT count(*) FROM pragma_database_list WHERE name = 'another'", 0},
    {NULL, {NULL}, 0, 0, NULL, 0},
};
/* clang-format on */

static const dirt *table_of(const weir_engine *engine)
{
    const char *name = weir_engine_backend(engine);

    if (strcmp(name, "postgres") == 0)
        return of_postgres;
    return strcmp(name, "sqlite") == 0 ? of_sqlite : of_mysql;
}

static weir_conn *borrow(weir_engine *engine)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static void run(weir_conn *conn, const char *sql)
{
    if (weir_exec(conn, sql, NOARGS) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_conn_error(conn)->message);
}

static weir_engine *open_single(void)
{
    weir_engine_options one = WEIR_ENGINE_OPTIONS;
    weir_engine *engine;
    weir_conn *conn;
    weir_error err;

    one.pool_size = 1;
    one.max_overflow = 0;
    engine = weir_engine_open(getenv("WEIR_TEST_URL"), &one, &err);
    if (!engine)
        fail_msg("open: %s", err.message);
    conn = borrow(engine);
    run(conn, "CREATE TABLE IF NOT EXISTS clean_thing (i INT)");
    run(conn, "CREATE TABLE IF NOT EXISTS clean_other (i INT)");
    run(conn, "DELETE FROM clean_thing");
    assert_int_equal(weir_commit(conn), WEIR_OK);
    weir_conn_close(&conn);
    return engine;
}

static void make(weir_engine *engine, const dirt *row)
{
    weir_conn *conn = borrow(engine);

    for (int i = 0; i < 2 && row->make[i]; i++) {
        bool is_last = i == 1 || !row->make[i + 1];

        if (weir_exec(conn, row->make[i], NOARGS) != WEIR_OK &&
            !(is_last && row->may_fail))
            fail_msg("%s: %s", row->make[i], weir_conn_error(conn)->message);
    }
    if (row->commits)
        assert_int_equal(weir_commit(conn), WEIR_OK);
    weir_conn_close(&conn);
}

static void probe(weir_engine *engine, const dirt *row)
{
    weir_conn *conn = borrow(engine);
    weir_result *rows = weir_query(conn, row->probe, NOARGS);
    weir_status status = weir_result_one(rows);

    if (row->wanted == FAILS) {
        if (status != WEIR_ERR_SQL)
            fail_msg("%s is still there", row->what);
    } else if (status != WEIR_OK) {
        fail_msg("after %s: %s", row->what, weir_result_error(rows)->message);
    } else if (weir_get_i64(rows, 0) != row->wanted) {
        fail_msg("%s is still there", row->what);
    }
    weir_result_close(&rows);
    weir_conn_close(&conn);
}

static void test_pool_48__nothing_is_left_for_the_next(void **state)
{
    weir_engine *engine = open_single();

    (void)state;
    for (const dirt *row = table_of(engine); row->what; row++) {
        make(engine, row);
        probe(engine, row);
    }
    weir_engine_close(&engine);
}

/* Rows that nobody has read, in a stream that nobody has closed. */
static void test_pool_48__unread_rows_are_not_the_next_ones(void **state)
{
    static const char rows_of[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 900) SELECT i FROM n";
    weir_engine *engine = open_single();

    (void)state;
    for (int i = 0; i < 6; i++) {
        weir_conn *conn = borrow(engine);
        weir_result *rows = i % 2 ? weir_stream(conn, rows_of, NOARGS)
                                  : weir_query(conn, rows_of, NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(weir_get_i64(rows, 0), 1);
        weir_conn_close(&conn);
        assert_false(weir_next(rows));
        conn = borrow(engine);
        rows = weir_query(conn, "SELECT 4711", NOARGS);
        assert_int_equal(weir_result_one(rows), WEIR_OK);
        assert_int_equal(weir_get_i64(rows, 0), 4711);
        weir_conn_close(&conn);
    }
    weir_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_48__nothing_is_left_for_the_next),
        cmocka_unit_test(test_pool_48__unread_rows_are_not_the_next_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
