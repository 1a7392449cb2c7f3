/* SPDX-License-Identifier: MIT */
/*
 * Pausing, and waiting for the end. Both shut the gate, so that every loan and
 * every return comes under the lock. Whoever waits for the end is told by
 * wi_fast_unlock(), which no change can get around; while he waits the pool is
 * not ended by others (wi_is_empty_now()). So does who waits for the end of a
 * closing.
 */
#include <pthread.h>

#include "base/clock.h"
#include "base/error.h"
#include "pool/fast/life.h"
#include "pool/fast/threads.h"
#include "pool/fast/view.h"
#include "pool/leftovers.h"

typedef struct watcher {
    wi_list_node watching;
    bool (*is_over)(const wi_pool *pool); /* what he waits for */
    wi_parker parker;
    uint32_t word;
    uint64_t resumes; /* of the pool when he began */
    int64_t began_ns;
} watcher;

/* ---------------------------------------------------------------- watchers */

/* Locked. */
static bool is_empty(const wi_pool *pool)
{
    return pool->total == 0 && pool->waiting == 0 && pool->visitors == 0;
}

/* Locked. No more are open than may be, or none of them is about to go. */
static bool has_room(const wi_pool *pool)
{
    return wi_fast_room(pool, &pool->options) >= 0 || pool->chores.closing == 0;
}

/* Locked. Those for whom it is over, or everybody. */
static void tell(wi_pool *pool, bool everybody)
{
    const wi_port *port = pool->port;

    for (wi_list_node *node = wi_list_first(&pool->watchers); node;
         node = wi_list_next(&pool->watchers, node)) {
        watcher *one = WI_CONTAINER(node, watcher, watching);

        if (!everybody && !one->is_over(pool))
            continue;
        port->publish(port->context, &one->parker, ++one->word);
        port->wake(port->context, &one->parker);
    }
}

void wi_watchers_tell(wi_pool *pool)
{
    /* A prober sleeps for those who wait, and nobody does any more. */
    if (pool->waiting == 0)
        wi_threads_hurry(pool);
    tell(pool, false);
}

/* Locked. False: no room for a parker. */
static bool begin_watch(wi_pool *pool, watcher *self,
                        bool (*is_over)(const wi_pool *))
{
    *self = (watcher){.is_over = is_over,
                      .resumes = pool->resumes,
                      .began_ns = wi_fast_now(pool)};
    if (!pool->port->parker_init(pool->port->context, &self->parker))
        return false;
    wi_list_append(&pool->watchers, &self->watching);
    pool->watching++;
    return true;
}

/* Locked. */
static void end_watch(wi_pool *pool, watcher *self)
{
    wi_list_remove(&self->watching);
    pool->watching--;
    pool->port->parker_clear(pool->port->context, &self->parker);
}

/* Locked, and asleep in between. */
static weir_status sleep_until_over(wi_pool *pool, watcher *self,
                                    int64_t deadline_ns)
{
    const wi_port *port = pool->port;
    weir_status status = WEIR_OK;
    int cancel_state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    while (!self->is_over(pool) && status == WEIR_OK) {
        uint32_t seen = self->word;

        if (pool->resumes != self->resumes) {
            status = WEIR_ERR_CANCELLED;
        } else if (wi_fast_now(pool) >= deadline_ns) {
            status = WEIR_ERR_TIMEOUT;
        } else {
            wi_fast_unlock(pool);
            port->park(port->context, &self->parker, seen, deadline_ns);
            wi_mutex_lock(&pool->lock);
        }
    }
    pthread_setcancelstate(cancel_state, &cancel_state);
    return status;
}

/* Locked. */
static weir_status tell_leftovers(const wi_pool *pool, const watcher *self,
                                  weir_error *err)
{
    int64_t now = wi_fast_now(pool);
    wi_leftovers found = {.waiting = pool->waiting,
                          .waited_ns = now - self->began_ns};
    const wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);
        wi_place_view view;

        if (state == WI_PLACE_CONNECTING || state == WI_PLACE_CLOSING)
            found.moving++;
        if (!wi_is_lent(state))
            continue;
        wi_place_see(place, now, &view);
        wi_leftovers_add(&found, &view);
    }
    return wi_leftovers_tell(&found, err);
}

/* Locked, and asleep in between. */
static weir_status watch(wi_pool *pool, watcher *self, int64_t deadline_ns,
                         weir_error *err)
{
    weir_status status = sleep_until_over(pool, self, deadline_ns);

    if (status == WEIR_ERR_CANCELLED)
        weir_error_set(err, status,
                       "the pool was resumed before it was drained");
    else if (status != WEIR_OK)
        tell_leftovers(pool, self, err);
    return status;
}

/* Locked; unlocks. */
static void leave(wi_pool *pool, watcher *self, bool *last)
{
    end_watch(pool, self);
    *last = wi_is_empty_now(pool);
    wi_fast_unlock(pool);
}

/* Locked; unlocks. */
static weir_status no_parker(wi_pool *pool, bool *last, weir_error *err)
{
    *last = wi_is_empty_now(pool);
    wi_fast_unlock(pool);
    return wi_error_nomem(err);
}

weir_status wi_wait_for_closing(wi_pool *pool, int64_t deadline_ns,
                                weir_error *err)
{
    weir_status status;
    watcher self;

    if (has_room(pool))
        return WEIR_OK;
    if (!begin_watch(pool, &self, has_room))
        return wi_error_nomem(err);
    do {
        self.resumes = pool->resumes;
        status = sleep_until_over(pool, &self, deadline_ns);
    } while (status == WEIR_ERR_CANCELLED);
    end_watch(pool, &self);
    if (status != WEIR_OK)
        weir_error_set(err, status,
                       "the connection that was lost is still being closed, "
                       "and there is no room for another");
    return status;
}

/* -------------------------------------------------------------------- life */

void wi_fast_pause(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (pool->mode == WI_POOL_OPEN && !pool->closed)
        pool->mode = WI_POOL_PAUSED;
    wi_gate_set(pool);
    wi_fast_unlock(pool);
}

void wi_fast_resume(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (pool->mode != WI_POOL_OPEN && !pool->closed) {
        pool->mode = WI_POOL_OPEN;
        pool->resumes++;
        tell(pool, true);
        wi_dispatch(pool);
    }
    wi_fast_unlock(pool);
}

weir_status wi_fast_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                          weir_error *err)
{
    weir_status status;
    watcher self;

    wi_mutex_lock(&pool->lock);
    if (!begin_watch(pool, &self, is_empty))
        return no_parker(pool, last, err);
    if (!pool->closed)
        pool->mode = WI_POOL_DRAINING;
    wi_gate_set(pool);
    wi_close_surplus(pool);
    status = watch(pool, &self, deadline_ns, err);
    leave(pool, &self, last);
    return status;
}

weir_status wi_fast_close_within(wi_pool *pool, int64_t deadline_ns, bool *last,
                                 weir_error *err)
{
    weir_status status;
    watcher self;

    wi_mutex_lock(&pool->lock);
    if (!begin_watch(pool, &self, is_empty)) {
        wi_fast_shut(pool);
        return no_parker(pool, last, err);
    }
    wi_fast_shut(pool);
    status = watch(pool, &self, deadline_ns, err);
    if (status != WEIR_OK && pool->kind->overdue) {
        wi_fast_unlock(pool);
        pool->kind->overdue(pool->context);
        wi_mutex_lock(&pool->lock);
    }
    leave(pool, &self, last);
    return status;
}
