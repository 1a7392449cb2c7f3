/* SPDX-License-Identifier: MIT */
/* Waiting on a connection: woken, too long, hung up. */
#include "drive.h"

#include <poll.h>

#include "mock.h"

static weir_mock *mock;
static drive d;
static wmk_conn *conn;

static int begin_test(void **state)
{
    (void)state;
    mock = weir_mock_new("wire", NULL, &d.err);
    assert_non_null(mock);
    assert_int_equal(drive_attach(&d, "mock://wire"), WEIR_OK);
    conn = drive_open(&d);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    weir_mock_free(&mock);
    return 0;
}

static bool is_readable(void)
{
    struct pollfd entry = {.fd = conn->wire[0], .events = POLLIN};

    return poll(&entry, 1, 0) == 1;
}

static void test_wait__ends_at_its_time(void **state)
{
    int64_t until = drive_in(&d, 0.002);

    (void)state;
    assert_int_equal(wmk_wire_wait(conn, until, &d.err), WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&d.services) >= until);
}

/* All that woke it is taken in: the next wait begins anew. */
static void test_wake__ends_a_wait_once(void **state)
{
    (void)state;
    conn->waiting = true;
    wmk_wire_wake(conn);
    wmk_wire_wake(conn);
    assert_int_equal(wmk_wire_wait(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_int_equal(wmk_wire_wait(conn, 0, &d.err), WEIR_ERR_TIMEOUT);
    conn->waiting = false;
}

/* Who watches the socket must see nothing of a wake that nobody waits for. */
static void test_wake__of_who_does_not_wait_is_nothing(void **state)
{
    (void)state;
    wmk_wire_wake(conn);
    assert_false(is_readable());
}

static void test_drop__is_seen_at_the_socket(void **state)
{
    (void)state;
    assert_int_equal(d.driver->socket(conn), conn->wire[0]);
    assert_false(is_readable());
    weir_mock_drop_connections(mock);
    assert_true(is_readable());
    assert_int_equal(wmk_wire_wait(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CONNECTION);
}

#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wait__ends_at_its_time),
        TEST(wake__ends_a_wait_once),
        TEST(wake__of_who_does_not_wait_is_nothing),
        TEST(drop__is_seen_at_the_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
