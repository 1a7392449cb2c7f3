/* SPDX-License-Identifier: MIT */
/*
 * A pool of the fast core from its beginning to its end: what pool/pool.h says
 * of the functions without "fast".
 */
#ifndef WI_POOL_FAST_LIFE_H
#define WI_POOL_FAST_LIFE_H

#include "pool/fast/fast.h"

wi_pool *wi_fast_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err);
void wi_fast_begin(wi_pool *pool);
void wi_fast_free(wi_pool **pool);
weir_status wi_fast_set(wi_pool *pool, const wi_pool_options *options);
void wi_fast_invalidate(wi_pool *pool);
void wi_fast_suspect(wi_pool *pool, const wi_lease *place);
void wi_fast_dispose(wi_pool *pool);
bool wi_fast_close(wi_pool *pool);
/* Locked, and outside in between. Closes it, but for the last word. */
void wi_fast_shut(wi_pool *pool);
void wi_fast_status(wi_pool *pool, weir_pool_status *out);

/* ------------------------------------------------------------------ drain.c */

void wi_fast_pause(wi_pool *pool);
void wi_fast_resume(wi_pool *pool);
weir_status wi_fast_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                          weir_error *err);
weir_status wi_fast_close_within(wi_pool *pool, int64_t deadline_ns, bool *last,
                                 weir_error *err);
/* Locked, and asleep in between. Until no more are open than may be, those
 * included that are being closed. */
weir_status wi_wait_for_closing(wi_pool *pool, int64_t deadline_ns,
                                weir_error *err);
/* Locked. Tells those who wait for the end, if it has come. */
void wi_watchers_tell(wi_pool *pool);
/* Locked. Whether what is idle, and needed by nobody who waits, is closed. */
static inline bool wi_is_ending(const wi_pool *pool)
{
    return pool->closed ||
           (pool->mode == WI_POOL_DRAINING && pool->waiting == 0);
}

#endif
