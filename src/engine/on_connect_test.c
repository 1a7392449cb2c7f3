/* SPDX-License-Identifier: MIT */
/* The statements of on_connect, and engines that connect at once. */
#include "scripted.h"

static weir_engine *open_with(const char *on_connect, weir_pool_start start,
                              weir_error *err)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 20;
    options.on_connect = on_connect;
    options.pool_start = start;
    weir_engine_close(&engine);
    weir_mock_clear_log(mock);
    return weir_engine_open("mock://scripted", &options, err);
}

static void begin_with(const char *on_connect)
{
    weir_error err;

    engine = open_with(on_connect, WEIR_POOL_LAZY, &err);
    if (!engine)
        fail_msg("open: %s", err.message);
}

static void make_dirty(weir_conn *conn)
{
    script_add(&(weir_mock_step){.text = "SET own", .set_state = 4});
    must(conn, weir_exec(conn, "SET own", NOARGS));
    must(conn, weir_commit(conn));
}

static void test_on_connect__runs_before_the_first_loan(void **state)
{
    weir_conn *conn;

    (void)state;
    begin_with(" SET a = ';' ; ; -- nothing;\n SELECT 1;/* ; */SET \"b;\"");
    script_rows("SELECT 1", 2);
    conn = script_borrow();
    must_have_sent("open\n"
                   "prepare SET a = ';' \nexecute []\nend\nfinish\n"
                   "prepare SELECT 1\nexecute []\nfetch\nfetch\nfetch\nend\n"
                   "finish\n"
                   "prepare SET \"b;\"\nexecute []\nend\nfinish\n");
    weir_conn_close(&conn);
    conn = script_borrow();
    must_have_sent("");
    weir_conn_close(&conn);
}

/* What it changes is the connection's own: that costs no reset. */
static void test_on_connect__leaves_nothing_to_reset(void **state)
{
    weir_conn *conn;

    (void)state;
    begin_with("SET a");
    script_add(&(weir_mock_step){.text = "SET a", .set_state = 4, .times = -1});
    conn = script_borrow();
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_count(mock, "reset"), 0);
    conn = script_borrow();
    make_dirty(conn);
    weir_mock_clear_log(mock);
    weir_conn_close(&conn);
    must_have_sent("reset\nprepare SET a\nexecute []\nend\nfinish\n");
    conn = script_borrow();
    weir_conn_close(&conn);
    must_have_sent("");
}

static void test_on_connect__runs_when_a_lost_one_is_replaced(void **state)
{
    weir_conn *conn;

    (void)state;
    begin_with("SET a");
    conn = script_borrow();
    must(conn, weir_conn_invalidate(conn));
    must(conn, weir_begin(conn));
    assert_int_equal(weir_mock_count(mock, "prepare SET a"), 2);
    weir_conn_close(&conn);
}

static void test_on_connect__that_fails_is_named(void **state)
{
    weir_error err;
    weir_conn *conn;

    (void)state;
    begin_with("SET a; SET b");
    script_add(&(weir_mock_step){
        .text = "SET b",
        .error = {.status = WEIR_ERR_SQL, .message = "no such setting"}});
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_CONFIG);
    assert_string_equal(err.statement, "SET b");
    assert_non_null(strstr(err.message, "statement 2"));
    assert_non_null(strstr(err.message, "\"SET b\": no such setting"));
    assert_int_equal(weir_mock_connections(mock), 0);
    conn = script_borrow();
    weir_conn_close(&conn);
}

static void test_on_connect__a_lost_connection_is_not_its_fault(void **state)
{
    weir_error err;

    (void)state;
    begin_with("SET a");
    script_add(
        &(weir_mock_step){.text = "SET a", .fault = WEIR_MOCK_LOSE_BEFORE});
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
}

/* One that cannot be set up again is closed, and its returner not told. */
static void test_on_connect__that_fails_after_a_reset(void **state)
{
    weir_conn *conn;

    (void)state;
    begin_with("SET a");
    conn = script_borrow();
    make_dirty(conn);
    script_add(
        &(weir_mock_step){.text = "SET a", .error = {.status = WEIR_ERR_SQL}});
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_connections(mock), 0);
    conn = script_borrow();
    weir_conn_close(&conn);
}

static void must_not_open(const char *on_connect, const char *part)
{
    weir_error err;

    engine = open_with(on_connect, WEIR_POOL_FAIL_FAST, &err);
    assert_null(engine);
    assert_int_equal(err.status, WEIR_ERR_CONFIG);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

static void test_on_connect__refuses_what_cannot_run(void **state)
{
    (void)state;
    must_not_open("SET a = 'b", "on_connect");
    must_not_open("SET a = ?", "parameter");
    script_add(&(weir_mock_step){.text = "BEGIN", .set_state = 1});
    must_not_open("BEGIN", "leaves a transaction open");
    begin_with(NULL);
}

/* --------------------------------------------------------------- the start */

static void test_pool_28__lazy_finds_out_later(void **state)
{
    weir_error err;

    (void)state;
    script_add(&(weir_mock_step){.op = WEIR_MOCK_OPEN,
                                 .error = {.status = WEIR_ERR_CONNECTION}});
    begin_with(NULL);
    must_have_sent("");
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
}

static void test_pool_28__fail_fast_says_the_cause(void **state)
{
    weir_error err;

    (void)state;
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_OPEN,
        .error = {.status = WEIR_ERR_CONNECTION, .message = "nobody there"}});
    engine = open_with(NULL, WEIR_POOL_FAIL_FAST, &err);
    assert_null(engine);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_non_null(strstr(err.message, "nobody there"));
    script_add(&(weir_mock_step){.op = WEIR_MOCK_PING,
                                 .error = {.status = WEIR_ERR_UNAVAILABLE}});
    engine = open_with(NULL, WEIR_POOL_FAIL_FAST, &err);
    assert_null(engine);
    assert_int_equal(err.status, WEIR_ERR_UNAVAILABLE);
    begin_with(NULL);
}

/* The connection that it has opened is the first that is lent. */
static void test_pool_28__fail_fast_keeps_what_it_opened(void **state)
{
    weir_error err;
    weir_pool_status pool;
    weir_conn *conn;

    (void)state;
    engine = open_with("SET a", WEIR_POOL_FAIL_FAST, &err);
    assert_non_null(engine);
    must_have_sent("open\nprepare SET a\nexecute []\nend\nfinish\nping\n");
    weir_engine_pool_status(engine, &pool);
    assert_int_equal(pool.idle, 1);
    conn = script_borrow();
    assert_int_equal(weir_mock_count(mock, "open"), 0);
    weir_conn_close(&conn);
}

static weir_status close_engine(void *context, const weir_event *event,
                                weir_error *err)
{
    weir_engine *closing = event->engine;

    (void)context;
    (void)err;
    weir_engine_close(&closing);
    return WEIR_OK;
}

static void test_fail_fast__a_hook_may_close_the_engine(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_hook hook = {.kind = WEIR_EVENT_CHECKOUT, .function = close_engine};
    weir_error err;

    (void)state;
    options.hooks = &hook;
    options.hook_count = 1;
    options.pool_start = WEIR_POOL_FAIL_FAST;
    assert_null(weir_engine_open("mock://scripted", &options, &err));
    assert_int_equal(err.status, WEIR_ERR_CLOSED);
    assert_int_equal(weir_mock_connections(mock), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(on_connect__runs_before_the_first_loan),
        TEST(on_connect__leaves_nothing_to_reset),
        TEST(on_connect__runs_when_a_lost_one_is_replaced),
        TEST(on_connect__that_fails_is_named),
        TEST(on_connect__a_lost_connection_is_not_its_fault),
        TEST(on_connect__that_fails_after_a_reset),
        TEST(on_connect__refuses_what_cannot_run),
        TEST(pool_28__lazy_finds_out_later),
        TEST(pool_28__fail_fast_says_the_cause),
        TEST(pool_28__fail_fast_keeps_what_it_opened),
        TEST(fail_fast__a_hook_may_close_the_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
