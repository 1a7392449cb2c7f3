/* SPDX-License-Identifier: MIT */
/*
 * A pool of the fast core as something that threads hold and wait for
 * (pool/nest.h).
 */
#ifndef WI_POOL_FAST_NEST_H
#define WI_POOL_FAST_NEST_H

#include "pool/fast/fast.h"

static inline uint64_t wi_thread_of(const wi_lease *place)
{
    return atomic_load(&place->thread) & ~WI_MAY_MOVE;
}

void wi_nested_init(wi_pool *pool);
/* Locked. The claim stands in the queue: if its thread may hold something, the
 * wait is written down, and answered if it could never end. */
void wi_nested_wait(wi_pool *pool, wi_claim *claim);
/* Locked. It is served or leaves. */
void wi_nested_over(wi_pool *pool, wi_claim *claim);
/* The thread that has the lease is this one now, if anybody is its holder. */
void wi_nested_hold(wi_pool *pool, wi_lease *place);
/* Locked. The capacity has changed: whether those who are left can go on. */
void wi_nested_look(wi_pool *pool);

#endif
