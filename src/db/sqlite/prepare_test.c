/* SPDX-License-Identifier: MIT */
/* What is refused before it runs, and what is learnt of the rest. */
#include "scratch.h"

static drive d;
static void *conn;

static int begin_test(void **state)
{
    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    must_run(&d, conn,
             "CREATE TABLE people (id INTEGER PRIMARY KEY, "
             "name VARCHAR(80), born DATE)");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    return 0;
}

static weir_status prepare_span(weir_text sql)
{
    const weir_stmt_info *info = NULL;
    void *memory = calloc(1, d.driver->stmt_size);
    weir_status status =
        d.driver->prepare(conn, sql, memory, &info, WEIR_NO_DEADLINE, &d.err);

    if (status != WEIR_OK)
        assert_null(info);
    d.driver->finish(memory);
    free(memory);
    return status;
}

static weir_status prepare(const char *sql)
{
    return prepare_span(weir_text_of(sql));
}

static void test_prepare__refuses_a_second_statement(void **state)
{
    (void)state;
    assert_int_equal(prepare("SELECT 1; SELECT 2"), WEIR_ERR_SQL);
    assert_string_equal(d.err.sqlstate, "42601");
    assert_int_equal(prepare("SELECT 1; DROP TABLE people"), WEIR_ERR_SQL);
    assert_int_equal(prepare("SELECT 1;;x"), WEIR_ERR_SQL);
    assert_int_equal(prepare("SELECT 1 /* ; */; -- and\n x"), WEIR_ERR_SQL);
    assert_int_equal(prepare("SELECT 1;"), WEIR_OK);
    assert_int_equal(prepare("SELECT 1 ;; \t\n;"), WEIR_OK);
    assert_int_equal(prepare("SELECT 1; -- the end"), WEIR_OK);
    assert_int_equal(prepare("SELECT 1; /* the\n end */ ;"), WEIR_OK);
    assert_int_equal(prepare("SELECT 1; /* open"), WEIR_OK);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM people"), 0);
}

/* Some PRAGMAs run while they are prepared: the tail must not be. */
/* SQLite has set it already when the rest is found. */
static void test_prepare__that_is_refused_may_dirty(void **state)
{
    (void)state;
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(prepare("PRAGMA cache_size = 17; SELECT 1"), WEIR_ERR_SQL);
    assert_int_equal(drive_get(&d, conn, "PRAGMA cache_size"), 17);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY);
}

/* Were extensions allowed, their functions would stay in the connection. */
static void test_prepare__of_what_registers_dirties(void **state)
{
    (void)state;
    (void)prepare("SELECT upper('x')");
    assert_int_equal(d.driver->state(conn), 0);
    (void)prepare("SELECT Load_Extension('x')");
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY);
}

static void test_prepare__does_not_touch_the_tail(void **state)
{
    (void)state;
    assert_int_equal(prepare("SELECT 1; PRAGMA foreign_keys=OFF"),
                     WEIR_ERR_SQL);
    assert_int_equal(drive_get(&d, conn, "PRAGMA foreign_keys"), 1);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_prepare__refuses_nothing_and_a_nul_character(void **state)
{
    (void)state;
    assert_int_equal(prepare(""), WEIR_ERR_SQL);
    assert_int_equal(prepare(" -- nothing"), WEIR_ERR_SQL);
    assert_int_equal(prepare(";"), WEIR_ERR_SQL);
    assert_int_equal(prepare_span(weir_text_span("SELECT 1\0 WHERE 0", 17)),
                     WEIR_ERR_SQL);
    assert_non_null(strstr(d.err.message, "NUL"));
}

static void test_prepare__refuses_settings_of_the_process(void **state)
{
    (void)state;
    assert_int_equal(prepare("PRAGMA temp_store_directory='/tmp'"),
                     WEIR_ERR_SQL);
    assert_string_equal(d.err.sqlstate, "42501");
    assert_int_equal(prepare("PRAGMA hard_heap_limit=1000000"), WEIR_ERR_SQL);
    assert_int_equal(prepare("pragma Busy_Timeout=1"), WEIR_ERR_SQL);
    assert_int_equal(prepare("PRAGMA hard_heap_limit"), WEIR_OK);
    assert_int_equal(d.driver->state(conn), 0);
}

static void assert_effect(const char *sql, weir_effect effect)
{
    drive_stmt stmt;

    if (drive_prepare(&d, conn, sql, &stmt) != WEIR_OK)
        fail_msg("%s: %s", sql, d.err.message);
    if (stmt.info->effect != effect)
        fail_msg("%s: %d", sql, (int)stmt.info->effect);
    drive_finish(&stmt);
}

static void test_prepare__knows_what_writes(void **state)
{
    (void)state;
    assert_effect("SELECT * FROM people", WEIR_EFFECT_READ);
    assert_effect("WITH x AS (SELECT 1) SELECT * FROM x", WEIR_EFFECT_READ);
    assert_effect("WITH x AS (SELECT 1) DELETE FROM people", WEIR_EFFECT_WRITE);
    assert_effect("/* SELECT */ UPDATE people SET id = 1", WEIR_EFFECT_WRITE);
    assert_effect("INSERT INTO people DEFAULT VALUES RETURNING id",
                  WEIR_EFFECT_WRITE);
    assert_effect("CREATE TABLE x (a)", WEIR_EFFECT_WRITE);
    assert_effect("EXPLAIN DELETE FROM people", WEIR_EFFECT_READ);
    assert_effect("EXPLAIN QUERY PLAN DELETE FROM people", WEIR_EFFECT_READ);
    assert_effect("PRAGMA table_info(people)", WEIR_EFFECT_READ);
    assert_effect("PRAGMA user_version = 3", WEIR_EFFECT_WRITE);
    assert_effect("VACUUM", WEIR_EFFECT_WRITE);
    assert_effect("ANALYZE", WEIR_EFFECT_WRITE);
}

static void assert_dirties(const char *sql, unsigned state)
{
    void *own = drive_open(&d);

    must_run(&d, own, sql);
    if (d.driver->state(own) != state)
        fail_msg("%s: state %u", sql, d.driver->state(own));
    drive_close(&d, own);
}

static void
test_prepare__knows_what_the_next_borrower_must_not_see(void **state)
{
    (void)state;
    assert_dirties("PRAGMA foreign_keys=OFF", WEIR_STATE_DIRTY);
    assert_dirties("PRAGMA case_sensitive_like=ON", WEIR_STATE_DIRTY);
    assert_dirties("CREATE TEMP TABLE x (a)", WEIR_STATE_DIRTY);
    assert_dirties("CREATE TEMP VIEW x AS SELECT 1", WEIR_STATE_DIRTY);
    assert_dirties("CREATE TEMP TRIGGER x AFTER INSERT ON people BEGIN "
                   "SELECT 1; END",
                   WEIR_STATE_DIRTY);
    assert_dirties("-- a comment\nPRAGMA cache_size=5", WEIR_STATE_DIRTY);
    assert_dirties("CREATE TABLE temp.y (a)", WEIR_STATE_DIRTY);
    assert_dirties("PRAGMA foreign_keys", 0);
    assert_dirties("PRAGMA table_info(people)", 0);
    assert_dirties("PRAGMA user_version=9", 0);
    assert_dirties("PRAGMA wal_checkpoint(PASSIVE)", 0);
    assert_dirties("SELECT * FROM people", 0);
    assert_dirties("CREATE TABLE kept (a)", 0);
}

static void assert_column(const weir_column *column, const weir_column *wanted)
{
    assert_string_equal(column->name, wanted->name);
    assert_string_equal(column->database_type, wanted->database_type);
    assert_int_equal(column->type, wanted->type);
    assert_string_equal(column->table, wanted->table);
    assert_string_equal(column->origin, wanted->origin);
}

static void test_columns__tell_type_and_origin(void **state)
{
    static const weir_column wanted[] = {
        {"id", "INTEGER", WEIR_TYPE_I64, "people", "id"},
        {"who", "VARCHAR(80)", WEIR_TYPE_TEXT, "people", "name"},
        {"born", "DATE", WEIR_TYPE_DATE, "people", "born"},
        {"one", "", WEIR_TYPE_NULL, "", ""},
    };
    drive_stmt stmt;

    (void)state;
    must_run(&d, conn, "CREATE VIEW everybody AS SELECT * FROM people");
    drive_prepare(&d, conn,
                  "SELECT id, name AS who, born, 1 AS one FROM everybody",
                  &stmt);
    assert_int_equal(stmt.info->column_count, 4);
    for (int i = 0; i < 4; i++)
        assert_column(&stmt.info->columns[i], &wanted[i]);
    drive_finish(&stmt);
    drive_prepare(&d, conn, "DELETE FROM people WHERE id = ?", &stmt);
    assert_int_equal(stmt.info->column_count, 0);
    assert_int_equal(stmt.info->param_count, 1);
    drive_finish(&stmt);
}

static void test_finish__after_a_failure_of_prepare(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(prepare("SELECT * FROM nowhere"), WEIR_ERR_SQL);
    assert_int_equal(prepare("SELECT 1"), WEIR_OK);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(prepare__refuses_a_second_statement),
        TEST(prepare__that_is_refused_may_dirty),
        TEST(prepare__of_what_registers_dirties),
        TEST(prepare__does_not_touch_the_tail),
        TEST(prepare__refuses_nothing_and_a_nul_character),
        TEST(prepare__refuses_settings_of_the_process),
        TEST(prepare__knows_what_writes),
        TEST(prepare__knows_what_the_next_borrower_must_not_see),
        TEST(columns__tell_type_and_origin),
        TEST(finish__after_a_failure_of_prepare),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
