/* SPDX-License-Identifier: MIT */
/*
 * Every type at its limits, in the binary format and, where a column has none
 * of that, in the text format.
 */
#include <math.h>

#include "postgres/with_server.h"

/* A type without a binary form turns the whole row into text. */
static const char *const suffixes[] = {"", ", '{1}'::int[] AS with_text"};

static weir_result *ask(weir_conn *conn, const char *columns, int text)
{
    char sql[2048];
    weir_result *rows;

    snprintf(sql, sizeof sql, "SELECT %s%s", columns, suffixes[text]);
    rows = weir_query(conn, sql, NOARGS);
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

static void is_text(weir_result *rows, int column, const char *text)
{
    const weir_value *value = cell(rows, column, WEIR_TYPE_TEXT);

    assert_int_equal(value->size, strlen(text));
    assert_memory_equal(value->as.text, text, value->size);
}

static void test_numbers__at_their_limits(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int text = 0; text < 2; text++) {
        WEIR_AUTO(weir_result) rows =
            ask(conn,
                "(-32768)::int2, (-2147483648)::int4, "
                "(-9223372036854775808)::int8, 9223372036854775807::int8, "
                "4294967295::oid, true, 1.5::float4, 1e308::float8, "
                "'NaN'::float8, '-Infinity'::float8, 5e-324::float8, NULL::int",
                text);

        assert_int_equal(weir_get_i64(rows, 0), INT16_MIN);
        assert_int_equal(weir_get_i64(rows, 1), INT32_MIN);
        assert_int_equal(weir_get_i64(rows, 2), INT64_MIN);
        assert_int_equal(weir_get_i64(rows, 3), INT64_MAX);
        assert_int_equal(weir_get_i64(rows, 4), UINT32_MAX);
        assert_true(weir_get_bool(rows, 5));
        assert_true(weir_get_f64(rows, 6) == 1.5);
        assert_true(weir_get_f64(rows, 7) == 1e308);
        assert_true(isnan(weir_get_f64(rows, 8)));
        assert_true(weir_get_f64(rows, 9) == -INFINITY);
        assert_true(weir_get_f64(rows, 10) == 5e-324);
        assert_true(weir_is_null(rows, 11));
        assert_int_equal(weir_result_status(rows), WEIR_OK);
    }
}

static void test_numeric__all_sizes(void **state)
{
    static const char *const texts[] = {
        "0",
        "0.00",
        "-0.01",
        "1e-10",
        "10000.0001",
        "0.00000000000000000000000001",
        "99999999999999999999999999999999999999",
        "1234567890123456.78"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int i = 0; i < 16; i++) {
        char column[128];
        weir_decimal wanted;
        weir_error err;

        snprintf(column, sizeof column, "'%s'::numeric", texts[i / 2]);
        WEIR_AUTO(weir_result) rows = ask(conn, column, i % 2);
        assert_int_equal(
            weir_decimal_parse(weir_text_of(texts[i / 2]), &wanted, &err),
            WEIR_OK);
        assert_int_equal(
            weir_decimal_compare(cell(rows, 0, WEIR_TYPE_DECIMAL)->as.decimal,
                                 &wanted),
            0);
    }
    for (int text = 0; text < 2; text++) {
        WEIR_AUTO(weir_result) rows =
            ask(conn,
                "'NaN'::numeric, '-Infinity'::numeric, 1e40::numeric, "
                "(1e20 + 0.12345678901234567890)::numeric",
                text);
        is_text(rows, 0, "NaN");
        is_text(rows, 1, "-Infinity");
        is_text(rows, 2, "10000000000000000000000000000000000000000");
        is_text(rows, 3, "100000000000000000000.12345678901234567890");
    }
}

static void test_calendar__at_its_limits(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int text = 0; text < 2; text++) {
        WEIR_AUTO(weir_result) rows =
            ask(conn,
                "'1000-01-01'::date, '9999-12-31'::date, '23:59:59.999999'::"
                "time, '1969-12-31 23:59:59.999999'::timestamp, "
                "'2024-02-29 12:00:00.5+01'::timestamptz, '24:00'::time, "
                "'infinity'::timestamp, '-infinity'::date",
                text);

        assert_int_equal(cell(rows, 0, WEIR_TYPE_DATE)->as.i, -354285);
        assert_int_equal(cell(rows, 1, WEIR_TYPE_DATE)->as.i, 2932896);
        assert_int_equal(cell(rows, 2, WEIR_TYPE_TIME)->as.i,
                         INT64_C(86399999999));
        assert_int_equal(cell(rows, 3, WEIR_TYPE_DATETIME)->as.i, -1);
        assert_int_equal(cell(rows, 4, WEIR_TYPE_TIMESTAMP)->as.i,
                         INT64_C(1709204400500000));
        is_text(rows, 5, "24:00:00");
        is_text(rows, 6, "infinity");
        is_text(rows, 7, "-infinity");
    }
}

static void test_intervals__in_every_style(void **state)
{
    static const char *const styles[] = {"postgres", "iso_8601"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int i = 0; i < 4; i++) {
        char set[64];
        const weir_interval *found;

        snprintf(set, sizeof set, "SET intervalstyle = %s", styles[i / 2]);
        run(conn, set);
        WEIR_AUTO(weir_result) rows =
            ask(conn,
                "'1 year -2 mons 3 days -04:05:06.789'::interval, "
                "'0'::interval, '-1 day'::interval, '1000 hours'::interval",
                i % 2);
        found = cell(rows, 0, WEIR_TYPE_INTERVAL)->as.interval;
        assert_int_equal(found->months, 10);
        assert_int_equal(found->days, 3);
        assert_int_equal(found->us, INT64_C(-14706789000));
        found = cell(rows, 1, WEIR_TYPE_INTERVAL)->as.interval;
        assert_int_equal(found->us, 0);
        found = cell(rows, 2, WEIR_TYPE_INTERVAL)->as.interval;
        assert_int_equal(found->days, -1);
        found = cell(rows, 3, WEIR_TYPE_INTERVAL)->as.interval;
        assert_int_equal(found->us, INT64_C(3600000000000));
    }
}

static void test_text_and_bytes__as_they_are(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int text = 0; text < 2; text++) {
        WEIR_AUTO(weir_result) rows =
            ask(conn,
                "'grüße'::text, 'ab'::char(4), 'n'::name, 'c'::\"char\", "
                "'\\x00ff'::bytea, ''::bytea, '{\"a\": 1}'::json, "
                "'{\"b\": 2}'::jsonb, "
                "'0188d7a0-5b4e-7c9a-8f3e-5d1c2b3a4f5e'::uuid, ''",
                text);
        const weir_value *bytes = cell(rows, 4, WEIR_TYPE_BYTES);

        is_text(rows, 0, "grüße");
        is_text(rows, 1, "ab  ");
        is_text(rows, 2, "n");
        is_text(rows, 3, "c");
        assert_int_equal(bytes->size, 2);
        assert_memory_equal(bytes->as.bytes, "\0\xFF", 2);
        assert_int_equal(cell(rows, 5, WEIR_TYPE_BYTES)->size, 0);
        assert_memory_equal(cell(rows, 6, WEIR_TYPE_JSON)->as.text,
                            "{\"a\": 1}", 8);
        assert_memory_equal(cell(rows, 7, WEIR_TYPE_JSON)->as.text,
                            "{\"b\": 2}", 8);
        assert_int_equal(cell(rows, 8, WEIR_TYPE_UUID)->as.uuid->bytes[0], 1);
        is_text(rows, 9, "");
    }
}

static void test_others__come_as_text(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy')");
    WEIR_AUTO(weir_result) rows =
        ask(conn,
            "ARRAY[1, NULL, 3], '[1,5)'::int4range, "
            "'sad'::pg_temp.mood, '10.0.0.1/8'::inet, B'101', "
            "'(1,2)'::point, ROW(1, 'a'), 12.5::money, "
            "'12:00+02'::timetz, ARRAY['a\"b', 'c,d']",
            0);
    is_text(rows, 0, "{1,NULL,3}");
    is_text(rows, 1, "[1,5)");
    is_text(rows, 2, "sad");
    is_text(rows, 3, "10.0.0.1/8");
    is_text(rows, 4, "101");
    is_text(rows, 5, "(1,2)");
    is_text(rows, 6, "(1,a)");
    is_text(rows, 8, "12:00:00+02");
    is_text(rows, 9, "{\"a\\\"b\",\"c,d\"}");
    assert_string_equal(weir_column_at(rows, 0)->database_type, "int4[]");
    assert_int_equal(weir_column_at(rows, 0)->type, WEIR_TYPE_NULL);
}

/* ------------------------------------------------------------- parameters */

static void test_parameters__come_back_as_they_went(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_decimal least = {.lo = 1, .hi = 0, .scale = 30};
    weir_interval span = {.months = -5, .days = 34, .us = -1};
    weir_datetime last = {INT64_C(253402300799999999)};
    weir_timestamp now = {1700000000123456};
    weir_time almost = {INT64_C(86399999999)};
    weir_date first = {-719162}; /* 0001-01-01 */
    weir_uuid uuid = {{0xFF, 0, 1}};

    (void)state;
    WEIR_AUTO(weir_result) rows = weir_query(
        conn,
        "SELECT ?::numeric, ?::interval, ?::timestamp, ?::time, ?::date, "
        "?::uuid, ?::bool, ?::bytea, ?::timestamptz, ?::float4, ?::int2, "
        "?::jsonb, ?::int",
        ARGS(&least, &span, last, almost, first, &uuid, true,
             weir_bytes_span("\0\xFF", 2), now, 0.5, -7,
             ((weir_raw_json){"[1]", 3}), weir_value_null()));
    if (!weir_next(rows))
        fail_msg("%s", weir_result_error(rows)->message);
    assert_int_equal(weir_decimal_compare(
                         cell(rows, 0, WEIR_TYPE_DECIMAL)->as.decimal, &least),
                     0);
    assert_memory_equal(cell(rows, 1, WEIR_TYPE_INTERVAL)->as.interval, &span,
                        sizeof span);
    assert_int_equal(cell(rows, 2, WEIR_TYPE_DATETIME)->as.i, last.us);
    assert_int_equal(cell(rows, 3, WEIR_TYPE_TIME)->as.i, almost.us);
    assert_int_equal(cell(rows, 4, WEIR_TYPE_DATE)->as.i, first.days);
    assert_memory_equal(cell(rows, 5, WEIR_TYPE_UUID)->as.uuid, &uuid, 16);
    assert_true(weir_get_bool(rows, 6));
    assert_int_equal(cell(rows, 7, WEIR_TYPE_BYTES)->size, 2);
    assert_int_equal(cell(rows, 8, WEIR_TYPE_TIMESTAMP)->as.i, now.us);
    assert_true(weir_get_f64(rows, 9) == 0.5);
    assert_int_equal(weir_get_i64(rows, 10), -7);
    assert_memory_equal(cell(rows, 11, WEIR_TYPE_JSON)->as.text, "[1]", 3);
    assert_true(weir_is_null(rows, 12));
}

/* The server reads what is written as it reads literals. */
static void test_parameters__of_another_type(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) rows = weir_query(
        conn,
        "SELECT ?::int[], ?::int4range, ?::inet, ?::int, ?::date, ?::text, "
        "?::numeric, ?::timestamp",
        ARGS("{1,2}", "[1,9)", "10.0.0.1", "42", "2024-02-29", 12, 1.25,
             ((weir_date){0})));
    if (!weir_next(rows))
        fail_msg("%s", weir_result_error(rows)->message);
    is_text(rows, 0, "{1,2}");
    is_text(rows, 1, "[1,9)");
    is_text(rows, 2, "10.0.0.1");
    assert_int_equal(weir_get_i64(rows, 3), 42);
    assert_int_equal(cell(rows, 4, WEIR_TYPE_DATE)->as.i, 19782);
    is_text(rows, 5, "12");
    assert_true(weir_get_f64(rows, 6) == 1.25);
    assert_int_equal(cell(rows, 7, WEIR_TYPE_DATETIME)->as.i, 0);
}

static void refused(weir_conn *conn, const char *sql, weir_value value,
                    const char *sqlstate)
{
    if (weir_exec(conn, sql, ARGS(value)) != WEIR_ERR_TYPE)
        fail_msg("%s: %s", sql, weir_conn_error(conn)->message);
    assert_string_equal(weir_conn_error(conn)->sqlstate, sqlstate);
    assert_null(strstr(weir_conn_error(conn)->message, "secret"));
    assert_int_equal(weir_rollback(conn), WEIR_OK);
}

static void test_values__that_do_not_fit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    refused(conn, "SELECT ?::int2", weir_value_i64(40000), "22003");
    refused(conn, "SELECT ?::int4", weir_value_i64(INT64_MAX), "22003");
    refused(conn, "SELECT ?::int8", weir_value_u64(UINT64_MAX), "22003");
    refused(conn, "SELECT ?::int4", weir_value_cstr("secret"), "22P02");
    refused(conn, "SELECT ?::date", weir_value_cstr("secret"), "22007");
    refused(conn, "SELECT ?::varchar(3)::int", weir_value_cstr("secret"),
            "22P02");
    refused(conn, "SELECT ?::jsonb", weir_value_cstr("{secret"), "22P02");
    refused(conn, "SELECT ?::text",
            weir_value_text(weir_text_span("a\0secret", 8)), "22021");
    run(conn, "CREATE TEMP TABLE narrow (s varchar(3), n numeric(3, 1))");
    commit(conn);
    refused(conn, "INSERT INTO narrow (s) VALUES (?)",
            weir_value_cstr("secret"), "22001");
    refused(conn, "INSERT INTO narrow (n) VALUES (?)", weir_value_i64(1000),
            "22003");
    assert_int_equal(get(conn, "SELECT 1"), 1);
}

/* A byte string is sent as it is, and the server looks at it. */
static void test_broken_utf8__is_refused_by_both(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_int_equal(
        weir_exec(conn, "SELECT ?::text", ARGS(weir_text_span("\xFF", 1))),
        WEIR_ERR_TYPE);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    refused(conn, "SELECT ?::text",
            weir_value_bytes(weir_bytes_span("\xFF", 1)), "22021");
    assert_int_equal(weir_exec(conn, "SELECT '\xFF'", NOARGS), WEIR_ERR_TYPE);
}

static void test_stream__of_many_rows_in_constant_memory(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t sum = 0;

    (void)state;
    WEIR_AUTO(weir_result) rows = weir_stream(
        conn, "SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i",
        NOARGS);
    while (weir_next(rows))
        sum += weir_get_i64(rows, 0);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_int_equal(sum, INT64_C(50000) * 50001 / 2);
    weir_result_close(&rows);
    commit(conn);
}

/* The server is told to stop, which spoils a transaction there. */
static void test_stream__left_in_the_middle_of_very_many(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        WEIR_AUTO(weir_result) rows = NULL;

        assert_int_equal(weir_set_isolation(conn, alone
                                                      ? WEIR_AUTOCOMMIT
                                                      : WEIR_ISOLATION_DEFAULT),
                         WEIR_OK);
        rows =
            weir_stream(conn, "SELECT generate_series(1, 1000000000)", NOARGS);
        assert_true(weir_next(rows));
        weir_result_close(&rows);
        if (!alone)
            assert_int_equal(try(conn, "SELECT 5"), WEIR_ERR_ROLLBACK_FIRST);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
        assert_int_equal(get(conn, "SELECT 5"), 5);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
    }
}

static void test_stream__that_fails_in_the_middle(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int count = 0;

    (void)state;
    WEIR_AUTO(weir_result) rows = weir_stream(
        conn, "SELECT 10 / (500 - i) FROM generate_series(1, 1000) i", NOARGS);
    while (weir_next(rows))
        count++;
    assert_int_equal(count, 499);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
    assert_string_equal(weir_result_error(rows)->sqlstate, "22012");
    weir_result_close(&rows);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT 5"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers__at_their_limits),
        cmocka_unit_test(test_numeric__all_sizes),
        cmocka_unit_test(test_calendar__at_its_limits),
        cmocka_unit_test(test_intervals__in_every_style),
        cmocka_unit_test(test_text_and_bytes__as_they_are),
        cmocka_unit_test(test_others__come_as_text),
        cmocka_unit_test(test_parameters__come_back_as_they_went),
        cmocka_unit_test(test_parameters__of_another_type),
        cmocka_unit_test(test_values__that_do_not_fit),
        cmocka_unit_test(test_broken_utf8__is_refused_by_both),
        cmocka_unit_test(test_stream__of_many_rows_in_constant_memory),
        cmocka_unit_test(test_stream__left_in_the_middle_of_very_many),
        cmocka_unit_test(test_stream__that_fails_in_the_middle),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
