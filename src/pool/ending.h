/* SPDX-License-Identifier: MIT */
/*
 * Pausing a pool, and waiting for its end, in the cores that have their places
 * in slots under one mutex. Whoever waits for the end is told when the lock is
 * given back, by wi_ending_unlock(); while he waits the pool is not ended by
 * others.
 *
 * All is called with the pool's lock held.
 */
#ifndef WI_POOL_ENDING_H
#define WI_POOL_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "base/sync.h"
#include "pool/core.h"
#include "pool/slot.h"
#include "pool/waiters.h"

typedef struct wi_ending {
    wi_mutex *lock; /* these four of the pool never change */
    const wi_slots *slots;
    const wi_waiters *waiters;
    const int *visitors;

    wi_pool_mode mode;
    wi_waiters watchers; /* who waits for the end and is to be told */
    int watching;        /* all of them */
} wi_ending;

void wi_ending_init(wi_ending *ending, wi_mutex *lock, const wi_slots *slots,
                    const wi_waiters *waiters, const int *visitors);
void wi_ending_unlock(wi_ending *ending);

/* Whether what is idle, and needed by nobody who waits, is closed, though the
 * pool may not be. */
static inline bool wi_ending_empties(const wi_ending *ending)
{
    return ending->mode == WI_POOL_DRAINING && ending->waiters->count == 0;
}

void wi_ending_pause(wi_ending *ending);
/* False: it was neither paused nor drained. Else whoever drains is told, and
 * those who wait are to be served. */
bool wi_ending_resume(wi_ending *ending);

/* Asleep in between. Comes between watching++ and watching--.
 * @return as wi_pool_drain() */
weir_status wi_ending_watch(wi_ending *ending, int64_t deadline_ns,
                            weir_error *err);
/* The same for a pool that was closed, and outside in between: what is still
 * out at the deadline is aborted. */
weir_status wi_ending_watch_closed(wi_ending *ending, int64_t deadline_ns,
                                   const wi_resource_kind *kind, void *context,
                                   weir_error *err);

#endif
