/* SPDX-License-Identifier: MIT */
/*
 * The threads that wait for a server at this moment, so that all of them can
 * be ended when the time of a closed engine is over. Each stands in a list
 * while it waits, and does not close its descriptor then: so what is shut is
 * what is waited for. Shutting a socket wakes poll() and the program's own
 * loop alike; what is not a socket is left to the state.
 *
 * First the time is over, and servers may still be asked to end what they are
 * at; then the sockets are shut.
 */
#ifndef WI_ENGINE_WAITS_H
#define WI_ENGINE_WAITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "base/list.h"
#include "base/sync.h"

typedef enum wi_waits_state {
    WI_WAITS_OPEN = 0,
    WI_WAITS_OVER, /* nothing new is begun */
    WI_WAITS_SHUT, /* and nobody waits any more */
} wi_waits_state;

typedef struct wi_waits {
    _Atomic uint32_t state; /* goes up only, under the lock */
    wi_mutex lock;          /* guards the list; held while sockets are shut */
    wi_list list;           /* wi_wait */
} wi_waits;

typedef struct wi_wait {
    wi_list_node waiting;
    int fd;
    const void *thread; /* wi_thread_mark() of who waits */
} wi_wait;

/* False: the system has no room for a lock. */
bool wi_waits_init(wi_waits *waits);
void wi_waits_clear(wi_waits *waits);
/* Who waits from now on does so to end something. */
void wi_waits_end(wi_waits *waits);
/* Nobody waits any more, now or later. */
void wi_waits_shut(wi_waits *waits);

static inline bool wi_waits_are_over(const wi_waits *waits)
{
    return atomic_load_explicit(&waits->state, memory_order_relaxed) !=
           WI_WAITS_OPEN;
}

/* The wait of one thread for one descriptor ends, if it is waiting. */
void wi_waits_shut_one(wi_waits *waits, int fd, const void *thread);

/* What whoever is ended is told: CONNECTION. */
weir_status wi_waits_refuse(weir_error *err);

/* False: it is shut, and there is nothing to wait for. */
bool wi_wait_begin(wi_waits *waits, wi_wait *self, int fd, const void *thread);
/* False: it was shut meanwhile. */
bool wi_wait_end(wi_waits *waits, wi_wait *self);

#endif
