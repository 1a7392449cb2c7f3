/* SPDX-License-Identifier: MIT */
/*
 * A pool of the fast core as something that threads hold and wait for
 * (pool/nest.h). A thread is known in a place by its number; the lowest bit
 * says that the loan may move to another thread, so that it is never taken for
 * one that a waiting thread holds.
 */
#ifndef WI_POOL_FAST_NEST_H
#define WI_POOL_FAST_NEST_H

#include "pool/fast.h"

#define WI_MAY_MOVE UINT64_C(1)

/* What stands in the place of a loan of this thread. */
static inline uint64_t wi_holder_mark(uint64_t thread, bool may_move)
{
    return thread | (may_move ? WI_MAY_MOVE : 0);
}

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
