/* SPDX-License-Identifier: MIT */
/* A wait that ends by a signal, or at its deadline and not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "base/sync.h"

static wi_mutex mutex;
static wi_cond cond;
static bool flag;

static void *set_flag(void *nothing)
{
    wi_mutex_lock(&mutex);
    flag = true;
    wi_cond_signal(&cond);
    wi_mutex_unlock(&mutex);
    return nothing;
}

static void test_cond_wait__ends_by_a_signal(void **state)
{
    int64_t deadline = wi_deadline_in_ns(INT64_C(60000000000));
    bool in_time = true;
    pthread_t thread;

    (void)state;
    flag = false;
    wi_mutex_lock(&mutex);
    assert_int_equal(pthread_create(&thread, NULL, set_flag, NULL), 0);
    while (!flag && in_time)
        in_time = wi_cond_wait_until(&cond, &mutex, deadline);
    wi_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    assert_true(flag);
    assert_true(in_time);
}

static void test_cond_wait__never_ends_before_its_deadline(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t deadline = wi_deadline_in_ns(2000000);

        wi_mutex_lock(&mutex);
        while (wi_cond_wait_until(&cond, &mutex, deadline))
            ;
        wi_mutex_unlock(&mutex);
        assert_true(wi_now_ns() >= deadline);
    }
}

static void test_cond_wait__until_the_past_returns_at_once(void **state)
{
    (void)state;
    wi_mutex_lock(&mutex);
    assert_false(wi_cond_wait_until(&cond, &mutex, 0));
    wi_mutex_unlock(&mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cond_wait__ends_by_a_signal),
        cmocka_unit_test(test_cond_wait__never_ends_before_its_deadline),
        cmocka_unit_test(test_cond_wait__until_the_past_returns_at_once),
    };
    int failed;

    if (!wi_mutex_init(&mutex) || !wi_cond_init(&cond))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    wi_cond_clear(&cond);
    wi_mutex_clear(&mutex);
    return failed;
}
