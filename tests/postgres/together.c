/* SPDX-License-Identifier: MIT */
/*
 * weir_query_many() in a pipeline: what it costs, what has become of prepared
 * statements meanwhile, a server that goes away in the middle.
 */
#include "postgres/with_server.h"

static weir_result *rows[60];

static void close_all(size_t count)
{
    for (size_t i = 0; i < count; i++)
        weir_result_close(&rows[i]);
}

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS thing");
    run(conn, "CREATE TABLE thing (id int PRIMARY KEY, n int)");
    run(conn, "INSERT INTO thing SELECT i, i FROM generate_series(0, 99) i");
    commit(conn);
    weir_conn_close(&conn);
    return 0;
}

static weir_conn *borrow_alone(void)
{
    weir_conn *conn = borrow();

    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    return conn;
}

static void must(weir_conn *conn, weir_status status)
{
    if (status != WEIR_OK)
        fail_msg("%s", weir_conn_error(conn)->message);
}

static void must_say(int i, weir_status wanted, const char *part)
{
    const weir_error *err = weir_result_error(rows[i]);

    if (err->status != wanted || !strstr(err->message, part))
        fail_msg("%d: %s (%s)", i, weir_status_name(err->status), err->message);
}

/* ------------------------------------------------------------- round trips */

/* However many they are, and with BEGIN. A wait may end before all is there,
 * so there can be some more: see sessions.c. */
static void test_query_many__has_one_round_trip(void **state)
{
    enum { COUNT = 20 };
    WEIR_AUTO(weir_engine) counted = open_counted();
    weir_statement asked[COUNT];
    weir_value ids[COUNT];
    weir_error err;
    WEIR_AUTO(weir_conn) conn = weir_connect(counted, &err);
    int least = 1000;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        ids[i] = weir_value_i64(i);
        asked[i] =
            (weir_statement){"SELECT n FROM thing WHERE id = ?", &ids[i], 1};
    }
    for (int turn = 0; turn < 20; turn++) {
        int before = round_trips;

        must(conn, weir_query_many(conn, asked, COUNT, rows));
        least = round_trips - before < least ? round_trips - before : least;
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(weir_result_one(rows[i]), WEIR_OK);
            assert_int_equal(weir_get_i64(rows[i], 0), i);
        }
        close_all(COUNT);
        commit(conn);
    }
    assert_int_equal(least, 1);
}

/* Much in both directions: neither side waits for the other to read first. */
static void test_query_many__of_large_values_does_not_stall(void **state)
{
    enum { SIZE = 200000, COUNT = 60 };
    WEIR_AUTO(weir_conn) conn = borrow_alone();
    static weir_statement asked[COUNT];
    char *text = malloc(SIZE);
    weir_value value;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    value = weir_value_text(weir_text_span(text, SIZE));
    for (int i = 0; i < COUNT; i++)
        asked[i] = (weir_statement){"SELECT repeat(?::text, 2)", &value, 1};
    must(conn, weir_query_many(conn, asked, COUNT, rows));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(weir_result_one(rows[i]), WEIR_OK);
        assert_int_equal(strlen(weir_get_text(rows[i], 0)), 2 * SIZE);
    }
    close_all(COUNT);
    free(text);
}

/* -------------------------------------------------------- stale statements */

static const weir_statement reads[] = {
    {"SELECT id FROM thing WHERE id = 1", NULL, 0},
    {"SELECT * FROM thing WHERE id = 2", NULL, 0},
    {"SELECT id FROM thing WHERE id = 3", NULL, 0},
};

static void expect_reads(weir_conn *conn)
{
    must(conn, weir_query_many(conn, reads, 3, rows));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_result_one(rows[i]), WEIR_OK);
        assert_int_equal(weir_get_i64(rows[i], 0), i + 1);
    }
    close_all(3);
}

static void change_table(void)
{
    WEIR_AUTO(weir_conn) other = borrow();

    run(other, "ALTER TABLE thing ADD COLUMN more int");
    commit(other);
}

static void forget_statements(weir_conn *conn)
{
    run(conn, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
}

static void test_query_many__of_stale_statements_is_run_again(void **state)
{
    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        WEIR_AUTO(weir_conn) conn = alone ? borrow_alone() : borrow();

        expect_reads(conn);
        must(conn, weir_rollback(conn));
        change_table();
        expect_reads(conn);
        assert_int_equal(weir_in_transaction(conn), !alone);
        forget_statements(conn);
        must(conn, weir_rollback(conn));
        expect_reads(conn);
        must(conn, weir_rollback(conn));
        /* The driver has seen this one, and prepares before it sends. */
        run(conn, "DEALLOCATE ALL");
        expect_reads(conn);
        must(conn, weir_rollback(conn));
        set_up(NULL);
    }
}

/* What is done in the transaction before cannot be done again from here. */
static void test_query_many__that_is_stale_amid_a_transaction(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    expect_reads(conn);
    forget_statements(conn);
    assert_int_equal(weir_query_many(conn, reads, 3, rows),
                     WEIR_ERR_SERIALIZATION);
    must_say(0, WEIR_ERR_SERIALIZATION, "run the transaction again");
    must_say(2, WEIR_ERR_SERIALIZATION, "not run: query 1 has failed: ");
    close_all(3);
    must(conn, weir_rollback(conn));
    expect_reads(conn);
}

/* ------------------------------------------------------------------- ends */

static void test_query_many__knows_what_it_cannot_know(void **state)
{
    const weir_statement asked[] = {
        {"UPDATE thing SET n = -1 WHERE id = 1", NOARGS},
        {"SELECT pg_terminate_backend(pg_backend_pid())", NOARGS},
        {"UPDATE thing SET n = -1 WHERE id = 2", NOARGS},
    };

    (void)state;
    for (int alone = 0; alone < 2; alone++) {
        WEIR_AUTO(weir_conn) conn = alone ? borrow_alone() : borrow();

        assert_int_not_equal(weir_query_many(conn, asked, 3, rows), WEIR_OK);
        assert_non_null(strstr(weir_conn_error(conn)->message, "query 2: "));
        assert_int_equal(weir_result_status(rows[2]),
                         alone ? WEIR_ERR_COMMIT_UNKNOWN : WEIR_ERR_CONNECTION);
        close_all(3);
        must(conn, weir_rollback(conn));
        assert_int_equal(get(conn, "SELECT count(*) FROM thing WHERE n = -1"),
                         alone);
    }
}

static void test_query_many__refuses_values_that_do_not_fit(void **state)
{
    const weir_statement asked[] = {
        {"SELECT n FROM thing WHERE id = ?", ARGS(1)},
        {"SELECT n FROM thing WHERE id = ?", ARGS(INT64_MAX)},
        {"SELECT n FROM thing WHERE id = ?", ARGS(3)},
    };
    WEIR_AUTO(weir_conn) conn = borrow_alone();

    (void)state;
    assert_int_equal(weir_query_many(conn, asked, 3, rows), WEIR_ERR_TYPE);
    must_say(0, WEIR_OK, "");
    must_say(1, WEIR_ERR_TYPE, "");
    assert_int_equal(weir_result_one(rows[2]), WEIR_OK);
    assert_int_equal(weir_get_i64(rows[2], 0), 3);
    close_all(3);
    assert_int_equal(get(conn, "SELECT 1"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(query_many__has_one_round_trip),
        TEST(query_many__of_large_values_does_not_stall),
        TEST(query_many__of_stale_statements_is_run_again),
        TEST(query_many__that_is_stale_amid_a_transaction),
        TEST(query_many__knows_what_it_cannot_know),
        TEST(query_many__refuses_values_that_do_not_fit),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
