/* SPDX-License-Identifier: MIT */
/* What an execution does, counts and gives back. */
#include "scratch.h"

static drive d;
static void *conn;

static int begin_test(void **state)
{
    (void)state;
    assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
    conn = drive_open(&d);
    must_run(&d, conn, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)");
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    return 0;
}

static weir_outcome outcome_of(const char *sql)
{
    weir_outcome outcome = {.affected = -7};

    if (run_with(&d, conn, (ask){sql, NULL, 0}, &outcome) != WEIR_OK)
        fail_msg("%s: %s", sql, d.err.message);
    return outcome;
}

static void assert_affected(const char *sql, int64_t affected)
{
    assert_int_equal(outcome_of(sql).affected, affected);
}

static void test_outcome__counts_rows_that_matched(void **state)
{
    (void)state;
    assert_affected("INSERT INTO t (a) VALUES (1), (2), (3)", 3);
    assert_affected("UPDATE t SET a = a", 3);
    assert_affected("UPDATE t SET a = 9 WHERE a = 77", 0);
    assert_affected("DELETE FROM t WHERE a < 3", 2);
    assert_affected("DELETE FROM t", 1);
    assert_affected("SELECT * FROM t", -1);
    assert_affected("PRAGMA user_version", -1);
    assert_affected("EXPLAIN DELETE FROM t", -1);
    /* Those that define are of no rows, whatever happened before. */
    assert_affected("INSERT INTO t (a) VALUES (1), (2)", 2);
    assert_affected("CREATE TABLE u AS SELECT * FROM t", 0);
    assert_affected("CREATE INDEX by_a ON t (a)", 0);
    assert_affected("DROP TABLE u", 0);
    assert_affected("PRAGMA user_version = 3", 0);
}

static void test_outcome__leaves_out_what_triggers_did(void **state)
{
    weir_outcome outcome;

    (void)state;
    must_run(&d, conn, "CREATE TABLE log (x)");
    must_run(&d, conn,
             "CREATE TRIGGER note AFTER INSERT ON t BEGIN "
             "INSERT INTO log (rowid, x) VALUES (500 + new.id, 1), "
             "(600 + new.id, 2); END");
    outcome = outcome_of("INSERT INTO t (id) VALUES (40)");
    assert_int_equal(outcome.affected, 1);
    assert_int_equal(outcome.generated_key, 40);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM log"), 2);
}

static void test_generated_key__is_of_the_last_row(void **state)
{
    weir_outcome outcome = outcome_of("INSERT INTO t (a) VALUES (1), (2)");

    (void)state;
    assert_true(outcome.has_generated_key);
    assert_int_equal(outcome.generated_key, 2);
    outcome = outcome_of("REPLACE INTO t (id, a) VALUES (9, 1)");
    assert_int_equal(outcome.generated_key, 9);
    outcome = outcome_of("INSERT INTO t (id) VALUES (9223372036854775807)");
    assert_int_equal(outcome.generated_key, INT64_MAX);
}

static void test_generated_key__is_not_there_without_an_insert(void **state)
{
    (void)state;
    assert_true(outcome_of("INSERT INTO t (id) VALUES (1)").has_generated_key);
    assert_false(outcome_of("UPDATE t SET a = 2").has_generated_key);
    assert_false(
        outcome_of("INSERT INTO t SELECT 5, 6, 7 WHERE 0").has_generated_key);
    assert_false(outcome_of("INSERT OR IGNORE INTO t (id) VALUES (1)")
                     .has_generated_key);
    assert_false(outcome_of("INSERT INTO t (id) VALUES (1) ON CONFLICT (id) "
                            "DO UPDATE SET a = 3")
                     .has_generated_key);
    assert_true(outcome_of("INSERT INTO t (id) VALUES (2) ON CONFLICT (id) "
                           "DO UPDATE SET a = 3")
                    .has_generated_key);
    must_run(&d, conn, "CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID");
    assert_false(outcome_of("INSERT INTO w VALUES ('x')").has_generated_key);
    must_run(&d, conn, "CREATE VIEW v AS SELECT a FROM t");
    must_run(&d, conn,
             "CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN "
             "INSERT INTO t (a) VALUES (new.a); END");
    assert_false(outcome_of("INSERT INTO v VALUES (1)").has_generated_key);
}

static void test_returning__gives_rows_and_counts_them(void **state)
{
    drive_stmt stmt;
    weir_value row[2];
    weir_outcome outcome;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn,
                                   "INSERT INTO t (a) VALUES (5), (6) "
                                   "RETURNING id, a",
                                   &stmt),
                     WEIR_OK);
    assert_int_equal(stmt.info->column_count, 2);
    assert_int_equal(stmt.info->effect, WEIR_EFFECT_WRITE);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
        assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
        assert_int_equal(row[0].as.i, 2 * round + 1);
        assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
        assert_int_equal(row[1].as.i, 6);
        assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
        assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
        d.driver->outcome(stmt.memory, &outcome);
        assert_int_equal(outcome.affected, 2);
        assert_int_equal(outcome.generated_key, 2 * round + 2);
        drive_end(&stmt);
    }
    drive_finish(&stmt);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 4);
}

/* All writing is done when execute() returns, whatever is read. */
static void test_returning__writes_also_what_nobody_reads(void **state)
{
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn,
                                   "INSERT INTO t (a) VALUES (5), (6), (7) "
                                   "RETURNING id",
                                   &stmt),
                     WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 3);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_fetch__gives_rows_of_two_statements_in_turn(void **state)
{
    drive_stmt one, two;
    weir_value row[1];

    (void)state;
    must_run(&d, conn, "INSERT INTO t (id) VALUES (1), (2)");
    drive_prepare(&d, conn, "SELECT id FROM t ORDER BY id", &one);
    drive_prepare(&d, conn, "SELECT id FROM t ORDER BY id DESC", &two);
    assert_int_equal(drive_execute(&one, NULL, 0), WEIR_OK);
    assert_int_equal(drive_execute(&two, NULL, 0), WEIR_OK);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(drive_fetch(&one, row), WEIR_STEP_ROW);
        assert_int_equal(row[0].as.i, i);
        assert_int_equal(drive_fetch(&two, row), WEIR_STEP_ROW);
        assert_int_equal(row[0].as.i, 3 - i);
    }
    assert_int_equal(drive_fetch(&one, row), WEIR_STEP_DONE);
    drive_end(&one);
    drive_end(&two);
    drive_finish(&two);
    drive_finish(&one);
}

static void test_fetch__fails_in_the_middle(void **state)
{
    drive_stmt stmt;
    weir_value row[1];

    (void)state;
    must_run(&d, conn,
             "INSERT INTO t (id, a) VALUES (1, 5), (2, "
             "-9223372036854775808)");
    drive_prepare(&d, conn, "SELECT abs(a) FROM t ORDER BY id", &stmt);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ERROR);
    assert_int_equal(d.err.status, WEIR_ERR_TYPE);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_fetch__has_a_deadline_of_its_own(void **state)
{
    drive_stmt stmt;
    weir_value row[1];

    (void)state;
    drive_prepare(&d, conn,
                  "SELECT 1 UNION ALL SELECT * FROM (WITH RECURSIVE c(i) AS "
                  "(SELECT 1 UNION ALL SELECT i + 1 FROM c) "
                  "SELECT count(*) FROM c)",
                  &stmt);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(
        d.driver->fetch(stmt.memory, row, drive_in(&d, 0.02), &d.err),
        WEIR_STEP_ERROR);
    assert_int_equal(d.err.status, WEIR_ERR_TIMEOUT);
    drive_end(&stmt);
    drive_finish(&stmt);
}

/* SQLite's answer to a changed schema is to prepare anew, at the first step. */
static void test_execute__follows_a_changed_schema(void **state)
{
    void *other = drive_open(&d);
    drive_stmt stmt;
    weir_value row[4];
    uint32_t generation;

    (void)state;
    must_run(&d, conn, "INSERT INTO t (id, a, b) VALUES (1, 2, 3)");
    drive_prepare(&d, conn, "SELECT * FROM t", &stmt);
    generation = stmt.info->generation;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
        assert_int_equal(stmt.info->column_count, 3 + round);
        assert_int_equal(stmt.info->generation, generation + (uint32_t)round);
        assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
        if (round == 1) {
            assert_string_equal(stmt.info->columns[3].name, "c");
            assert_int_equal(row[3].as.i, 7);
        }
        drive_end(&stmt);
        if (round == 0)
            must_run(&d, other, "ALTER TABLE t ADD COLUMN c INT DEFAULT 7");
    }
    drive_finish(&stmt);
    drive_close(&d, other);
}

static void test_execute__again_keeps_the_columns_where_they_are(void **state)
{
    drive_stmt stmt;
    const weir_column *columns;

    (void)state;
    drive_prepare(&d, conn, "SELECT a FROM t WHERE id = 1", &stmt);
    columns = stmt.info->columns;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
        drive_end(&stmt);
    }
    assert_ptr_equal(stmt.info->columns, columns);
    assert_int_equal(stmt.info->generation, 1);
    drive_finish(&stmt);
}

static void
test_execute__in_a_read_only_transaction_refuses_to_write(void **state)
{
    (void)state;
    assert_int_equal(begin_as(&d, conn, WEIR_READ_ONLY), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "INSERT INTO t (a) VALUES (1)"),
                     WEIR_ERR_UNAVAILABLE);
    assert_string_equal(d.err.sqlstate, "25006");
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM t"), 0);
    assert_int_equal(d.driver->rollback(conn, 0, &d.err), WEIR_OK);
    must_run(&d, conn, "INSERT INTO t (a) VALUES (1)");
}

static void test_execute__refuses_a_wrong_number_of_values(void **state)
{
    weir_value value = weir_value_i64(1);
    drive_stmt stmt;

    (void)state;
    drive_prepare(&d, conn, "SELECT ?, ?", &stmt);
    assert_int_equal(stmt.info->param_count, 2);
    assert_int_equal(drive_execute(&stmt, &value, 1), WEIR_ERR_MISUSE);
    drive_end(&stmt);
    drive_finish(&stmt);
}

/* What the statement has bound, by running it past the driver. */
static int bound_type(drive_stmt *stmt)
{
    sqlite3_stmt *handle = ((wsq_stmt *)stmt->memory)->handle;
    int type;

    assert_int_equal(sqlite3_step(handle), SQLITE_ROW);
    type = sqlite3_column_type(handle, 0);
    sqlite3_reset(handle);
    return type;
}

static void run_with_text(drive_stmt *stmt)
{
    char text[] = "borrowed";
    weir_value value = weir_value_cstr(text), row[1];

    assert_int_equal(drive_execute(stmt, &value, 1), WEIR_OK);
    assert_int_equal(drive_fetch(stmt, row), WEIR_STEP_ROW);
    assert_string_equal(row[0].as.text, "borrowed");
    drive_end(stmt);
    assert_int_equal(sqlite3_stmt_busy(((wsq_stmt *)stmt->memory)->handle), 0);
}

static void test_end__lets_go_of_what_an_outsider_could_see(void **state)
{
    drive_stmt stmt;

    (void)state;
    drive_prepare(&d, conn, "SELECT ?", &stmt);
    run_with_text(&stmt);
    assert_non_null(wsq_native(conn, "sqlite3"));
    assert_int_equal(bound_type(&stmt), SQLITE_NULL);
    run_with_text(&stmt);
    assert_int_equal(bound_type(&stmt), SQLITE_NULL);
    drive_finish(&stmt);
}

static void test_execute_many__adds_up_and_stops_at_a_failure(void **state)
{
    weir_value values[] = {weir_value_i64(1), weir_value_i64(2),
                           weir_value_i64(2), weir_value_i64(3)};
    weir_execution execution = {
        .values = values, .value_count = 1, .deadline = WEIR_NO_DEADLINE};
    weir_outcome outcome;
    drive_stmt stmt;

    (void)state;
    drive_prepare(&d, conn, "INSERT INTO t (id) VALUES (?)", &stmt);
    assert_int_equal(
        d.driver->execute_many(stmt.memory, &execution, 2, &outcome, &d.err),
        WEIR_OK);
    assert_int_equal(outcome.rows_done, 2);
    assert_int_equal(outcome.affected, 2);
    assert_int_equal(outcome.generated_key, 2);
    must_run(&d, conn, "DELETE FROM t");
    assert_int_equal(
        d.driver->execute_many(stmt.memory, &execution, 4, &outcome, &d.err),
        WEIR_ERR_CONSTRAINT);
    assert_int_equal(outcome.rows_done, 2);
    drive_finish(&stmt);
    assert_int_equal(d.driver->state(conn), 0);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(outcome__counts_rows_that_matched),
        TEST(outcome__leaves_out_what_triggers_did),
        TEST(generated_key__is_of_the_last_row),
        TEST(generated_key__is_not_there_without_an_insert),
        TEST(returning__gives_rows_and_counts_them),
        TEST(returning__writes_also_what_nobody_reads),
        TEST(fetch__gives_rows_of_two_statements_in_turn),
        TEST(fetch__fails_in_the_middle),
        TEST(fetch__has_a_deadline_of_its_own),
        TEST(execute__follows_a_changed_schema),
        TEST(execute__again_keeps_the_columns_where_they_are),
        TEST(execute__in_a_read_only_transaction_refuses_to_write),
        TEST(execute__refuses_a_wrong_number_of_values),
        TEST(end__lets_go_of_what_an_outsider_could_see),
        TEST(execute_many__adds_up_and_stops_at_a_failure),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
