/* SPDX-License-Identifier: MIT */
/*
 * The mutex core paused, drained, closed with a deadline, and looked at.
 */
#include "pool/mutex.h"

#include "base/clock.h"
#include "pool/view.h"

void wi_mutex_core_unlock(wi_pool *pool)
{
    wi_ending_unlock(&pool->ending);
}

void wi_mutex_core_pause(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed)
        wi_ending_pause(&pool->ending);
    wi_mutex_core_unlock(pool);
}

void wi_mutex_core_resume(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed && wi_ending_resume(&pool->ending))
        wi_mutex_core_dispatch(pool);
    wi_mutex_core_unlock(pool);
}

/* Locked; unlocks. */
static void leave(wi_pool *pool, bool *last)
{
    pool->ending.watching--;
    *last = wi_mutex_core_is_empty(pool);
    wi_mutex_core_unlock(pool);
}

weir_status wi_mutex_core_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                                weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->ending.watching++;
    if (!pool->closed)
        pool->ending.mode = WI_POOL_DRAINING;
    wi_mutex_core_dispatch(pool);
    wi_mutex_core_close_surplus(pool);
    status = wi_ending_watch(&pool->ending, deadline_ns, err);
    leave(pool, last);
    return status;
}

weir_status wi_mutex_core_close_within(wi_pool *pool, int64_t deadline_ns,
                                       bool *last, weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->ending.watching++;
    wi_mutex_core_shut(pool);
    status = wi_ending_watch_closed(&pool->ending, deadline_ns, pool->kind,
                                    pool->context, err);
    leave(pool, last);
    return status;
}

/* ------------------------------------------------------------------- shown */

void wi_mutex_core_status(wi_pool *pool, weir_pool_status *out)
{
    wi_mutex_lock(&pool->lock);
    *out = (weir_pool_status){
        .size = pool->options.size,
        .max_overflow = pool->options.max_overflow,
        .idle = pool->slots.counts[WI_SLOT_IDLE],
        .busy = wi_slots_busy(&pool->slots),
        .connecting = pool->slots.counts[WI_SLOT_CONNECTING],
        .waiting = pool->waiters.count,
        .opened = pool->opened,
        .closed = pool->closed_count,
        .acquired = pool->acquired,
        .timeouts = pool->timeouts,
        .connect_failures = pool->connect_failures,
    };
    wi_mutex_core_unlock(pool);
}

void wi_mutex_core_view(wi_pool *pool, wi_pool_view *view)
{
    int place_room = view->place_count;
    int waiter_room = view->waiter_count;
    int64_t now = wi_now_ns();

    *view = (wi_pool_view){
        .places = view->places,
        .waiters = view->waiters,
        .failure_age_ns = -1,
    };
    wi_mutex_core_status(pool, &view->status);
    wi_mutex_lock(&pool->lock);
    view->age_ns = now - pool->began_ns;
    view->waits = pool->waits;
    view->wait_most_ns = pool->wait_most_ns;
    wi_histogram_sum_up(&view->wait, &pool->wait);
    wi_histogram_sum_up(&view->hold, &pool->hold);
    if (pool->last_failure_ns) {
        view->last_failure = pool->last_failure;
        view->failure_age_ns = now - pool->last_failure_ns;
    }
    wi_slots_view(&pool->slots, now, place_room, view);
    wi_waiters_view(&pool->waiters, now, waiter_room, view);
    wi_mutex_unlock(&pool->lock);
}
