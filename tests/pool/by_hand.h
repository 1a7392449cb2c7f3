/* SPDX-License-Identifier: MIT */
/*
 * A fast pool on a clock that is set ahead by hand, whose housekeeper comes
 * when it is called: what takes hours elsewhere.
 */
#ifndef WEIR_TESTS_POOL_BY_HAND_H
#define WEIR_TESTS_POOL_BY_HAND_H

#include "pool/fast/chores.h"
#include "pool/threaded.h"

static wi_port by_hand; /* the native one, but for the clock and the house */
static _Atomic int64_t ahead_ns;

static inline int64_t set_ahead(void *context)
{
    (void)context;
    return wi_now_ns() + atomic_load(&ahead_ns);
}

/* Before the first pool. */
static inline void go_by_hand(void)
{
    by_hand = wi_port_native;
    by_hand.now_ns = by_hand.coarse_ns = set_ahead;
    by_hand.house = NULL;
    fake_use("fast", WI_CORE_FAST, &by_hand);
}

/* The housekeeper comes so much later. */
static inline void visit(wi_pool *pool, int64_t later_ns)
{
    atomic_fetch_add(&ahead_ns, later_ns);
    wi_fast_keep(pool, atomic_load(&pool->serial));
}

#endif
