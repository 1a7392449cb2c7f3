/* SPDX-License-Identifier: MIT */
/*
 * The queue of waiting threads.
 */
#include "pool/waiters.h"

#include "base/clock.h"

void wi_waiters_init(wi_waiters *waiters)
{
    wi_list_init(&waiters->queue);
    waiters->count = 0;
}

bool wi_waiters_join(wi_waiters *waiters, wi_waiter *waiter)
{
    *waiter = (wi_waiter){.granted = false};
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

bool wi_waiters_wait(wi_waiters *waiters, wi_waiter *waiter, wi_mutex *mutex,
                     int64_t deadline_ns)
{
    while (!waiter->granted) {
        if (!wi_cond_wait_until(&waiter->woken, mutex, deadline_ns) &&
            wi_deadline_passed(deadline_ns))
            break;
    }
    if (!waiter->granted)
        leave(waiters, waiter);
    wi_cond_clear(&waiter->woken);
    return waiter->granted;
}

bool wi_waiters_grant(wi_waiters *waiters, void *grant)
{
    wi_list_node *node = wi_list_first(&waiters->queue);
    wi_waiter *waiter;

    if (!node)
        return false;
    waiter = WI_CONTAINER(node, wi_waiter, queued);
    leave(waiters, waiter);
    waiter->grant = grant;
    waiter->granted = true;
    wi_cond_signal(&waiter->woken);
    return true;
}
