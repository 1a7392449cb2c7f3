/* SPDX-License-Identifier: MIT */
/*
 * The same story again and again, over a proxy that breaks the connection
 * after each message of either side, and in the middle of it. Whatever
 * happens, what the program is told must be true, and in time.
 */
#include "kit/proxy.h"
#include "postgres/with_server.h"

enum { MARKS_MAX = 128 };

static kit_proxy *proxy;
static char through[512]; /* the server's URL, by the proxy */
static int64_t next_id;
static size_t fired;

static void make_url(void)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *port = strrchr(url, ':') + 1, *after = strchr(port, '/');

    proxy = kit_proxy_start(atoi(port), KIT_POSTGRES);
    assert_non_null(proxy);
    snprintf(through, sizeof through, "%.*s%d%s", (int)(port - url), url,
             kit_proxy_port(proxy), after);
}

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    fired = 0;
    run(conn, "DROP TABLE IF EXISTS t");
    run(conn, "CREATE TABLE t (id bigint PRIMARY KEY, name text)");
    commit(conn);
    weir_conn_close(&conn);
    make_url();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_proxy_stop(&proxy);
    return 0;
}

static weir_status read_some(weir_conn *conn)
{
    WEIR_AUTO(weir_result) rows = weir_stream(
        conn, "SELECT i, 'row' FROM generate_series(1, 100) i", NOARGS);

    while (weir_next(rows))
        assert_true(weir_get_i64(rows, 0) > 0);
    return weir_result_status(rows);
}

/* How it ended; a row `id` is there if that is OK. */
static weir_status tell_story(int64_t id, double timeout_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err = {0};
    weir_engine *own;
    weir_conn *conn;
    weir_status status;

    options.connect_timeout_s = timeout_s;
    own = weir_engine_open(through, &options, &err);
    conn = weir_connect(own, &err);
    status = err.status;
    if (conn) {
        weir_set_timeout(conn, timeout_s);
        status =
            weir_exec(conn, "INSERT INTO t VALUES (?, ?)", ARGS(id, "a name"));
        if (status == WEIR_OK)
            status = read_some(conn);
        if (status == WEIR_OK)
            status = weir_commit(conn);
    }
    weir_conn_close(&conn);
    weir_engine_close(&own);
    return status;
}

static bool is_there(int64_t id)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT 1 FROM t WHERE id = ?", ARGS(id));

    return weir_next(rows);
}

/* What may be said of a broken connection. */
static bool is_fair(weir_status status)
{
    return status == WEIR_OK || status == WEIR_ERR_CONNECTION ||
           status == WEIR_ERR_TIMEOUT || status == WEIR_ERR_COMMIT_UNKNOWN;
}

static void break_at(kit_direction direction, size_t after, kit_fault fault)
{
    int64_t id = next_id++;
    double began = seconds_now();
    weir_status told;

    kit_proxy_arm(proxy, direction, after, fault);
    told = tell_story(id, fault == KIT_STALL ? 0.1 : 5);
    if (!is_fair(told))
        fail_msg("byte %zu, direction %d, fault %d: %s", after, (int)direction,
                 (int)fault, weir_status_name(told));
    assert_true(seconds_now() - began < 4);
    fired += kit_proxy_has_fired(proxy);
    kit_proxy_heal(proxy);
    if (told == WEIR_OK)
        assert_true(is_there(id));
    else if (told != WEIR_ERR_COMMIT_UNKNOWN)
        assert_false(is_there(id));
}

static size_t undisturbed_marks(kit_direction direction, size_t *marks)
{
    size_t count;

    kit_proxy_heal(proxy);
    assert_int_equal(tell_story(next_id++, 5), WEIR_OK);
    count = kit_proxy_marks(proxy, direction, marks, MARKS_MAX);
    assert_true(count > 3);
    return count;
}

/* Every step is many for rows; one in `step` of them is enough. */
static void break_everywhere(kit_fault fault, size_t step)
{
    for (int direction = 0; direction < 2; direction++) {
        size_t marks[MARKS_MAX];
        size_t count = undisturbed_marks((kit_direction)direction, marks);

        for (size_t i = 0; i < count; i += i < 12 ? 1 : step) {
            break_at((kit_direction)direction, marks[i], fault);
            break_at((kit_direction)direction, marks[i] + 3, fault);
        }
        break_at((kit_direction)direction, marks[count - 1] - 1, fault);
    }
    assert_true(fired > 30);
}

static void test_closed__after_each_message(void **state)
{
    (void)state;
    break_everywhere(KIT_CLOSE, 20);
}

static void test_reset__after_each_message(void **state)
{
    (void)state;
    break_everywhere(KIT_RESET, 20);
}

static void test_silence__after_each_message(void **state)
{
    (void)state;
    break_everywhere(KIT_STALL, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_closed__after_each_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_reset__after_each_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_silence__after_each_message,
                                        set_up, tear_down),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
