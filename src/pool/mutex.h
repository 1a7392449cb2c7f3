/* SPDX-License-Identifier: MIT */
/*
 * The inside of the mutex core, for its two files. Functions say "locked" if
 * they are called with the lock held and leave it held; those that go outside
 * in between say so too.
 */
#ifndef WI_POOL_MUTEX_H
#define WI_POOL_MUTEX_H

#include "base/sync.h"
#include "pool/core.h"
#include "pool/ending.h"
#include "pool/histogram.h"
#include "pool/slot.h"
#include "pool/waiters.h"

struct wi_pool {
    const wi_pool_core *core; /* these four never change */
    const wi_resource_kind *kind;
    void *context;
    const weir_allocator *allocator;

    wi_mutex lock; /* guards all that follows; never held across I/O */
    wi_pool_options options;
    wi_slots slots;
    wi_waiters waiters;
    wi_ending ending;
    int visitors;        /* calls that must be over before the pool ends */
    uint64_t generation; /* older resources are not lent any more */
    bool closed;
    bool told_empty; /* somebody has been told that nothing is out */

    weir_error last_failure; /* of open */
    int64_t last_failure_ns; /* 0: there was none */
    uint64_t opened;
    uint64_t closed_count;
    uint64_t acquired;
    uint64_t timeouts;
    uint64_t connect_failures;
    int64_t began_ns;
    uint64_t waits;
    int64_t wait_most_ns;
    wi_histogram wait;
    wi_histogram hold;
};

/* Unlocks, and tells those who wait for the end, if it has come. */
void wi_mutex_core_unlock(wi_pool *pool);
/* Locked. Whatever has become free goes to the oldest waiters. */
void wi_mutex_core_dispatch(wi_pool *pool);
/* Locked, and outside in between. Closes idle ones that may not stay. */
void wi_mutex_core_close_surplus(wi_pool *pool);
/* Locked, and outside in between. Closes it, but for the last word. */
void wi_mutex_core_shut(wi_pool *pool);
/* Locked. True the first time that a closed pool has nothing out. */
bool wi_mutex_core_is_empty(wi_pool *pool);
/* Locked. Whether what is idle, and needed by nobody who waits, is closed. */
static inline bool wi_mutex_core_is_ending(const wi_pool *pool)
{
    return pool->closed || wi_ending_empties(&pool->ending);
}

/* ------------------------------------------------------- mutex_life.c */

void wi_mutex_core_pause(wi_pool *pool);
void wi_mutex_core_resume(wi_pool *pool);
weir_status wi_mutex_core_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                                weir_error *err);
weir_status wi_mutex_core_close_within(wi_pool *pool, int64_t deadline_ns,
                                       bool *last, weir_error *err);
void wi_mutex_core_status(wi_pool *pool, weir_pool_status *out);
void wi_mutex_core_view(wi_pool *pool, struct wi_pool_view *view);

#endif
