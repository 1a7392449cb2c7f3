/* SPDX-License-Identifier: MIT */
/*
 * What holds in the fast core whenever its lock is free: the counters are the
 * sums of what they count, what is idle has a resource and what is empty has
 * none, and the queue is in the order of coming.
 */
#include "sound.h"

#include "pool/fast/fast.h"
#include "world.h"

static bool has_resource(uint32_t state)
{
    return state == WI_PLACE_IDLE || state == WI_PLACE_ASIDE ||
           state == WI_PLACE_HELD;
}

static void check_places(const wi_pool *pool)
{
    const wi_lease *place;
    int total = 0;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);

        total += state != WI_PLACE_EMPTY && state != WI_PLACE_INHERITED;
        if (has_resource(state) && !place->resource)
            world_fail("place %d is idle, and there is nothing in it", i);
        if (state == WI_PLACE_EMPTY && place->resource)
            world_fail("place %d is empty, and there is something in it", i);
    }
    if (total != pool->total)
        world_fail("%d places count, the pool says %d", total, pool->total);
}

static void check_queue(const wi_pool *pool)
{
    int64_t began_ns = 0;
    int count = 0;

    for (wi_list_node *node = wi_list_first(&pool->queue); node;
         node = wi_list_next(&pool->queue, node)) {
        const wi_claim *claim = WI_CONTAINER(node, wi_claim, queued);

        count++;
        if (claim->began_ns < began_ns)
            world_fail("who came later stands before who came first");
        began_ns = claim->began_ns;
    }
    if (count != pool->waiting)
        world_fail("%d stand in line, the pool says %d", count, pool->waiting);
}

void sound_step(const wi_pool *pool)
{
    if (world_is_locked(&pool->lock))
        return;
    check_places(pool);
    check_queue(pool);
}
