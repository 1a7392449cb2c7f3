/* SPDX-License-Identifier: MIT */
/* What a driver may use: waiting in one place, growing bytes. */
#include "engine/services.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const weir_services plain;

static void test_wait__ends_when_something_is_there(void **state)
{
    weir_error err;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weir_services_wait(&plain, ends[1], WEIR_WAIT_WRITE,
                                        WEIR_NO_DEADLINE, &err),
                     WEIR_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(weir_services_wait(&plain, ends[0], WEIR_WAIT_READ,
                                        WEIR_NO_DEADLINE, &err),
                     WEIR_OK);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(
        weir_services_wait(&plain, ends[0], WEIR_WAIT_READ, 0, &err),
        WEIR_ERR_CONNECTION);
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
}

static void test_wait__keeps_the_deadline_and_not_less(void **state)
{
    int64_t deadline = weir_services_now(&plain) + 3000000;
    weir_error err;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(
        weir_services_wait(&plain, ends[0], WEIR_WAIT_READ, deadline, &err),
        WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&plain) >= deadline);
    /* A past one only looks. */
    assert_int_equal(
        weir_services_wait(&plain, ends[0], WEIR_WAIT_READ, 0, &err),
        WEIR_ERR_TIMEOUT);
    assert_int_equal(
        weir_services_wait(&plain, ends[1], WEIR_WAIT_WRITE, 0, &err), WEIR_OK);
    close(ends[0]);
    close(ends[1]);
}

static weir_status answer(void *context, int fd, unsigned events,
                          int64_t deadline)
{
    assert_int_equal(fd, 7);
    assert_int_equal(events, WEIR_WAIT_READ);
    assert_int_equal(deadline, 42);
    return *(weir_status *)context;
}

/* The program's own way of waiting; what makes no sense is a broken wait. */
static void test_wait__goes_through_the_hook(void **state)
{
    static const weir_status answers[][2] = {
        {WEIR_OK, WEIR_OK},
        {WEIR_ERR_TIMEOUT, WEIR_ERR_TIMEOUT},
        {WEIR_ERR_CANCELLED, WEIR_ERR_CANCELLED},
        {WEIR_ERR_CONNECTION, WEIR_ERR_CONNECTION},
        {WEIR_ERR_STALE, WEIR_ERR_CONNECTION},
    };
    weir_status now;
    const weir_services hooked = {.wait = answer, .wait_context = &now};
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        now = answers[i][0];
        assert_int_equal(
            weir_services_wait(&hooked, 7, WEIR_WAIT_READ, 42, &err),
            answers[i][1]);
    }
}

typedef struct decision {
    int looks; /* how often it has been asked */
    int off_at;
} decision;

static bool is_off(const void *context)
{
    decision *it = *(decision *const *)context;

    return ++it->looks >= it->off_at;
}

static void test_wait__ends_when_it_is_called_off(void **state)
{
    decision later = {.off_at = 3};
    decision *context = &later;
    weir_services *own = weir_services_until(&plain, is_off, &context);
    weir_error err;
    int ends[2];

    (void)state;
    assert_non_null(own);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weir_services_wait(own, ends[0], WEIR_WAIT_READ,
                                        WEIR_NO_DEADLINE, &err),
                     WEIR_ERR_CANCELLED);
    assert_int_equal(later.looks, 3);
    close(ends[0]);
    close(ends[1]);
    weir_services_free(&plain, own);
}

static void test_wait__keeps_the_deadline_unless_called_off(void **state)
{
    decision never = {.off_at = INT_MAX};
    decision *context = &never;
    weir_services *own = weir_services_until(&plain, is_off, &context);
    int64_t deadline = weir_services_now(&plain) + 25000000;
    weir_error err;
    int ends[2];

    (void)state;
    assert_non_null(own);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(
        weir_services_wait(own, ends[0], WEIR_WAIT_READ, deadline, &err),
        WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&plain) >= deadline);
    assert_int_equal(
        weir_services_wait(own, ends[1], WEIR_WAIT_WRITE, deadline, &err),
        WEIR_OK);
    close(ends[0]);
    close(ends[1]);
    weir_services_free(&plain, own);
}

/* ------------------------------------------------------------------ buffers */

static void test_buffer__grows_and_keeps(void **state)
{
    weir_buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(weir_buffer_add(&plain, &buffer, "0123456789", 10),
                         WEIR_OK);
    assert_int_equal(buffer.size, 10000);
    assert_memory_equal(buffer.data + 9990, "0123456789", 10);
    assert_int_equal(weir_buffer_reserve(&plain, &buffer, 50000), WEIR_OK);
    assert_true(buffer.capacity >= 50000);
    assert_memory_equal(buffer.data + 9990, "0123456789", 10);
    assert_int_equal(weir_buffer_add(&plain, &buffer, NULL, 0), WEIR_OK);
    weir_buffer_clear(&plain, &buffer);
    assert_int_equal(buffer.size, 0);
    assert_null(buffer.data);
}

static void test_buffer__refuses_what_no_memory_holds(void **state)
{
    weir_buffer buffer = {0};

    (void)state;
    assert_int_equal(weir_buffer_add(&plain, &buffer, "x", 1), WEIR_OK);
    assert_int_equal(weir_buffer_add(&plain, &buffer, "x", SIZE_MAX),
                     WEIR_ERR_NOMEM);
    assert_int_equal(weir_buffer_reserve(&plain, &buffer, SIZE_MAX),
                     WEIR_ERR_NOMEM);
    assert_int_equal(buffer.size, 1);
    assert_int_equal(buffer.data[0], 'x');
    weir_buffer_clear(&plain, &buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait__ends_when_something_is_there),
        cmocka_unit_test(test_wait__keeps_the_deadline_and_not_less),
        cmocka_unit_test(test_wait__goes_through_the_hook),
        cmocka_unit_test(test_wait__ends_when_it_is_called_off),
        cmocka_unit_test(test_wait__keeps_the_deadline_unless_called_off),
        cmocka_unit_test(test_buffer__grows_and_keeps),
        cmocka_unit_test(test_buffer__refuses_what_no_memory_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
