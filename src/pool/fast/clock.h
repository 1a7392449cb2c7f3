/* SPDX-License-Identifier: MIT */
/*
 * A machine that was suspended. Its clock stood still, so nothing seems to have
 * been idle for long; but servers, firewalls and the network went on. That
 * CLOCK_BOOTTIME has gone on and CLOCK_MONOTONIC has not is the one trace of
 * it. Who finds it suspects all that is open.
 *
 * The housekeeper looks whenever it wakes, and it is woken when the machine
 * goes on (pool/watch.h). Borrowers look where they have the lock, at most
 * once a tick: without threads, and where nobody wakes the housekeeper, they
 * are the first to see it, since what is not watched is looked at closer after
 * a tick of idleness. A wall clock that was set changes neither of the two.
 */
#ifndef WI_POOL_FAST_CLOCK_H
#define WI_POOL_FAST_CLOCK_H

#include <stdint.h>

struct wi_pool;

/* Of a pool; guarded by its lock. */
typedef struct wi_clock_watch {
    int64_t looked_ns;    /* by the coarse clock */
    int64_t suspended_ns; /* what was known then */
} wi_clock_watch;

/* Locked. Nothing is open yet. */
void wi_clock_begin(struct wi_pool *pool);
/* Locked. Suspects all if the machine was suspended since. */
void wi_clock_look(struct wi_pool *pool);

#endif
