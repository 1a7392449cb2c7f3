/* SPDX-License-Identifier: MIT */
/* What is written down, and how values look there. */
#include "drive.h"

#include "mock.h"

static weir_mock *mock;
static drive d;

static int begin_test(void **state)
{
    (void)state;
    mock = weir_mock_new("log", NULL, &d.err);
    assert_non_null(mock);
    assert_int_equal(drive_attach(&d, "mock://log"), WEIR_OK);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_detach(&d);
    weir_mock_free(&mock);
    return 0;
}

static void test_log__has_all_calls_in_order(void **state)
{
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE,
                         .access = WEIR_READ_ONLY,
                         .deferrable = true};
    void *conn = drive_open(&d);
    bool lost;

    (void)state;
    d.driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d.err);
    drive_run(&d, conn, "SELECT 1");
    d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err);
    d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err);
    d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err);
    drive_close(&d, conn);
    assert_string_equal(weir_mock_log(mock),
                        "open\n"
                        "begin SERIALIZABLE READ ONLY DEFERRABLE\n"
                        "prepare SELECT 1\n"
                        "execute []\n"
                        "end\n"
                        "finish\n"
                        "commit\n"
                        "ping\n"
                        "reset\n"
                        "close\n");
    /* open, prepare, execute, commit, ping, reset */
    assert_int_equal(weir_mock_round_trips(mock), 6);
    assert_int_equal(weir_mock_count(mock, "begin "), 1);
    weir_mock_clear_log(mock);
    assert_string_equal(weir_mock_log(mock), "");
    assert_int_equal(weir_mock_round_trips(mock), 0);
}

static void test_log__empty_transaction_costs_nothing(void **state)
{
    void *conn = drive_open(&d);

    (void)state;
    weir_mock_clear_log(mock);
    drive_begin(&d, conn);
    d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err);
    drive_begin(&d, conn);
    d.driver->rollback(conn, WEIR_NO_DEADLINE, &d.err);
    assert_int_equal(weir_mock_round_trips(mock), 0);
    drive_close(&d, conn);
}

static void test_log_of__tells_connections_apart(void **state)
{
    void *first = drive_open(&d), *second = drive_open(&d);

    (void)state;
    d.driver->ping(second, WEIR_NO_DEADLINE, &d.err);
    drive_close(&d, second);
    drive_close(&d, first);
    assert_string_equal(weir_mock_log_of(mock, 1), "open\nclose\n");
    assert_string_equal(weir_mock_log_of(mock, 2), "open\nping\nclose\n");
    assert_string_equal(weir_mock_log_of(mock, 3), "");
}

static void test_log__shows_values_with_their_type(void **state)
{
    const weir_decimal price = {.lo = 1999, .scale = 2};
    const weir_uuid uuid = {{0}};
    const weir_interval span = {.months = 1};
    weir_value values[] = {
        weir_value_i64(-7),
        weir_value_u64(UINT64_MAX),
        weir_value_f64(0.5),
        weir_value_bool(true),
        weir_value_cstr("a \"b\""),
        weir_value_bytes(weir_bytes_span("\x00\xff", 2)),
        weir_value_null(),
        weir_value_json((weir_raw_json){"{}", 2}),
        weir_value_date((weir_date){0}),
        weir_value_decimal(&price),
        weir_value_uuid(&uuid),
        weir_value_interval(&span),
    };
    void *conn = drive_open(&d);
    drive_stmt stmt;

    (void)state;
    drive_prepare(&d, conn, "?,?,?,?,?,?,?,?,?,?,?,?", &stmt);
    weir_mock_clear_log(mock);
    drive_execute(&stmt, values, sizeof values / sizeof values[0]);
    assert_string_equal(
        weir_mock_log(mock),
        "execute [i64 -7, u64 18446744073709551615, f64 0.5, bool true, "
        "text \"a \"b\"\", bytes 00ff, null, json \"{}\", date 1970-01-01, "
        "decimal 19.99, uuid 00000000-0000-0000-0000-000000000000, "
        "interval P1M]\n");
    drive_end(&stmt);
    drive_finish(&stmt);
    drive_close(&d, conn);
    assert_null(weir_mock_breach(mock));
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_log__has_all_calls_in_order),
        TEST(test_log__empty_transaction_costs_nothing),
        TEST(test_log_of__tells_connections_apart),
        TEST(test_log__shows_values_with_their_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
