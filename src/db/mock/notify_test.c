/* SPDX-License-Identifier: MIT */
/* Notifications: who hears what, and waiting for them. */
#include "with_mock.h"

#include <pthread.h>

static void send(const char *channel, const char *payload)
{
    assert_int_equal(weir_mock_notify(mock, channel, payload, &d.err), WEIR_OK);
}

static weir_status hear(double seconds, weir_notification *out)
{
    return d.driver->notification(conn, out, drive_in(&d, seconds), &d.err);
}

static void test_notification__comes_in_order_to_who_listens(void **state)
{
    weir_notification heard;
    bool lost;

    (void)state;
    assert_int_equal(d.driver->listen(conn, "jobs", WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY);
    send("jobs", "1");
    send("others", "x");
    send("jobs", "2");
    assert_int_equal(hear(0, &heard), WEIR_OK);
    assert_string_equal(heard.channel, "jobs");
    assert_string_equal(heard.payload, "1");
    assert_int_equal(hear(0, &heard), WEIR_OK);
    assert_string_equal(heard.payload, "2");
    assert_int_equal(hear(0, &heard), WEIR_ERR_TIMEOUT);
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    send("jobs", "3");
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_int_equal(hear(0, &heard), WEIR_ERR_TIMEOUT);
}

static void *send_later(void *nothing)
{
    /* The other side may be looking already or not yet: both must work. */
    weir_mock_notify(mock, "jobs", "now", &d.err);
    return nothing;
}

static void test_notification__is_waited_for(void **state)
{
    weir_notification heard;
    pthread_t thread;

    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(
            d.driver->listen(conn, "jobs", WEIR_NO_DEADLINE, &d.err), WEIR_OK);
        assert_int_equal(pthread_create(&thread, NULL, send_later, NULL), 0);
        assert_int_equal(hear(5, &heard), WEIR_OK);
        pthread_join(thread, NULL);
        assert_string_equal(heard.payload, "now");
    }
}

static void test_notification__lost_connection_is_told(void **state)
{
    weir_notification heard;

    (void)state;
    assert_int_equal(d.driver->listen(conn, "jobs", WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    weir_mock_drop_connections(mock);
    assert_int_equal(hear(5, &heard), WEIR_ERR_CONNECTION);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_notification__comes_in_order_to_who_listens),
        TEST(test_notification__is_waited_for),
        TEST(test_notification__lost_connection_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
