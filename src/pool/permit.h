/* SPDX-License-Identifier: MIT */
/*
 * The right of which there is one: first come first served, with a deadline.
 * SQLite's writer takes it before it begins, in place of retrying on BUSY.
 *
 * It is taken by a thread and may be given back by another. Waiting for a
 * permit that the same thread took through another connection could hardly
 * ever end, and is answered at once.
 *
 * With somebody waiting a permit that is given back stays held: it changes
 * hands under the lock, so nobody can take it on the way.
 */
#ifndef WI_POOL_PERMIT_H
#define WI_POOL_PERMIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "base/sync.h"
#include "pool/waiters.h"

typedef struct wi_permit {
    wi_mutex lock; /* guards what follows */
    wi_waiters waiters;
    bool held;
    bool over;        /* nobody gets it any more */
    pthread_t holder; /* while held: the thread that it was handed to */
    const char *tag;  /* of the holder; may be NULL */
    int64_t since_ns;
} wi_permit;

weir_status wi_permit_init(wi_permit *permit);
/* It is not held (asserted). */
void wi_permit_clear(wi_permit *permit);

/* WEIR_OK; TIMEOUT naming the holder; MISUSE for one's own; CONNECTION after
 * wi_permit_end(). `tag` lives until
 * the release. */
weir_status wi_permit_acquire(wi_permit *permit, int64_t deadline_ns,
                              const char *tag, weir_error *err);
void wi_permit_release(wi_permit *permit);
/* Who waits, and who comes from now on, is told CONNECTION. */
void wi_permit_end(wi_permit *permit);

#endif
