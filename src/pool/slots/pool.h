/* SPDX-License-Identifier: MIT */
/*
 * A pool whose places are slots (pool/slots/slot.h) under one mutex: what the
 * mutex core and that of the kinds are made of. Here is what any such pool
 * does with its places; who is lent which of them is said by each core. Both
 * put their rules into wi_slot_rules, and may have more in a struct that
 * begins with this one.
 *
 * Opening, asking, cleaning and closing happen on the borrower's thread without
 * the lock. Functions say "locked" if they are called with it held and leave it
 * held; those that go outside in between say so too, and "asleep" if they wait.
 * All others take it themselves.
 */
#ifndef WI_POOL_SLOTS_POOL_H
#define WI_POOL_SLOTS_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sync.h"
#include "pool/core.h"
#include "pool/histogram.h"
#include "pool/nest.h"
#include "pool/slots/slot.h"
#include "pool/slots/waiters.h"

typedef struct wi_slot_rules {
    const wi_pool_core *core;
    size_t size; /* of the struct that begins with struct wi_pool */
    bool peeks;  /* at what was idle, before it is lent */
    bool asks;   /* suspects, instead of replacing them */
    /* Locked. Something has become free, or never will: whoever waits is
     * served, or looks again. */
    void (*serve)(wi_pool *pool);
    /* Locked. Whether of those that are idle one has to go. */
    bool (*has_surplus)(const wi_pool *pool);
} wi_slot_rules;

struct wi_pool {
    const wi_pool_core *core; /* these five never change */
    const wi_slot_rules *rules;
    const wi_resource_kind *kind;
    void *context;
    const weir_allocator *allocator;

    wi_mutex lock; /* guards all that follows; never held across I/O */
    wi_pool_options options;
    wi_slots slots;
    wi_waiters waiters;
    wi_pool_mode mode;
    wi_waiters watchers; /* who waits for the end and is to be told */
    int watching;        /* all of them: meanwhile others do not end it */
    int visitors;        /* calls that must be over before the pool ends */
    uint64_t generation; /* older resources are suspects, or void */
    uint64_t valid_from; /* those older than this are never lent again */
    int dead;            /* suspects that did not answer, of this generation */
    bool closed;
    bool told_empty; /* somebody has been told that nothing is out */
    int nested;      /* visits that wait, and may hold something */
    wi_nest_source nest;
    uint64_t serial;       /* these two for pool/slots/nest.c */
    _Atomic int64_t limit; /* of places that count */

    weir_error last_failure; /* of open */
    int64_t last_failure_ns; /* 0: there was none */
    uint64_t opened;
    uint64_t closed_count;
    uint64_t acquired;
    uint64_t timeouts;
    uint64_t connect_failures;
    uint64_t stale_returns;
    int64_t began_ns;
    uint64_t waits;
    int64_t wait_most_ns;
    wi_histogram wait, connect;
    wi_histogram hold;
};

/* ------------------------------------------------------------------- life.c */

/* As wi_pool_new(), by these rules. */
wi_pool *wi_slot_pool_new(const wi_slot_rules *rules,
                          const wi_resource_kind *kind, void *context,
                          const wi_pool_options *options, weir_error *err);
void wi_slot_pool_free(wi_pool **pool);

/* Locked, and outside in between. One more spare place: look at everything
 * again. */
weir_status wi_slot_pool_grow(wi_pool *pool);
/* Locked. Who waits is told that he gets nothing here. */
void wi_slot_pool_send_away(wi_pool *pool);
/* Locked. The place is free for another resource. */
void wi_slot_give_up(wi_pool *pool, wi_lease *lease);
/* Locked, and outside in between. Closes idle ones that may not stay. */
void wi_slot_pool_trim(wi_pool *pool);
/* Locked. True the first time that a closed pool has nothing out. */
bool wi_slot_pool_is_empty_now(wi_pool *pool);
/* Locked, and not any more afterwards. Ends a visit that began with
 * visitors++: meanwhile the pool may have been closed and have become empty,
 * which is said to its owner. */
void wi_slot_pool_end_visit(wi_pool *pool);
/* Locked, and outside in between. Closes it, but for the last word. */
void wi_slot_pool_shut(wi_pool *pool);

void wi_slot_pool_invalidate(wi_pool *pool);
void wi_slot_pool_suspect(wi_pool *pool, const wi_lease *lease);
void wi_slot_pool_dispose(wi_pool *pool);
bool wi_slot_pool_close(wi_pool *pool);

/* ------------------------------------------------------------------- open.c */

/* Locked. Too old, or invalidated. */
bool wi_slot_is_stale(const wi_pool *pool, const wi_lease *lease,
                      int64_t now_ns);
/* Locked, and outside in between. The place counts until the resource is
 * closed, so that a server never sees more than the limit. */
void wi_slot_close(wi_pool *pool, wi_lease *lease);
/* Locked, and outside in between. Makes a place that was taken, BUSY or
 * CONNECTING, fit for use; on failure it is given up. What was just opened is
 * not asked; it is replaced once if all was invalidated meanwhile, and asked
 * if all is suspected. */
weir_status wi_slot_make_ready(wi_pool *pool, wi_lease *lease,
                               int64_t deadline_ns, weir_error *err);
void wi_slot_lose(wi_pool *pool, wi_lease *lease);
weir_status wi_slot_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err);

/* wi_pool_core::is_over. */
bool wi_slot_pool_is_over(wi_pool *pool, wi_lease *lease, uint64_t loan);

static inline bool wi_slot_is_lent(const wi_lease *lease)
{
    return lease->state == WI_SLOT_BUSY || lease->state == WI_SLOT_LOST;
}

/* ------------------------------------------------------------------ drain.c */

/* Locked. Whether what is idle, and needed by nobody who waits, is closed. */
static inline bool wi_slot_pool_is_ending(const wi_pool *pool)
{
    return pool->closed ||
           (pool->mode == WI_POOL_DRAINING && pool->waiters.count == 0);
}
/* Unlocks, and tells those who wait for the end, if it has come. */
void wi_slot_pool_unlock(wi_pool *pool);

void wi_slot_pool_pause(wi_pool *pool);
void wi_slot_pool_resume(wi_pool *pool);
weir_status wi_slot_pool_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                               weir_error *err);
weir_status wi_slot_pool_close_within(wi_pool *pool, int64_t deadline_ns,
                                      bool *last, weir_error *err);

/* ------------------------------------------------------------------- view.c */

void wi_slot_pool_status(wi_pool *pool, weir_pool_status *out);
void wi_slot_pool_view(wi_pool *pool, struct wi_pool_view *view);

#endif
