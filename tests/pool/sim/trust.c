/* SPDX-License-Identifier: MIT */
/*
 * A suspicion is older than the end of the step in which it came, and younger
 * than that of the step before.
 */
#include "trust.h"

#include <stdatomic.h>

#include "pool/fast.h"
#include "world.h"

static uint32_t generation;
static uint64_t step; /* when the last one ended, in events */
static uint64_t since;

void trust_begin(void)
{
    generation = 0;
    step = since = 0;
}

void trust_step(const wi_pool *pool, wi_core_choice core)
{
    if (core != WI_CORE_FAST)
        return;
    if (atomic_load(&pool->generation) != generation) {
        generation = atomic_load(&pool->generation);
        since = step;
    }
    step = world_event();
}

void trust_suspect(wi_pool *pool, wi_core_choice core, const wi_lease *lease)
{
    wi_pool_suspect(pool, lease);
    if (core == WI_CORE_FAST &&
        atomic_load(&pool->generation) == lease->generation)
        world_fail("one is dead, and none of its age is suspected");
}

uint64_t trust_since(void)
{
    return since;
}
