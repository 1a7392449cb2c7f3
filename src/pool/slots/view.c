/* SPDX-License-Identifier: MIT */
/*
 * A pool of slots, looked at.
 */
#include "pool/slots/pool.h"

#include "base/clock.h"
#include "pool/view.h"

/* Locked. */
static weir_pool_status status_of(const wi_pool *pool)
{
    return (weir_pool_status){
        .size = pool->options.size,
        .max_overflow = pool->options.max_overflow,
        .idle = pool->slots.counts[WI_SLOT_IDLE],
        .busy = wi_slots_busy(&pool->slots),
        .connecting = pool->slots.counts[WI_SLOT_CONNECTING],
        .closing = pool->slots.counts[WI_SLOT_CLOSING],
        .waiting = pool->waiters.count,
        .opened = pool->opened,
        .closed = pool->closed_count,
        .acquired = pool->acquired,
        .timeouts = pool->timeouts,
        .connect_failures = pool->connect_failures,
        .stale_returns = pool->stale_returns,
    };
}

void wi_slot_pool_status(wi_pool *pool, weir_pool_status *out)
{
    wi_mutex_lock(&pool->lock);
    *out = status_of(pool);
    wi_mutex_unlock(&pool->lock);
}

/* Locked. */
static void view_trust(const wi_pool *pool, wi_pool_view *view)
{
    int i = 0;

    for (wi_list_node *node = wi_list_first(&pool->slots.all);
         node && i < view->place_count;
         node = wi_list_next(&pool->slots.all, node)) {
        const wi_lease *slot = WI_CONTAINER(node, wi_lease, by_pool);

        if (slot->state == WI_SLOT_SPARE)
            continue;
        if (view->places[i++].made_ns < 0)
            continue;
        view->places[i - 1].trust = slot->generation < pool->valid_from ? "void"
                                    : slot->generation != pool->generation
                                        ? "suspect"
                                        : "current";
    }
}

void wi_slot_pool_view(wi_pool *pool, wi_pool_view *view)
{
    int place_room = view->place_count;
    int waiter_room = view->waiter_count;
    int64_t now = wi_now_ns();

    *view = (wi_pool_view){
        .places = view->places,
        .waiters = view->waiters,
        .failure_age_ns = -1,
        .retry_ns = -1,
    };
    wi_mutex_lock(&pool->lock);
    view->status = status_of(pool);
    view->age_ns = now - pool->began_ns;
    view->waits = pool->waits;
    view->wait_most_ns = pool->wait_most_ns;
    wi_histogram_sum_up(&view->wait, &pool->wait);
    wi_histogram_sum_up(&view->connect, &pool->connect);
    wi_histogram_sum_up(&view->hold, &pool->hold);
    if (pool->last_failure_ns) {
        view->last_failure = pool->last_failure;
        view->failure_age_ns = now - pool->last_failure_ns;
    }
    wi_slots_view(&pool->slots, now, place_room, view);
    view_trust(pool, view);
    wi_waiters_view(&pool->waiters, now, waiter_room, view);
    wi_mutex_unlock(&pool->lock);
}
