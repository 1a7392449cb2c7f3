/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool of the fast core that close.
 */
#ifndef WI_POOL_FAST_CLOSERS_H
#define WI_POOL_FAST_CLOSERS_H

#include "pool/fast/fast.h"

/* Twice what a question may take: whoever is not back by then is stuck. */
#define WI_CLOSE_NS (2 * WI_ANSWER_NS)

/* Locked. A CLOSING place is closed by a thread; by this one if there can be
 * none. */
void wi_close_later(wi_pool *pool, wi_lease *place);
/* Locked. Lets those out that have taken too long. When to come again. */
int64_t wi_closers_visit(wi_pool *pool, int64_t now_ns);

#endif
