/* SPDX-License-Identifier: MIT */
/*
 * The right of which there is one: first come first served, with a deadline.
 * SQLite's writer takes it before it begins, in place of retrying on BUSY.
 *
 * It is taken by a thread and may be given back by another. Waiting for a
 * permit that could never come back, because its holder waits for this thread
 * or is this thread, is answered at once (pool/nest.h).
 *
 * With somebody waiting a permit that is given back stays held: it changes
 * hands under the lock, so nobody can take it on the way.
 */
#ifndef WI_POOL_PERMIT_H
#define WI_POOL_PERMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "base/sync.h"
#include "pool/nest.h"
#include "pool/pool.h"
#include "pool/waiters.h"

typedef struct wi_permit {
    wi_mutex lock; /* guards what follows */
    wi_waiters waiters;
    bool held;
    bool over;       /* nobody gets it any more */
    const char *tag; /* of the holder; may be NULL */
    int64_t since_ns;
    wi_nest_source nest;
    /* The same for those who have no lock. The thread is as in a place of the
     * pool: 0 if nobody has it, or nobody knows who. */
    _Atomic uint64_t holder;
    _Atomic uint64_t shown_tag[WI_TAG_SIZE / sizeof(uint64_t)];
    _Atomic(const char *) site;
} wi_permit;

weir_status wi_permit_init(wi_permit *permit);
/* It is not held (asserted). */
void wi_permit_clear(wi_permit *permit);

/* WEIR_OK; TIMEOUT naming the holder; POOL_DEADLOCK; CONNECTION after
 * wi_permit_end(). The request's deadline is a time, its tag lives until the
 * release. */
weir_status wi_permit_acquire(wi_permit *permit, const wi_request *request,
                              weir_error *err);
void wi_permit_release(wi_permit *permit);
/* By who has it: it is this thread now. */
void wi_permit_hold(wi_permit *permit);
/* In a forked child: nobody has it, and nobody waits. */
void wi_permit_forget(wi_permit *permit);
/* Who waits, and who comes from now on, is told CONNECTION. */
void wi_permit_end(wi_permit *permit);

#endif
