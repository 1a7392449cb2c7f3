/* SPDX-License-Identifier: MIT */
/* Connections that are closed after their loan, or leave the pool with it. */
#include "scripted.h"

#include <stdio.h>

static void open_small(int size, weir_pool_core core)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = size;
    options.max_overflow = 0;
    options.pool_timeout_s = 20;
    options.pool_core = core;
    script_open(NULL, &options);
}

static weir_status try_to_borrow(void)
{
    weir_connect_options hasty = WEIR_CONNECT_OPTIONS;
    weir_conn *conn;
    weir_error err;

    hasty.timeout_s = 0;
    conn = weir_connect_with(engine, &hasty, &err);
    if (!conn)
        return err.status;
    weir_conn_close(&conn);
    return WEIR_OK;
}

/* In SQLAlchemy one detached connection after another passes the limit. */
static void test_detach__counts_until_it_is_closed(void **state)
{
    weir_pool_core cores[] = {WEIR_POOL_FAST, WEIR_POOL_MUTEX};
    weir_pool_status pool;

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_conn *conn;

        open_small(1, cores[i]);
        conn = script_borrow();
        must(conn, weir_conn_detach(conn));
        weir_engine_pool_status(engine, &pool);
        assert_int_equal(pool.detached, 1);
        assert_int_equal(pool.busy, 1);
        assert_int_equal(try_to_borrow(), WEIR_ERR_POOL_TIMEOUT);
        weir_engine_dispose(engine);
        must(conn, weir_exec(conn, "UPDATE t", NOARGS));
        weir_conn_close(&conn);
        weir_engine_pool_status(engine, &pool);
        assert_int_equal(pool.detached, 0);
        assert_int_equal(pool.busy + pool.idle, 0);
        assert_int_equal(weir_mock_connections(mock), 0);
        assert_int_equal(try_to_borrow(), WEIR_OK);
    }
}

static void test_detach__shows_in_numbers_and_dump(void **state)
{
    weir_conn *conn, *other;
    weir_pool_numbers numbers;
    weir_json json;

    (void)state;
    open_small(2, WEIR_POOL_FAST);
    conn = script_borrow();
    other = script_borrow();
    must(conn, weir_conn_detach(conn));
    assert_int_equal(weir_pool_stats(engine, &numbers), WEIR_OK);
    assert_int_equal(numbers.now.detached, 1);
    weir_json_init(&json, NULL);
    assert_int_equal(weir_pool_dump(engine, &json), WEIR_OK);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_non_null(strstr(weir_json_result(&json).data, "\"detached\":1"));
    assert_non_null(
        strstr(weir_json_result(&json).data, "\"state\":\"detached\""));
    assert_non_null(strstr(weir_json_result(&json).data, "\"state\":\"busy\""));
    weir_json_clear(&json);
    weir_conn_close(&conn);
    weir_conn_close(&other);
}

static void test_detach__refuses_what_cannot_leave(void **state)
{
    weir_conn *conn = script_borrow();
    weir_conn *stale = conn;

    (void)state;
    must(conn, weir_conn_invalidate(conn));
    must_fail(conn, weir_conn_detach(conn), WEIR_ERR_MISUSE, "invalidated");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_conn_detach(conn));
    must_fail(conn, weir_conn_detach(conn), WEIR_ERR_MISUSE, "already");
    assert_true(weir_conn_is_detached(conn));
    weir_conn_close(&conn);
    assert_int_equal(weir_conn_detach(stale), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_invalidate_soft(stale), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_detach(NULL), WEIR_ERR_MISUSE);
    assert_false(weir_conn_is_detached(stale));
    assert_false(weir_conn_is_detached(NULL));
}

/* It has no successor: another would be the pool's. */
static void test_detach__a_lost_one_stays_lost(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    must(conn, weir_conn_detach(conn));
    must(conn, weir_conn_invalidate(conn));
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION,
              "detached");
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_count(mock, "open"), 1);
    conn = script_borrow();
    assert_false(weir_conn_is_detached(conn));
    weir_conn_close(&conn);
}

/* The last one out ends the engine, detached or not. */
static void test_detach__outlives_the_engine_s_closing(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    must(conn, weir_conn_detach(conn));
    weir_engine_close(&engine);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_connections(mock), 0);
    script_open(NULL, NULL);
}

static void test_soft__is_replaced_after_its_loan(void **state)
{
    weir_pool_core cores[] = {WEIR_POOL_FAST, WEIR_POOL_MUTEX};

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_conn *conn;

        open_small(1, cores[i]);
        conn = script_borrow();
        must(conn, weir_conn_invalidate_soft(conn));
        must(conn, weir_exec(conn, "UPDATE t", NOARGS));
        must(conn, weir_commit(conn));
        assert_int_equal(weir_mock_count(mock, "close"), 0);
        weir_conn_close(&conn);
        assert_int_equal(weir_mock_count(mock, "close"), 1);
        conn = script_borrow();
        assert_int_equal(weir_mock_count(mock, "open"), 2);
        weir_conn_close(&conn);
    }
}

static void test_soft__without_a_connection_does_nothing(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    must(conn, weir_conn_invalidate(conn));
    must(conn, weir_conn_invalidate_soft(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_count(mock, "close"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(detach__counts_until_it_is_closed),
        TEST(detach__shows_in_numbers_and_dump),
        TEST(detach__refuses_what_cannot_leave),
        TEST(detach__a_lost_one_stays_lost),
        TEST(detach__outlives_the_engine_s_closing),
        TEST(soft__is_replaced_after_its_loan),
        TEST(soft__without_a_connection_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
