/* SPDX-License-Identifier: MIT */
/* Listening: what comes, what does not come, what is lost. */
#include "scripted.h"

static int set_up(void **state)
{
    (void)state;
    script_open_with(WEIR_CAN_NOTIFY);
    return 0;
}

static void send(const char *channel, const char *payload)
{
    weir_error err;

    assert_int_equal(weir_mock_notify(mock, channel, payload, &err), WEIR_OK);
}

static void test_notification__comes_to_who_listens(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_notification heard;

    (void)state;
    must(conn, weir_listen(conn, "jobs"));
    send("other", "no");
    send("jobs", "one");
    send("jobs", "two");
    must(conn, weir_next_notification(conn, 0, &heard));
    assert_string_equal(heard.channel, "jobs");
    assert_string_equal(heard.payload, "one");
    must(conn, weir_next_notification(conn, 5, &heard));
    assert_string_equal(heard.payload, "two");
    must(conn, weir_unlisten(conn));
    send("jobs", "three");
    must_fail(conn, weir_next_notification(conn, 0, &heard), WEIR_ERR_TIMEOUT,
              "");
}

/* That nothing came costs neither the connection nor a transaction. */
static void test_notification__that_does_not_come_costs_nothing(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_notification heard;

    (void)state;
    must(conn, weir_listen(conn, "jobs"));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must_fail(conn, weir_next_notification(conn, 0.002, &heard),
              WEIR_ERR_TIMEOUT, "");
    assert_false(weir_conn_is_invalidated(conn));
    must(conn, weir_commit(conn));
    must_fail(conn, weir_next_notification(conn, -1, &heard), WEIR_ERR_CONFIG,
              "0 or more");
}

static void test_listener__that_is_lost_is_told(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_notification heard;

    (void)state;
    must(conn, weir_listen(conn, "jobs"));
    weir_mock_drop_connections(mock);
    must_fail(conn, weir_next_notification(conn, 5, &heard),
              WEIR_ERR_CONNECTION, "");
    assert_true(weir_conn_is_invalidated(conn));
    must(conn, weir_listen(conn, "jobs"));
}

/* The next borrower hears nothing of it. */
static void test_listener__that_is_given_back_listens_no_more(void **state)
{
    weir_conn *conn = script_borrow();
    weir_notification heard;

    (void)state;
    must(conn, weir_listen(conn, "jobs"));
    weir_conn_close(&conn);
    conn = script_borrow();
    send("jobs", "one");
    must_fail(conn, weir_next_notification(conn, 0, &heard), WEIR_ERR_TIMEOUT,
              "");
    weir_conn_close(&conn);
}

#undef TEST
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, script_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(notification__comes_to_who_listens),
        TEST(notification__that_does_not_come_costs_nothing),
        TEST(listener__that_is_lost_is_told),
        TEST(listener__that_is_given_back_listens_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
