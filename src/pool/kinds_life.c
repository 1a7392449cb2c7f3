/* SPDX-License-Identifier: MIT */
/*
 * A pool of one of the kinds from its beginning to its end, and how it looks
 * meanwhile.
 */
#include "pool/kinds.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/view.h"

/* clang-format off */
static const wi_kind_rule rules[] = {
    [WI_KIND_NULL]      = {.keeps = false},
    [WI_KIND_STATIC]    = {.keeps = true, .shares = true, .most = 1},
    [WI_KIND_THREAD]    = {.keeps = true, .shares = true, .per_thread = true},
    [WI_KIND_ASSERTION] = {.keeps = true, .is_single = true, .most = 1},
};
/* clang-format on */

/* --------------------------------------------------------- what all need */

void wi_kinds_wake(wi_pool *pool)
{
    while (wi_waiters_first(&pool->waiters))
        wi_waiters_grant(&pool->waiters, NULL);
}

void wi_kinds_close(wi_pool *pool, wi_lease *lease)
{
    void *resource = lease->resource;

    wi_slot_move(&pool->slots, lease, WI_SLOT_CLOSING);
    lease->resource = NULL;
    wi_mutex_unlock(&pool->lock);
    pool->kind->close(pool->context, resource);
    wi_mutex_lock(&pool->lock);
    pool->closed_count++;
}

void wi_kinds_give_up(wi_pool *pool, wi_lease *lease)
{
    lease->shares = 0;
    lease->tag = lease->site = NULL;
    lease->owner = 0;
    wi_slot_move(&pool->slots, lease, WI_SLOT_SPARE);
    wi_kinds_wake(pool);
}

/* Locked. An idle one that may not stay, or NULL. The one that is idle longest
 * is first, and so are those of older generations. */
static wi_lease *find_surplus(const wi_pool *pool)
{
    int size = pool->options.size;
    wi_list_node *node = wi_list_first(&pool->slots.idle);
    wi_lease *lease;

    if (!node)
        return NULL;
    lease = WI_CONTAINER(node, wi_lease, by_state);
    if (wi_kinds_is_ending(pool) || lease->generation != pool->generation)
        return lease;
    return pool->rule->per_thread && size > 0 &&
                   wi_slots_total(&pool->slots) > size
               ? lease
               : NULL;
}

void wi_kinds_trim(wi_pool *pool)
{
    wi_lease *lease;

    while ((lease = find_surplus(pool))) {
        lease->is_retired = true; /* nobody waits for a close */
        wi_kinds_close(pool, lease);
        wi_kinds_give_up(pool, lease);
    }
}

bool wi_kinds_is_empty_now(wi_pool *pool)
{
    if (!pool->closed || pool->told_empty || pool->visitors > 0 ||
        pool->ending.watching > 0 ||
        wi_slots_total(&pool->slots) > pool->slots.counts[WI_SLOT_IDLE])
        return false;
    pool->told_empty = true;
    return true;
}

void wi_kinds_abandon(wi_pool *pool)
{
    wi_list_node *node = wi_list_first(&pool->slots.all);

    for (; node && pool->has_inherited;
         node = wi_list_next(&pool->slots.all, node)) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, by_pool);
        void *resource = lease->resource;

        if (lease->state != WI_SLOT_INHERITED || !resource)
            continue;
        lease->resource = NULL;
        wi_mutex_unlock(&pool->lock);
        if (pool->kind->abandon)
            pool->kind->abandon(pool->context, resource);
        wi_mutex_lock(&pool->lock);
        wi_kinds_give_up(pool, lease);
    }
    pool->has_inherited = false;
}

/* -------------------------------------------------------------------- life */

wi_pool *wi_kinds_new(const wi_resource_kind *kind, void *context,
                      const wi_pool_options *options, weir_error *err)
{
    wi_pool *pool = wi_alloc_zero(options->allocator, 1, sizeof *pool);

    if (!pool) {
        wi_error_nomem(err);
        return NULL;
    }
    if (!wi_mutex_init(&pool->lock)) {
        wi_free(options->allocator, pool);
        wi_error_nomem(err);
        return NULL;
    }
    pool->core = &wi_pool_core_kinds;
    pool->rule = &rules[options->kind];
    pool->kind = kind;
    pool->context = context;
    pool->allocator = options->allocator;
    pool->options = *options;
    pool->began_ns = wi_now_ns();
    wi_slots_init(&pool->slots);
    wi_waiters_init(&pool->waiters);
    wi_ending_init(&pool->ending, &pool->lock, &pool->slots, &pool->waiters,
                   &pool->visitors);
    wi_kinds_enlist(pool);
    return pool;
}

void wi_kinds_free(wi_pool **pool)
{
    wi_pool *freed = *pool;

    *pool = NULL;
    wi_kinds_withdraw(freed);
    wi_mutex_lock(&freed->lock);
    freed->closed = true;
    wi_kinds_trim(freed);
    wi_kinds_abandon(freed);
    WI_ASSERT(freed->visitors == 0);
    wi_mutex_unlock(&freed->lock);
    wi_slots_clear(&freed->slots, freed->allocator);
    wi_mutex_clear(&freed->lock);
    wi_free(freed->allocator, freed);
}

/* Locked, and not any more afterwards. While it closed something, the pool may
 * have been closed and become empty. */
static void end_visit(wi_pool *pool)
{
    const wi_resource_kind *kind = pool->kind;
    void *context = pool->context;
    bool ended;

    pool->visitors--;
    ended = wi_kinds_is_empty_now(pool);
    wi_kinds_unlock(pool);
    if (ended && kind->ended)
        kind->ended(context);
}

weir_status wi_kinds_set(wi_pool *pool, const wi_pool_options *options)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    pool->options = *options;
    wi_kinds_trim(pool);
    end_visit(pool);
    return WEIR_OK;
}

void wi_kinds_invalidate(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->generation++;
    wi_kinds_unlock(pool);
}

void wi_kinds_dispose(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    pool->generation++;
    wi_kinds_trim(pool);
    end_visit(pool);
}

/* Locked, and outside in between. Closes it, but for the last word. */
static void shut(wi_pool *pool)
{
    pool->closed = true;
    pool->visitors++; /* whoever gives back last must not free it under us */
    wi_kinds_wake(pool);
    wi_kinds_trim(pool);
    pool->visitors--;
}

bool wi_kinds_end(wi_pool *pool)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    shut(pool);
    last = wi_kinds_is_empty_now(pool);
    wi_kinds_unlock(pool);
    return last;
}

void wi_kinds_unlock(wi_pool *pool)
{
    wi_ending_unlock(&pool->ending);
}

void wi_kinds_pause(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed)
        wi_ending_pause(&pool->ending);
    wi_kinds_unlock(pool);
}

void wi_kinds_resume(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    if (!pool->closed && wi_ending_resume(&pool->ending))
        wi_kinds_wake(pool);
    wi_kinds_unlock(pool);
}

/* Locked; unlocks. */
static void leave(wi_pool *pool, bool *last)
{
    pool->ending.watching--;
    *last = wi_kinds_is_empty_now(pool);
    wi_kinds_unlock(pool);
}

weir_status wi_kinds_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                           weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->ending.watching++;
    if (!pool->closed)
        pool->ending.mode = WI_POOL_DRAINING;
    wi_kinds_wake(pool);
    wi_kinds_trim(pool);
    status = wi_ending_watch(&pool->ending, deadline_ns, err);
    leave(pool, last);
    return status;
}

weir_status wi_kinds_close_within(wi_pool *pool, int64_t deadline_ns,
                                  bool *last, weir_error *err)
{
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->ending.watching++;
    shut(pool);
    status = wi_ending_watch_closed(&pool->ending, deadline_ns, pool->kind,
                                    pool->context, err);
    leave(pool, last);
    return status;
}

/* ------------------------------------------------------------------- shown */

/* Locked. The size is what the kind makes of it: 1, none, or how many threads'
 * are kept while any number is in use. */
static weir_pool_status status_of(const wi_pool *pool)
{
    bool per_thread = pool->rule->per_thread;

    return (weir_pool_status){
        .size = per_thread ? pool->options.size : pool->rule->most,
        .max_overflow = per_thread ? -1 : 0,
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
}

void wi_kinds_status(wi_pool *pool, weir_pool_status *out)
{
    wi_mutex_lock(&pool->lock);
    *out = status_of(pool);
    wi_mutex_unlock(&pool->lock);
}

void wi_kinds_view(wi_pool *pool, wi_pool_view *view)
{
    int place_room = view->place_count;
    int waiter_room = view->waiter_count;
    int64_t now = wi_now_ns();

    *view = (wi_pool_view){
        .places = view->places,
        .waiters = view->waiters,
        .failure_age_ns = -1,
    };
    wi_mutex_lock(&pool->lock);
    view->status = status_of(pool);
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
