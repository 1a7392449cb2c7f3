/* SPDX-License-Identifier: MIT */
/*
 * Types there and back, at their limits. A column's declaration differs from
 * database to database: each test names the spellings that exist, and the
 * first one that the database takes is used.
 */
#include <math.h>

#include "suite.h"

enum { SPELLINGS_MAX = 4 };

/* A table typed(id, v) whose column v is declared by the first spelling that
 * works; false if none does. */
static bool make_typed(weir_conn *conn, const char *const *spellings)
{
    char sql[128];

    must(conn, weir_exec(conn, "DROP TABLE IF EXISTS typed", NOARGS));
    must(conn, weir_commit(conn));
    for (int i = 0; i < SPELLINGS_MAX && spellings[i]; i++) {
        snprintf(sql, sizeof sql,
                 "CREATE TABLE typed (id INTEGER PRIMARY KEY, v %s)",
                 spellings[i]);
        if (weir_exec(conn, sql, NOARGS) == WEIR_OK) {
            must(conn, weir_commit(conn));
            return true;
        }
        must(conn, weir_rollback(conn));
    }
    return false;
}

static weir_status put(weir_conn *conn, int id, weir_value value)
{
    return weir_exec(conn, "INSERT INTO typed (id, v) VALUES (?, ?)",
                     ARGS(id, value));
}

/* The row's value; `rows` must be closed. */
static weir_result *get(weir_conn *conn, int id)
{
    weir_result *rows =
        weir_query(conn, "SELECT v FROM typed WHERE id = ?", ARGS(id));

    if (!weir_next(rows))
        fail_msg("row %d: %s", id, weir_result_error(rows)->message);
    return rows;
}

#define MAKE_TYPED(conn_, ...)                                                 \
    make_typed((conn_), (const char *const[SPELLINGS_MAX]){__VA_ARGS__})

/* ---------------------------------------------------------------- numbers */

static void test_integers__keep_their_edges(void **state)
{
    static const int64_t edges[] = {
        INT64_MIN, INT64_MIN + 1, INT32_MIN - INT64_C(1), INT32_MIN, -1, 0,
        1,         INT32_MAX,     INT32_MAX + INT64_C(1), INT64_MAX};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "BIGINT"));
    for (int i = 0; i < 10; i++) {
        must(conn, put(conn, i, WEIR_VAL(edges[i])));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        assert_true(weir_get_i64(rows, 0) == edges[i]);
        assert_int_equal(weir_result_status(rows), WEIR_OK);
    }
}

static void test_unsigned__above_the_signed_edge_or_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!can(WEIR_HAS_U64)) {
        assert_true(MAKE_TYPED(conn, "BIGINT"));
        must_fail(conn, put(conn, 1, WEIR_VAL(UINT64_MAX)), WEIR_ERR_TYPE);
        return;
    }
    assert_true(MAKE_TYPED(conn, "BIGINT UNSIGNED", "BIGINT"));
    must(conn, put(conn, 1, WEIR_VAL(UINT64_MAX)));
    WEIR_AUTO(weir_result) rows = get(conn, 1);
    assert_true(weir_get_u64(rows, 0) == UINT64_MAX);
    assert_int_equal(weir_get_i64(rows, 0), 0);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
}

static uint64_t bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static void check_double(weir_conn *conn, int id, double number, double wanted)
{
    double back;

    must(conn, put(conn, id, WEIR_VAL(number)));
    WEIR_AUTO(weir_result) rows = get(conn, id);
    back = weir_get_f64(rows, 0);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    if (bits_of(back) != bits_of(wanted))
        fail_msg("%a came back as %a", number, back);
}

/* Where each value has a type of its own, a column's type may make a whole
 * number of -0.0; a column without one keeps the value. */
static void test_doubles__come_back_bit_by_bit(void **state)
{
    static const double values[] = {0.0,
                                    1.0 / 3,
                                    5e-324,
                                    1.7976931348623157e308,
                                    2.2250738585072014e-308,
                                    -1e-300,
                                    0.1,
                                    9007199254740993.0,
                                    -5e-324};
    enum { COUNT = sizeof values / sizeof values[0] };
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "DOUBLE PRECISION"));
    for (int i = 0; i < COUNT; i++)
        check_double(conn, i, values[i], values[i]);
    if (!can(WEIR_HAS_TYPED_COLUMNS))
        assert_true(MAKE_TYPED(conn, ""));
    check_double(conn, COUNT, -0.0, can(WEIR_HAS_MINUS_ZERO) ? -0.0 : 0.0);
}

static void test_doubles__beyond_numbers_or_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const double odd[] = {INFINITY, -INFINITY, NAN};

    (void)state;
    assert_true(MAKE_TYPED(conn, "DOUBLE PRECISION"));
    for (int i = 0; i < 3; i++) {
        bool has = can(i < 2 ? WEIR_HAS_INFINITY : WEIR_HAS_NAN);
        double back;

        if (!has) {
            assert_int_equal(put(conn, i, WEIR_VAL(odd[i])), WEIR_ERR_TYPE);
            must(conn, weir_rollback(conn));
            continue;
        }
        must(conn, put(conn, i, WEIR_VAL(odd[i])));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        back = weir_get_f64(rows, 0);
        assert_int_equal(weir_result_status(rows), WEIR_OK);
        assert_true(i == 2 ? isnan(back) : back == odd[i]);
    }
}

static void test_booleans__are_true_and_false(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "BOOLEAN"));
    must(conn, put(conn, 1, weir_value_bool(true)));
    must(conn, put(conn, 2, weir_value_bool(false)));
    WEIR_AUTO(weir_result) yes = get(conn, 1);
    WEIR_AUTO(weir_result) no = get(conn, 2);
    assert_true(weir_get_bool(yes, 0));
    assert_false(weir_get_bool(no, 0));
    assert_int_equal(weir_result_status(no), WEIR_OK);
}

static void test_decimals__keep_all_38_digits(void **state)
{
    static const char *const texts[] = {
        "0.00",
        "19.99",
        "-0.01",
        "12345678901234567890.12",
        "999999999999999999999999999999999999.99",
        "-999999999999999999999999999999999999.99"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    /* Where a declaration does not bind, "TEXT" in it keeps SQLite from making
     * a double of the digits; a database that knows no such type has the
     * other. */
    assert_true(MAKE_TYPED(conn, "DECIMAL_TEXT(38, 2)", "DECIMAL(38, 2)"));
    for (int i = 0; i < 6; i++) {
        weir_decimal money, found;
        weir_error err;

        assert_int_equal(
            weir_decimal_parse(weir_text_of(texts[i]), &money, &err), WEIR_OK);
        must(conn, put(conn, i, WEIR_VAL(&money)));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        if (weir_scan(rows, &found) != WEIR_OK)
            fail_msg("%s: %s", texts[i], weir_result_error(rows)->message);
        assert_int_equal(weir_decimal_compare(&money, &found), 0);
    }
}

/* ------------------------------------------------------------ text, bytes */

static void test_text__keeps_every_character(void **state)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "plain",
                                        "it's \"quoted\" \\ `so`",
                                        "grüße",
                                        "日本語",
                                        "😀 \xF0\x9F\x98\x80",
                                        "line\nbreak\ttab\r",
                                        "%_;--/*"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "VARCHAR(200)"));
    for (int i = 0; i < 9; i++) {
        must(conn, put(conn, i, WEIR_VAL(texts[i])));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        assert_string_equal(weir_get_text(rows, 0), texts[i]);
        assert_false(weir_is_null(rows, 0)); /* empty is not NULL */
    }
    must(conn, put(conn, 20, weir_value_null()));
    WEIR_AUTO(weir_result) rows = get(conn, 20);
    assert_true(weir_is_null(rows, 0));
}

static void test_text__with_a_nul_is_kept_or_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_text nul = weir_text_span("a\0b", 3), back;

    (void)state;
    assert_true(MAKE_TYPED(conn, "VARCHAR(200)"));
    if (!can(WEIR_HAS_TEXT_NUL)) {
        must_fail(conn, put(conn, 1, WEIR_VAL(nul)), WEIR_ERR_TYPE);
        return;
    }
    must(conn, put(conn, 1, WEIR_VAL(nul)));
    WEIR_AUTO(weir_result) rows = get(conn, 1);
    back = weir_get_span(rows, 0);
    assert_int_equal(back.size, 3);
    assert_memory_equal(back.data, "a\0b", 3);
    assert_null(weir_get_text(rows, 0)); /* would be cut at the NUL */
    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
}

static void test_bytes__keep_every_byte(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    unsigned char all[256];
    weir_bytes back;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    assert_true(MAKE_TYPED(conn, "LONGBLOB", "BYTEA", "BLOB"));
    must(conn, put(conn, 1, WEIR_VAL(((weir_bytes){all, 256}))));
    must(conn, put(conn, 2, WEIR_VAL(((weir_bytes){NULL, 0}))));
    WEIR_AUTO(weir_result) full = get(conn, 1);
    back = weir_get_bytes(full, 0);
    assert_int_equal(back.size, 256);
    assert_memory_equal(back.data, all, 256);
    WEIR_AUTO(weir_result) empty = get(conn, 2);
    assert_false(weir_is_null(empty, 0));
    assert_int_equal(weir_get_bytes(empty, 0).size, 0);
    assert_int_equal(weir_result_status(empty), WEIR_OK);
}

static void test_bytes__of_64_mib_come_back(void **state)
{
    const size_t size = suite_measure.large;
    WEIR_AUTO(weir_conn) conn = borrow();
    unsigned char *blob = malloc(size);
    weir_bytes back;
    weir_status status;

    (void)state;
    assert_non_null(blob);
    for (size_t i = 0; i < size; i++)
        blob[i] = (unsigned char)(i * 2654435761u >> 13);
    assert_true(MAKE_TYPED(conn, "LONGBLOB", "BYTEA", "BLOB"));
    status = put(conn, 1, WEIR_VAL(((weir_bytes){blob, size})));
    must(conn, status);
    WEIR_AUTO(weir_result) rows = get(conn, 1);
    back = weir_get_bytes(rows, 0);
    assert_int_equal(back.size, size);
    assert_int_equal(memcmp(back.data, blob, size), 0);
    free(blob);
    weir_result_close(&rows);
    must(conn, weir_exec(conn, "DELETE FROM typed", NOARGS));
    must(conn, weir_commit(conn));
}

/* ------------------------------------------------------------------- time */

static void test_dates__before_1970_and_at_the_edges(void **state)
{
    static const char *const texts[] = {
        "1000-01-01", "1582-10-15", "1899-12-31", "1969-12-31",
        "1970-01-01", "2000-02-29", "9999-12-31"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "DATE"));
    for (int i = 0; i < 7; i++) {
        weir_date date, back;
        weir_error err;

        assert_int_equal(weir_date_parse(weir_text_of(texts[i]), &date, &err),
                         WEIR_OK);
        must(conn, put(conn, i, WEIR_VAL(date)));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        assert_int_equal(weir_scan(rows, &back), WEIR_OK);
        assert_int_equal(back.days, date.days);
    }
}

static void test_datetimes__keep_their_microseconds(void **state)
{
    static const char *const texts[] = {
        "1000-01-01T00:00:00", "1969-12-31T23:59:59.999999",
        "1970-01-01T00:00:00", "2038-01-19T03:14:08.000001",
        "9999-12-31T23:59:59.999999"};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "DATETIME(6)", "TIMESTAMP"));
    for (int i = 0; i < 5; i++) {
        weir_datetime when, back;
        weir_error err;

        assert_int_equal(
            weir_datetime_parse(weir_text_of(texts[i]), &when, &err), WEIR_OK);
        must(conn, put(conn, i, WEIR_VAL(when)));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        if (weir_scan(rows, &back) != WEIR_OK)
            fail_msg("%s: %s", texts[i], weir_result_error(rows)->message);
        assert_true(back.us == when.us);
    }
}

static void test_timestamps__are_instants(void **state)
{
    const weir_timestamp when[] = {{-1}, {0}, {1700000000123456}};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "DATETIME(6)", "TIMESTAMPTZ"));
    for (int i = 0; i < 3; i++) {
        weir_timestamp back;

        must(conn, put(conn, i, WEIR_VAL(when[i])));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        if (weir_scan(rows, &back) != WEIR_OK)
            fail_msg("%d: %s", i, weir_result_error(rows)->message);
        assert_true(back.us == when[i].us);
    }
}

static void test_times__reach_the_last_microsecond(void **state)
{
    const weir_time times[] = {{0}, {1}, {86399999999}};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "TIME(6)", "TIME"));
    for (int i = 0; i < 3; i++) {
        weir_time back;

        must(conn, put(conn, i, WEIR_VAL(times[i])));
        WEIR_AUTO(weir_result) rows = get(conn, i);
        assert_int_equal(weir_scan(rows, &back), WEIR_OK);
        assert_true(back.us == times[i].us);
    }
}

/* Where an interval is a span of time, months are refused. */
static void test_intervals__keep_their_units_or_are_refused(void **state)
{
    const weir_interval spans[] = {{0, 0, 0},
                                   {0, 0, -1},
                                   {0, 0, INT64_C(360000000001)},
                                   {14, -3, 4000001},
                                   {-1, 0, -1}};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_true(MAKE_TYPED(conn, "INTERVAL", "TIME(6)"));
    for (int i = 0; i < 5; i++) {
        weir_interval back;
        weir_status status = put(conn, i, WEIR_VAL(&spans[i]));

        if (status == WEIR_ERR_TYPE && spans[i].months != 0) {
            must(conn, weir_rollback(conn));
            continue;
        }
        must(conn, status);
        WEIR_AUTO(weir_result) rows = get(conn, i);
        if (weir_scan(rows, &back) != WEIR_OK)
            fail_msg("%d: %s", i, weir_result_error(rows)->message);
        assert_memory_equal(&back, &spans[i], sizeof back);
    }
}

/* ------------------------------------------------------------------ others */

static void test_uuids__keep_their_bytes(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_uuid uuid = {{0x01, 0x88, 0xd7, 0xa0, 0, 0xff}}, back;

    (void)state;
    assert_true(MAKE_TYPED(conn, "UUID", "BINARY(16)"));
    must(conn, put(conn, 1, WEIR_VAL(&uuid)));
    WEIR_AUTO(weir_result) rows = get(conn, 1);
    if (weir_scan(rows, &back) != WEIR_OK)
        fail_msg("%s", weir_result_error(rows)->message);
    assert_memory_equal(&back, &uuid, sizeof uuid);
}

static void test_json__comes_back_as_json(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_raw_json json = {"{\"a\": [1, 2, \"\xC3\xBC\"]}", 21}, back;

    (void)state;
    json.size = strlen(json.data);
    assert_true(MAKE_TYPED(conn, "JSON"));
    must(conn, put(conn, 1, WEIR_VAL(json)));
    WEIR_AUTO(weir_result) rows = get(conn, 1);
    if (weir_scan(rows, &back) != WEIR_OK)
        fail_msg("%s", weir_result_error(rows)->message);
    assert_int_equal(back.size, json.size);
    assert_memory_equal(back.data, json.data, json.size);
}

int run_types(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers__keep_their_edges),
        TEST(unsigned__above_the_signed_edge_or_refused),
        TEST(doubles__come_back_bit_by_bit),
        TEST(doubles__beyond_numbers_or_refused),
        TEST(booleans__are_true_and_false),
        TEST(decimals__keep_all_38_digits),
        TEST(text__keeps_every_character),
        TEST(text__with_a_nul_is_kept_or_refused),
        TEST(bytes__keep_every_byte),
        TEST(bytes__of_64_mib_come_back),
        TEST(dates__before_1970_and_at_the_edges),
        TEST(datetimes__keep_their_microseconds),
        TEST(timestamps__are_instants),
        TEST(times__reach_the_last_microsecond),
        TEST(intervals__keep_their_units_or_are_refused),
        TEST(uuids__keep_their_bytes),
        TEST(json__comes_back_as_json),
    };

    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
