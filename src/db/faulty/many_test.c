/* SPDX-License-Identifier: MIT */
/* Many executions at once; around a mock that has been taught to load. */
#include "testbed.h"

static weir_driver loader;
static weir_backend backend;
static const char *const schemes[] = {"loader", NULL};

static weir_status load_many(void *stmt, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    (void)stmt;
    (void)err;
    *out = (weir_outcome){.affected = 2 * (int64_t)row_count,
                          .rows_done = row_count,
                          .generated_key = (int64_t)first->value_count};
    return WEIR_OK;
}

static weir_status load_bulk(void *at, const weir_bulk_source *source,
                             int64_t deadline, int64_t *rows, weir_error *err)
{
    (void)at;
    (void)deadline;
    if (!source)
        return weir_error_set(err, WEIR_ERR_MISUSE, "there is no source");
    *rows = 5;
    return WEIR_OK;
}

static int begin_loader(void **state)
{
    backend = *weir_backend_find("mock");
    loader = *backend.driver;
    loader.execute_many = load_many;
    loader.bulk_load = load_bulk;
    backend.name = "loader";
    backend.schemes = schemes;
    backend.driver = &loader;
    assert_int_equal(weir_backend_register(&backend, &d.err), WEIR_OK);
    begin_test(state);
    drive_close(&d, conn);
    drive_detach(&d);
    assert_int_equal(drive_attach(&d, "faulty+loader://bed?fault_name=bed"),
                     WEIR_OK);
    faulty = weir_faulty_find("bed");
    conn = drive_open(&d);
    return 0;
}

static weir_status run_many(drive_stmt *stmt, weir_outcome *out)
{
    weir_execution first = {.value_count = 3, .deadline = WEIR_NO_DEADLINE};

    return d.driver->execute_many(stmt->memory, &first, 4, out, &d.err);
}

static void test_execute_many__goes_through(void **state)
{
    weir_outcome outcome;
    drive_stmt stmt;

    (void)state;
    assert_int_equal(drive_prepare(&d, conn, "INSERT", &stmt), WEIR_OK);
    assert_int_equal(run_many(&stmt, &outcome), WEIR_OK);
    assert_int_equal(outcome.affected, 8);
    assert_int_equal(outcome.generated_key, 3);
    arm(WEIR_FAULT_EXECUTE_MANY, WEIR_FAULT_LIE);
    assert_int_equal(run_many(&stmt, &outcome), WEIR_OK);
    assert_int_equal(outcome.affected, 4);
    assert_int_equal(outcome.rows_done, 4);
    arm(WEIR_FAULT_EXECUTE_MANY, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(run_many(&stmt, &outcome), WEIR_ERR_CONNECTION);
    drive_finish(&stmt);
    assert_null(weir_faulty_breach(faulty));
}

static void test_bulk_load__goes_through(void **state)
{
    weir_bulk_source source = {.table = "t"};
    int64_t rows = -1;

    (void)state;
    assert_int_equal(
        d.driver->bulk_load(conn, &source, WEIR_NO_DEADLINE, &rows, &d.err),
        WEIR_OK);
    assert_int_equal(rows, 5);
    assert_int_equal(
        d.driver->bulk_load(conn, NULL, WEIR_NO_DEADLINE, &rows, &d.err),
        WEIR_ERR_MISUSE);
    arm(WEIR_FAULT_BULK_LOAD, WEIR_FAULT_LIE);
    assert_int_equal(
        d.driver->bulk_load(conn, &source, WEIR_NO_DEADLINE, &rows, &d.err),
        WEIR_OK);
    assert_int_equal(rows, 0);
    arm(WEIR_FAULT_BULK_LOAD, WEIR_FAULT_FAIL);
    assert_int_equal(
        d.driver->bulk_load(conn, &source, WEIR_NO_DEADLINE, &rows, &d.err),
        WEIR_ERR_SQL);
}

static weir_status submit(drive_stmt *stmt)
{
    weir_execution execution = {.deadline = WEIR_NO_DEADLINE};

    return d.driver->submit(stmt->memory, &execution, &d.err);
}

static weir_status collect(drive_stmt *stmt, int64_t *affected)
{
    weir_outcome outcome = {.affected = -1};
    weir_status status =
        d.driver->collect(stmt->memory, WEIR_NO_DEADLINE, &d.err);

    if (status == WEIR_OK)
        d.driver->outcome(stmt->memory, &outcome);
    drive_end(stmt);
    *affected = outcome.affected;
    return status;
}

static void test_collect__has_nothing_of_a_submit_that_lied(void **state)
{
    weir_mock_step step = {.affected = 3};
    drive_stmt stmt;
    int64_t affected;

    (void)state;
    weir_mock_add(mock, &step, &d.err);
    assert_int_equal(drive_prepare(&d, conn, "UPDATE t", &stmt), WEIR_OK);
    arm(WEIR_FAULT_SUBMIT, WEIR_FAULT_LIE);
    assert_int_equal(submit(&stmt), WEIR_OK);
    assert_int_equal(submit(&stmt), WEIR_OK);
    assert_int_equal(collect(&stmt, &affected), WEIR_OK);
    assert_int_equal(affected, 0);
    assert_int_equal(collect(&stmt, &affected), WEIR_OK);
    assert_int_equal(affected, 3);
    assert_int_equal(submit(&stmt), WEIR_OK);
    arm(WEIR_FAULT_COLLECT, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(collect(&stmt, &affected), WEIR_ERR_CONNECTION);
    drive_finish(&stmt);
    assert_null(weir_faulty_breach(faulty));
}

#define LOADER_TEST(name_)                                                     \
    cmocka_unit_test_setup_teardown(name_, begin_loader, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADER_TEST(test_execute_many__goes_through),
        LOADER_TEST(test_bulk_load__goes_through),
        TEST(test_collect__has_nothing_of_a_submit_that_lied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
