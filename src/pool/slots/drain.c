/* SPDX-License-Identifier: MIT */
/*
 * Pausing a pool of slots, and waiting for its end. Whoever waits for that is
 * told when the lock is given back; while he waits the pool is not ended by
 * others.
 */
#include "pool/slots/pool.h"

#include "base/clock.h"
#include "base/error.h"
#include "pool/leftovers.h"
#include "pool/view.h"

/* Locked. */
static bool is_over(const wi_pool *pool)
{
    return wi_slots_total(&pool->slots) == 0 && pool->waiters.count == 0 &&
           pool->visitors == 0;
}

/* Locked. NULL: it was resumed. */
static void tell_watchers(wi_pool *pool, void *what)
{
    while (wi_waiters_first(&pool->watchers))
        wi_waiters_grant(&pool->watchers, what);
}

void wi_slot_pool_unlock(wi_pool *pool)
{
    if (pool->watching > 0 && is_over(pool))
        tell_watchers(pool, pool);
    wi_mutex_unlock(&pool->lock);
}

void wi_slot_pool_pause(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed && pool->mode == WI_POOL_OPEN)
        pool->mode = WI_POOL_PAUSED;
    wi_slot_pool_unlock(pool);
}

void wi_slot_pool_resume(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed && pool->mode != WI_POOL_OPEN) {
        pool->mode = WI_POOL_OPEN;
        tell_watchers(pool, NULL);
        pool->rules->serve(pool);
    }
    wi_slot_pool_unlock(pool);
}

/* Locked. */
static weir_status tell_leftovers(const wi_pool *pool, int64_t began_ns,
                                  weir_error *err)
{
    const wi_slots *slots = &pool->slots;
    int64_t now = wi_now_ns();
    wi_leftovers found = {
        .moving =
            slots->counts[WI_SLOT_CONNECTING] + slots->counts[WI_SLOT_CLOSING],
        .waiting = pool->waiters.count,
        .waited_ns = now - began_ns,
    };

    for (wi_list_node *node = wi_list_first(&slots->all); node;
         node = wi_list_next(&slots->all, node)) {
        const wi_lease *slot = WI_CONTAINER(node, wi_lease, by_pool);
        wi_place_view view;

        if (!wi_slot_is_lent(slot))
            continue;
        wi_slot_see(slot, now, &view);
        wi_leftovers_add(&found, &view);
    }
    return wi_leftovers_tell(&found, err);
}

/* Locked, and asleep in between. Waits until nothing is open. */
static weir_status watch(wi_pool *pool, int64_t deadline_ns, weir_error *err)
{
    int64_t began_ns = wi_now_ns();
    wi_waiter self;

    if (is_over(pool))
        return WEIR_OK;
    if (wi_deadline_passed(deadline_ns))
        return tell_leftovers(pool, began_ns, err);
    if (!wi_waiters_join(&pool->watchers, &self, NULL))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&pool->watchers, &self, &pool->lock, deadline_ns))
        return tell_leftovers(pool, began_ns, err);
    return self.grant ? WEIR_OK
                      : weir_error_set(err, WEIR_ERR_CANCELLED,
                                       "the pool was resumed before it was "
                                       "drained");
}

/* Locked, and not any more afterwards. */
static void leave(wi_pool *pool, bool *last)
{
    pool->watching--;
    *last = wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
}

weir_status wi_slot_pool_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                               weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->watching++;
    if (!pool->closed)
        pool->mode = WI_POOL_DRAINING;
    pool->rules->serve(pool);
    wi_slot_pool_trim(pool);
    status = watch(pool, deadline_ns, err);
    leave(pool, last);
    return status;
}

/* What is still out at the deadline is aborted. */
weir_status wi_slot_pool_close_within(wi_pool *pool, int64_t deadline_ns,
                                      bool *last, weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->watching++;
    wi_slot_pool_shut(pool);
    status = watch(pool, deadline_ns, err);
    if (status != WEIR_OK && pool->kind->overdue) {
        wi_slot_pool_unlock(pool);
        pool->kind->overdue(pool->context);
        wi_mutex_lock(&pool->lock);
    }
    leave(pool, last);
    return status;
}
