/* SPDX-License-Identifier: MIT */
/* What a borrower leaves behind, and that the next finds none of it. */
#include "mysql/with_server.h"

static weir_engine *open_one(const char *on_connect)
{
    weir_engine_options one = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *own;

    one.pool_size = 1;
    one.max_overflow = 0;
    one.on_connect = on_connect;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &one, &err);
    if (!own)
        fail_msg("%s", err.message);
    return own;
}

static weir_conn *take(weir_engine *own)
{
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    if (!conn)
        fail_msg("%s", err.message);
    return conn;
}

typedef struct leftover {
    const char *left;
    bool fails;        /* in the test's transaction */
    const char *looks; /* 1 if there is nothing */
} leftover;

/* clang-format off */
static const leftover leftovers[] = {
    {"INSERT INTO kept VALUES (1)", false, "SELECT count(*) = 0 FROM kept"},
    {"INSERT INTO kept VALUES ('no number')", true, "SELECT 1"},
    {"CREATE TEMPORARY TABLE mine (i INT)", false,
     "SELECT count(*) = 0 FROM information_schema.tables "
     "WHERE table_name = 'mine'"},
    {"SET @a = 1", false, "SELECT @a IS NULL"},
    {"SET time_zone = '+05:00'", false, "SELECT @@time_zone = '+00:00'"},
    {"SET sort_buffer_size = 65536", false,
     "SELECT @@sort_buffer_size = @@global.sort_buffer_size"},
    {"DO GET_LOCK('weir', 0)", false, "SELECT IS_FREE_LOCK('weir')"},
    {"LOCK TABLES kept WRITE", false, "SELECT count(*) >= 0 FROM mysql.plugin"},
    {"SET ROLE NONE", false, "SELECT CURRENT_ROLE() IS NULL"},
};
/* clang-format on */

static void test_pool_48__the_next_borrower_finds_nothing(void **state)
{
    WEIR_AUTO(weir_conn) maker = borrow();

    (void)state;
    run(maker, "CREATE OR REPLACE TABLE kept (i INT)");
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        const leftover *one = &leftovers[i];
        WEIR_AUTO(weir_engine) own = open_one(NULL);
        weir_conn *conn = take(own);
        weir_status status = try(conn, one->left);

        if ((status != WEIR_OK) != one->fails)
            fail_msg("%s: %s", one->left, weir_conn_error(conn)->message);
        weir_conn_close(&conn);
        conn = take(own);
        if (get(conn, one->looks) != 1)
            fail_msg("%s is found by the next", one->left);
        weir_conn_close(&conn);
    }
}

/* A stream that was not read to its end is read, or the connection closed. */
static void test_pool_49__a_half_read_answer_is_not_handed_on(void **state)
{
    WEIR_AUTO(weir_engine) own = open_one(NULL);

    (void)state;
    for (int i = 0; i < 3; i++) {
        weir_conn *conn = take(own);
        weir_result *rows =
            weir_stream(conn, "SELECT seq FROM seq_1_to_20000", NOARGS);

        if (!weir_next(rows))
            fail_msg("%s", weir_result_error(rows)->message);
        weir_conn_close(&conn);
        conn = take(own);
        assert_int_equal(get(conn, "SELECT 4711"), 4711);
        weir_conn_close(&conn);
    }
}

/* Neither what a borrower set nor the reset takes away what on_connect did,
 * and it makes nothing dirty. */
static void test_on_connect__holds_for_each_borrower(void **state)
{
    WEIR_AUTO(weir_engine) own =
        open_one("SET sort_buffer_size = 131072; SET @mark = 'a;b'");
    weir_conn *conn = take(own);
    int64_t id = get(conn, "SELECT connection_id()");

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(conn, "SELECT @@sort_buffer_size"), 131072);
        assert_int_equal(get(conn, "SELECT @mark = 'a;b'"), 1);
        if (i == 1) {
            run(conn, "SET sort_buffer_size = 65536, @mark = 'other'");
            run(conn, "CREATE TEMPORARY TABLE mine (i INT)");
        }
        weir_conn_close(&conn);
        conn = take(own);
        assert_int_equal(get(conn, "SELECT connection_id()"), id);
    }
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_conn_invalidate(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT @@sort_buffer_size"), 131072);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_48__the_next_borrower_finds_nothing),
        cmocka_unit_test(test_pool_49__a_half_read_answer_is_not_handed_on),
        cmocka_unit_test(test_on_connect__holds_for_each_borrower),
    };

    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
