/* SPDX-License-Identifier: MIT */
/* BEGIN, COMMIT and ROLLBACK. */
#include "scratch.h"

static scratch s;
static drive d;
static void *conn, *other;

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    assert_int_equal(drive_attach(&d, scratch_url(&s, "")), WEIR_OK);
    conn = drive_open(&d);
    other = drive_open(&d);
    must_run(&d, conn, "CREATE TABLE t (x)");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, other);
    drive_close(&d, conn);
    drive_detach(&d);
    scratch_drop(&s);
    return 0;
}

static int64_t count(void *c)
{
    return drive_get(&d, c, "SELECT count(*) FROM t");
}

static void test_begin__with_intent_takes_the_lock_at_once(void **state)
{
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE, .intent_write = true};

    (void)state;
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_IN_TX);
    assert_int_equal(d.driver->begin(other, &spec, drive_in(&d, 0.01), &d.err),
                     WEIR_ERR_TIMEOUT);
    assert_int_equal(d.driver->state(other), 0);
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
    assert_int_equal(count(other), 0);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_int_equal(count(other), 1);
}

static void test_begin__read_only_sees_one_snapshot(void **state)
{
    (void)state;
    assert_int_equal(begin_as(&d, conn, WEIR_READ_ONLY), WEIR_OK);
    must_run(&d, other, "INSERT INTO t VALUES (1)");
    assert_int_equal(count(conn), 0);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_int_equal(count(conn), 1);
}

static void test_begin__has_no_two_phases(void **state)
{
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE, .xid = "x"};

    (void)state;
    assert_int_equal(d.driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_UNSUPPORTED);
}

static void test_begin__is_prepared_once(void **state)
{
    const wsq_conn *own = conn;
    sqlite3_stmt *begin, *commit;

    (void)state;
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    begin = own->fixed[WSQ_BEGIN_IMMEDIATE];
    commit = own->fixed[WSQ_COMMIT];
    assert_non_null(begin);
    assert_non_null(commit);
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_ptr_equal(own->fixed[WSQ_BEGIN_IMMEDIATE], begin);
    assert_ptr_equal(own->fixed[WSQ_COMMIT], commit);
    assert_int_equal(sqlite3_stmt_status(begin, SQLITE_STMTSTATUS_RUN, 0), 2);
}

static void test_rollback__forgets_and_is_harmless_twice(void **state)
{
    (void)state;
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
    must_run(&d, conn, "SAVEPOINT inner");
    assert_int_equal(d.driver->rollback(conn, 0, &d.err), WEIR_OK);
    assert_int_equal(d.driver->rollback(conn, 0, &d.err), WEIR_OK);
    assert_int_equal(count(conn), 0);
    assert_int_equal(d.driver->state(conn), 0);
}

/* SQLite drops the whole transaction when the statement says so. */
static void test_commit__of_what_sqlite_rolled_back_is_an_error(void **state)
{
    (void)state;
    must_run(&d, conn, "CREATE UNIQUE INDEX one ON t (x)");
    assert_int_equal(begin_as(&d, conn, WEIR_READ_WRITE), WEIR_OK);
    must_run(&d, conn, "INSERT INTO t VALUES (1)");
    assert_int_equal(
        drive_run(&d, conn, "INSERT OR ROLLBACK INTO t VALUES (1)"),
        WEIR_ERR_CONSTRAINT);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_ROLLBACK_FIRST);
    assert_int_equal(count(conn), 0);
}

/* Without a log a commit waits for readers; in vain, it can be tried again. */
static void test_commit__waits_for_readers_until_its_deadline(void **state)
{
    drive_stmt reader;
    drive own;
    void *writer, *slow;
    char url[256];

    (void)state;
    snprintf(url, sizeof url, "sqlite:///%s/b.db?journal_mode=delete",
             s.folder);
    assert_int_equal(drive_attach(&own, url), WEIR_OK);
    writer = drive_open(&own);
    slow = drive_open(&own);
    must_run(&own, writer, "CREATE TABLE t (x)");
    must_run(&own, writer, "INSERT INTO t VALUES (1), (2)");
    drive_prepare(&own, slow, "SELECT x FROM t", &reader);
    assert_int_equal(drive_execute(&reader, NULL, 0), WEIR_OK);
    assert_int_equal(begin_as(&own, writer, WEIR_READ_WRITE), WEIR_OK);
    must_run(&own, writer, "INSERT INTO t VALUES (3)");
    assert_int_equal(own.driver->commit(writer, drive_in(&own, 0.02), &own.err),
                     WEIR_ERR_TIMEOUT);
    assert_int_equal(own.driver->state(writer), WEIR_STATE_IN_TX);
    drive_end(&reader);
    drive_finish(&reader);
    assert_int_equal(own.driver->commit(writer, WEIR_NO_DEADLINE, &own.err),
                     WEIR_OK);
    assert_int_equal(drive_get(&own, slow, "SELECT count(*) FROM t"), 3);
    drive_close(&own, slow);
    drive_close(&own, writer);
    drive_detach(&own);
    snprintf(url, sizeof url, "%s/b.db", s.folder);
    unlink(url);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(begin__with_intent_takes_the_lock_at_once),
        TEST(begin__read_only_sees_one_snapshot),
        TEST(begin__has_no_two_phases),
        TEST(begin__is_prepared_once),
        TEST(rollback__forgets_and_is_harmless_twice),
        TEST(commit__of_what_sqlite_rolled_back_is_an_error),
        TEST(commit__waits_for_readers_until_its_deadline),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
