/* SPDX-License-Identifier: MIT */
/*
 * Whether the machine was suspended.
 */
#include "pool/fast/clock.h"

#include "pool/fast/fast.h"

static int64_t suspended(const wi_pool *pool)
{
    return pool->port->suspended_ns
               ? pool->port->suspended_ns(pool->port->context)
               : 0;
}

void wi_clock_begin(wi_pool *pool)
{
    pool->clock = (wi_clock_watch){.looked_ns = wi_fast_coarse(pool),
                                   .suspended_ns = suspended(pool)};
}

void wi_clock_look(wi_pool *pool)
{
    int64_t now_ns = wi_fast_coarse(pool);
    int64_t suspended_ns;

    if (now_ns == pool->clock.looked_ns || !pool->kind->check)
        return;
    pool->clock.looked_ns = now_ns;
    suspended_ns = suspended(pool);
    if (suspended_ns - pool->clock.suspended_ns < WI_SUSPENDED_NS)
        return;
    pool->clock.suspended_ns = suspended_ns;
    wi_suspect_all(pool);
}
