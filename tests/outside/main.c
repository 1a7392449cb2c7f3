/* SPDX-License-Identifier: MIT */
/* The conformance suite on a database from outside, and its own tests. */
#include "conformance/suite.h"
#include "outside/toy.h"

static int64_t value_of(weir_conn *conn, int cell)
{
    WEIR_AUTO(weir_result) rows = weir_query(conn, "GET ?", ARGS(cell));

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("GET: %s", weir_result_error(rows)->message);
    return weir_get_i64(rows, 0);
}

static void put(weir_conn *conn, int cell, int64_t value)
{
    must(conn, weir_exec(conn, "PUT :cell :value",
                         ARGS(P("value", value), P("cell", cell))));
    assert_int_equal(weir_affected(conn), 1);
}

static void test_cells__keep_what_was_committed(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_conn) other = borrow();

    (void)state;
    put(conn, 1, 10);
    must(conn, weir_commit(conn));
    put(conn, 1, 11);
    put(conn, 1, 12);
    assert_int_equal(value_of(other, 1), 12); /* uncommitted, as it claims */
    must(conn, weir_rollback(conn));
    assert_int_equal(value_of(other, 1), 10);
    put(conn, 1, 13);
    weir_conn_close(&conn); /* rolls back */
    assert_int_equal(value_of(other, 1), 10);
}

static void test_errors__are_those_of_its_table(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must_fail(conn, weir_exec(conn, "FETCH ?", ARGS(1)), WEIR_ERR_SQL);
    assert_string_equal(weir_conn_error(conn)->sqlstate, "42601");
    must_fail(conn, weir_exec(conn, "PUT ? ?", ARGS(8, 1)), WEIR_ERR_SQL);
    must_fail(conn, weir_exec(conn, "PUT ? ?", ARGS(1, "x")), WEIR_ERR_SQL);
    for (int i = 0; i < 64; i++)
        put(conn, 2, i);
    must_fail(conn, weir_exec(conn, "PUT ? ?", ARGS(2, 64)), WEIR_ERR_LIMIT);
    assert_int_equal(value_of(conn, 2), 63);
}

static int run_toy(void)
{
    const struct CMUnitTest tests[] = {
        ANY(cells__keep_what_was_committed),
        ANY(errors__are_those_of_its_table),
    };
    weir_error err;
    int failed;

    engine = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    if (!engine)
        return weir_report(&err);
    failed = cmocka_run_group_tests_name("toy", tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}

int main(void)
{
    weir_error err;

    if (weir_backend_register(&toy_backend, &err) != WEIR_OK)
        return weir_report(&err);
    return run_toy() + conformance();
}
