/* SPDX-License-Identifier: MIT */
/*
 * Scenarios 48 and 49: whatever a borrower leaves behind, the next one finds
 * none of it. One connection, borrowed again and again; each row of a table
 * makes one kind of dirt and asks for it afterwards. What can be left is
 * different with each database, so each has a table of its own.
 */
#include "kit/with_server.h"

enum { FAILS = -1 };

typedef struct dirt {
    const char *what;
    const char *make[2];
    bool fails; /* the last of them */
    bool commits;
    const char *probe;
    int64_t wanted; /* the only cell of the probe, or FAILS */
} dirt;

/* What can be left with a database, and which connection it is. */
typedef struct database {
    const dirt *dirts;
    const char *id; /* NULL: has none */
} database;

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
    {"a setting by a function",
     {"SELECT set_config('weir.mark', 'set', false)"}, 0, 1,
     "SELECT (coalesce(current_setting('weir.mark', true), '') = 'set')::int",
     0},
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
    {"rows that the server waits for", {"INSERT INTO clean_thing VALUES (1)",
                                        "COPY clean_thing FROM STDIN"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
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
    {"a session's size", {"SET sort_buffer_size = 65536"}, 0, 1,
     "SELECT @@sort_buffer_size = @@global.sort_buffer_size", 1},
    {"no role", {"SET ROLE NONE"}, 0, 1, "SELECT CURRENT_ROLE() IS NULL", 1},
    {"locked tables", {"LOCK TABLES clean_thing WRITE"}, 0, 0,
     "SELECT count(*) FROM clean_other", 0},
    {"a prepared name", {"PREPARE p FROM 'SELECT 1'"}, 0, 1, "EXECUTE p",
     FAILS},
    {"a file that the server asks for",
     {"INSERT INTO clean_thing VALUES (1)",
      "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE clean_thing"}, 1, 0,
     "SELECT count(*) FROM clean_thing", 0},
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
    {"a pragma of size", {"PRAGMA cache_size = 17"}, 0, 1,
     "SELECT cache_size = 17 FROM pragma_cache_size", 0},
    {"an attached database", {"ATTACH ':memory:' AS another"}, 0, 1,
     "SELECT count(*) FROM pragma_database_list WHERE name = 'another'", 0},
    {NULL, {NULL}, 0, 0, NULL, 0},
};
/* clang-format on */

static database database_of(const weir_engine *own)
{
    const char *name = weir_engine_backend(own);

    if (strcmp(name, "postgres") == 0)
        return (database){of_postgres, "SELECT pg_backend_pid()"};
    if (strcmp(name, "mysql") == 0)
        return (database){of_mysql, "SELECT connection_id()"};
    return (database){of_sqlite, NULL};
}

/* An engine of one connection, and tables with nothing in them. */
static weir_engine *open_clean(void)
{
    weir_engine *own = open_single(NULL);
    weir_conn *conn = borrow_from(own);

    run(conn, "CREATE TABLE IF NOT EXISTS clean_thing (i INT)");
    run(conn, "CREATE TABLE IF NOT EXISTS clean_other (i INT)");
    run(conn, "DELETE FROM clean_thing");
    commit(conn);
    weir_conn_close(&conn);
    return own;
}

static int64_t id_of(weir_conn *conn, const database *here)
{
    return here->id ? get(conn, here->id) : 0;
}

static void make(weir_conn *conn, const dirt *row)
{
    for (int i = 0; i < 2 && row->make[i]; i++) {
        bool is_last = i == 1 || !row->make[i + 1];

        if ((try(conn, row->make[i]) != WEIR_OK) != (is_last && row->fails))
            fail_msg("%s: %s", row->make[i], weir_conn_error(conn)->message);
    }
    if (row->commits)
        commit(conn);
}

static void probe(weir_conn *conn, const dirt *row)
{
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
}

static void test_pool_48__nothing_is_left_for_the_next(void **state)
{
    WEIR_AUTO(weir_engine) own = open_clean();
    database here = database_of(own);

    (void)state;
    for (const dirt *row = here.dirts; row->what; row++) {
        weir_conn *conn = borrow_from(own);
        int64_t id = id_of(conn, &here);

        assert_int_equal(weir_rollback(conn), WEIR_OK);
        make(conn, row);
        weir_conn_close(&conn);
        conn = borrow_from(own);
        if (id_of(conn, &here) != id)
            fail_msg("after %s it is another connection", row->what);
        probe(conn, row);
        weir_conn_close(&conn);
    }
}

/* A COPY is refused, and its protocol ended: where the server waits for rows
 * the connection goes on, where it sends some it is closed. */
static void test_pool_48__a_copy_is_ended_or_its_connection(void **state)
{
    static const struct {
        const char *sql;
        bool goes_on;
    } copies[] = {
        {"COPY clean_thing FROM STDIN", true},
        {"COPY clean_thing FROM STDIN (FORMAT binary)", true},
        {"COPY (SELECT 1) TO STDOUT", false},
    };
    WEIR_AUTO(weir_engine) own = open_clean();

    (void)state;
    if (strcmp(weir_engine_backend(own), "postgres") != 0)
        skip();
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        weir_conn *conn = borrow_from(own);
        int64_t id = get(conn, "SELECT pg_backend_pid()");

        assert_int_equal(try(conn, copies[i].sql), WEIR_ERR_UNSUPPORTED);
        assert_non_null(
            strstr(weir_conn_error(conn)->message, "weir_bulk_insert()"));
        if (copies[i].goes_on) {
            assert_int_equal(weir_rollback(conn), WEIR_OK);
            assert_int_equal(get(conn, "SELECT pg_backend_pid()"), id);
        }
        weir_conn_close(&conn);
        conn = borrow_from(own);
        assert_true((get(conn, "SELECT pg_backend_pid()") == id) ==
                    copies[i].goes_on);
        weir_conn_close(&conn);
    }
}

/* The client has no files for the server, which knows it. */
static void test_pool_48__no_file_is_sent(void **state)
{
    enum { DISABLED = 4166, NOT_ALLOWED = 1148 /* before MariaDB 10.5 */ };
    WEIR_AUTO(weir_engine) own = open_clean();
    weir_conn *conn;
    int64_t id;
    int code;

    (void)state;
    if (strcmp(weir_engine_backend(own), "mysql") != 0)
        skip();
    conn = borrow_from(own);
    id = get(conn, "SELECT connection_id()");
    assert_int_equal(try(conn, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO "
                               "TABLE clean_thing"),
                     WEIR_ERR_SQL);
    code = weir_conn_error(conn)->native_code;
    assert_true(code == DISABLED || code == NOT_ALLOWED);
    assert_int_equal(get(conn, "SELECT count(*) FROM clean_thing"), 0);
    weir_conn_close(&conn);
    conn = borrow_from(own);
    assert_int_equal(get(conn, "SELECT connection_id()"), id);
    weir_conn_close(&conn);
}

/* Rows that nobody has read, in a stream that nobody has closed: it is read to
 * its end, or the connection closed. */
static void test_pool_49__unread_rows_are_not_the_next_ones(void **state)
{
    static const char rows_of[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 20000) SELECT i FROM n";
    WEIR_AUTO(weir_engine) own = open_clean();

    (void)state;
    for (int i = 0; i < 6; i++) {
        weir_conn *conn = borrow_from(own);
        weir_result *rows;

        if (strcmp(weir_engine_backend(own), "mysql") == 0)
            run(conn, "SET max_recursive_iterations = 20000");
        rows = i % 2 ? weir_stream(conn, rows_of, NOARGS)
                     : weir_query(conn, rows_of, NOARGS);
        assert_true(weir_next(rows));
        assert_int_equal(weir_get_i64(rows, 0), 1);
        weir_conn_close(&conn);
        assert_false(weir_next(rows));
        conn = borrow_from(own);
        assert_int_equal(get(conn, "SELECT 4711"), 4711);
        weir_conn_close(&conn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_48__nothing_is_left_for_the_next),
        cmocka_unit_test(test_pool_48__a_copy_is_ended_or_its_connection),
        cmocka_unit_test(test_pool_48__no_file_is_sent),
        cmocka_unit_test(test_pool_49__unread_rows_are_not_the_next_ones),
    };

    (void)engine;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
