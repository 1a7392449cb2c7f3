/* SPDX-License-Identifier: MIT */
/*
 * The kinds of pool that are no queue, as one core: nobody stands in line for
 * what another has. A loan is found, joined, opened, or refused.
 *
 *              | null | static | thread       | assertion
 *   lent again | no   | yes    | to its owner | yes
 *   joined by  | -    | all    | its owner    | -
 *   a second   | opens another | opens another thread's | is refused
 *
 * Places and their states are those of pool/slot.h, under one mutex. Opening,
 * asking, cleaning and closing happen on the borrower's thread without it.
 *
 * Sharing: a loan that is joined has one holder, that of who borrowed first,
 * and a count of shares. Only the last share that comes back ends it. While a
 * loan begins and while it ends it is private: who would join it waits for
 * that, within his deadline. A loan that is stale (too old, or of a generation
 * that is not trusted) is joined by its own thread only; where all share, it is
 * retired: newcomers get another, and it is closed at its end.
 *
 * Owners: a thread's places are closed when it ends, by itself, or when they
 * come back after that. More than `size` are kept only while they are in use.
 */
#ifndef WI_POOL_KINDS_H
#define WI_POOL_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"
#include "pool/core.h"
#include "pool/ending.h"
#include "pool/histogram.h"
#include "pool/pool.h"
#include "pool/slot.h"
#include "pool/waiters.h"

typedef struct wi_kind_rule {
    bool keeps;      /* what comes back is lent again */
    bool shares;     /* a loan may be joined */
    bool per_thread; /* by the thread whose it is, and nobody else */
    bool is_single;  /* another loan is a mistake of the program */
    int most;        /* connections; 0: any number */
} wi_kind_rule;

struct wi_pool {
    const wi_pool_core *core; /* these five never change */
    const wi_kind_rule *rule;
    const wi_resource_kind *kind;
    void *context;
    const weir_allocator *allocator;
    wi_pool *next_pool; /* guarded by pools_lock of pool/kinds_threads.c */

    wi_mutex lock; /* guards all that follows; never held across I/O */
    wi_pool_options options;
    wi_slots slots;
    wi_waiters waiters; /* for a loan to be no longer private */
    wi_ending ending;
    int visitors;        /* calls that must be over before the pool ends */
    uint64_t generation; /* older resources are not trusted any more */
    bool closed;
    bool told_empty;    /* somebody has been told that nothing is out */
    bool has_inherited; /* places of the parent process are to be dropped */

    weir_error last_failure; /* of open */
    int64_t last_failure_ns; /* 0: there was none */
    int64_t began_ns;
    uint64_t opened;
    uint64_t closed_count;
    uint64_t acquired;
    uint64_t timeouts;
    uint64_t connect_failures;
    uint64_t waits;
    int64_t wait_most_ns;
    wi_histogram wait;
    wi_histogram hold;
};

/* ------------------------------------------------- all of these are locked */

/* Whether what is idle, and needed by nobody who waits, is closed. */
static inline bool wi_kinds_is_ending(const wi_pool *pool)
{
    return pool->closed || wi_ending_empties(&pool->ending);
}
/* Unlocks, and tells those who wait for the end, if it has come. */
void wi_kinds_unlock(wi_pool *pool);

/* Whoever waits looks again. */
void wi_kinds_wake(wi_pool *pool);
/* Outside in between. The place counts until the resource is closed. */
void wi_kinds_close(wi_pool *pool, wi_lease *lease);
/* The place is free for another resource. */
void wi_kinds_give_up(wi_pool *pool, wi_lease *lease);
/* Outside in between. Closes idle ones that may not stay. */
void wi_kinds_trim(wi_pool *pool);
/* True the first time that a closed pool has nothing out. */
bool wi_kinds_is_empty_now(wi_pool *pool);
/* Outside in between. Drops what a forked child has inherited. */
void wi_kinds_abandon(wi_pool *pool);

/* -------------------------------------------------- threads, in their file */

/* The number of the calling thread, never given to another. */
uint64_t wi_kinds_thread(void);
/* From now on the end of the calling thread closes what is its own. */
void wi_kinds_watch_thread(void);
/* Puts a pool among those that hear of the ends of threads and of forks;
 * takes it out again, if it is there. */
void wi_kinds_enlist(wi_pool *pool);
void wi_kinds_withdraw(wi_pool *pool);

/* ------------------------------------------------- life, in kinds_life.c */

wi_pool *wi_kinds_new(const wi_resource_kind *kind, void *context,
                      const wi_pool_options *options, weir_error *err);
void wi_kinds_free(wi_pool **pool);
weir_status wi_kinds_set(wi_pool *pool, const wi_pool_options *options);
void wi_kinds_invalidate(wi_pool *pool);
void wi_kinds_dispose(wi_pool *pool);
bool wi_kinds_end(wi_pool *pool);
void wi_kinds_pause(wi_pool *pool);
void wi_kinds_resume(wi_pool *pool);
weir_status wi_kinds_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                           weir_error *err);
weir_status wi_kinds_close_within(wi_pool *pool, int64_t deadline_ns,
                                  bool *last, weir_error *err);
void wi_kinds_status(wi_pool *pool, weir_pool_status *out);
void wi_kinds_view(wi_pool *pool, struct wi_pool_view *view);

#endif
