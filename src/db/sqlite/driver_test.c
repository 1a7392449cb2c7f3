/* SPDX-License-Identifier: MIT */
/* Opening with safe settings, state, reset, ping, cancel. */
#include "scratch.h"

#include <pthread.h>

static scratch s;
static drive d;
static void *conn;

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    assert_int_equal(drive_attach(&d, scratch_url(&s, "")), WEIR_OK);
    conn = drive_open(&d);
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

static void test_open__keeps_foreign_keys_and_a_log(void **state)
{
    drive_stmt stmt;
    weir_value row[1];

    (void)state;
    assert_int_equal(drive_get(&d, conn, "PRAGMA foreign_keys"), 1);
    assert_int_equal(drive_get(&d, conn, "PRAGMA synchronous"), 1);
    assert_int_equal(drive_get(&d, conn, "PRAGMA trusted_schema"), 0);
    assert_int_equal(drive_prepare(&d, conn, "PRAGMA journal_mode", &stmt),
                     WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_memory_equal(row[0].as.text, "wal", 3);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_open__refuses_what_is_unsafe(void **state)
{
    (void)state;
    assert_int_equal(drive_run(&d, conn, "ATTACH '/tmp/x.db' AS x"),
                     WEIR_ERR_SQL);
    assert_non_null(strstr(d.err.message, "attach=on"));
    assert_string_equal(d.err.sqlstate, "42501");
    assert_int_equal(drive_run(&d, conn, "VACUUM INTO '/tmp/x.db'"),
                     WEIR_ERR_SQL);
    assert_int_equal(drive_run(&d, conn, "SELECT load_extension('x')"),
                     WEIR_ERR_SQL);
    must_run(&d, conn, "PRAGMA writable_schema=1");
    assert_int_not_equal(
        drive_run(&d, conn, "DELETE FROM sqlite_schema WHERE 0"), WEIR_OK);
    /* A name in double quotes is never a string. */
    assert_int_equal(drive_run(&d, conn, "SELECT \"no such thing\""),
                     WEIR_ERR_SQL);
    assert_string_equal(d.err.sqlstate, "42703");
    must_run(&d, conn, "VACUUM");
}

static void test_open__lets_a_url_turn_attach_on(void **state)
{
    drive other;
    void *c;

    (void)state;
    assert_int_equal(drive_attach(&other, "sqlite://?attach=on"), WEIR_OK);
    c = drive_open(&other);
    must_run(&other, c, "ATTACH ':memory:' AS x");
    assert_int_equal(other.driver->state(c), WEIR_STATE_DIRTY);
    drive_close(&other, c);
    drive_detach(&other);
}

static void test_open__many_at_once_make_one_file(void **state)
{
    void *conns[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        conns[i] = drive_open(&d);
    must_run(&d, conns[0], "CREATE TABLE t (x)");
    assert_int_equal(drive_get(&d, conns[7], "SELECT count(*) FROM t"), 0);
    for (int i = 0; i < 8; i++)
        drive_close(&d, conns[i]);
}

static void *open_and_write(void *argument)
{
    drive *own = argument;
    void *c = drive_open(own);

    for (int i = 0; i < 20; i++)
        must_run(own, c, "INSERT INTO t VALUES (1)");
    drive_close(own, c);
    return NULL;
}

static void test_open__threads_do_not_meet_each_other(void **state)
{
    pthread_t threads[4];
    drive drives[4];

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (x)");
    for (int i = 0; i < 4; i++) {
        drives[i] = d;
        pthread_create(&threads[i], NULL, open_and_write, &drives[i]);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 80);
}

static void test_reset__leaves_nothing_behind(void **state)
{
    bool lost = false;

    (void)state;
    must_run(&d, conn, "CREATE TABLE kept (x)");
    assert_int_equal(d.driver->state(conn), 0);
    must_run(&d, conn, "PRAGMA foreign_keys=OFF");
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY);
    must_run(&d, conn, "CREATE TEMP TABLE gone (x)");
    must_run(&d, conn, "BEGIN");
    must_run(&d, conn, "INSERT INTO kept VALUES (1)");
    assert_int_equal(d.driver->state(conn),
                     WEIR_STATE_DIRTY | WEIR_STATE_IN_TX);
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_true(lost);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(drive_get(&d, conn, "PRAGMA foreign_keys"), 1);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM kept"), 0);
    assert_int_equal(drive_run(&d, conn, "SELECT * FROM gone"), WEIR_ERR_SQL);
    assert_string_equal(d.err.sqlstate, "42P01");
}

static void test_reset__finishes_statements_of_before(void **state)
{
    bool lost = false;
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &stmt), WEIR_OK);
    assert_non_null(d.driver->native(conn, "sqlite3"));
    assert_null(d.driver->native(conn, "libpq"));
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_true(lost);
    drive_finish(&stmt);
}

static void test_reset__of_a_clean_one_keeps_statements(void **state)
{
    bool lost = false;

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (x)");
    must_run(&d, conn, "PRAGMA table_info(t)");
    must_run(&d, conn, "PRAGMA user_version=7");
    assert_int_equal(d.driver->state(conn), 0);
    must_run(&d, conn, "BEGIN");
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_false(lost);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_ping__sees_a_file_that_is_gone(void **state)
{
    (void)state;
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    must_run(&d, conn, "CREATE TABLE t (x)");
    assert_int_equal(unlink(s.file), 0);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_non_null(strstr(d.err.message, s.file));
}

#define ENDLESS                                                                \
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) "         \
    "SELECT count(*) FROM c"

static void *cancel_soon(void *argument)
{
    weir_error err;

    usleep(50000);
    d.driver->cancel(argument, &err);
    return NULL;
}

static void test_cancel__ends_what_runs(void **state)
{
    pthread_t thread;

    (void)state;
    pthread_create(&thread, NULL, cancel_soon, conn);
    assert_int_equal(drive_run(&d, conn, ENDLESS), WEIR_ERR_CANCELLED);
    pthread_join(thread, NULL);
    assert_int_equal(d.err.native_code, SQLITE_INTERRUPT);
    assert_string_equal(d.err.sqlstate, "57014");
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    must_run(&d, conn, "SELECT 1");
}

static void test_cancel__ends_waiting_for_a_lock(void **state)
{
    void *other = drive_open(&d);
    pthread_t thread;

    (void)state;
    assert_int_equal(begin_as(&d, other, WEIR_READ_WRITE), WEIR_OK);
    pthread_create(&thread, NULL, cancel_soon, conn);
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_ERR_CANCELLED);
    pthread_join(thread, NULL);
    drive_close(&d, other);
}

static void test_cancel__of_nothing_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_OK);
    must_run(&d, conn, "CREATE TABLE t (x)");
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 1);
}

static void test_abandon__touches_nothing(void **state)
{
    drive other;
    void *c;
    sqlite3 *handle;

    (void)state;
    assert_int_equal(drive_attach(&other, "sqlite://"), WEIR_OK);
    c = drive_open(&other);
    handle = other.driver->native(c, "sqlite3");
    other.driver->abandon(c);
    drive_close(&other, c);
    assert_int_equal(sqlite3_get_autocommit(handle), 1);
    sqlite3_close_v2(handle);
    drive_detach(&other);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(open__keeps_foreign_keys_and_a_log),
        TEST(open__refuses_what_is_unsafe),
        TEST(open__lets_a_url_turn_attach_on),
        TEST(open__many_at_once_make_one_file),
        TEST(open__threads_do_not_meet_each_other),
        TEST(reset__leaves_nothing_behind),
        TEST(reset__finishes_statements_of_before),
        TEST(reset__of_a_clean_one_keeps_statements),
        TEST(ping__sees_a_file_that_is_gone),
        TEST(cancel__ends_what_runs),
        TEST(cancel__ends_waiting_for_a_lock),
        TEST(cancel__of_nothing_does_nothing),
        TEST(abandon__touches_nothing),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
