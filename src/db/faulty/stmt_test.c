/* SPDX-License-Identifier: MIT */
/* Statements through the wrapper: what was not begun inside is not ended. */
#include "testbed.h"

static const weir_column one_column[] = {{.name = "a", .type = WEIR_TYPE_I64}};
static const weir_value two_rows[] = {
    {.type = WEIR_TYPE_I64, .as.i = 1},
    {.type = WEIR_TYPE_I64, .as.i = 2},
};

static void add_rows(void)
{
    weir_mock_step step = {.columns = one_column,
                           .column_count = 1,
                           .values = two_rows,
                           .row_count = 2,
                           .affected = 2,
                           .times = -1};

    assert_int_equal(weir_mock_add(mock, &step, &d.err), WEIR_OK);
}

static void test_statements__go_through(void **state)
{
    weir_outcome outcome;
    drive_stmt stmt;
    weir_value row;

    (void)state;
    add_rows();
    assert_int_equal(drive_prepare(&d, conn, "SELECT a", &stmt), WEIR_OK);
    assert_int_equal(stmt.info->column_count, 1);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ROW);
    assert_int_equal(row.as.i, 1);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ROW);
    assert_int_equal(row.as.i, 2);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_DONE);
    d.driver->outcome(stmt.memory, &outcome);
    assert_int_equal(outcome.affected, 2);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_null(weir_faulty_breach(faulty));
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_FETCH), 3);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_FINISH), 1);
}

static void test_prepare__that_is_not_made_is_not_finished(void **state)
{
    weir_fault_kind kinds[] = {WEIR_FAULT_FAIL, WEIR_FAULT_LIE};
    drive_stmt stmt;
    weir_value row;

    (void)state;
    for (int i = 0; i < 2; i++) {
        arm(WEIR_FAULT_PREPARE, kinds[i]);
        assert_int_equal(drive_prepare(&d, conn, "SELECT a", &stmt),
                         i == 0 ? WEIR_ERR_SQL : WEIR_OK);
        if (i == 1) {
            assert_int_equal(stmt.info->column_count, 0);
            assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
            assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_DONE);
            drive_end(&stmt);
        }
        drive_finish(&stmt);
    }
    assert_string_equal(weir_mock_log(mock), "");
    assert_null(weir_faulty_breach(faulty));
}

static void test_prepare__whose_answer_is_lost_is_finished(void **state)
{
    drive_stmt stmt;

    (void)state;
    arm(WEIR_FAULT_PREPARE, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(drive_prepare(&d, conn, "SELECT a", &stmt),
                     WEIR_ERR_CONNECTION);
    assert_null(stmt.info);
    drive_finish(&stmt);
    assert_int_equal(weir_mock_count(mock, "prepare"), 1);
    assert_int_equal(weir_mock_count(mock, "finish"), 1);
}

static void test_execute__that_is_not_made_is_not_ended(void **state)
{
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "UPDATE t", &stmt), WEIR_OK);
    arm(WEIR_FAULT_EXECUTE, WEIR_FAULT_FAIL);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_ERR_SQL);
    drive_end(&stmt);
    assert_int_equal(weir_mock_count(mock, "end"), 0);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    drive_end(&stmt);
    assert_int_equal(weir_mock_count(mock, "end"), 1);
    drive_finish(&stmt);
    assert_null(weir_faulty_breach(faulty));
}

static void test_fetch__lies_that_there_are_no_more_rows(void **state)
{
    drive_stmt stmt;
    weir_value row;

    (void)state;
    add_rows();
    assert_int_equal(drive_prepare(&d, conn, "SELECT a", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ROW);
    arm(WEIR_FAULT_FETCH, WEIR_FAULT_LIE);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_DONE);
    arm(WEIR_FAULT_FETCH, WEIR_FAULT_FAIL);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ERROR);
    assert_int_equal(d.err.status, WEIR_ERR_SQL);
    arm(WEIR_FAULT_FETCH, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_ERROR);
    assert_int_equal(d.err.status, WEIR_ERR_CONNECTION);
    drive_end(&stmt);
    drive_finish(&stmt);
}

static void test_outcome__lies_that_nothing_was_changed(void **state)
{
    weir_mock_step step = {
        .affected = 3, .has_generated_key = true, .generated_key = 9};
    weir_outcome outcome = {.affected = 7};
    drive_stmt stmt;

    (void)state;
    weir_mock_add(mock, &step, &d.err);
    assert_int_equal(drive_prepare(&d, conn, "UPDATE t", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    arm(WEIR_FAULT_OUTCOME, WEIR_FAULT_LIE);
    d.driver->outcome(stmt.memory, &outcome);
    assert_int_equal(outcome.affected, 0);
    assert_false(outcome.has_generated_key);
    d.driver->outcome(stmt.memory, &outcome);
    assert_int_equal(outcome.affected, 3);
    drive_end(&stmt);
    drive_finish(&stmt);
}

static void test_end__can_be_the_connections_death(void **state)
{
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "UPDATE t", &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    arm(WEIR_FAULT_END, WEIR_FAULT_DIES_AFTER);
    drive_end(&stmt);
    drive_finish(&stmt);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    again();
    arm(WEIR_FAULT_FINISH, WEIR_FAULT_DIES_AFTER);
    assert_int_equal(drive_run(&d, conn, "UPDATE t"), WEIR_OK);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
}

static void expect_breach(const char *what)
{
    assert_non_null(weir_faulty_breach(faulty));
    assert_string_equal(weir_faulty_breach(faulty), what);
    faulty->breach = NULL;
}

static void test_breach__is_an_end_that_does_not_fit(void **state)
{
    weir_outcome outcome;
    drive_stmt stmt;
    weir_value row;

    (void)state;
    arm(WEIR_FAULT_PREPARE, WEIR_FAULT_LIE); /* keeps the mock out of it */
    assert_int_equal(drive_prepare(&d, conn, "SELECT a", &stmt), WEIR_OK);
    drive_end(&stmt);
    expect_breach("end without execute");
    assert_int_equal(drive_fetch(&stmt, &row), WEIR_STEP_DONE);
    expect_breach("fetch without execute");
    d.driver->outcome(stmt.memory, &outcome);
    expect_breach("outcome without execute");
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    expect_breach("execute before end");
    drive_finish(&stmt);
    expect_breach("finish before end");
}

static void test_breach__is_a_close_that_leaves_statements(void **state)
{
    drive_stmt stmt;
    void *other = drive_open(&d);

    (void)state;
    arm(WEIR_FAULT_PREPARE, WEIR_FAULT_FAIL);
    assert_int_equal(drive_prepare(&d, other, "SELECT a", &stmt), WEIR_ERR_SQL);
    /* What finish() would free is freed by hand: nothing is left of it. */
    weir_services_free(&d.services, ((wfa_stmt *)stmt.memory)->inner);
    free(stmt.memory);
    drive_close(&d, other);
    expect_breach("close with statements that are not finished");
}

static void test_finish__of_nothing_is_allowed(void **state)
{
    void *nothing = calloc(1, d.driver->stmt_size);

    (void)state;
    d.driver->finish(nothing);
    free(nothing);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_FINISH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_statements__go_through),
        TEST(test_prepare__that_is_not_made_is_not_finished),
        TEST(test_prepare__whose_answer_is_lost_is_finished),
        TEST(test_execute__that_is_not_made_is_not_ended),
        TEST(test_fetch__lies_that_there_are_no_more_rows),
        TEST(test_outcome__lies_that_nothing_was_changed),
        TEST(test_end__can_be_the_connections_death),
        TEST(test_breach__is_an_end_that_does_not_fit),
        TEST(test_breach__is_a_close_that_leaves_statements),
        TEST(test_finish__of_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
