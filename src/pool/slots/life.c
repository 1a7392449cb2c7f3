/* SPDX-License-Identifier: MIT */
/*
 * A pool of slots from its beginning to its end.
 */
#include "pool/slots/nest.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"

wi_pool *wi_slot_pool_new(const wi_slot_rules *rules,
                          const wi_resource_kind *kind, void *context,
                          const wi_pool_options *options, weir_error *err)
{
    wi_pool *pool = wi_alloc_zero(options->allocator, 1, rules->size);

    if (!pool) {
        wi_error_nomem(err);
        return NULL;
    }
    if (!wi_mutex_init(&pool->lock)) {
        wi_free(options->allocator, pool);
        wi_error_nomem(err);
        return NULL;
    }
    pool->core = rules->core;
    pool->rules = rules;
    pool->kind = kind;
    pool->context = context;
    pool->allocator = options->allocator;
    pool->options = *options;
    pool->began_ns = wi_now_ns();
    wi_slots_init(&pool->slots);
    wi_waiters_init(&pool->waiters);
    wi_waiters_init(&pool->watchers);
    wi_slot_nest_init(pool);
    return pool;
}

void wi_slot_pool_free(wi_pool **pool)
{
    wi_pool *freed = *pool;

    *pool = NULL;
    wi_mutex_lock(&freed->lock);
    freed->closed = true;
    wi_slot_pool_trim(freed);
    WI_ASSERT(freed->visitors == 0);
    wi_mutex_unlock(&freed->lock);
    wi_slots_clear(&freed->slots, freed->allocator);
    wi_mutex_clear(&freed->lock);
    wi_free(freed->allocator, freed);
}

/* ------------------------------------------------------------------ places */

weir_status wi_slot_pool_grow(wi_pool *pool)
{
    wi_lease *lease;

    wi_mutex_unlock(&pool->lock);
    lease = wi_slot_new(pool->allocator);
    wi_mutex_lock(&pool->lock);
    if (!lease)
        return WEIR_ERR_NOMEM;
    wi_slots_add(&pool->slots, lease);
    return WEIR_OK;
}

void wi_slot_pool_send_away(wi_pool *pool)
{
    wi_waiter *first;

    while ((first = wi_waiters_first(&pool->waiters)))
        wi_slot_visit_dismiss(WI_CONTAINER(first, wi_slot_visit, waiter));
}

void wi_slot_give_up(wi_pool *pool, wi_lease *lease)
{
    lease->shares = 0;
    lease->owner = 0;
    wi_slot_sign_off(lease);
    wi_slot_move(&pool->slots, lease, WI_SLOT_SPARE);
    pool->rules->serve(pool);
}

/* Locked. An idle one that may not stay, or NULL. The one that is idle longest
 * is first. */
static wi_lease *find_surplus(const wi_pool *pool)
{
    const wi_list *idle = &pool->slots.idle;
    bool any = !wi_list_is_empty(idle) &&
               (wi_slot_pool_is_ending(pool) || pool->rules->has_surplus(pool));

    for (wi_list_node *node = wi_list_first(idle); node;
         node = wi_list_next(idle, node)) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, by_state);

        if (any || lease->generation < pool->valid_from)
            return lease;
    }
    return NULL;
}

void wi_slot_pool_trim(wi_pool *pool)
{
    wi_lease *lease;

    while ((lease = find_surplus(pool))) {
        lease->is_retired = true; /* nobody waits for a close */
        wi_slot_close(pool, lease);
        wi_slot_give_up(pool, lease);
    }
}

/* ----------------------------------------------------------------- its end */

bool wi_slot_pool_is_empty_now(wi_pool *pool)
{
    if (!pool->closed || pool->told_empty || pool->visitors > 0 ||
        pool->watching > 0 ||
        wi_slots_total(&pool->slots) > pool->slots.counts[WI_SLOT_IDLE])
        return false;
    pool->told_empty = true;
    return true;
}

void wi_slot_pool_end_visit(wi_pool *pool)
{
    const wi_resource_kind *kind = pool->kind;
    void *context = pool->context;
    bool ended;

    pool->visitors--;
    ended = wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
    if (ended && kind->ended)
        kind->ended(context);
}

void wi_slot_pool_invalidate(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->valid_from = ++pool->generation;
    wi_slot_pool_unlock(pool);
}

void wi_slot_pool_dispose(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    pool->valid_from = ++pool->generation;
    wi_slot_pool_trim(pool);
    wi_slot_pool_end_visit(pool);
}

void wi_slot_pool_shut(wi_pool *pool)
{
    pool->closed = true;
    pool->visitors++; /* whoever gives back last must not free it under us */
    wi_slot_pool_send_away(pool);
    wi_slot_pool_trim(pool);
    pool->visitors--;
}

bool wi_slot_pool_close(wi_pool *pool)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    wi_slot_pool_shut(pool);
    last = wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
    return last;
}
