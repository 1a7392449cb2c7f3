/* SPDX-License-Identifier: MIT */
/*
 * The permit: one at a time, in order, and never waiting for oneself.
 */
#include "pool/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static wi_permit permit;

static int make_permit(void **state)
{
    (void)state;
    return wi_permit_init(&permit) == WEIR_OK ? 0 : -1;
}

static int end_permit(void **state)
{
    (void)state;
    wi_permit_clear(&permit);
    return 0;
}

static void nap(void)
{
    struct timespec time = {0, (long)(MS / 5)};

    nanosleep(&time, NULL);
}

static void until_waiting(int count)
{
    for (;;) {
        int now;

        wi_mutex_lock(&permit.lock);
        now = permit.waiters.count;
        wi_mutex_unlock(&permit.lock);
        if (now == count)
            return;
        nap();
    }
}

typedef struct writer {
    pthread_t thread;
    const char *tag;
    int64_t timeout_ns;
    atomic_int *clock;
    atomic_bool may_release;
    atomic_bool keeps; /* somebody else gives back */
    weir_status status;
    weir_error error;
    int turn;
} writer;

static void *write_once(void *argument)
{
    writer *self = argument;

    const wi_request wish = {.deadline_ns = wi_now_ns() + self->timeout_ns,
                             .tag = self->tag};

    self->status = wi_permit_acquire(&permit, &wish, &self->error);
    if (self->status != WEIR_OK)
        return NULL;
    if (self->clock)
        self->turn = atomic_fetch_add(self->clock, 1);
    while (!atomic_load(&self->may_release))
        nap();
    if (!atomic_load(&self->keeps))
        wi_permit_release(&permit);
    return NULL;
}

static void start(writer *self)
{
    assert_int_equal(pthread_create(&self->thread, NULL, write_once, self), 0);
}

static void finish(writer *self)
{
    atomic_store(&self->may_release, true);
    pthread_join(self->thread, NULL);
}

static weir_status acquire(int64_t timeout_ns, weir_error *err)
{
    const wi_request wish = {.deadline_ns = wi_now_ns() + timeout_ns,
                             .tag = "main",
                             .site = "main.c:7"};

    return wi_permit_acquire(&permit, &wish, err);
}

static void test_permit__is_taken_and_given_back(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(acquire(0, NULL), WEIR_OK);
        wi_permit_release(&permit);
    }
}

static void test_permit__serves_in_order(void **state)
{
    writer writers[5];
    atomic_int clock = 0;

    (void)state;
    memset(writers, 0, sizeof writers);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    for (int i = 0; i < 5; i++) {
        writers[i].clock = &clock;
        writers[i].timeout_ns = 30 * SECOND;
        atomic_store(&writers[i].may_release, true);
        start(&writers[i]);
        until_waiting(i + 1);
    }
    wi_permit_release(&permit);
    for (int i = 0; i < 5; i++) {
        finish(&writers[i]);
        assert_int_equal(writers[i].status, WEIR_OK);
        assert_int_equal(writers[i].turn, i);
    }
}

static void test_permit__times_out_naming_the_holder(void **state)
{
    writer late = {.timeout_ns = 20 * MS};

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(late.error.message, "\"main\" holds it since"));
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    wi_permit_release(&permit);
}

static void test_permit__refuses_to_wait_for_oneself(void **state)
{
    weir_error err;

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    assert_int_equal(acquire(30 * SECOND, &err), WEIR_ERR_POOL_DEADLOCK);
    assert_string_equal(
        err.message,
        "\"main\" at main.c:7 waits for the permit to write that nobody is "
        "left to give back: its own thread holds the permit to write as "
        "\"main\" at main.c:7; use that one, or give it back first");
    wi_permit_release(&permit);
}

/* Its new holder may not have woken yet, but the old one no longer is it. */
static void test_permit__may_be_waited_for_after_handing_over(void **state)
{
    writer next = {.timeout_ns = 30 * SECOND, .tag = "next"};
    weir_error err;

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&next);
    until_waiting(1);
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, &err), WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "\"next\" holds it"));
    finish(&next);
    assert_int_equal(next.status, WEIR_OK);
}

static void test_permit__is_given_back_by_another_thread(void **state)
{
    writer moved = {.timeout_ns = 0};

    (void)state;
    atomic_store(&moved.keeps, true);
    start(&moved);
    finish(&moved);
    assert_int_equal(moved.status, WEIR_OK);
    assert_int_equal(acquire(0, NULL), WEIR_ERR_TIMEOUT);
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    wi_permit_release(&permit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permit__is_taken_and_given_back),
        cmocka_unit_test(test_permit__serves_in_order),
        cmocka_unit_test(test_permit__times_out_naming_the_holder),
        cmocka_unit_test(test_permit__refuses_to_wait_for_oneself),
        cmocka_unit_test(test_permit__may_be_waited_for_after_handing_over),
        cmocka_unit_test(test_permit__is_given_back_by_another_thread),
    };

    return cmocka_run_group_tests(tests, make_permit, end_permit);
}
