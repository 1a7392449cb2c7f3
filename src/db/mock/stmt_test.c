/* SPDX-License-Identifier: MIT */
/* Statements: what prepare tells, rows and their lifetime, sending ahead. */
#include "with_mock.h"

static const weir_column two_columns[] = {
    {.name = "id", .type = WEIR_TYPE_I64},
    {.name = "name", .type = WEIR_TYPE_TEXT, .database_type = "VARCHAR(9)"},
};

static int begin_anew(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;

    (void)state;
    options.capabilities |= WEIR_CAN_SUBMIT;
    begin_with(&options);
    assert_true(d.profile.capabilities & WEIR_CAN_SUBMIT);
    weir_mock_clear_log(mock);
    return 0;
}

static void add_rows(const char *text, const weir_value *values, size_t rows)
{
    weir_mock_step step = {.text = text,
                           .columns = two_columns,
                           .column_count = 2,
                           .values = values,
                           .row_count = rows,
                           .affected = 5,
                           .generated_key = 9,
                           .has_generated_key = true};

    assert_int_equal(weir_mock_add(mock, &step, &d.err), WEIR_OK);
}

static void test_prepare__describes_the_next_answer(void **state)
{
    weir_value values[2] = {weir_value_i64(1), weir_value_cstr("one")};
    drive_stmt stmt;

    (void)state;
    add_rows("SELECT a WHERE b = ? AND c = '?' AND d = ?", values, 1);
    assert_int_equal(drive_prepare(&d, conn,
                                   "SELECT a WHERE b = ? AND c = '?' AND d = ?",
                                   &stmt),
                     WEIR_OK);
    assert_int_equal(stmt.info->param_count, 2);
    assert_int_equal(stmt.info->column_count, 2);
    assert_string_equal(stmt.info->columns[1].database_type, "VARCHAR(9)");
    assert_string_equal(stmt.info->columns[1].table, "");
    assert_int_equal(stmt.info->effect, WEIR_EFFECT_READ);
    drive_finish(&stmt);
    assert_int_equal(drive_prepare(&d, conn, "DELETE x", &stmt), WEIR_OK);
    assert_int_equal(stmt.info->column_count, 0);
    assert_int_equal(stmt.info->effect, WEIR_EFFECT_WRITE);
    drive_finish(&stmt);
    assert_null(weir_mock_breach(mock));
}

static void test_prepare__counts_dollars(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;
    weir_mock *dollar;
    drive other;
    drive_stmt stmt;
    void *its;

    (void)state;
    options.placeholder = WEIR_PLACEHOLDER_DOLLAR;
    dollar = weir_mock_new("dollar", &options, &d.err);
    assert_int_equal(drive_attach(&other, "mock://dollar"), WEIR_OK);
    assert_int_equal(other.profile.dialect->placeholder,
                     WEIR_PLACEHOLDER_DOLLAR);
    its = drive_open(&other);
    assert_int_equal(drive_prepare(&other, its, "x $2 $1 '$7' $2", &stmt),
                     WEIR_OK);
    assert_int_equal(stmt.info->param_count, 2);
    drive_finish(&stmt);
    drive_close(&other, its);
    drive_detach(&other);
    weir_mock_free(&dollar);
}

static void test_fetch__hands_out_rows_then_done(void **state)
{
    weir_value values[4] = {weir_value_i64(1), weir_value_cstr("one"),
                            weir_value_null(), weir_value_cstr("")};
    drive_stmt stmt;
    weir_value row[2];
    weir_outcome outcome;

    (void)state;
    add_rows(NULL, values, 2);
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(row[0].as.i, 1);
    assert_int_equal(row[1].size, 3);
    assert_memory_equal(row[1].as.text, "one", 3);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(row[0].type, WEIR_TYPE_NULL);
    assert_int_equal(row[1].size, 0);
    assert_non_null(row[1].as.text);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
    d.driver->outcome(stmt.memory, &outcome);
    assert_int_equal(outcome.affected, 5);
    assert_true(outcome.has_generated_key);
    assert_int_equal(outcome.generated_key, 9);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_string_equal(weir_mock_log(mock),
                        "prepare SELECT 1\nexecute []\nfetch\nfetch\nfetch\n"
                        "end\nfinish\n");
    assert_int_equal(weir_mock_round_trips(mock), 2);
    assert_null(weir_mock_breach(mock));
}

static void test_fetch__can_fail_in_the_middle(void **state)
{
    weir_value values[4] = {weir_value_i64(1), weir_value_null(),
                            weir_value_i64(2), weir_value_null()};
    weir_mock_step broken = {.op = WEIR_MOCK_FETCH,
                             .text = "SELECT 1",
                             .skip = 1,
                             .fault = WEIR_MOCK_LOSE_AFTER};
    drive_stmt stmt;
    weir_value row[2];

    (void)state;
    add_rows(NULL, values, 2);
    assert_int_equal(weir_mock_add(mock, &broken, &d.err), WEIR_OK);
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ERROR);
    assert_int_equal(d.err.status, WEIR_ERR_CONNECTION);
    drive_end(&stmt);
    drive_finish(&stmt);
}

static void test_execute__other_columns_raise_the_generation(void **state)
{
    weir_value values[2] = {weir_value_i64(1), weir_value_null()};
    drive_stmt stmt;

    (void)state;
    add_rows(NULL, values, 1);
    add_rows(NULL, values, 1);
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(stmt.info->column_count, 2);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &stmt), WEIR_OK);
    weir_mock_clear_steps(mock);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(stmt.info->column_count, 0);
    assert_true(stmt.info->generation > 0);
    drive_end(&stmt);
    drive_finish(&stmt);
}

static void test_submit__first_collect_pays_for_all(void **state)
{
    weir_value values[2] = {weir_value_i64(1), weir_value_cstr("one")};
    weir_value param = weir_value_i64(7);
    weir_execution execution = {
        .values = &param, .value_count = 1, .deadline = WEIR_NO_DEADLINE};
    drive_stmt stmt;
    weir_value row[2];

    (void)state;
    add_rows("SELECT ?", values, 1);
    add_rows("SELECT ?", values, 0);
    assert_int_equal(drive_prepare(&d, conn, "SELECT ?", &stmt), WEIR_OK);
    weir_mock_clear_log(mock);
    for (int i = 0; i < 2; i++)
        assert_int_equal(d.driver->submit(stmt.memory, &execution, &d.err),
                         WEIR_OK);
    assert_int_equal(weir_mock_round_trips(mock), 0);
    assert_int_equal(d.driver->collect(stmt.memory, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_ROW);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
    drive_end(&stmt);
    assert_int_equal(d.driver->collect(stmt.memory, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, row), WEIR_STEP_DONE);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(weir_mock_round_trips(mock), 1);
    assert_int_equal(weir_mock_count(mock, "submit [i64 7]"), 2);
    assert_null(weir_mock_breach(mock));
}

static void test_stream__keeps_others_out(void **state)
{
    weir_execution streaming = {.mode = WEIR_FETCH_STREAM,
                                .deadline = WEIR_NO_DEADLINE};
    drive_stmt first, second;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "SELECT 1", &first), WEIR_OK);
    assert_int_equal(drive_prepare(&d, conn, "SELECT 2", &second), WEIR_OK);
    assert_int_equal(d.driver->execute(first.memory, &streaming, &d.err),
                     WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "stream []"), 1);
    assert_null(weir_mock_breach(mock));
    assert_int_equal(drive_execute(&second, NULL, 0), WEIR_OK);
    assert_string_equal(weir_mock_breach(mock),
                        "another statement while rows are streamed");
    drive_end(&second);
    drive_end(&first);
    drive_finish(&first);
    drive_finish(&second);
}

static void expect_breach(const char *what)
{
    assert_string_equal(weir_mock_breach(mock), what);
    weir_mock_clear_log(mock);
}

static void test_stmt__notices_a_core_that_breaks_the_contract(void **state)
{
    weir_value row[1];
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "a ?", &stmt), WEIR_OK);
    drive_fetch(&stmt, row);
    expect_breach("fetch without execute");
    drive_end(&stmt);
    expect_breach("end without execute");
    drive_execute(&stmt, NULL, 0);
    expect_breach("another number of values than parameters");
    drive_execute(&stmt, row, 0);
    expect_breach("execute before end");
    drive_finish(&stmt);
    expect_breach("finish before end");
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    expect_breach("commit outside a transaction");
    drive_begin(&d, conn);
    drive_begin(&d, conn);
    expect_breach("begin inside a transaction");
    assert_int_equal(drive_prepare(&d, conn, "a", &stmt), WEIR_OK);
    d.driver->close(conn);
    expect_breach("close with statements that are not finished");
    free(((wmk_stmt *)stmt.memory)->sql);
    free(stmt.memory);
    free(conn);
    conn = drive_open(&d);
}

static void test_prepare__failure_can_be_finished(void **state)
{
    weir_mock_step no = {.op = WEIR_MOCK_PREPARE, .error.sqlstate = "42601"};
    drive_stmt stmt;

    (void)state;
    assert_int_equal(weir_mock_add(mock, &no, &d.err), WEIR_OK);
    assert_int_equal(drive_prepare(&d, conn, "SELEC", &stmt), WEIR_ERR_SQL);
    drive_finish(&stmt);
    assert_string_equal(weir_mock_log(mock), "prepare SELEC\n");
    assert_null(weir_mock_breach(mock));
}

#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(name_, begin_anew, end_with_breaches)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_prepare__describes_the_next_answer),
        TEST(test_prepare__counts_dollars),
        TEST(test_fetch__hands_out_rows_then_done),
        TEST(test_fetch__can_fail_in_the_middle),
        TEST(test_execute__other_columns_raise_the_generation),
        TEST(test_submit__first_collect_pays_for_all),
        TEST(test_stream__keeps_others_out),
        TEST(test_stmt__notices_a_core_that_breaks_the_contract),
        TEST(test_prepare__failure_can_be_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
