/* SPDX-License-Identifier: MIT */
/* What SQLite's failures become; each is provoked, none is made up. */
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

static scratch s;
static drive d;
static void *conn;

static void open_with(const char *query)
{
    assert_int_equal(drive_attach(&d, scratch_url(&s, query)), WEIR_OK);
    conn = drive_open(&d);
}

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    open_with("");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    scratch_drop(&s);
    return 0;
}

/* Closes the connection and opens another with other options. */
static void reopen(const char *query)
{
    drive_close(&d, conn);
    drive_detach(&d);
    open_with(query);
}

static void assert_error(weir_status status, int native, const char *sqlstate)
{
    if (d.err.status != status || d.err.native_code != native)
        fail_msg("%s, native %d: %s", weir_status_name(d.err.status),
                 d.err.native_code, d.err.message);
    assert_string_equal(d.err.sqlstate, sqlstate);
    assert_null(strchr(d.err.message, '\n'));
}

/* ------------------------------------------------------------- constraints */

static void assert_constraint(weir_constraint_kind kind, const char *name,
                              const char *table, const char *column)
{
    assert_int_equal(d.err.status, WEIR_ERR_CONSTRAINT);
    assert_int_equal(d.err.constraint_kind, kind);
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    assert_string_equal(d.err.constraint, name);
    assert_string_equal(d.err.table, table);
    assert_string_equal(d.err.column, column);
}

static void test_constraint__tells_kind_and_names(void **state)
{
    (void)state;
    must_run(&d, conn,
             "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INT, "
             "c INT, d INT CONSTRAINT positive CHECK (d > 0), "
             "e INT REFERENCES t (id), UNIQUE (b, c))");
    must_run(&d, conn, "INSERT INTO t VALUES (1, 'x', 1, 2, 1, NULL)");
    drive_run(&d, conn, "INSERT INTO t VALUES (1, 'x', 8, 9, 1, 1)");
    assert_constraint(WEIR_CONSTRAINT_PRIMARY_KEY, "", "t", "id");
    assert_error(WEIR_ERR_CONSTRAINT, SQLITE_CONSTRAINT_PRIMARYKEY, "23505");
    drive_run(&d, conn, "INSERT INTO t VALUES (2, 'x', 1, 2, 1, 1)");
    assert_constraint(WEIR_CONSTRAINT_UNIQUE, "", "t", "b, c");
    must_run(&d, conn, "CREATE UNIQUE INDEX by_sum ON t (b + c)");
    drive_run(&d, conn, "INSERT INTO t VALUES (2, 'x', 2, 1, 1, 1)");
    assert_constraint(WEIR_CONSTRAINT_UNIQUE, "by_sum", "", "");
    drive_run(&d, conn, "INSERT INTO t VALUES (2, NULL, 5, 5, 1, 1)");
    assert_constraint(WEIR_CONSTRAINT_NOT_NULL, "", "t", "a");
    assert_error(WEIR_ERR_CONSTRAINT, SQLITE_CONSTRAINT_NOTNULL, "23502");
    drive_run(&d, conn, "INSERT INTO t VALUES (2, 'x', 5, 5, -1, 1)");
    assert_constraint(WEIR_CONSTRAINT_CHECK, "positive", "", "");
    assert_error(WEIR_ERR_CONSTRAINT, SQLITE_CONSTRAINT_CHECK, "23514");
    drive_run(&d, conn, "INSERT INTO t VALUES (2, 'x', 5, 5, 1, 77)");
    assert_constraint(WEIR_CONSTRAINT_FOREIGN_KEY, "", "", "");
    assert_error(WEIR_ERR_CONSTRAINT, SQLITE_CONSTRAINT_FOREIGNKEY, "23503");
}

static void test_constraint__without_rowid_and_by_trigger(void **state)
{
    (void)state;
    must_run(&d, conn,
             "CREATE TABLE w (a INT, b INT, PRIMARY KEY (a, b)) "
             "WITHOUT ROWID");
    must_run(&d, conn, "INSERT INTO w VALUES (1, 2)");
    drive_run(&d, conn, "INSERT INTO w VALUES (1, 2)");
    assert_constraint(WEIR_CONSTRAINT_PRIMARY_KEY, "", "w", "a, b");
    must_run(&d, conn,
             "CREATE TRIGGER no BEFORE DELETE ON w BEGIN "
             "SELECT raise(ABORT, 'never delete'); END");
    drive_run(&d, conn, "DELETE FROM w");
    assert_constraint(WEIR_CONSTRAINT_OTHER, "", "", "");
    assert_string_equal(d.err.message, "never delete");
    must_run(&d, conn, "CREATE TABLE r (x)");
    must_run(&d, conn, "INSERT INTO r (rowid, x) VALUES (5, 1)");
    drive_run(&d, conn, "INSERT INTO r (rowid, x) VALUES (5, 1)");
    assert_constraint(WEIR_CONSTRAINT_PRIMARY_KEY, "", "r", "rowid");
}

static void test_constraint__deferred_is_found_by_commit(void **state)
{
    (void)state;
    must_run(&d, conn,
             "CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES "
             "t (id) DEFERRABLE INITIALLY DEFERRED)");
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    must_run(&d, conn, "INSERT INTO t VALUES (1, 9)");
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CONSTRAINT);
    assert_constraint(WEIR_CONSTRAINT_FOREIGN_KEY, "", "", "");
    assert_int_equal(d.driver->state(conn), WEIR_STATE_IN_TX);
    assert_int_equal(d.driver->rollback(conn, 0, &d.err), WEIR_OK);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
}

static void test_type__of_a_strict_table(void **state)
{
    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a INTEGER) STRICT");
    drive_run(&d, conn, "INSERT INTO t VALUES ('x')");
    assert_error(WEIR_ERR_TYPE, SQLITE_CONSTRAINT_DATATYPE, "42804");
    assert_string_equal(d.err.table, "t");
    assert_string_equal(d.err.column, "a");
    must_run(&d, conn, "CREATE TABLE k (a INTEGER PRIMARY KEY)");
    drive_run(&d, conn, "INSERT INTO k VALUES ('x')");
    assert_error(WEIR_ERR_TYPE, SQLITE_MISMATCH, "42804");
}

/* -------------------------------------------------------- wrong statements */

static void test_sql__says_what_is_wrong(void **state)
{
    static const struct {
        const char *sql, *sqlstate;
        weir_status status;
    } cases[] = {
        {"SELEC 1", "42601", WEIR_ERR_SQL},
        {"SELECT (", "42601", WEIR_ERR_SQL},
        {"SELECT 'a", "42601", WEIR_ERR_SQL},
        {"SELECT * FROM nowhere", "42P01", WEIR_ERR_SQL},
        {"SELECT nosuch FROM t", "42703", WEIR_ERR_SQL},
        {"INSERT INTO t (nosuch) VALUES (1)", "42703", WEIR_ERR_SQL},
        {"SELECT nofunction(1)", "42883", WEIR_ERR_SQL},
        {"SELECT abs()", "42883", WEIR_ERR_SQL},
        {"SELECT a FROM t JOIN t AS u", "42702", WEIR_ERR_SQL},
        {"CREATE TABLE t (b)", "42P07", WEIR_ERR_SQL},
        {"CREATE TABLE u (b, b)", "42701", WEIR_ERR_SQL},
        {"DROP INDEX nowhere", "42704", WEIR_ERR_SQL},
        {"SELECT a FROM t ORDER BY a COLLATE nowhere", "42704", WEIR_ERR_SQL},
        {"SELECT abs(-9223372036854775808)", "22003", WEIR_ERR_TYPE},
        {"SELECT json('{')", "22032", WEIR_ERR_TYPE},
        {"RELEASE nowhere", "3B001", WEIR_ERR_SQL},
        /* A name may hold any words. */
        {"SELECT \"too many tables\" FROM t", "42703", WEIR_ERR_SQL},
        {"CREATE TABLE \"no such table\" (a", "42601", WEIR_ERR_SQL},
    };

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(drive_run(&d, conn, cases[i].sql), cases[i].status);
        if (strcmp(d.err.sqlstate, cases[i].sqlstate) != 0)
            fail_msg("%s: %s %s", cases[i].sql, d.err.sqlstate, d.err.message);
        assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    }
}

static void test_limit__of_sizes(void **state)
{
    (void)state;
    drive_run(&d, conn, "SELECT zeroblob(2000000000)");
    assert_error(WEIR_ERR_LIMIT, SQLITE_TOOBIG, "54000");
}

/* A table that changed below a prepared statement. */
static void test_schema__that_changed(void **state)
{
    void *other = drive_open(&d);
    drive_stmt stmt;

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a, b)");
    assert_int_equal(drive_prepare(&d, conn, "SELECT b FROM t", &stmt),
                     WEIR_OK);
    must_run(&d, other, "ALTER TABLE t DROP COLUMN b");
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_ERR_SQL);
    assert_error(WEIR_ERR_SQL, SQLITE_ERROR, "42703");
    drive_end(&stmt);
    drive_finish(&stmt);
    drive_close(&d, other);
    wsq_classify(SQLITE_SCHEMA, NULL, &d.err);
    assert_int_equal(d.err.status, WEIR_ERR_SERIALIZATION);
}

/* ------------------------------------------------------------------- locks */

static void test_busy__for_longer_than_the_deadline(void **state)
{
    void *other = drive_open(&d);
    drive_stmt stmt;

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    assert_int_equal(begin_as(&d, other, WEIR_READ_WRITE), WEIR_OK);
    assert_int_equal(drive_prepare(&d, conn, "INSERT INTO t VALUES (1)", &stmt),
                     WEIR_OK);
    drive_execute_until(&stmt, NULL, 0, drive_in(&d, 0.02));
    assert_error(WEIR_ERR_TIMEOUT, SQLITE_BUSY, "55P03");
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    drive_end(&stmt);
    assert_int_equal(d.driver->commit(other, 0, &d.err), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    drive_end(&stmt);
    drive_finish(&stmt);
    drive_close(&d, other);
}

/* What the core's permit keeps from happening. */
static void test_busy__because_the_snapshot_is_old(void **state)
{
    weir_tx_spec reads = {.isolation = WEIR_SERIALIZABLE};
    void *other = drive_open(&d);

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    assert_int_equal(d.driver->begin(conn, &reads, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
    must_run(&d, other, "INSERT INTO t VALUES (1)");
    drive_run(&d, conn, "INSERT INTO t VALUES (2)");
    assert_error(WEIR_ERR_SERIALIZATION, SQLITE_BUSY_SNAPSHOT, "40001");
    drive_close(&d, other);
}

static void test_locked__by_a_reader_of_its_own(void **state)
{
    drive_stmt stmt;

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    must_run(&d, conn, "INSERT INTO t VALUES (1), (2)");
    assert_int_equal(drive_prepare(&d, conn, "SELECT a FROM t", &stmt),
                     WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    drive_run(&d, conn, "DROP TABLE t");
    assert_error(WEIR_ERR_SERIALIZATION, SQLITE_LOCKED, "40001");
    drive_end(&stmt);
    drive_finish(&stmt);
    must_run(&d, conn, "DROP TABLE t");
}

#define ENDLESS                                                                \
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) "         \
    "SELECT count(*) FROM c"

static void test_interrupt__at_the_deadline(void **state)
{
    drive_stmt stmt;
    int64_t deadline = drive_in(&d, 0.05), late;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, ENDLESS, &stmt), WEIR_OK);
    drive_execute_until(&stmt, NULL, 0, deadline);
    late = weir_services_now(&d.services) - deadline;
    assert_error(WEIR_ERR_TIMEOUT, SQLITE_INTERRUPT, "57014");
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    assert_true(late >= 0 && late < 500000000);
    drive_end(&stmt);
    drive_finish(&stmt);
    must_run(&d, conn, "SELECT 1");
}

/* ------------------------------------------------------------------- files */

static void test_full__is_the_disk_or_the_limit(void **state)
{
    (void)state;
    reopen("?max_page_count=20");
    must_run(&d, conn, "CREATE TABLE t (a)");
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    drive_run(&d, conn, "INSERT INTO t VALUES (randomblob(200000))");
    assert_error(WEIR_ERR_RESOURCE, SQLITE_FULL, "53100");
    assert_non_null(strstr(d.err.message, s.file));
    d.driver->rollback(conn, 0, &d.err);
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
}

static void test_read_only__file_is_not_written(void **state)
{
    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    reopen("?mode=ro");
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
    drive_run(&d, conn, "INSERT INTO t VALUES (1)");
    assert_error(WEIR_ERR_UNAVAILABLE, SQLITE_READONLY, "25006");
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
}

static void write_file(int64_t at, const void *data, size_t size)
{
    int file = open(s.file, O_RDWR | O_CREAT, 0600);

    assert_true(file >= 0);
    assert_int_equal(pwrite(file, data, size, at), size);
    close(file);
}

static void test_file__that_is_no_database(void **state)
{
    static const char text[] = "this is a letter to somebody, and not a "
                               "database; it is long enough to be one";
    void *other;

    (void)state;
    write_file(0, text, sizeof text);
    assert_int_equal(drive_try_open(&d, &other, WEIR_NO_DEADLINE),
                     WEIR_ERR_STORAGE);
    assert_error(WEIR_ERR_STORAGE, SQLITE_NOTADB, "XX001");
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_non_null(strstr(d.err.message, s.file));
    drive_close(&d, other);
}

static void test_file__that_is_damaged(void **state)
{
    static unsigned char junk[4096];

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (a)");
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
    must_run(&d, conn, "PRAGMA wal_checkpoint(TRUNCATE)");
    memset(junk, 0xA5, sizeof junk);
    write_file(4096, junk, sizeof junk);
    reopen("");
    drive_run(&d, conn, "SELECT * FROM t");
    assert_error(WEIR_ERR_STORAGE, SQLITE_CORRUPT, "XX001");
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
}

/* The file may not grow: to SQLite that is a disk that fails. */
static void test_disk__that_fails(void **state)
{
    struct rlimit limit, small;

    (void)state;
    reopen("?journal_mode=delete");
    must_run(&d, conn, "CREATE TABLE t (a)");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 16384;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    drive_run(&d, conn, "INSERT INTO t VALUES (randomblob(100000))");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    /* It was its own commit: nobody knows what reached the disk. */
    assert_error(WEIR_ERR_COMMIT_UNKNOWN, SQLITE_IOERR_WRITE, "08007");
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    reopen("");
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
    assert_int_equal(drive_get(&d, conn, "PRAGMA journal_mode=wal") != -1, 1);
}

static void test_memory__that_is_out(void **state)
{
    sqlite3_int64 before = sqlite3_hard_heap_limit64(-1);

    (void)state;
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 200000);
    drive_run(&d, conn, "SELECT hex(randomblob(10000000))");
    sqlite3_hard_heap_limit64(before);
    assert_error(WEIR_ERR_NOMEM, SQLITE_NOMEM, "53200");
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    must_run(&d, conn, "SELECT 1");
}

/* ---------------------------------------------------------------- classify */

static void test_classify__falls_back_to_the_base_code(void **state)
{
    weir_error err = {0};

    (void)state;
    wsq_classify(SQLITE_IOERR_FSYNC, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_STORAGE);
    assert_int_equal(err.fate, WEIR_FATE_DISCARD);
    wsq_classify(SQLITE_CONSTRAINT_COMMITHOOK, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_CONSTRAINT);
    assert_int_equal(err.constraint_kind, WEIR_CONSTRAINT_OTHER);
    wsq_classify(SQLITE_READONLY_DBMOVED, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_int_equal(err.constraint_kind, WEIR_CONSTRAINT_NONE);
    /* A code of a later SQLite: nothing is known of the connection. */
    wsq_classify(99, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_SQL);
    assert_int_equal(err.fate, WEIR_FATE_DISCARD);
    assert_string_equal(err.sqlstate, "HY000");
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(constraint__tells_kind_and_names),
        TEST(constraint__without_rowid_and_by_trigger),
        TEST(constraint__deferred_is_found_by_commit),
        TEST(type__of_a_strict_table),
        TEST(sql__says_what_is_wrong),
        TEST(limit__of_sizes),
        TEST(schema__that_changed),
        TEST(busy__for_longer_than_the_deadline),
        TEST(busy__because_the_snapshot_is_old),
        TEST(locked__by_a_reader_of_its_own),
        TEST(interrupt__at_the_deadline),
        TEST(full__is_the_disk_or_the_limit),
        TEST(read_only__file_is_not_written),
        TEST(file__that_is_no_database),
        TEST(file__that_is_damaged),
        TEST(disk__that_fails),
        TEST(memory__that_is_out),
        TEST(classify__falls_back_to_the_base_code),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
