/* SPDX-License-Identifier: MIT */
/* Databases in memory: whose they are, and that readers wait for nobody. */
#include "scratch.h"

static drive d;

static int begin_test(void **state)
{
    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_detach(&d);
    return 0;
}

static void test_memory__outlives_its_connections(void **state)
{
    void *conn = drive_open(&d);

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (x)");
    must_run(&d, conn, "INSERT INTO t VALUES (7)");
    drive_close(&d, conn);
    conn = drive_open(&d);
    assert_int_equal(drive_get(&d, conn, "SELECT x FROM t"), 7);
    drive_close(&d, conn);
}

static void test_memory__is_one_for_each_engine(void **state)
{
    drive other;
    void *conn = drive_open(&d), *theirs;

    (void)state;
    assert_int_equal(drive_attach(&other, "sqlite:///:memory:"), WEIR_OK);
    theirs = drive_open(&other);
    must_run(&d, conn, "CREATE TABLE t (x)");
    must_run(&other, theirs, "CREATE TABLE t (y)");
    assert_int_equal(drive_get(&other, theirs, "SELECT count(*) FROM t"), 0);
    drive_close(&other, theirs);
    drive_detach(&other);
    drive_close(&d, conn);
}

#define SHARED "sqlite:///file:shop-wal?mode=memory&cache=shared"

static void test_memory__of_a_name_is_shared_by_engines(void **state)
{
    drive one, two;
    void *first, *second;

    (void)state;
    assert_int_equal(drive_attach(&one, SHARED), WEIR_OK);
    assert_int_equal(drive_attach(&two, SHARED), WEIR_OK);
    first = drive_open(&one);
    second = drive_open(&two);
    must_run(&one, first, "CREATE TABLE t (x)");
    drive_close(&one, first);
    drive_detach(&one);
    assert_int_equal(drive_get(&two, second, "SELECT count(*) FROM t"), 0);
    drive_close(&two, second);
    drive_detach(&two);
    assert_int_equal(drive_attach(&one, SHARED), WEIR_OK);
    first = drive_open(&one);
    assert_int_equal(drive_run(&one, first, "SELECT * FROM t"), WEIR_ERR_SQL);
    drive_close(&one, first);
    drive_detach(&one);
}

static void test_memory__refuses_a_name_that_is_too_long(void **state)
{
    char url[512] = "sqlite:///";
    drive other;

    (void)state;
    memset(url + strlen(url), 'n', 300);
    strcat(url, "?mode=memory&cache=shared");
    assert_int_equal(drive_attach(&other, url), WEIR_ERR_CONFIG);
    drive_detach(&other);
}

static void test_readers__see_the_last_commit_while_one_writes(void **state)
{
    void *writer = drive_open(&d), *reader = drive_open(&d);

    (void)state;
    must_run(&d, writer, "CREATE TABLE t (x)");
    must_run(&d, writer, "INSERT INTO t VALUES (1)");
    assert_int_equal(begin_as(&d, writer, WEIR_READ_WRITE), WEIR_OK);
    must_run(&d, writer, "INSERT INTO t VALUES (2)");
    assert_int_equal(drive_get(&d, reader, "SELECT count(*) FROM t"), 1);
    assert_int_equal(d.driver->commit(writer, 0, &d.err), WEIR_OK);
    assert_int_equal(drive_get(&d, reader, "SELECT count(*) FROM t"), 2);
    drive_close(&d, reader);
    drive_close(&d, writer);
}

static void test_readers__keep_their_snapshot(void **state)
{
    void *writer = drive_open(&d), *reader = drive_open(&d);

    (void)state;
    must_run(&d, writer, "CREATE TABLE t (x)");
    assert_int_equal(begin_as(&d, reader, WEIR_READ_ONLY), WEIR_OK);
    for (int i = 0; i < 50; i++)
        must_run(&d, writer, "INSERT INTO t VALUES (zeroblob(100000))");
    assert_int_equal(drive_get(&d, reader, "SELECT count(*) FROM t"), 0);
    assert_int_equal(d.driver->rollback(reader, 0, &d.err), WEIR_OK);
    assert_int_equal(drive_get(&d, reader, "SELECT count(*) FROM t"), 50);
    assert_int_equal(drive_get(&d, reader, "SELECT sum(length(x)) FROM t"),
                     5000000);
    drive_close(&d, reader);
    drive_close(&d, writer);
}

static void test_writers__wait_until_the_deadline_exactly(void **state)
{
    void *first = drive_open(&d), *second = drive_open(&d);
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE, .intent_write = true};
    int64_t deadline, late;

    (void)state;
    assert_int_equal(begin_as(&d, first, WEIR_READ_WRITE), WEIR_OK);
    deadline = drive_in(&d, 0.05);
    assert_int_equal(d.driver->begin(second, &spec, deadline, &d.err),
                     WEIR_ERR_TIMEOUT);
    late = weir_services_now(&d.services) - deadline;
    assert_true(late >= 0);
    assert_true(late < 500000000);
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    drive_close(&d, second);
    drive_close(&d, first);
}

static void test_vacuum__gives_memory_back(void **state)
{
    void *conn = drive_open(&d);

    (void)state;
    must_run(&d, conn, "CREATE TABLE t (x)");
    must_run(&d, conn, "INSERT INTO t VALUES (zeroblob(5000000))");
    must_run(&d, conn, "DELETE FROM t");
    must_run(&d, conn, "VACUUM");
    assert_true(drive_get(&d, conn, "PRAGMA page_count") < 10);
    assert_int_equal(drive_get(&d, conn, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    drive_close(&d, conn);
}

static void test_memory__keeps_temporary_tables_apart(void **state)
{
    void *one = drive_open(&d), *two = drive_open(&d);

    (void)state;
    must_run(&d, one, "CREATE TEMP TABLE t (x)");
    must_run(&d, one, "PRAGMA temp_store=FILE");
    must_run(&d, one, "CREATE TEMP TABLE u (x)");
    must_run(&d, one, "INSERT INTO u VALUES (zeroblob(1000000))");
    assert_int_equal(drive_get(&d, one, "SELECT length(x) FROM u"), 1000000);
    assert_int_equal(drive_run(&d, two, "SELECT * FROM u"), WEIR_ERR_SQL);
    drive_close(&d, two);
    drive_close(&d, one);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(memory__outlives_its_connections),
        TEST(memory__is_one_for_each_engine),
        TEST(memory__of_a_name_is_shared_by_engines),
        TEST(memory__refuses_a_name_that_is_too_long),
        TEST(readers__see_the_last_commit_while_one_writes),
        TEST(readers__keep_their_snapshot),
        TEST(writers__wait_until_the_deadline_exactly),
        TEST(vacuum__gives_memory_back),
        TEST(memory__keeps_temporary_tables_apart),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
