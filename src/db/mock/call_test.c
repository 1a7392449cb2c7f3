/* SPDX-License-Identifier: MIT */
/* Calls that fail, hang, are cancelled, or lose their connection. */
#include "with_mock.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

static void add(weir_mock_step step)
{
    assert_int_equal(weir_mock_add(mock, &step, &d.err), WEIR_OK);
}

static void test_call__error_is_as_written(void **state)
{
    (void)state;
    add((weir_mock_step){.op = WEIR_MOCK_PING,
                         .error = {.status = WEIR_ERR_RESOURCE,
                                   .fate = WEIR_FATE_DISCARD,
                                   .sqlstate = "53300",
                                   .message = "full"}});
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_RESOURCE);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_string_equal(d.err.sqlstate, "53300");
    assert_string_equal(d.err.message, "full");
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
}

static void test_call__hang_ends_at_the_deadline(void **state)
{
    int64_t deadline = drive_in(&d, 0.03);

    (void)state;
    add((weir_mock_step){.op = WEIR_MOCK_PING, .fault = WEIR_MOCK_HANG});
    assert_int_equal(d.driver->ping(conn, deadline, &d.err), WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&d.services) >= deadline);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_BUSY);
}

static void test_call__delay_is_kept_or_timed_out(void **state)
{
    int64_t began = weir_services_now(&d.services);

    (void)state;
    add((weir_mock_step){.op = WEIR_MOCK_PING, .delay_s = 0.02});
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_true(weir_services_now(&d.services) >= began + 20000000);
    add((weir_mock_step){.op = WEIR_MOCK_PING, .delay_s = 60.0});
    assert_int_equal(d.driver->ping(conn, drive_in(&d, 0.005), &d.err),
                     WEIR_ERR_TIMEOUT);
    /* It can CAN_DEADLINE: the statement is over, the connection is fine. */
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    assert_int_equal(d.driver->state(conn), 0);
}

static void *ping_in_thread(void *argument)
{
    weir_error *err = argument;

    d.driver->ping(conn, WEIR_NO_DEADLINE, err);
    return NULL;
}

static pthread_t start_hanging(weir_error *err)
{
    pthread_t thread;

    memset(err, 0, sizeof *err);
    add((weir_mock_step){.op = WEIR_MOCK_PING, .fault = WEIR_MOCK_HANG});
    assert_int_equal(pthread_create(&thread, NULL, ping_in_thread, err), 0);
    while (weir_mock_hanging(mock) == 0)
        sched_yield();
    return thread;
}

static void test_call__cancel_ends_a_hang(void **state)
{
    weir_error err, own;
    pthread_t thread = start_hanging(&err);

    (void)state;
    assert_int_equal(d.driver->cancel(conn, &own), WEIR_OK);
    pthread_join(thread, NULL);
    assert_int_equal(err.status, WEIR_ERR_CANCELLED);
    assert_int_equal(err.fate, WEIR_FATE_KEEP);
    /* Nothing runs: nothing happens, now or to the next call. */
    assert_int_equal(d.driver->cancel(conn, &own), WEIR_OK);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
}

static void test_call__resume_ends_a_hang_with_the_answer(void **state)
{
    weir_error err;
    pthread_t thread = start_hanging(&err);

    (void)state;
    weir_mock_resume(mock);
    pthread_join(thread, NULL);
    assert_int_equal(err.status, WEIR_OK);
    assert_int_equal(weir_mock_hanging(mock), 0);
}

static void test_call__dropping_ends_a_hang(void **state)
{
    weir_error err;
    pthread_t thread = start_hanging(&err);

    (void)state;
    weir_mock_drop_connections(mock);
    pthread_join(thread, NULL);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_int_equal(err.fate, WEIR_FATE_DISCARD);
}

static void test_call__dropped_shows_on_the_socket_and_at_the_next(void **state)
{
    struct pollfd watch = {.fd = d.driver->socket(conn), .events = POLLIN};

    (void)state;
    assert_int_equal(poll(&watch, 1, 0), 0);
    weir_mock_drop_connections(mock);
    assert_int_equal(poll(&watch, 1, 0), 1);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_RETRY);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
}

static void test_call__lost_before_never_got_there(void **state)
{
    (void)state;
    add((weir_mock_step){.fault = WEIR_MOCK_LOSE_BEFORE});
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_RETRY);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_CONNECTION);
}

static void test_call__lost_after_is_unknown_for_commit(void **state)
{
    (void)state;
    add((weir_mock_step){.fault = WEIR_MOCK_LOSE_AFTER, .skip = 1});
    add((weir_mock_step){.op = WEIR_MOCK_COMMIT,
                         .fault = WEIR_MOCK_LOSE_AFTER});
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_OK);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    drive_close(&d, conn);
    conn = drive_open(&d);
    assert_int_equal(drive_run(&d, conn, "a"), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
}

static void test_call__state_is_as_the_step_says(void **state)
{
    bool lost = false;

    (void)state;
    add((weir_mock_step){.text = "SET x",
                         .set_state = WEIR_STATE_DIRTY | WEIR_STATE_BUSY});
    add((weir_mock_step){.text = "GO", .clear_state = WEIR_STATE_BUSY});
    assert_int_equal(drive_run(&d, conn, "SET x"), WEIR_OK);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY | WEIR_STATE_BUSY);
    assert_int_equal(drive_run(&d, conn, "GO"), WEIR_OK);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DIRTY);
    assert_int_equal(d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err),
                     WEIR_OK);
    assert_int_equal(d.driver->state(conn), 0);
    assert_false(lost);
}

static void test_call__second_thread_is_noticed(void **state)
{
    weir_error err;
    pthread_t thread = start_hanging(&err);

    (void)state;
    d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err);
    weir_mock_resume(mock);
    pthread_join(thread, NULL);
    assert_string_equal(weir_mock_breach(mock),
                        "two threads in one connection");
    weir_mock_clear_log(mock);
}

static void test_call__open_can_fail(void **state)
{
    void *other;

    (void)state;
    add((weir_mock_step){
        .op = WEIR_MOCK_OPEN,
        .error = {.status = WEIR_ERR_AUTH, .fate = WEIR_FATE_DISCARD}});
    assert_int_equal(drive_try_open(&d, &other, WEIR_NO_DEADLINE),
                     WEIR_ERR_AUTH);
    drive_close(&d, other);
    other = calloc(1, d.driver->conn_size);
    drive_close(&d, other);
    assert_int_equal(weir_mock_connections(mock), 1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_call__error_is_as_written),
        TEST(test_call__hang_ends_at_the_deadline),
        TEST(test_call__delay_is_kept_or_timed_out),
        TEST(test_call__cancel_ends_a_hang),
        TEST(test_call__resume_ends_a_hang_with_the_answer),
        TEST(test_call__dropping_ends_a_hang),
        TEST(test_call__dropped_shows_on_the_socket_and_at_the_next),
        TEST(test_call__lost_before_never_got_there),
        TEST(test_call__lost_after_is_unknown_for_commit),
        TEST(test_call__state_is_as_the_step_says),
        TEST(test_call__second_thread_is_noticed),
        TEST(test_call__open_can_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
