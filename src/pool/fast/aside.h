/* SPDX-License-Identifier: MIT */
/*
 * Which connections are not needed any more.
 *
 * How long one was idle says little: with affinity or fifo a light load keeps
 * all of them in use. So every now and then all that are idle are put aside,
 * out of the way of the fast lane; who finds nothing idle comes under the lock
 * and gets one of them back. What stays aside for the idle time was in excess
 * of every need of that time, and is closed.
 */
#ifndef WI_POOL_FAST_ASIDE_H
#define WI_POOL_FAST_ASIDE_H

#include "pool/fast/fast.h"

/* All of it locked. */

/* One that is aside, made `state`; NULL: there is none. */
wi_lease *wi_aside_take(wi_pool *pool, uint32_t state);
/* All of them are idle again. */
void wi_aside_end(wi_pool *pool);
/* Closes what was not needed, and puts aside what is idle. When to come again;
 * INT64_MAX: not before another was opened. */
int64_t wi_aside_visit(wi_pool *pool, int64_t now_ns);

#endif
