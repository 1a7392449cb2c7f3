/* SPDX-License-Identifier: MIT */
/*
 * The right of which there is one: first come first served, with a deadline.
 * SQLite's writer takes it before it begins, in place of retrying on BUSY.
 *
 * It is taken by a thread and may be given back by another. Waiting for a
 * permit that the same thread holds through another connection could never
 * end, and is answered at once.
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
    pthread_t holder;
    const char *tag; /* of the holder; may be NULL */
    int64_t since_ns;
} wi_permit;

weir_status wi_permit_init(wi_permit *permit);
void wi_permit_clear(wi_permit *permit);

/* WEIR_OK; TIMEOUT naming the holder; MISUSE for one's own. `tag` lives until
 * the release. */
weir_status wi_permit_acquire(wi_permit *permit, int64_t deadline_ns,
                              const char *tag, weir_error *err);
void wi_permit_release(wi_permit *permit);

#endif
