/* SPDX-License-Identifier: MIT */
/*
 * A suspicion is older than the end of the step in which it came, and younger
 * than that of the step before.
 */
#include "trust.h"

#include <stdatomic.h>

#include "pool/fast/fast.h"
#include "world.h"

static uint32_t generation;
static uint64_t step; /* when the last one ended, in events */
static uint64_t since;
static uint64_t asleep; /* the machine was until then, in events */
static int64_t suspended_ns;

void trust_begin(void)
{
    generation = 0;
    step = since = asleep = 0;
    suspended_ns = 0;
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

int64_t trust_suspended_ns(void *context)
{
    (void)context;
    return suspended_ns;
}

/* It takes longer than a tick until the first thread goes on. */
void trust_suspend(void)
{
    uint64_t now = world_event();

    world_trace("the machine is suspended");
    suspended_ns += 10000 * SIM_MS;
    if (world_random(2) == 0)
        world_port.ring(NULL);
    world_sleep_until(world_now() + 5 * SIM_MS);
    asleep = now;
}

/* Who borrows in some order has the lock, and looks at the clock. */
uint64_t trust_since(const wi_pool_options *options)
{
    bool looks =
        options->core == WI_CORE_FAST && options->order != WI_ORDER_AFFINITY;

    return looks && asleep > since ? asleep : since;
}
