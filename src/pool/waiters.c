/* SPDX-License-Identifier: MIT */
/*
 * The queue of waiting threads: each sleeps on a condition of its own.
 */
#include "pool/waiters.h"

#include <pthread.h>

#include "base/check.h"
#include "base/clock.h"

void wi_waiters_init(wi_waiters *waiters)
{
    wi_list_init(&waiters->queue);
    waiters->count = 0;
}

bool wi_waiters_join(wi_waiters *waiters, wi_waiter *waiter, const char *tag)
{
    *waiter = (wi_waiter){.tag = tag};
    if (!wi_cond_init(&waiter->woken))
        return false;
    wi_list_append(&waiters->queue, &waiter->queued);
    waiters->count++;
    return true;
}

static void leave(wi_waiters *waiters, wi_waiter *waiter)
{
    wi_list_remove(&waiter->queued);
    waiters->count--;
}

static void sleep_until_granted(wi_waiter *waiter, wi_mutex *mutex,
                                int64_t deadline_ns)
{
    while (!waiter->granted) {
        if (!wi_cond_wait_until(&waiter->woken, mutex, deadline_ns) &&
            wi_deadline_passed(deadline_ns))
            return;
    }
}

bool wi_waiters_wait(wi_waiters *waiters, wi_waiter *waiter, wi_mutex *mutex,
                     int64_t deadline_ns)
{
    int cancel_state;

    /* A cancelled thread would leave its node in the queue, and its stack
     * to whoever comes next. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    sleep_until_granted(waiter, mutex, deadline_ns);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (!waiter->granted)
        leave(waiters, waiter);
    wi_cond_clear(&waiter->woken);
    return waiter->granted;
}

wi_waiter *wi_waiters_first(const wi_waiters *waiters)
{
    wi_list_node *node = wi_list_first(&waiters->queue);

    return node ? WI_CONTAINER(node, wi_waiter, queued) : NULL;
}

void wi_waiters_grant(wi_waiters *waiters, void *grant)
{
    wi_waiter *waiter = wi_waiters_first(waiters);

    WI_ASSERT(waiter);
    leave(waiters, waiter);
    waiter->grant = grant;
    waiter->granted = true;
    /* Under the lock: the waiter's stack is gone as soon as it can lock. */
    wi_cond_signal(&waiter->woken);
}
