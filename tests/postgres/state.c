/* SPDX-License-Identifier: MIT */
/* What a borrower leaves behind, and that the next finds none of it. */
#include "postgres/with_server.h"

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
    bool is_committed;
    bool fails; /* in the test's transaction */
    const char *looks;
    const char *clean;
} leftover;

/* clang-format off */
static const leftover leftovers[] = {
    {"CREATE TABLE open_tx (i int)", false, false,
     "SELECT count(*)::text FROM pg_class WHERE relname = 'open_tx'", "0"},
    {"SELECT 1 / 0", false, true, "SELECT 'well'", "well"},
    {"CREATE TEMP TABLE mine (i int)", true, false,
     "SELECT count(*)::text FROM pg_class WHERE relname = 'mine'", "0"},
    {"SET work_mem = '1MB'", true, false, "SHOW work_mem", "4MB"},
    {"SET search_path = pg_catalog", true, false,
     "SHOW search_path", "\"$user\", public"},
    {"SELECT set_config('weir.mark', 'set', false)", true, false,
     "SELECT coalesce(current_setting('weir.mark', true), '')", ""},
    {"SET ROLE pg_monitor", true, false, "SHOW role", "none"},
    {"SELECT pg_advisory_lock(4711)", true, false,
     "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'", "0"},
    {"LISTEN here", true, false,
     "SELECT count(*)::text FROM pg_listening_channels()", "0"},
    {"DECLARE held CURSOR WITH HOLD FOR SELECT 1", true, false,
     "SELECT count(*)::text FROM pg_cursors WHERE name = 'held'", "0"},
    {"PREPARE named AS SELECT 1", true, false,
     "SELECT count(*)::text FROM pg_prepared_statements "
     "WHERE name = 'named'", "0"},
    {"LOCK TABLE pg_description IN ACCESS SHARE MODE", false, false,
     "SELECT count(*)::text FROM pg_locks WHERE relation = "
     "'pg_description'::regclass", "0"},
};
/* clang-format on */

static void test_pool_48__the_next_borrower_finds_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        const leftover *one = &leftovers[i];
        WEIR_AUTO(weir_engine) own = open_one(NULL);
        weir_conn *conn = take(own);
        weir_status status = try(conn, one->left);

        if ((status != WEIR_OK) != one->fails)
            fail_msg("%s: %s", one->left, weir_conn_error(conn)->message);
        if (one->is_committed)
            commit(conn);
        weir_conn_close(&conn);
        conn = take(own);
        expect(conn, one->looks, one->clean);
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
            weir_stream(conn, "SELECT generate_series(1, 20000)", NOARGS);

        assert_true(weir_next(rows));
        weir_conn_close(&conn);
        conn = take(own);
        expect(conn, "SELECT 'mine'", "mine");
        weir_conn_close(&conn);
    }
}

/* Neither what a borrower set nor the reset takes away what on_connect did,
 * and it makes nothing dirty. */
static void test_on_connect__holds_for_each_borrower(void **state)
{
    WEIR_AUTO(weir_engine) own =
        open_one("SET work_mem = '2MB'; SELECT set_config('weir.mark', "
                 "'a;b', false)");
    weir_conn *conn = take(own);
    int64_t id = get(conn, "SELECT pg_backend_pid()");

    (void)state;
    for (int i = 0; i < 3; i++) {
        expect(conn, "SHOW work_mem", "2MB");
        expect(conn, "SELECT current_setting('weir.mark')", "a;b");
        if (i == 1) {
            run(conn, "SET work_mem = '1MB'");
            run(conn, "CREATE TEMP TABLE mine (i int)");
            commit(conn);
        }
        weir_conn_close(&conn);
        conn = take(own);
        assert_int_equal(get(conn, "SELECT pg_backend_pid()"), id);
    }
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_conn_invalidate(conn), WEIR_OK);
    expect(conn, "SHOW work_mem", "2MB");
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
