/* SPDX-License-Identifier: MIT */
/*
 * Scenarios 48 and 49: whatever a borrower leaves behind, the next one finds
 * none of it. One connection, borrowed again and again; each row of a table
 * makes one kind of dirt and asks for it afterwards. What can be left is
 * different with each database, so each has a table of its own.
 */
#include "kit/with_server.h"
#include "pool/dirt.h"
#include "pool/dirt_mysql.h"
#include "pool/dirt_postgres.h"
#include "pool/dirt_sqlite.h"

/* What can be left with a database, and which connection it is. */
typedef struct database {
    const dirt *dirts;
    const char *id;               /* NULL: has none */
    const char *const *functions; /* NULL: has none */
} database;

static database database_of(const weir_engine *own)
{
    const char *name = weir_engine_backend(own);

    if (strcmp(name, "postgres") == 0)
        return (database){of_postgres, "SELECT pg_backend_pid()",
                          postgres_functions};
    if (strcmp(name, "mysql") == 0)
        return (database){of_mysql, "SELECT connection_id()", mysql_functions};
    return (database){of_sqlite, NULL, NULL};
}

/* An engine of one connection, and tables with nothing in them. */
static weir_engine *open_clean(void)
{
    weir_engine *own = open_single(NULL);
    weir_conn *conn = borrow_from(own);
    database here = database_of(own);

    run(conn, "CREATE TABLE IF NOT EXISTS clean_thing (i INT)");
    run(conn, "CREATE TABLE IF NOT EXISTS clean_other (i INT)");
    run(conn, "DELETE FROM clean_thing");
    for (size_t i = 0; here.functions && here.functions[i]; i++)
        run(conn, here.functions[i]);
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

static bool is_gone(weir_conn *conn, const dirt *row)
{
    weir_result *rows = weir_query(conn, row->probe, NOARGS);
    weir_status status = weir_result_one(rows);
    bool gone = false;

    if (row->wanted == FAILS)
        gone = status == WEIR_ERR_SQL;
    else if (status == WEIR_OK)
        gone = weir_get_i64(rows, 0) == row->wanted;
    else
        print_error("%s\n", weir_result_error(rows)->message);
    weir_result_close(&rows);
    if (!gone)
        print_error("still there: %s (%s)\n", row->what, row->make[0]);
    return gone;
}

static void test_pool_48__nothing_is_left_for_the_next(void **state)
{
    WEIR_AUTO(weir_engine) own = open_clean();
    database here = database_of(own);
    bool clean = true;

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
        clean = is_gone(conn, row) && clean;
        weir_conn_close(&conn);
    }
    assert_true(clean);
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

/* A lock that a stream takes with its first row, and nobody reads on. */
static void test_pool_49__a_stream_left_is_dirt(void **state)
{
    WEIR_AUTO(weir_engine) own = open_clean();
    bool postgres = strcmp(weir_engine_backend(own), "postgres") == 0;
    weir_conn *conn = borrow_from(own);
    weir_result *rows;

    (void)state;
    if (strcmp(weir_engine_backend(own), "sqlite") == 0) {
        weir_conn_close(&conn);
        skip();
    }
    rows = weir_stream(conn,
                       postgres ? "SELECT pg_advisory_lock(4713)::text, i FROM "
                                  "generate_series(1, 100) i"
                                : "SELECT GET_LOCK('clean', 0) UNION ALL "
                                  "SELECT 2 UNION ALL SELECT 3",
                       NOARGS);
    assert_true(weir_next(rows));
    weir_conn_close(&conn);
    weir_result_close(&rows);
    conn = borrow_from(own);
    assert_int_equal(get(conn, postgres ? LOCKS : IS_FREE), !postgres);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_48__nothing_is_left_for_the_next),
        cmocka_unit_test(test_pool_48__a_copy_is_ended_or_its_connection),
        cmocka_unit_test(test_pool_48__no_file_is_sent),
        cmocka_unit_test(test_pool_49__unread_rows_are_not_the_next_ones),
        cmocka_unit_test(test_pool_49__a_stream_left_is_dirt),
    };

    (void)engine;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
