/* SPDX-License-Identifier: MIT */
/*
 * Threads waiting for something, first come first served. A waiter is a node
 * on its thread's stack; who serves it hands over the thing itself (direct
 * hand-off), so that nobody can take it on the way.
 *
 * All functions are called with the queue's mutex held. A grant that races
 * with the waiter's deadline wins: the waiter looks at `granted` last. A
 * waiter is out of the queue in the moment it is granted or gives up, so the
 * queue never holds one that is past its deadline and awake.
 */
#ifndef WI_POOL_SLOTS_WAITERS_H
#define WI_POOL_SLOTS_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/sync.h"

typedef struct wi_waiter {
    wi_list_node queued;
    wi_cond woken; /* one sleeper */
    bool granted;
    void *grant;     /* what was handed over */
    const char *tag; /* who waits; may be NULL */
    /* To be shown; whoever joins may fill them in. */
    const char *site;
    uint64_t thread;
    int64_t began_ns;
} wi_waiter;

typedef struct wi_waiters {
    wi_list queue; /* the oldest first */
    int count;
} wi_waiters;

void wi_waiters_init(wi_waiters *waiters);

/* Puts the thread at the end of the queue. False: no room for a condition. */
bool wi_waiters_join(wi_waiters *waiters, wi_waiter *waiter, const char *tag);

/* Sleeps until the waiter is granted something, or the deadline. True: it was
 * granted. Either way it is out of the queue. */
bool wi_waiters_wait(wi_waiters *waiters, wi_waiter *waiter, wi_mutex *mutex,
                     int64_t deadline_ns);

/* The oldest, or NULL. */
wi_waiter *wi_waiters_first(const wi_waiters *waiters);

struct wi_pool_view;
/* Shows them in their order: view->waiters has room for `room`. */
void wi_waiters_view(const wi_waiters *waiters, int64_t now_ns, int room,
                     struct wi_pool_view *view);

/* Hands `grant` to the oldest, of which there is one. */
void wi_waiters_grant(wi_waiters *waiters, void *grant);
/* Ends the wait of one that stands in the queue: it is granted NULL. */
void wi_waiters_dismiss(wi_waiters *waiters, wi_waiter *waiter);

#endif
