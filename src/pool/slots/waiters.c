/* SPDX-License-Identifier: MIT */
/*
 * The queue of waiting threads: each sleeps on a condition of its own.
 */
#include "pool/slots/waiters.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "pool/view.h"

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

static void hand_over(wi_waiters *waiters, wi_waiter *waiter, void *grant)
{
    leave(waiters, waiter);
    waiter->grant = grant;
    waiter->granted = true;
    /* Under the lock: the waiter's stack is gone as soon as it can lock. */
    wi_cond_signal(&waiter->woken);
}

void wi_waiters_grant(wi_waiters *waiters, void *grant)
{
    wi_waiter *waiter = wi_waiters_first(waiters);

    WI_ASSERT(waiter);
    hand_over(waiters, waiter, grant);
}

void wi_waiters_dismiss(wi_waiters *waiters, wi_waiter *waiter)
{
    WI_ASSERT(!waiter->granted);
    hand_over(waiters, waiter, NULL);
}

void wi_waiters_view(const wi_waiters *waiters, int64_t now_ns, int room,
                     wi_pool_view *view)
{
    for (wi_list_node *node = wi_list_first(&waiters->queue);
         node && view->waiter_count < room;
         node = wi_list_next(&waiters->queue, node)) {
        const wi_waiter *waiter = WI_CONTAINER(node, wi_waiter, queued);
        wi_waiter_view *out = &view->waiters[view->waiter_count++];
        const char *tag = waiter->tag ? waiter->tag : "";

        *out = (wi_waiter_view){
            .site = waiter->site,
            .thread = waiter->thread,
            .waited_ns = now_ns - waiter->began_ns,
        };
        memcpy(out->tag, tag, strnlen(tag, WI_TAG_SIZE - 1));
    }
}
