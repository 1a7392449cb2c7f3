/* SPDX-License-Identifier: MIT */
/* Calls that hang: until when, how they end, and that cancel() wakes them. */
#include "testbed.h"

#include <pthread.h>
#include <stdatomic.h>

static void test_hang__ends_at_the_deadline(void **state)
{
    int64_t before = weir_services_now(&d.services);

    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_HANG);
    assert_int_equal(ping(), WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&d.services) - before >= 20000000);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_true(d.err.message[0] != '\0');
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_int_equal(weir_mock_count(mock, "ping"), 0);
}

static void test_hang_after__has_done_its_work(void **state)
{
    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_HANG_AFTER);
    assert_int_equal(ping(), WEIR_ERR_TIMEOUT);
    assert_int_equal(weir_mock_count(mock, "ping"), 1);
}

static void test_hang__leaves_a_commit_unknown(void **state)
{
    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    arm(WEIR_FAULT_COMMIT, WEIR_FAULT_HANG);
    assert_int_equal(commit(), WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
}

static void test_hang_s__lets_the_call_go_on(void **state)
{
    weir_fault_kind kinds[] = {WEIR_FAULT_HANG, WEIR_FAULT_HANG_AFTER};

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_fault fault = {
            .kind = kinds[i], .op = WEIR_FAULT_PING, .at = 1, .hang_s = 0.005};
        int64_t before = weir_services_now(&d.services);

        weir_faulty_arm(faulty, &fault);
        assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                         WEIR_OK);
        assert_true(weir_services_now(&d.services) - before >= 5000000);
        assert_int_equal(weir_mock_count(mock, "ping"), (size_t)i + 1);
        assert_int_equal(d.driver->state(conn), 0);
    }
}

static void test_hang_s__is_within_the_deadline(void **state)
{
    weir_fault fault = {.kind = WEIR_FAULT_HANG, .at = 1, .hang_s = 86400};

    (void)state;
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(ping(), WEIR_ERR_TIMEOUT);
}

/* Asks again and again, since it may come before the hang has begun. */
static void *cancel_until(void *done)
{
    weir_error err;

    while (!atomic_load((atomic_bool *)done))
        assert_int_equal(d.driver->cancel(conn, &err), WEIR_OK);
    return NULL;
}

static void test_cancel__wakes_what_hangs(void **state)
{
    atomic_bool done = false;
    pthread_t thread;

    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_HANG);
    pthread_create(&thread, NULL, cancel_until, &done);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CANCELLED);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    atomic_store(&done, true);
    pthread_join(thread, NULL);
}

static void test_cancel__of_earlier_does_not_wake_the_next_hang(void **state)
{
    weir_fault fault = {.kind = WEIR_FAULT_HANG,
                        .op = WEIR_FAULT_PING,
                        .at = 1,
                        .hang_s = 0.005};

    (void)state;
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_OK);
    assert_int_equal(d.driver->cancel(conn, &d.err), WEIR_OK);
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
}

static weir_status hook(void *context, int fd, unsigned events,
                        int64_t deadline)
{
    (void)fd;
    (void)events;
    (void)deadline;
    return *(weir_status *)context;
}

static void test_hang__waits_by_the_hook(void **state)
{
    weir_status answer = WEIR_ERR_CANCELLED;

    (void)state;
    d.services.wait = hook;
    d.services.wait_context = &answer;
    arm(WEIR_FAULT_PING, WEIR_FAULT_HANG);
    assert_int_equal(d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_ERR_CANCELLED);
    d.services.wait = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hang__ends_at_the_deadline),
        TEST(test_hang_after__has_done_its_work),
        TEST(test_hang__leaves_a_commit_unknown),
        TEST(test_hang_s__lets_the_call_go_on),
        TEST(test_hang_s__is_within_the_deadline),
        TEST(test_cancel__wakes_what_hangs),
        TEST(test_cancel__of_earlier_does_not_wake_the_next_hang),
        TEST(test_hang__waits_by_the_hook),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
