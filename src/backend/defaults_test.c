/* SPDX-License-Identifier: MIT */
/* What happens for a driver that leaves operations out. */
#include "drive.h"

#include <weir/sys/mock.h>

#include "backend/defaults.h"

static weir_mock *mock;
static weir_driver plain; /* the mock's, without what a driver MAY have */
static drive d;
static void *conn;

static int begin_test(void **state)
{
    (void)state;
    mock = weir_mock_new("defaults", NULL, &d.err);
    assert_non_null(mock);
    assert_int_equal(drive_attach(&d, "mock://defaults"), WEIR_OK);
    conn = drive_open(&d);
    plain = *d.driver;
    plain.ping = NULL;
    plain.socket = NULL;
    weir_mock_clear_log(mock);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    assert_null(weir_mock_breach(mock));
    drive_detach(&d);
    weir_mock_free(&mock);
    return 0;
}

static weir_status ping(const weir_driver *driver)
{
    return wi_driver_ping(driver, conn, WEIR_NO_DEADLINE, weir_allocator_libc(),
                          &d.err);
}

static void test_ping__is_the_drivers(void **state)
{
    (void)state;
    assert_int_equal(ping(d.driver), WEIR_OK);
    assert_string_equal(weir_mock_log(mock), "ping\n");
}

static void test_ping__is_select_1_otherwise(void **state)
{
    static const weir_column column = {.name = "1"};
    weir_value one = weir_value_i64(1);
    weir_mock_step answer = {.text = "SELECT 1",
                             .columns = &column,
                             .column_count = 1,
                             .values = &one,
                             .row_count = 1};

    (void)state;
    assert_int_equal(weir_mock_add(mock, &answer, &d.err), WEIR_OK);
    assert_int_equal(ping(&plain), WEIR_OK);
    assert_string_equal(weir_mock_log(mock),
                        "prepare SELECT 1\nexecute []\nfetch\nfetch\nend\n"
                        "finish\n");
}

static void test_ping__tells_any_failure(void **state)
{
    weir_mock_op ops[] = {WEIR_MOCK_PREPARE, WEIR_MOCK_EXECUTE,
                          WEIR_MOCK_FETCH};
    static const weir_column column = {.name = "1"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        weir_mock_step answer = {.columns = &column, .column_count = 1};
        weir_mock_step broken = {.op = ops[i], .error.sqlstate = "57P03"};

        weir_mock_clear_steps(mock);
        if (ops[i] != WEIR_MOCK_EXECUTE)
            weir_mock_add(mock, &answer, &d.err);
        weir_mock_add(mock, &broken, &d.err);
        assert_int_equal(ping(&plain), WEIR_ERR_UNAVAILABLE);
        assert_string_equal(d.err.sqlstate, "57P03");
    }
}

static void *no_alloc(void *context, size_t size)
{
    (void)context;
    (void)size;
    return NULL;
}

static void test_ping__without_memory(void **state)
{
    weir_allocator none = *weir_allocator_libc();

    (void)state;
    none.alloc = no_alloc;
    assert_int_equal(
        wi_driver_ping(&plain, conn, WEIR_NO_DEADLINE, &none, &d.err),
        WEIR_ERR_NOMEM);
    assert_string_equal(weir_mock_log(mock), "");
}

static weir_status run_many(const weir_driver *driver, size_t rows,
                            weir_outcome *out)
{
    weir_value values[] = {weir_value_i64(1), weir_value_i64(2),
                           weir_value_i64(3), weir_value_i64(4)};
    weir_execution first = {
        .values = values, .value_count = 2, .deadline = WEIR_NO_DEADLINE};
    drive_stmt stmt;
    wi_many many = {.first = &first, .row_count = rows};
    weir_status status;

    assert_int_equal(drive_prepare(&d, conn, "INSERT ?, ?", &stmt), WEIR_OK);
    weir_mock_clear_log(mock);
    many.stmt = stmt.memory;
    status = wi_driver_execute_many(driver, &many, out, &d.err);
    drive_finish(&stmt);
    return status;
}

static void test_execute_many__loops_and_sums(void **state)
{
    weir_mock_step answers[] = {
        {.affected = 2, .generated_key = 5, .has_generated_key = true},
        {.affected = 1, .generated_key = 6, .has_generated_key = true}};
    weir_outcome outcome;

    (void)state;
    weir_mock_add(mock, &answers[0], &d.err);
    weir_mock_add(mock, &answers[1], &d.err);
    assert_int_equal(run_many(&plain, 2, &outcome), WEIR_OK);
    assert_int_equal(outcome.affected, 3);
    assert_int_equal(outcome.rows_done, 2);
    assert_int_equal(outcome.generated_key, 6);
    assert_string_equal(weir_mock_log(mock),
                        "execute [i64 1, i64 2]\nend\n"
                        "execute [i64 3, i64 4]\nend\nfinish\n");
}

static void test_execute_many__unknown_count_stays_unknown(void **state)
{
    weir_mock_step unknown = {.affected = -1};
    weir_outcome outcome;

    (void)state;
    weir_mock_add(mock, &unknown, &d.err);
    assert_int_equal(run_many(&plain, 2, &outcome), WEIR_OK);
    assert_int_equal(outcome.affected, -1);
    assert_int_equal(outcome.rows_done, 2);
}

static void test_execute_many__stops_at_the_first_failure(void **state)
{
    weir_mock_step broken = {.skip = 1, .error.sqlstate = "23505"};
    weir_outcome outcome;

    (void)state;
    weir_mock_add(mock, &broken, &d.err);
    assert_int_equal(run_many(&plain, 2, &outcome), WEIR_ERR_CONSTRAINT);
    assert_int_equal(outcome.rows_done, 1);
    assert_int_equal(weir_mock_count(mock, "end"), 2);
}

static void test_execute_many__of_nothing_does_nothing(void **state)
{
    weir_outcome outcome;

    (void)state;
    assert_int_equal(run_many(&plain, 0, &outcome), WEIR_OK);
    assert_int_equal(outcome.rows_done, 0);
    assert_int_equal(outcome.affected, 0);
}

static weir_status many_at_once(void *stmt, const weir_execution *first,
                                size_t row_count, weir_outcome *out,
                                weir_error *error)
{
    (void)stmt;
    (void)first;
    (void)error;
    out->rows_done = row_count;
    out->affected = 42;
    return WEIR_OK;
}

static void test_execute_many__is_the_drivers(void **state)
{
    weir_driver own = plain;
    weir_outcome outcome;

    (void)state;
    own.execute_many = many_at_once;
    assert_int_equal(run_many(&own, 2, &outcome), WEIR_OK);
    assert_int_equal(outcome.affected, 42);
    assert_string_equal(weir_mock_log(mock), "finish\n");
}

static void test_socket__is_none_by_default(void **state)
{
    (void)state;
    assert_int_equal(wi_driver_socket(&plain, conn), -1);
    assert_true(wi_driver_socket(d.driver, conn) >= 0);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ping__is_the_drivers),
        TEST(test_ping__is_select_1_otherwise),
        TEST(test_ping__tells_any_failure),
        TEST(test_ping__without_memory),
        TEST(test_execute_many__loops_and_sums),
        TEST(test_execute_many__unknown_count_stays_unknown),
        TEST(test_execute_many__stops_at_the_first_failure),
        TEST(test_execute_many__of_nothing_does_nothing),
        TEST(test_execute_many__is_the_drivers),
        TEST(test_socket__is_none_by_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
