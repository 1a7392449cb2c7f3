/* SPDX-License-Identifier: MIT */
/*
 * Many rows at once: COPY in both formats, rows in a pipeline, executions
 * that are submitted and collected.
 */
#include "drive.h"
#include "postgres/with_server.h"

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS t, listed");
    run(conn,
        "CREATE TABLE t (id int PRIMARY KEY, name text, money "
        "numeric(12, 2), day date, raw bytea, doc jsonb, at timestamptz)");
    run(conn, "CREATE TABLE listed (id int, tags text[], raw bytea, f float8)");
    commit(conn);
    weir_conn_close(&conn);
    return 0;
}

static void test_copy__binary_of_every_kind(void **state)
{
    static const char *const names[] = {"id",  "name", "money", "day",
                                        "raw", "doc",  "at"};
    const weir_table_columns into = {"t", names, 7};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_decimal money = {.lo = 1999, .scale = 2};
    weir_value values[] = {
        weir_value_i64(1),
        weir_value_cstr("grüße"),
        weir_value_decimal(&money),
        weir_value_date((weir_date){19782}),
        weir_value_bytes(weir_bytes_span("\0\xFF", 2)),
        weir_value_json((weir_raw_json){"{\"a\": 1}", 8}),
        weir_value_timestamp((weir_timestamp){1700000000123456}),
        /* In words: read as values of the column's type. */
        weir_value_cstr("2"),
        weir_value_i64(7),
        weir_value_cstr("0.05"),
        weir_value_cstr("2024-02-29"),
        weir_value_cstr("abc"),
        weir_value_cstr("[]"),
        weir_value_cstr("2024-02-29T12:00:00Z"),
        weir_value_i64(3),
        weir_value_null(),
        weir_value_null(),
        weir_value_null(),
        weir_value_null(),
        weir_value_null(),
        weir_value_null(),
    };
    const weir_rows rows = {values, 7, 3};

    (void)state;
    if (weir_bulk_insert(conn, &into, &rows) != WEIR_OK)
        fail_msg("%s", weir_conn_error(conn)->message);
    assert_int_equal(weir_affected(conn), 3);
    commit(conn);
    expect(conn,
           "SELECT row(name, money, day, raw, doc)::text FROM t WHERE id "
           "= 1",
           "(grüße,19.99,2024-02-29,\"\\\\x00ff\",\"{\"\"a\"\": 1}\")");
    expect(conn,
           "SELECT row(name, money, day, raw, doc)::text FROM t WHERE id "
           "= 2",
           "(7,0.05,2024-02-29,\"\\\\x616263\",[])");
    assert_int_equal(get(conn, "SELECT count(*) FROM t WHERE id = 3 AND name "
                               "IS NULL AND at IS NULL"),
                     1);
    assert_int_equal(get(conn, "SELECT (extract(epoch from at) * 1000000)::int8"
                               " FROM t WHERE id = 1"),
                     1700000000123456);
}

static void test_copy__text_for_arrays(void **state)
{
    static const char *const names[] = {"id", "tags", "raw", "f"};
    const weir_table_columns into = {"public.listed", names, 4};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value values[] = {
        weir_value_i64(1),
        weir_value_cstr("{\"a\tb\",\"c\\\\d\",\"e\nf\"}"),
        weir_value_bytes(weir_bytes_span("\0\\\xFF", 3)),
        weir_value_f64(0.1),
        weir_value_i64(2),
        weir_value_null(),
        weir_value_null(),
        weir_value_null(),
    };
    const weir_rows rows = {values, 4, 2};

    (void)state;
    if (weir_bulk_insert(conn, &into, &rows) != WEIR_OK)
        fail_msg("%s", weir_conn_error(conn)->message);
    expect(conn, "SELECT tags[1] FROM listed WHERE id = 1", "a\tb");
    expect(conn, "SELECT tags[2] FROM listed WHERE id = 1", "c\\d");
    expect(conn, "SELECT tags[3] FROM listed WHERE id = 1", "e\nf");
    expect(conn, "SELECT raw::text FROM listed WHERE id = 1", "\\x005cff");
    assert_int_equal(get(conn, "SELECT count(*) FROM listed WHERE f = 0.1"), 1);
    assert_int_equal(
        get(conn, "SELECT count(*) FROM listed WHERE tags IS NULL"), 1);
}

static void test_copy__tells_what_does_not_fit(void **state)
{
    static const char *const names[] = {"id", "day"};
    const weir_table_columns into = {"t", names, 2};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value values[] = {weir_value_i64(1), weir_value_cstr("secret")};
    const weir_rows rows = {values, 2, 1};

    (void)state;
    assert_int_equal(weir_bulk_insert(conn, &into, &rows), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_conn_error(conn)->message, "\"day\""));
    assert_null(strstr(weir_conn_error(conn)->message, "secret"));
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    values[1] = weir_value_null();
    values[0] = weir_value_i64(INT64_MAX);
    assert_int_equal(weir_bulk_insert(conn, &into, &rows), WEIR_ERR_TYPE);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM t"), 0);
}

static void test_copy__of_100000_rows(void **state)
{
    enum { COUNT = 100000 };
    static const char *const names[] = {"id", "name"};
    const weir_table_columns into = {"t", names, 2};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value *values = calloc(2 * COUNT, sizeof *values);
    const weir_rows rows = {values, 2, COUNT};

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        values[2 * i] = weir_value_i64(i);
        values[2 * i + 1] = weir_value_cstr("a name of some length");
    }
    assert_int_equal(weir_bulk_insert(conn, &into, &rows), WEIR_OK);
    assert_int_equal(weir_affected(conn), COUNT);
    assert_int_equal(get(conn, "SELECT sum(id) FROM t"),
                     (int64_t)COUNT * (COUNT - 1) / 2);
    values[2 * (COUNT - 1)] = weir_value_i64(0); /* the last one twice */
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_bulk_insert(conn, &into, &rows), WEIR_ERR_CONSTRAINT);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT count(*) FROM t"), 0);
    free(values);
}

static void test_many__stop_at_the_first_failure(void **state)
{
    enum { COUNT = 1000 };
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value values[COUNT];
    const weir_rows rows = {values, 1, COUNT};

    (void)state;
    for (int i = 0; i < COUNT; i++)
        values[i] = weir_value_i64(i == 700 ? 5 : i);
    assert_int_equal(
        weir_exec_many(conn, "INSERT INTO t (id) VALUES (?)", &rows),
        WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 701"));
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    values[700] = weir_value_i64(INT64_MAX); /* refused before it is sent */
    assert_int_equal(
        weir_exec_many(conn, "INSERT INTO t (id) VALUES (?)", &rows),
        WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 701"));
    assert_int_equal(get(conn, "SELECT count(*) FROM t"), 700);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    /* Each for itself. */
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    values[700] = weir_value_i64(5);
    if (weir_exec_many(conn, "INSERT INTO t (id) VALUES (?)", &rows) !=
        WEIR_ERR_CONSTRAINT)
        fail_msg("%s", weir_conn_error(conn)->message);
    assert_int_equal(get(conn, "SELECT count(*) FROM t"), 700);
}

/* ------------------------------------------------------------------ submit */

enum { SENT = 5 };

typedef struct batch {
    drive d;
    void *conn;
    drive_stmt stmts[SENT];
} batch;

/* The engine does not submit yet, so the driver is driven by hand. */
static void open_batch(batch *b)
{
    weir_url_parts parts;
    weir_open_spec spec;

    assert_int_equal(drive_attach(&b->d, getenv("WEIR_TEST_URL")), WEIR_OK);
    parts = weir_url_get(b->d.url);
    spec = (weir_open_spec){.services = &b->d.services,
                            .url = b->d.url,
                            .options = b->d.values,
                            .user = parts.user,
                            .password = parts.password,
                            .deadline = WEIR_NO_DEADLINE};
    b->conn = calloc(1, b->d.driver->conn_size);
    assert_int_equal(b->d.driver->open(b->conn, &spec, &b->d.err), WEIR_OK);
    for (int i = 0; i < SENT; i++)
        assert_int_equal(drive_prepare(&b->d, b->conn,
                                       "INSERT INTO t (id) VALUES ($1) "
                                       "RETURNING id",
                                       &b->stmts[i]),
                         WEIR_OK);
}

static void close_batch(batch *b)
{
    for (int i = 0; i < SENT; i++)
        drive_finish(&b->stmts[i]);
    drive_close(&b->d, b->conn);
    drive_detach(&b->d);
}

static void submit_all(batch *b, int twice)
{
    for (int i = 0; i < SENT; i++) {
        weir_value id = weir_value_i64(i == twice ? 0 : i);
        weir_execution execution = {
            .values = &id, .value_count = 1, .deadline = WEIR_NO_DEADLINE};

        assert_int_equal(
            b->d.driver->submit(b->stmts[i].memory, &execution, &b->d.err),
            WEIR_OK);
    }
}

/* The answer to the execution of that number; its row must be right. */
static weir_status collect(batch *b, int i)
{
    weir_status status =
        b->d.driver->collect(b->stmts[i].memory, WEIR_NO_DEADLINE, &b->d.err);
    weir_value row;

    if (status == WEIR_OK) {
        assert_int_equal(drive_fetch(&b->stmts[i], &row), WEIR_STEP_ROW);
        assert_int_equal(row.as.i, i);
        assert_int_equal(drive_fetch(&b->stmts[i], &row), WEIR_STEP_DONE);
    }
    drive_end(&b->stmts[i]);
    return status;
}

static void test_submit__is_collected_in_order(void **state)
{
    batch b;

    (void)state;
    open_batch(&b);
    for (int in_tx = 0; in_tx < 2; in_tx++) {
        if (in_tx)
            assert_int_equal(drive_begin(&b.d, b.conn), WEIR_OK);
        submit_all(&b, -1);
        assert_int_equal(
            b.d.driver->collect(b.stmts[1].memory, WEIR_NO_DEADLINE, &b.d.err),
            WEIR_ERR_MISUSE);
        for (int i = 0; i < SENT; i++)
            assert_int_equal(collect(&b, i), WEIR_OK);
        if (in_tx)
            assert_int_equal(
                b.d.driver->rollback(b.conn, WEIR_NO_DEADLINE, &b.d.err),
                WEIR_OK);
        assert_int_equal(drive_run(&b.d, b.conn, "DELETE FROM t"), WEIR_OK);
        assert_int_equal(b.d.driver->state(b.conn), 0);
    }
    close_batch(&b);
}

/* Alone each stands for itself; a transaction takes those after it along. */
static void test_submit__that_fails(void **state)
{
    batch b;

    (void)state;
    open_batch(&b);
    submit_all(&b, 2);
    for (int i = 0; i < SENT; i++)
        assert_int_equal(collect(&b, i),
                         i == 2 ? WEIR_ERR_CONSTRAINT : WEIR_OK);
    assert_int_equal(drive_run(&b.d, b.conn, "DELETE FROM t"), WEIR_OK);
    assert_int_equal(drive_begin(&b.d, b.conn), WEIR_OK);
    submit_all(&b, 2);
    for (int i = 0; i < SENT; i++)
        assert_int_equal(collect(&b, i), i < 2    ? WEIR_OK
                                         : i == 2 ? WEIR_ERR_CONSTRAINT
                                                  : WEIR_ERR_ROLLBACK_FIRST);
    assert_int_equal(b.d.driver->state(b.conn),
                     WEIR_STATE_IN_TX | WEIR_STATE_TX_FAILED);
    assert_int_equal(b.d.driver->rollback(b.conn, WEIR_NO_DEADLINE, &b.d.err),
                     WEIR_OK);
    assert_int_equal(drive_run(&b.d, b.conn, "SELECT 1"), WEIR_OK);
    close_batch(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(copy__binary_of_every_kind),
        TEST(copy__text_for_arrays),
        TEST(copy__tells_what_does_not_fit),
        TEST(copy__of_100000_rows),
        TEST(many__stop_at_the_first_failure),
        TEST(submit__is_collected_in_order),
        TEST(submit__that_fails),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
