/* SPDX-License-Identifier: MIT */
/*
 * Acquires of threads that hold something already, in pools of slots.
 */
#include "pool/slots/nest.h"

static const wi_pool *pool_of(const wi_nest_source *source)
{
    return WI_CONTAINER(source, wi_pool, nest);
}

/* What was handed over has no thread until he who got it has signed it, and so
 * is no longer seen to wait. */
static wi_nest_answer look(const wi_nest_source *source, int index,
                           uint64_t *thread)
{
    const wi_lease *slot = wi_slots_at(&pool_of(source)->slots, index);
    wi_slot_state state;

    if (!slot)
        return WI_NEST_END;
    state = slot->state;
    switch (state) {
    case WI_SLOT_SPARE:
    case WI_SLOT_INHERITED:
        return WI_NEST_NOBODY;
    case WI_SLOT_BUSY:
    case WI_SLOT_LOST:
        return wi_nest_held_by(atomic_load(&slot->label.thread), thread);
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
    wi_nest_label_read(&wi_slots_at(&pool_of(source)->slots, index)->label,
                       out);
}

void wi_slot_nest_init(wi_pool *pool)
{
    pool->nest = (wi_nest_source){
        .noun = "a connection",
        .look = look,
        .most = most,
        .name = name,
    };
    pool->serial = wi_pool_serial_take();
    atomic_store(&pool->limit, wi_pool_limit(&pool->options));
}

void wi_slot_nest_borrowed(const wi_pool *pool)
{
    wi_pools_use(pool->serial);
}

void wi_slot_hold(wi_pool *pool, wi_lease *lease)
{
    wi_slot_nest_borrowed(pool); /* as if by this thread */
    if (!(atomic_load(&lease->label.thread) & WI_MAY_MOVE))
        atomic_store(&lease->label.thread, wi_this_thread());
}

/* ----------------------------------------------------------------- waiting */

/* Locked. Whether this thread holds something of this pool, or may hold
 * something of another. */
static bool may_hold(const wi_slot_visit *visit)
{
    const wi_pool *pool = visit->pool;
    const wi_lease *slot;

    if (visit->request->is_nested || wi_pools_used_beside(pool->serial))
        return true;
    for (int i = 0; (slot = wi_slots_at(&pool->slots, i)); i++) {
        if (atomic_load(&slot->label.thread) == wi_this_thread())
            return true;
    }
    return false;
}

/* Locked. */
static void tell(wi_slot_visit *visit, const weir_error *err)
{
    visit->answer = WEIR_ERR_POOL_DEADLOCK;
    *visit->err = *err;
    wi_slot_visit_dismiss(visit);
}

void wi_slot_nest_wait(wi_slot_visit *visit)
{
    wi_pool *pool = visit->pool;
    weir_error err;

    if (visit->waiter.granted || !may_hold(visit))
        return;
    visit->nest = (wi_nest_wait){
        .source = &pool->nest,
        .thread = wi_this_thread(),
        .tag = visit->request->tag,
        .site = visit->request->site,
    };
    if (!wi_nest_enter(&visit->nest, &err)) {
        tell(visit, &err);
        return;
    }
    visit->is_nested = true;
    pool->nested++;
}

void wi_slot_nest_over(wi_slot_visit *visit)
{
    if (!visit->is_nested)
        return;
    visit->is_nested = false;
    visit->pool->nested--;
    wi_nest_leave(&visit->nest);
}

/* Locked. The youngest that has to go, or NULL. */
static wi_slot_visit *find_victim(const wi_pool *pool, weir_error *err)
{
    const wi_list *queue = &pool->waiters.queue;

    for (wi_list_node *node = wi_list_last(queue); node;
         node = wi_list_previous(queue, node)) {
        wi_slot_visit *visit = WI_CONTAINER(node, wi_slot_visit, waiter.queued);

        if (visit->is_nested && wi_nest_ends(&visit->nest, err))
            return visit;
    }
    return NULL;
}

void wi_slot_nest_look(wi_pool *pool)
{
    wi_slot_visit *visit;
    weir_error err;

    while (pool->nested > 0 && wi_nest_is_stuck(&pool->nest) &&
           (visit = find_victim(pool, &err)))
        tell(visit, &err);
}
