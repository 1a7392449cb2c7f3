/* SPDX-License-Identifier: MIT */
/*
 * The queue: its order, and what happens in the moment of a deadline.
 */
#include "pool/slots/waiters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

typedef struct queue {
    wi_mutex lock;
    wi_waiters waiters;
} queue;

static int make_queue(void **state)
{
    static queue made;

    wi_waiters_init(&made.waiters);
    *state = &made;
    return wi_mutex_init(&made.lock) ? 0 : -1;
}

static int end_queue(void **state)
{
    queue *made = *state;

    wi_mutex_clear(&made->lock);
    return 0;
}

static void test_waiters_grant__serves_the_oldest_first(void **state)
{
    queue *q = *state;
    wi_waiter waiter[3];
    int thing[3];

    wi_mutex_lock(&q->lock);
    for (int i = 0; i < 3; i++)
        assert_true(wi_waiters_join(&q->waiters, &waiter[i], "tag"));
    assert_int_equal(q->waiters.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(wi_waiters_first(&q->waiters), &waiter[i]);
        wi_waiters_grant(&q->waiters, &thing[i]);
    }
    assert_null(wi_waiters_first(&q->waiters));
    for (int i = 0; i < 3; i++) {
        assert_true(
            wi_waiters_wait(&q->waiters, &waiter[i], &q->lock, WI_NO_DEADLINE));
        assert_ptr_equal(waiter[i].grant, &thing[i]);
    }
    wi_mutex_unlock(&q->lock);
}

/* The grant and the deadline come together: the grant must not be lost. */
static void test_waiters_wait__keeps_a_grant_past_the_deadline(void **state)
{
    queue *q = *state;
    wi_waiter waiter;
    int thing;

    wi_mutex_lock(&q->lock);
    assert_true(wi_waiters_join(&q->waiters, &waiter, NULL));
    wi_waiters_grant(&q->waiters, &thing);
    assert_true(
        wi_waiters_wait(&q->waiters, &waiter, &q->lock, wi_now_ns() - 1));
    assert_ptr_equal(waiter.grant, &thing);
    assert_int_equal(q->waiters.count, 0);
    wi_mutex_unlock(&q->lock);
}

static void test_waiters_wait__leaves_the_queue_at_the_deadline(void **state)
{
    queue *q = *state;
    wi_waiter first;
    wi_waiter second;
    int64_t deadline = wi_now_ns() + 20000000;
    int thing;

    wi_mutex_lock(&q->lock);
    assert_true(wi_waiters_join(&q->waiters, &first, NULL));
    assert_true(wi_waiters_join(&q->waiters, &second, NULL));
    assert_false(wi_waiters_wait(&q->waiters, &first, &q->lock, deadline));
    assert_true(wi_now_ns() >= deadline);
    assert_int_equal(q->waiters.count, 1);
    wi_waiters_grant(&q->waiters, &thing);
    assert_true(wi_waiters_wait(&q->waiters, &second, &q->lock, deadline));
    wi_mutex_unlock(&q->lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiters_grant__serves_the_oldest_first),
        cmocka_unit_test(test_waiters_wait__keeps_a_grant_past_the_deadline),
        cmocka_unit_test(test_waiters_wait__leaves_the_queue_at_the_deadline),
    };

    return cmocka_run_group_tests(tests, make_queue, end_queue);
}
