/* SPDX-License-Identifier: MIT */
/*
 * What every database must do, asked through the public interface of the
 * database that WEIR_TEST_URL names. Tests look at capabilities, never at
 * names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/driver.h>
#include <weir/weir.h>

static weir_engine *engine;

static weir_conn *borrow(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static void must(weir_conn *conn, weir_status status)
{
    if (status != WEIR_OK)
        fail_msg("%s", weir_conn_error(conn)->message);
}

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    must(conn, weir_exec(conn, "DROP TABLE IF EXISTS thing", NOARGS));
    must(conn, weir_exec(conn,
                         "CREATE TABLE thing (id INTEGER PRIMARY KEY, name "
                         "VARCHAR(80) NOT NULL UNIQUE, age INTEGER)",
                         NOARGS));
    must(conn, weir_commit(conn));
    weir_conn_close(&conn);
    return 0;
}

static int64_t count(weir_conn *conn)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT count(*) FROM thing", NOARGS);
    int64_t found = -1;

    assert_int_equal(weir_result_one(rows), WEIR_OK);
    assert_int_equal(weir_scan(rows, &found), WEIR_OK);
    return found;
}

static weir_status add(weir_conn *conn, int64_t id, const char *name)
{
    return weir_exec(conn, "INSERT INTO thing (id, name) VALUES (?, ?)",
                     ARGS(id, name));
}

static void test_query__reads_named_and_positional_parameters(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0;
    const char *name = NULL;
    opt_i32 age = some_i32(1);

    (void)state;
    must(conn, add(conn, 7, "sandy"));
    assert_int_equal(weir_affected(conn), 1);
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id, name, age FROM thing WHERE name = :n",
                   ARGS(P("n", "sandy")));
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &id, &name, &age), WEIR_OK);
    assert_int_equal(id, 7);
    assert_string_equal(name, "sandy");
    assert_false(age.set);
    assert_string_equal(weir_column_name(rows, 1), "name");
    assert_int_equal(weir_column_index(rows, "AGE"), 2);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_OK);
}

static void test_close__rolls_back_what_was_not_committed(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    assert_true(weir_in_transaction(conn));
    weir_conn_close(&conn);
    assert_null(conn);
    weir_conn_close(&conn);
    conn = borrow();
    assert_int_equal(count(conn), 0);
    weir_conn_close(&conn);
}

static void test_commit__makes_work_lasting(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_commit(conn));
    must(conn, weir_rollback(conn));
    weir_conn_close(&conn);
    conn = borrow();
    assert_int_equal(count(conn), 1);
    weir_conn_close(&conn);
}

static void test_savepoint__rolls_back_only_its_own_work(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint outer, inner;

    (void)state;
    if (!(weir_engine_capabilities(engine) & WEIR_CAN_SAVEPOINT))
        return;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_savepoint_begin(conn, &outer));
    must(conn, add(conn, 2, "b"));
    must(conn, weir_savepoint_begin(conn, &inner));
    must(conn, add(conn, 3, "c"));
    must(conn, weir_savepoint_rollback(conn, &outer));
    assert_int_equal(count(conn), 1);
    assert_int_equal(weir_savepoint_release(conn, &inner), WEIR_ERR_MISUSE);
}

static void test_query__is_not_disturbed_by_writes_meanwhile(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0, seen = 0;
    const char *name = NULL;

    (void)state;
    must(conn, add(conn, 1, "one"));
    must(conn, add(conn, 2, "two"));
    must(conn, add(conn, 3, "three"));
    must(conn, weir_commit(conn));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id, name FROM thing ORDER BY id", NOARGS);
    while (weir_next(rows) && weir_scan(rows, &id, &name) == WEIR_OK) {
        const char *before = name;

        must(conn, add(conn, id + 10, id == 1 ? "x" : id == 2 ? "y" : "z"));
        assert_string_equal(before, id == 1   ? "one"
                                    : id == 2 ? "two"
                                              : "three");
        seen++;
    }
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_int_equal(seen, 3);
    assert_int_equal(count(conn), 6);
}

static void test_stream__refuses_another_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_int_equal(add(conn, 1, "a"), WEIR_ERR_MISUSE);
    weir_result_close(&rows);
    must(conn, add(conn, 1, "a"));
}

static void test_exec__tells_constraint_and_its_kind(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_error *err;

    (void)state;
    must(conn, add(conn, 1, "a"));
    assert_int_equal(add(conn, 2, "a"), WEIR_ERR_CONSTRAINT);
    err = weir_conn_error(conn);
    assert_int_equal(err->constraint_kind, WEIR_CONSTRAINT_UNIQUE);
    assert_string_equal(err->sqlstate, "23505");
    assert_int_equal(
        weir_exec(conn, "INSERT INTO thing (id) VALUES (9)", NOARGS),
        WEIR_ERR_CONSTRAINT);
    assert_int_equal(weir_conn_error(conn)->constraint_kind,
                     WEIR_CONSTRAINT_NOT_NULL);
}

static void test_scan__refuses_null_and_what_does_not_fit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int32_t age = 5;
    int8_t small = 5;

    (void)state;
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result) nulls =
        weir_query(conn, "SELECT age FROM thing", NOARGS);
    assert_true(weir_next(nulls));
    assert_int_equal(weir_scan(nulls, &age), WEIR_ERR_TYPE);
    assert_int_equal(age, 5);
    assert_false(weir_next(nulls));
    WEIR_AUTO(weir_result) wide = weir_query(conn, "SELECT 300", NOARGS);
    assert_true(weir_next(wide));
    assert_int_equal(weir_scan(wide, &small), WEIR_ERR_TYPE);
    assert_int_equal(small, 5);
}

static void test_wrong_input__gets_its_error_and_loses_nothing(void **state)
{
    weir_conn *conn = borrow();
    weir_conn *stale = conn;

    (void)state;
    must(conn, add(conn, 1, "a"));
    assert_int_equal(weir_exec(conn, "SELEC 1", NOARGS), WEIR_ERR_SQL);
    assert_int_equal(weir_exec(conn, "SELECT ?", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_exec(conn, "SELECT :a", ARGS(P("b", 1))),
                     WEIR_ERR_MISUSE);
    assert_int_equal(weir_exec(conn, "SELECT ?", ARGS("\xff")), WEIR_ERR_TYPE);
    assert_int_equal(weir_exec(conn, "COMMIT", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_exec(conn, "SELECT 1; SELECT 2", NOARGS),
                     WEIR_ERR_SQL);
    assert_int_equal(weir_exec(conn, "  -- nothing", NOARGS), WEIR_ERR_SQL);
    assert_int_equal(weir_begin(conn), WEIR_ERR_MISUSE);
    assert_int_equal(count(conn), 1);
    weir_conn_close(&conn);
    assert_int_equal(weir_exec(stale, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_conn_error(stale)->status, WEIR_ERR_MISUSE);
    assert_int_equal(weir_exec(NULL, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_result_status(weir_query(NULL, "x", NOARGS)),
                     WEIR_ERR_MISUSE);
}

static void test_read_only__refuses_to_write(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_options options = WEIR_TX_OPTIONS;

    (void)state;
    options.access = WEIR_READ_ONLY;
    must(conn, weir_begin_with(conn, &options));
    assert_int_equal(count(conn), 0);
    assert_int_equal(add(conn, 1, "a"), WEIR_ERR_UNAVAILABLE);
    must(conn, weir_rollback(conn));
    must(conn, add(conn, 1, "a"));
}

static void test_timeout__ends_a_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    if (!(weir_engine_capabilities(engine) & WEIR_CAN_DEADLINE))
        return;
    must(conn, weir_set_timeout(conn, 0.05));
    assert_int_equal(
        weir_exec(conn,
                  "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
                  "FROM c WHERE x < 900) SELECT count(*) FROM c a, c b, c d, "
                  "c e",
                  NOARGS),
        WEIR_ERR_TIMEOUT);
    must(conn, weir_set_timeout(conn, 0));
    assert_int_equal(count(conn), 0);
}

static void test_types__come_back_as_they_went(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_decimal money = {.lo = 1999, .scale = 2}, money_back;
    weir_timestamp when = {-1}, when_back;
    weir_text nul = weir_text_span("a\0b", 3), nul_back;
    weir_uuid uuid = {{1, 2, 3}}, uuid_back;
    int64_t least = INT64_MIN, least_back;
    double third = 1.0 / 3, third_back;

    (void)state;
    if (!(weir_engine_capabilities(engine) & WEIR_HAS_TEXT_NUL))
        return;
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT ?, ?, ?, ?, ?, ?",
                   ARGS(&money, when, nul, &uuid, least, third));
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &money_back, &when_back, &nul_back,
                               &uuid_back, &least_back, &third_back),
                     WEIR_OK);
    assert_int_equal(weir_decimal_compare(&money, &money_back), 0);
    assert_int_equal(when.us, when_back.us);
    assert_int_equal(nul_back.size, 3);
    assert_memory_equal(nul_back.data, "a\0b", 3);
    assert_memory_equal(&uuid, &uuid_back, sizeof uuid);
    assert_int_equal(least, least_back);
    assert_true(third == third_back);
}

static void test_pool__tells_who_holds_when_it_is_full(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_connect_options by = WEIR_CONNECT_OPTIONS;
    weir_error err;

    (void)state;
    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 0.02;
    WEIR_AUTO(weir_engine) small =
        weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    by.tag = "report";
    WEIR_AUTO(weir_conn) first = weir_connect_with(small, &by, &err);
    assert_non_null(first);
    WEIR_AUTO(weir_conn) second = weir_connect(small, &err);
    assert_null(second);
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(err.message, "\"report\""));
}

static void test_exec_many__runs_each_row(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("a"), WEIR_VAL(2),
                                 WEIR_VAL("b")};
    const weir_rows rows = {values, 2, 2};
    const weir_value twice[] = {WEIR_VAL(3), WEIR_VAL("c"), WEIR_VAL(4),
                                WEIR_VAL("c")};
    const weir_rows bad = {twice, 2, 2};

    (void)state;
    must(conn, weir_exec_many(
                   conn, "INSERT INTO thing (id, name) VALUES (?, ?)", &rows));
    assert_int_equal(weir_affected(conn), 2);
    assert_int_equal(
        weir_exec_many(conn, "INSERT INTO thing (id, name) VALUES (?, ?)",
                       &bad),
        WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(query__reads_named_and_positional_parameters),
        TEST(close__rolls_back_what_was_not_committed),
        TEST(commit__makes_work_lasting),
        TEST(savepoint__rolls_back_only_its_own_work),
        TEST(query__is_not_disturbed_by_writes_meanwhile),
        TEST(stream__refuses_another_statement),
        TEST(exec__tells_constraint_and_its_kind),
        TEST(scan__refuses_null_and_what_does_not_fit),
        TEST(wrong_input__gets_its_error_and_loses_nothing),
        TEST(read_only__refuses_to_write),
        TEST(timeout__ends_a_statement),
        TEST(types__come_back_as_they_went),
        TEST(pool__tells_who_holds_when_it_is_full),
        TEST(exec_many__runs_each_row),
    };
    weir_error err;
    int failed;

    engine = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    if (!engine)
        return weir_report(&err);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
