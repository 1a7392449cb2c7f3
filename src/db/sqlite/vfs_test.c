/* SPDX-License-Identifier: MIT */
/* The file system of databases in memory, as SQLite asks it. */
#include "scratch.h"
#include "store.h"

static sqlite3_vfs *vfs;
static wsq_store *store;
static scratch s;

#define NAME WSQ_MEMORY_ROOT "vfs."

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    assert_int_equal(wsq_vfs_register(), SQLITE_OK);
    vfs = sqlite3_vfs_find(WSQ_MEMORY_VFS);
    store = wsq_store_acquire(NAME);
    return vfs && store ? 0 : -1;
}

static int end_test(void **state)
{
    (void)state;
    wsq_store_release(store);
    scratch_drop(&s);
    return 0;
}

static sqlite3 *open_db(const char *name)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(name, &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     WSQ_MEMORY_VFS),
                     SQLITE_OK);
    return db;
}

static void must(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static void test_register__twice_is_once(void **state)
{
    (void)state;
    assert_int_equal(wsq_vfs_register(), SQLITE_OK);
    assert_ptr_equal(sqlite3_vfs_find(WSQ_MEMORY_VFS), vfs);
    assert_ptr_not_equal(sqlite3_vfs_find(NULL), vfs);
}

static void test_open__needs_an_engine_that_has_made_it(void **state)
{
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(sqlite3_open_v2(WSQ_MEMORY_ROOT "nobody.", &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     WSQ_MEMORY_VFS),
                     SQLITE_CANTOPEN);
    sqlite3_close(db);
    assert_int_equal(
        sqlite3_open_v2(NAME, &db, SQLITE_OPEN_READWRITE, WSQ_MEMORY_VFS),
        SQLITE_CANTOPEN);
    sqlite3_close(db);
}

/* All that SQLite asks of a file is asked here: rollback journals, too. */
static void test_files__serve_every_kind_of_journal(void **state)
{
    static const char *const modes[] = {"delete", "truncate", "persist",
                                        "memory", "wal"};
    sqlite3 *db = open_db(NAME), *other = open_db(NAME);
    char sql[64];

    (void)state;
    must(db, "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(300000))");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", modes[i]);
        must(db, sql);
        must(db, "BEGIN; DELETE FROM t; ROLLBACK");
        must(db, "UPDATE t SET x = zeroblob(length(x) + 1)");
        must(other, "SELECT length(x) FROM t");
        must(db, "PRAGMA integrity_check");
    }
    sqlite3_close(other);
    must(db, "PRAGMA journal_mode=delete; PRAGMA journal_mode=wal; "
             "DELETE FROM t; INSERT INTO t VALUES (zeroblob(300000))");
    assert_int_equal(wsq_store_has(store, WSQ_PART_LOG), true);
    /* The last one writes the log back and takes it away. */
    sqlite3_close(db);
    assert_int_equal(wsq_store_has(store, WSQ_PART_LOG), false);
    assert_true(wsq_store_size(store, WSQ_PART_MAIN) > 300000);
}

static void test_files__recover_from_a_log_that_was_left(void **state)
{
    sqlite3 *db = open_db(NAME);
    sqlite3_stmt *stmt;
    int off = 1;

    (void)state;
    must(db, "PRAGMA journal_mode=WAL; CREATE TABLE t (x)");
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &off);
    must(db, "INSERT INTO t VALUES (42)");
    sqlite3_close(db);
    assert_true(wsq_store_size(store, WSQ_PART_LOG) > 0);
    db = open_db(NAME);
    sqlite3_prepare_v2(db, "SELECT x FROM t", -1, &stmt, NULL);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 42);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void test_files__may_lock_each_other_out(void **state)
{
    sqlite3 *one = open_db(NAME), *two = open_db(NAME);

    (void)state;
    must(one, "CREATE TABLE t (x); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)");
    assert_int_equal(sqlite3_exec(two, "SELECT * FROM t", NULL, NULL, NULL),
                     SQLITE_BUSY);
    must(one, "COMMIT");
    must(two, "SELECT * FROM t");
    sqlite3_close(two);
    sqlite3_close(one);
}

static void test_other_files__are_the_system_s(void **state)
{
    sqlite3 *db = open_db(s.file);
    struct stat found;
    int exists = -1;

    (void)state;
    must(db, "CREATE TABLE t (x)");
    must(db, "PRAGMA temp_store=FILE; CREATE TEMP TABLE u (x)");
    assert_int_equal(stat(s.file, &found), 0);
    assert_true(found.st_size > 0);
    sqlite3_close(db);
    assert_int_equal(vfs->xAccess(vfs, s.file, SQLITE_ACCESS_EXISTS, &exists),
                     SQLITE_OK);
    assert_int_equal(exists, 1);
    assert_int_equal(vfs->xDelete(vfs, s.file, 0), SQLITE_OK);
    assert_int_not_equal(stat(s.file, &found), 0);
}

static void test_system__lends_time_and_chance(void **state)
{
    sqlite3_int64 now = 0;
    double day = 0;
    char bytes[16] = {0}, zeros[16] = {0}, message[64];

    (void)state;
    assert_int_equal(vfs->xCurrentTimeInt64(vfs, &now), SQLITE_OK);
    assert_true(now > INT64_C(212000000000000));
    assert_int_equal(vfs->xCurrentTime(vfs, &day), SQLITE_OK);
    assert_true(day > 2450000);
    assert_int_equal(vfs->xRandomness(vfs, sizeof bytes, bytes), 16);
    assert_memory_not_equal(bytes, zeros, 16);
    assert_true(vfs->xSleep(vfs, 1) >= 1);
    vfs->xGetLastError(vfs, sizeof message, message);
    assert_null(vfs->xDlOpen(vfs, "/no/such/library.so"));
    vfs->xDlError(vfs, sizeof message, message);
    assert_int_not_equal(strlen(message), 0);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(register__twice_is_once),
        TEST(open__needs_an_engine_that_has_made_it),
        TEST(files__serve_every_kind_of_journal),
        TEST(files__recover_from_a_log_that_was_left),
        TEST(files__may_lock_each_other_out),
        TEST(other_files__are_the_system_s),
        TEST(system__lends_time_and_chance),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
