/* SPDX-License-Identifier: MIT */
/*
 * Acquires of threads that hold something already. The fast way knows nothing
 * of it: who has to wait looks for himself among the holders.
 */
#include "pool/fast/nest.h"

#include "pool/fast/view.h"

static const wi_pool *pool_of(const wi_nest_source *source)
{
    return WI_CONTAINER(source, wi_pool, nest);
}

/* A place that was just taken has nobody's number yet: its thread runs. */
static wi_nest_answer look(const wi_nest_source *source, int index,
                           uint64_t *thread)
{
    const wi_pool *pool = pool_of(source);
    const wi_lease *place = wi_place_at(pool, index);

    if (!place)
        return WI_NEST_END;
    switch (wi_place_state_of(place)) {
    case WI_PLACE_EMPTY:
    case WI_PLACE_INHERITED:
        return WI_NEST_NOBODY;
    case WI_PLACE_BUSY:
    case WI_PLACE_LOST:
    case WI_PLACE_OVERDUE:
        return wi_nest_held_by(atomic_load(&place->thread), thread);
    default:
        return WI_NEST_COMES_BACK;
    }
}

static int64_t most(const wi_nest_source *source)
{
    return atomic_load(&pool_of(source)->limit);
}

static void name(const wi_nest_source *source, int index, wi_nest_holder *out)
{
    const wi_lease *place = wi_place_at(pool_of(source), index);

    out->thread = wi_thread_of(place);
    out->site = atomic_load(&place->site);
    wi_place_tag(place, out->tag);
}

void wi_nested_init(wi_pool *pool)
{
    pool->nest = (wi_nest_source){
        .noun = pool->kind->noun ? pool->kind->noun : "a connection",
        .look = look,
        .most = most,
        .name = name,
    };
    pool->nested = 0;
}

/* Locked. Whether the thread holds something of this pool, or may hold
 * something of another. */
static bool may_hold(const wi_pool *pool, const wi_claim *claim)
{
    const wi_lease *place;

    if (claim->has_others || claim->request->is_nested)
        return true;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (atomic_load(&place->thread) == claim->thread)
            return true;
    }
    return false;
}

void wi_nested_wait(wi_pool *pool, wi_claim *claim)
{
    weir_error err;

    if (claim->settled || pool->port->shares_threads || !may_hold(pool, claim))
        return;
    claim->nest = (wi_nest_wait){
        .source = &pool->nest,
        .thread = claim->thread,
        .tag = claim->request->tag,
        .site = claim->request->site,
    };
    if (!wi_nest_enter(&claim->nest, &err)) {
        wi_claim_answer(pool, claim, WEIR_ERR_POOL_DEADLOCK, &err);
        return;
    }
    claim->is_nested = true;
    pool->nested++;
}

void wi_nested_over(wi_pool *pool, wi_claim *claim)
{
    if (!claim->is_nested)
        return;
    claim->is_nested = false;
    pool->nested--;
    wi_nest_leave(&claim->nest);
}

void wi_nested_hold(wi_pool *pool, wi_lease *place)
{
    /* As if it had borrowed it itself. */
    wi_pools_use(atomic_load(&pool->serial));
    if (!(atomic_load(&place->thread) & WI_MAY_MOVE))
        atomic_store(&place->thread, wi_this_thread());
}

/* Locked. The youngest that has to go, or NULL. */
static wi_claim *find_victim(const wi_pool *pool, weir_error *err)
{
    for (wi_list_node *node = wi_list_last(&pool->queue); node;
         node = wi_list_previous(&pool->queue, node)) {
        wi_claim *claim = WI_CONTAINER(node, wi_claim, queued);

        if (claim->is_nested && wi_nest_ends(&claim->nest, err))
            return claim;
    }
    return NULL;
}

void wi_nested_look(wi_pool *pool)
{
    wi_claim *claim;
    weir_error err;

    while (pool->nested > 0 && wi_nest_is_stuck(&pool->nest) &&
           (claim = find_victim(pool, &err)))
        wi_claim_answer(pool, claim, WEIR_ERR_POOL_DEADLOCK, &err);
}
