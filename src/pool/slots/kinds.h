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
 * Places and their states are those of pool/slots/slot.h, under one mutex.
 * Opening, asking, cleaning and closing happen on the borrower's thread
 * without it.
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
#ifndef WI_POOL_SLOTS_KINDS_H
#define WI_POOL_SLOTS_KINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "pool/slots/pool.h"

typedef struct wi_kind_rule {
    bool keeps;      /* what comes back is lent again */
    bool shares;     /* a loan may be joined */
    bool per_thread; /* by the thread whose it is, and nobody else */
    bool is_single;  /* another loan is a mistake of the program */
    int most;        /* connections; 0: any number */
} wi_kind_rule;

typedef struct wi_kinds {
    wi_pool pool; /* its `waiters` wait for a loan to be no longer private */
    const wi_kind_rule *rule;   /* never changes */
    struct wi_kinds *next_pool; /* guarded by pools_lock, see there */
    bool has_inherited; /* places of the parent process are to be dropped */
} wi_kinds;

static inline wi_kinds *wi_kinds_of(wi_pool *pool)
{
    return WI_CONTAINER(pool, wi_kinds, pool);
}

static inline const wi_kind_rule *wi_kind_rule_of(const wi_pool *pool)
{
    return WI_CONTAINER(pool, const wi_kinds, pool)->rule;
}

/* -------------------------------------------------- threads, in their file */

/* The number of the calling thread, never given to another. */
uint64_t wi_kinds_thread(void);
/* From now on the end of the calling thread closes what is its own. */
void wi_kinds_watch_thread(void);
/* Puts a pool among those that hear of the ends of threads and of forks;
 * takes it out again, if it is there. */
void wi_kinds_enlist(wi_kinds *kinds);
void wi_kinds_withdraw(wi_kinds *kinds);

/* ------------------------------------------------- life, in kinds_life.c */

wi_pool *wi_kinds_new(const wi_resource_kind *kind, void *context,
                      const wi_pool_options *options, weir_error *err);
void wi_kinds_free(wi_pool **pool);
weir_status wi_kinds_set(wi_pool *pool, const wi_pool_options *options);
/* Locked, and outside in between. Drops what a forked child has inherited. */
void wi_kinds_abandon(wi_pool *pool);
void wi_kinds_status(wi_pool *pool, weir_pool_status *out);
void wi_kinds_view(wi_pool *pool, struct wi_pool_view *view);

#endif
