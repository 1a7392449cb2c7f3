/* SPDX-License-Identifier: MIT */
/*
 * Many rows in one command, by the driver itself: what they do, and that a
 * failure leaves exactly what stood before it.
 */
#include <stdio.h>

#include "drive.h"

enum { MANY = 20000, BAD = 12345 };

static drive d;
static void *conn;

/* The drive knows no credentials but those of the URL. */
static int set_up(void **state)
{
    weir_url_parts parts;
    weir_open_spec spec;

    (void)state;
    assert_int_equal(drive_attach(&d, getenv("WEIR_TEST_URL")), WEIR_OK);
    parts = weir_url_get(d.url);
    spec = (weir_open_spec){.services = &d.services,
                            .url = d.url,
                            .options = d.values,
                            .user = parts.user,
                            .password = parts.password,
                            .deadline = WEIR_NO_DEADLINE};
    conn = calloc(1, d.driver->conn_size);
    assert_int_equal(d.driver->open(conn, &spec, &d.err), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "DROP TABLE IF EXISTS bulk"), WEIR_OK);
    assert_int_equal(drive_run(&d, conn,
                               "CREATE TABLE bulk (id INT PRIMARY KEY, t "
                               "VARCHAR(40), f DOUBLE)"),
                     WEIR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    return 0;
}

/* Row i: its number, a text or NULL, a float or, every seventh, an integer. */
static weir_value *make_rows(void)
{
    weir_value *values = calloc(3 * MANY, sizeof *values);

    assert_non_null(values);
    for (int i = 0; i < MANY; i++) {
        values[3 * i] = weir_value_i64(i);
        values[3 * i + 1] =
            i % 3 ? weir_value_cstr("some text") : weir_value_null();
        values[3 * i + 2] = i % 7 ? weir_value_f64(i / 2.0) : weir_value_i64(i);
    }
    return values;
}

static weir_status insert(const weir_value *values, weir_outcome *out)
{
    weir_execution execution = {.values = values,
                                .value_count = 3,
                                .mode = WEIR_FETCH_BUFFER,
                                .deadline = WEIR_NO_DEADLINE};
    drive_stmt stmt;
    weir_status status;

    assert_int_equal(
        drive_prepare(&d, conn, "INSERT INTO bulk VALUES (?, ?, ?)", &stmt),
        WEIR_OK);
    status = d.driver->execute_many(stmt.memory, &execution, MANY, out, &d.err);
    drive_finish(&stmt);
    return status;
}

static void check_rows(int64_t count)
{
    assert_int_equal(drive_get(&d, conn, "SELECT count(*) FROM bulk"), count);
    assert_int_equal(
        drive_get(&d, conn, "SELECT count(*) FROM bulk WHERE t IS NULL"),
        (count + 2) / 3);
    assert_int_equal(drive_get(&d, conn,
                               "SELECT count(*) FROM bulk WHERE f <> IF(id % 7 "
                               "= 0, id, id / 2)"),
                     0);
}

static void test_rows__are_all_there(void **state)
{
    weir_value *values = make_rows();
    weir_outcome out;

    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(insert(values, &out), WEIR_OK);
    assert_int_equal(out.rows_done, MANY);
    assert_int_equal(out.affected, MANY);
    check_rows(MANY);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    free(values);
}

static void test_rows__outside_a_transaction_run_one_by_one(void **state)
{
    weir_value *values = make_rows();
    weir_outcome out;

    (void)state;
    values[3 * 50] = weir_value_i64(0);
    assert_int_equal(insert(values, &out), WEIR_ERR_CONSTRAINT);
    assert_int_equal(out.rows_done, 50);
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    check_rows(50);
    free(values);
}

static void test_failure__leaves_what_stood_before_it(void **state)
{
    weir_value *values = make_rows();
    weir_outcome out;

    (void)state;
    values[3 * BAD] = weir_value_i64(1);
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(insert(values, &out), WEIR_ERR_CONSTRAINT);
    assert_int_equal(out.rows_done, BAD);
    assert_int_equal(d.err.native_code, 1062);
    check_rows(BAD);
    assert_true((d.driver->state(conn) & WEIR_STATE_IN_TX) != 0);
    assert_int_equal(d.driver->rollback(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    free(values);
}

static void test_value__that_cannot_be_sent_ends_it_there(void **state)
{
    weir_value *values = make_rows();
    weir_outcome out;

    (void)state;
    values[3 * BAD + 2] = weir_value_f64(strtod("nan", NULL));
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(insert(values, &out), WEIR_ERR_TYPE);
    assert_int_equal(out.rows_done, BAD);
    check_rows(BAD);
    assert_int_equal(d.driver->rollback(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, tear_down)
        TEST(rows__are_all_there),
        TEST(rows__outside_a_transaction_run_one_by_one),
        TEST(failure__leaves_what_stood_before_it),
        TEST(value__that_cannot_be_sent_ends_it_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
