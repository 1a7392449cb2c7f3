/* SPDX-License-Identifier: MIT */
/* Engine and connections through the wrapper. */
#include "testbed.h"

#include <sys/wait.h>
#include <unistd.h>

static void test_open__hands_on_what_the_inner_driver_needs(void **state)
{
    drive one;
    void *other;

    (void)state;
    assert_int_equal(weir_mock_connections(mock), 1);
    if (!weir_backend_find("sqlite"))
        return;
    assert_int_equal(
        drive_attach(&one, "faulty+sqlite://?foreign_keys=off&fault_at=0"),
        WEIR_OK);
    other = drive_open(&one);
    assert_int_equal(drive_get(&one, other, "PRAGMA foreign_keys"), 0);
    assert_non_null(one.driver->native(other, "sqlite3"));
    assert_int_equal(one.driver->state(other), WEIR_STATE_DIRTY);
    drive_close(&one, other);
    drive_detach(&one);
}

static void test_attach__can_fail_inside_and_outside(void **state)
{
    drive one;

    (void)state;
    assert_int_equal(
        drive_attach(&one, "faulty+mock://bed?fault_op=attach&fault_at=1&"
                           "fault_status=resource"),
        WEIR_ERR_RESOURCE);
    drive_detach(&one);
    assert_int_equal(drive_attach(&one, "faulty+mock://nobody"),
                     WEIR_ERR_CONFIG);
    assert_non_null(strstr(one.err.message, "nobody"));
    drive_detach(&one);
}

static void test_open__that_fails_leaves_something_to_close(void **state)
{
    weir_fault_kind kinds[] = {WEIR_FAULT_FAIL, WEIR_FAULT_LOST_AFTER,
                               WEIR_FAULT_HANG};
    weir_status statuses[] = {WEIR_ERR_SQL, WEIR_ERR_CONNECTION,
                              WEIR_ERR_TIMEOUT};
    void *other;

    (void)state;
    for (int i = 0; i < 3; i++) {
        arm(WEIR_FAULT_OPEN, kinds[i]);
        assert_int_equal(drive_try_open(&d, &other, drive_in(&d, 0.01)),
                         statuses[i]);
        drive_close(&d, other);
        assert_int_equal(weir_mock_connections(mock), 1);
    }
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_CLOSE), 3);
}

static void test_open__that_lies_makes_a_dead_connection(void **state)
{
    void *other;

    (void)state;
    arm(WEIR_FAULT_OPEN, WEIR_FAULT_LIE);
    other = drive_open(&d);
    assert_int_equal(weir_mock_connections(mock), 1);
    assert_int_equal(d.driver->state(other), 0);
    assert_int_equal(d.driver->socket(other), -1);
    assert_null(d.driver->native(other, "mock"));
    assert_int_equal(d.driver->cancel(other, &d.err), WEIR_OK);
    assert_int_equal(d.driver->ping(other, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CONNECTION);
    drive_close(&d, other);
}

static void test_abandon__in_a_child_frees_without_a_word(void **state)
{
    pid_t child = fork();
    int status = -1;

    (void)state;
    if (child == 0) {
        d.driver->abandon(conn);
        d.driver->abandon(conn);
        d.driver->close(conn);
        _exit(weir_mock_log(mock)[0] == '\0' ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ping(), WEIR_OK);
}

static void test_state__lies_when_it_is_told_to(void **state)
{
    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    arm(WEIR_FAULT_STATE, WEIR_FAULT_LIE);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_IN_TX);
}

static void test_reset__tells_what_was_lost(void **state)
{
    weir_mock_step step = {.op = WEIR_MOCK_RESET, .statements_lost = true};
    bool lost = false;

    (void)state;
    weir_mock_add(mock, &step, &d.err);
    arm(WEIR_FAULT_RESET, WEIR_FAULT_LIE);
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_false(lost);
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_true(lost);
}

static void test_cancel__fails_or_lies(void **state)
{
    (void)state;
    arm(WEIR_FAULT_CANCEL, WEIR_FAULT_FAIL);
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_ERR_SQL);
    arm(WEIR_FAULT_CANCEL, WEIR_FAULT_LIE);
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "cancel"), 0);
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "cancel"), 1);
}

static void test_socket__is_the_inner_one(void **state)
{
    (void)state;
    assert_true(d.driver->socket(conn) >= 0);
    arm(WEIR_FAULT_SOCKET, WEIR_FAULT_LIE);
    assert_int_equal(d.driver->socket(conn), -1);
}

static void test_notification__goes_through(void **state)
{
    weir_notification heard;

    (void)state;
    assert_int_equal(d.driver->listen(conn, "jobs", WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    weir_mock_notify(mock, "jobs", "1", &d.err);
    arm(WEIR_FAULT_NOTIFICATION, WEIR_FAULT_LIE);
    assert_int_equal(d.driver->notification(conn, &heard, 0, &d.err), WEIR_OK);
    assert_string_equal(heard.payload, "");
    assert_int_equal(d.driver->notification(conn, &heard, 0, &d.err), WEIR_OK);
    assert_string_equal(heard.payload, "1");
    arm(WEIR_FAULT_LISTEN, WEIR_FAULT_FAIL);
    assert_int_equal(d.driver->listen(conn, "x", WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_SQL);
}

static void test_close__of_nothing_is_allowed(void **state)
{
    void *nothing = calloc(1, d.driver->conn_size);

    (void)state;
    d.driver->close(nothing);
    free(nothing);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_CLOSE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open__hands_on_what_the_inner_driver_needs),
        TEST(test_attach__can_fail_inside_and_outside),
        TEST(test_open__that_fails_leaves_something_to_close),
        TEST(test_open__that_lies_makes_a_dead_connection),
        TEST(test_abandon__in_a_child_frees_without_a_word),
        TEST(test_state__lies_when_it_is_told_to),
        TEST(test_reset__tells_what_was_lost),
        TEST(test_cancel__fails_or_lies),
        TEST(test_socket__is_the_inner_one),
        TEST(test_notification__goes_through),
        TEST(test_close__of_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
