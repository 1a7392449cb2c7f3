/* SPDX-License-Identifier: MIT */
/*
 * Every type of column at its limits, written by parameters and by SQL, read
 * by rows kept and by rows streamed.
 */
#include "mysql/with_server.h"

static weir_result *ask(weir_conn *conn, const char *sql)
{
    weir_result *rows = weir_query(conn, sql, NOARGS);

    if (!weir_next(rows))
        fail_msg("%s: %s", sql, weir_result_error(rows)->message);
    return rows;
}

static const weir_value *cell(weir_result *rows, int column, weir_type type)
{
    const weir_value *value = weir_cell(rows, column);

    assert_non_null(value);
    if (value->type != type)
        fail_msg("column %d is %s, not %s", column,
                 weir_type_name((weir_type)value->type), weir_type_name(type));
    return value;
}

static void test_integers__at_their_limits(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "CREATE TEMPORARY TABLE n (a TINYINT, b TINYINT UNSIGNED, c "
              "SMALLINT, d SMALLINT UNSIGNED, e MEDIUMINT, f MEDIUMINT "
              "UNSIGNED, g INT, h INT UNSIGNED, i BIGINT, j BIGINT UNSIGNED, "
              "k BIT(64), l BIT(1), m YEAR)");
    run(conn, "INSERT INTO n VALUES (-128, 255, -32768, 65535, -8388608, "
              "16777215, -2147483648, 4294967295, -9223372036854775808, "
              "18446744073709551615, ~0, 1, 2155)");
    WEIR_AUTO(weir_result) rows = ask(conn, "SELECT * FROM n");
    assert_int_equal(weir_get_i64(rows, 0), -128);
    assert_int_equal(weir_get_i64(rows, 1), 255);
    assert_int_equal(weir_get_i64(rows, 2), -32768);
    assert_int_equal(weir_get_i64(rows, 3), 65535);
    assert_int_equal(weir_get_i64(rows, 4), -8388608);
    assert_int_equal(weir_get_i64(rows, 5), 16777215);
    assert_int_equal(weir_get_i64(rows, 6), INT32_MIN);
    assert_int_equal(weir_get_i64(rows, 7), UINT32_MAX);
    assert_int_equal(weir_get_i64(rows, 8), INT64_MIN);
    assert_true(weir_get_u64(rows, 9) == UINT64_MAX);
    assert_true(weir_get_u64(rows, 10) == UINT64_MAX);
    assert_int_equal(weir_get_i64(rows, 11), 1);
    assert_int_equal(weir_get_i64(rows, 12), 2155);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
}

static void test_parameters__come_back_as_they_went(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_decimal least = {.lo = 1, .hi = 0, .scale = 30};
    weir_interval span = {.days = -34, .us = -INT64_C(22) * 3600000000 - 1};
    weir_datetime last = {INT64_C(253402300799999999)};
    weir_time almost = {INT64_C(86399999999)};
    weir_date first = {-719162}; /* 0001-01-01 */
    weir_uuid uuid = {{0xFF, 0, 1}};

    (void)state;
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?",
                   ARGS(&least, &span, last, almost, first, &uuid, UINT64_MAX,
                        true, weir_bytes_span("\0\xFF", 2)));
    assert_true(weir_next(rows));
    assert_int_equal(weir_decimal_compare(
                         cell(rows, 0, WEIR_TYPE_DECIMAL)->as.decimal, &least),
                     0);
    assert_int_equal(cell(rows, 1, WEIR_TYPE_INTERVAL)->as.interval->us,
                     span.days * INT64_C(86400000000) + span.us);
    assert_int_equal(cell(rows, 2, WEIR_TYPE_DATETIME)->as.i, last.us);
    assert_int_equal(cell(rows, 3, WEIR_TYPE_TIME)->as.i, almost.us);
    assert_int_equal(cell(rows, 4, WEIR_TYPE_DATE)->as.i, first.days);
    assert_memory_equal(cell(rows, 5, WEIR_TYPE_BYTES)->as.bytes, &uuid, 16);
    assert_true(weir_get_u64(rows, 6) == UINT64_MAX);
    assert_true(weir_get_bool(rows, 7));
    assert_int_equal(cell(rows, 8, WEIR_TYPE_BYTES)->size, 2);
}

static void refused(weir_conn *conn, weir_value value)
{
    weir_result *rows = weir_query(conn, "SELECT ?", &value, 1);

    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_result_error(rows)->message, "parameter 1"));
    weir_result_close(&rows);
}

static void test_parameters__without_a_value_here_are_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_interval month = {.months = 1}, long_time = {.days = 35};
    double zero = 0;

    (void)state;
    refused(conn, WEIR_VAL(zero / zero));
    refused(conn, WEIR_VAL(1 / zero));
    refused(conn, WEIR_VAL(&month));
    refused(conn, WEIR_VAL(&long_time));
    refused(conn, weir_value_date((weir_date){-719163}));
    refused(conn, weir_value_datetime((weir_datetime){INT64_MIN}));
    assert_int_equal(get(conn, "SELECT 7"), 7);
}

static void test_values_of_no_type__are_text(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_date date = {5};

    (void)state;
    run(conn,
        "SET STATEMENT sql_mode='' FOR CREATE TEMPORARY TABLE z AS "
        "SELECT CAST('0000-00-00' AS DATE) d, CAST('2024-00-10 11:00:00' "
        "AS DATETIME) t, CAST('99999999999999999999999999999999999999999' "
        "AS DECIMAL(41)) n, CAST('-838:59:59' AS TIME) s");
    WEIR_AUTO(weir_result) rows = ask(conn, "SELECT d, t, n, s FROM z");
    assert_string_equal(weir_get_text(rows, 0), "0000-00-00");
    assert_string_equal(weir_get_text(rows, 1), "2024-00-10 11:00:00");
    assert_int_equal(cell(rows, 2, WEIR_TYPE_TEXT)->size, 41);
    assert_int_equal(cell(rows, 3, WEIR_TYPE_INTERVAL)->as.interval->us,
                     -INT64_C(3020399000000));
    WEIR_AUTO(weir_result) again = ask(conn, "SELECT d FROM z");
    assert_int_equal(weir_scan(again, &date), WEIR_ERR_TYPE);
    assert_int_equal(date.days, 5);
}

static void test_text__kinds_and_long_ones_in_both_ways_of_reading(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    size_t size = 17u * 1024 * 1024; /* more than one packet of the protocol */
    char *big = malloc(size);
    const char *sql = "SELECT t, e, s, j, u, v FROM x";

    (void)state;
    assert_non_null(big);
    memset(big, 'x', size);
    run(conn, "SET GLOBAL max_allowed_packet = 67108864");
    weir_engine_close(&engine);
    weir_conn_close(&conn);
    assert_int_equal(open_engine(), 0);
    conn = borrow();
    run(conn, "CREATE TEMPORARY TABLE x (t LONGTEXT, e ENUM('a','b'), s "
              "SET('p','q'), j JSON, u UUID, v VARBINARY(3))");
    assert_int_equal(
        weir_exec(conn,
                  "INSERT INTO x VALUES (?, 'b', 'p,q', '[1]', "
                  "'0188d7a0-5b4e-7c9a-8f3e-5d1c2b3a4f5e', X'00FF00')",
                  ARGS(weir_text_span(big, size))),
        WEIR_OK);
    for (int streamed = 0; streamed < 2; streamed++) {
        WEIR_AUTO(weir_result) rows = streamed ? weir_stream(conn, sql, NOARGS)
                                               : weir_query(conn, sql, NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(cell(rows, 0, WEIR_TYPE_TEXT)->size, size);
        assert_memory_equal(weir_cell(rows, 0)->as.text, big, size);
        assert_string_equal(weir_get_text(rows, 1), "b");
        assert_string_equal(weir_get_text(rows, 2), "p,q");
        assert_string_equal(weir_column_at(rows, 1)->database_type, "ENUM");
        cell(rows, 3, WEIR_TYPE_JSON);
        cell(rows, 4, WEIR_TYPE_UUID);
        assert_int_equal(cell(rows, 5, WEIR_TYPE_BYTES)->size, 3);
        assert_false(weir_next(rows));
    }
    free(big);
}

static void test_what_does_not_fit__is_an_error_without_the_value(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_error *err;

    (void)state;
    run(conn, "CREATE TEMPORARY TABLE f (n TINYINT, t VARCHAR(3), d DATE)");
    assert_int_equal(weir_exec(conn, "INSERT INTO f (n) VALUES (?)", ARGS(300)),
                     WEIR_ERR_TYPE);
    err = weir_conn_error(conn);
    assert_string_equal(err->column, "n");
    assert_string_equal(err->sqlstate, "22003");
    assert_int_equal(
        weir_exec(conn, "INSERT INTO f (t) VALUES (?)", ARGS("secret")),
        WEIR_ERR_TYPE);
    assert_int_equal(
        weir_exec(conn, "INSERT INTO f (d) VALUES (?)", ARGS("secret")),
        WEIR_ERR_TYPE);
    assert_null(strstr(err->message, "secret"));
    assert_string_equal(err->column, "d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers__at_their_limits),
        cmocka_unit_test(test_parameters__come_back_as_they_went),
        cmocka_unit_test(test_parameters__without_a_value_here_are_refused),
        cmocka_unit_test(test_values_of_no_type__are_text),
        cmocka_unit_test(
            test_text__kinds_and_long_ones_in_both_ways_of_reading),
        cmocka_unit_test(test_what_does_not_fit__is_an_error_without_the_value),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
