/* SPDX-License-Identifier: MIT */
/* Opening engines that cannot be, changing and closing those that are. */
#include "overheard.h"
#include "scripted.h"

static void expect_refused(const char *url, const weir_engine_options *options,
                           weir_status wanted, const char *part)
{
    weir_error err;

    assert_null(weir_engine_open(url, options, &err));
    if (err.status != wanted || !strstr(err.message, part))
        fail_msg("%s: %s \"%s\" instead of %s \"%s\"", url,
                 weir_status_name(err.status), err.message,
                 weir_status_name(wanted), part);
    assert_null(strstr(err.message, "secret"));
}

static void test_open__says_what_is_wrong_with_a_url(void **state)
{
    (void)state;
    expect_refused(NULL, NULL, WEIR_ERR_CONFIG, "URL");
    expect_refused("", NULL, WEIR_ERR_CONFIG, "URL");
    expect_refused("just text", NULL, WEIR_ERR_CONFIG, "URL");
    expect_refused("mokc://me:secret@x", NULL, WEIR_ERR_CONFIG, "mock");
    expect_refused("mock://x?pool_sise=3", NULL, WEIR_ERR_CONFIG,
                   "did you mean \"pool_size\"");
    expect_refused("mock://x?pool_size=many", NULL, WEIR_ERR_CONFIG,
                   "pool_size");
    expect_refused("mock://x?pool_timeout=-1", NULL, WEIR_ERR_CONFIG,
                   "pool_timeout");
    expect_refused("mock://x?isolation_level=strict", NULL, WEIR_ERR_CONFIG,
                   "SERIALIZABLE");
    expect_refused("mock://nobody", NULL, WEIR_ERR_CONFIG, "nobody");
}

static void test_open__refuses_options_that_make_no_sense(void **state)
{
    weir_engine_options zero = {0}, newer = WEIR_ENGINE_OPTIONS,
                        negative = WEIR_ENGINE_OPTIONS,
                        reset = WEIR_ENGINE_OPTIONS;

    (void)state;
    newer.size++;
    negative.pool_size = -1;
    reset.pool_reset = (weir_reset_mode)9;
    expect_refused("mock://scripted", &zero, WEIR_ERR_MISUSE, "all zero");
    expect_refused("mock://scripted", &newer, WEIR_ERR_MISUSE, "newer");
    expect_refused("mock://scripted", &negative, WEIR_ERR_CONFIG, "pool_size");
    expect_refused("mock://scripted", &reset, WEIR_ERR_CONFIG, "pool_reset");
}

static void test_database__that_takes_few_connections_bounds_it(void **state)
{
    weir_mock_options kind = WEIR_MOCK_OPTIONS;
    weir_pool_status status;
    weir_error err;

    (void)state;
    kind.connection_max = 3;
    script_open(&kind, NULL);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.size, 3);
    assert_int_equal(status.max_overflow, 0);
    assert_int_equal(weir_engine_set(engine, "pool_size", "2", &err), WEIR_OK);
    assert_int_equal(weir_engine_set(engine, "max_overflow", "9", &err),
                     WEIR_OK);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.size, 2);
    assert_int_equal(status.max_overflow, 1);
}

static void test_set__takes_what_may_change_and_nothing_else(void **state)
{
    static const char *const live[][2] = {
        {"pool_size", "3"},          {"max_overflow", "-1"},
        {"pool_timeout", "0.5"},     {"pool_recycle", "1800"},
        {"pool_pre_ping", "on"},     {"pool_use_lifo", "true"},
        {"statement_timeout", "5"},  {"pool_reset_on_return", "commit"},
        {"connect_timeout", "2"},    {"pool_use_lifo", "no"},
        {"pool_order", "fifo"},      {"pool_ping_bypass", "0.5"},
        {"pool_max_uses", "9"},      {"max_waiters", "7"},
        {"max_connecting", "3"},     {"connect_backoff", "1"},
        {"pool_order", "affinity"},  {"max_overtake", "0.001"},
        {"pool_min_idle", "1"},      {"pool_idle_timeout", "60"},
        {"pool_keepalive", "60"},    {"pool_leak_threshold", "60"},
        {"pool_reclaim_after", "90"}};
    static const char *const fixed[][2] = {
        {"pool_prefill", "true"}, {"pool_core", "fast"},
        {"pool_threads", "on"},   {"pool_kind", "queue"},
        {"poolclass", "queue"},   {"pool_start", "lazy"},
        {"on_connect", "x"},      {"isolation_level", "SERIALIZABLE"}};
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
        if (weir_engine_set(engine, live[i][0], live[i][1], &err) != WEIR_OK)
            fail_msg("%s: %s", live[i][0], err.message);
    }
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        assert_int_equal(
            weir_engine_set(engine, fixed[i][0], fixed[i][1], &err),
            WEIR_ERR_CONFIG);
        assert_non_null(strstr(err.message, "cannot change while"));
    }
    assert_int_equal(weir_engine_set(engine, "application_name", "x", &err),
                     WEIR_ERR_CONFIG);
    assert_int_equal(weir_engine_set(engine, "pool_sise", "3", &err),
                     WEIR_ERR_CONFIG);
    assert_non_null(strstr(err.message, "did you mean \"pool_size\"?"));
    assert_int_equal(weir_engine_set(engine, "pool_timeout", "-5", &err),
                     WEIR_ERR_CONFIG);
    assert_int_equal(weir_engine_set(engine, NULL, "1", NULL), WEIR_ERR_MISUSE);
}

/* The engine goes on until its last connection is back, and says so. */
static void test_close__reports_what_is_out_and_lets_it_end(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *closed;
    weir_conn *conn;
    weir_error err;

    (void)state;
    overhear(&options, WEIR_LOG_WARNING);
    script_open(NULL, &options);
    conn = script_borrow();
    closed = engine;
    weir_engine_close(&engine);
    assert_int_equal(said("1 connections out"), 1);
    assert_null(weir_connect(closed, &err));
    assert_int_equal(err.status, WEIR_ERR_CLOSED);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_commit(conn));
    assert_int_equal(weir_mock_connections(mock), 1);
    weir_conn_close(&conn);
    assert_int_equal(weir_mock_connections(mock), 0);
}

static void test_open__warns_of_what_it_ignores(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *other;
    weir_error err;

    (void)state;
    overhear(&options, WEIR_LOG_WARNING);
    other = weir_engine_open("mock://scripted?echo=true", &options, &err);
    assert_non_null(other);
    assert_int_equal(said("echo"), 1);
    weir_engine_close(&other);
}

static void test_ping__asks_and_tells(void **state)
{
    weir_error err;
    int tries = 0;

    (void)state;
    assert_int_equal(weir_engine_ping(engine, &err), WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "ping"), 1);
    /* One that was idle for a tick is looked at and replaced before. */
    do {
        assert_true(++tries < 1000);
        weir_mock_drop_connections(mock);
    } while (weir_engine_ping(engine, &err) == WEIR_OK);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_int_equal(weir_engine_ping(engine, NULL), WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open__says_what_is_wrong_with_a_url),
        TEST(open__refuses_options_that_make_no_sense),
        TEST(database__that_takes_few_connections_bounds_it),
        TEST(set__takes_what_may_change_and_nothing_else),
        TEST(close__reports_what_is_out_and_lets_it_end),
        TEST(open__warns_of_what_it_ignores),
        TEST(ping__asks_and_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
