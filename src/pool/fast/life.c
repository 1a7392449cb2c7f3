/* SPDX-License-Identifier: MIT */
/*
 * A pool of the fast core from its beginning to its end.
 */
#include "pool/fast/life.h"

#include "pool/fast/heads.h"
#include "pool/fast/nest.h"
#include "pool/fast/chores.h"
#include "pool/fast/threads.h"
#include "pool/fast/view.h"

#include "base/check.h"
#include "base/error.h"

/* -------------------------------------------------------------------- life */

/* Locked. Keeps what the fast way reads in step with the options. */
static void publish_options(wi_pool *pool)
{
    const wi_pool_options *options = &pool->options;
    wi_lease *place;

    atomic_store(&pool->recycle_ns, options->recycle_ns);
    atomic_store(&pool->limit, wi_pool_limit(options));
    atomic_store(&pool->ping_after_ns,
                 options->pre_ping ? options->ping_bypass_ns : -1);
    /* Whoever borrows one next looks closer, by the new options. */
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        atomic_store_explicit(&place->expiry_ns, 0, memory_order_relaxed);
        atomic_store_explicit(&place->due_ns, 0, memory_order_relaxed);
    }
    wi_thrift_set(pool);
    wi_gate_set(pool);
}

/* Locked. All that belongs to one life of a head. */
static void begin_life(wi_pool *pool)
{
    wi_list_init(&pool->queue);
    wi_list_init(&pool->watchers);
    pool->watching = 0;
    pool->mode = WI_POOL_OPEN;
    wi_nested_init(pool);
    atomic_store(&pool->is_woken, 0);
    atomic_store(&pool->generation, 0);
    atomic_store(&pool->valid_from, 0);
    pool->suspects = (wi_suspects){0};
    pool->waiting = pool->total = pool->connecting = pool->visitors = 0;
    pool->hanging = pool->strays = 0;
    pool->closers = pool->failures = pool->outages = 0;
    pool->ramp = INT32_MAX / 4;
    pool->retry_ns = 0;
    pool->to_close = NULL;
    pool->is_probed = false;
    pool->turns = 0;
    pool->closed = pool->told_empty = pool->has_inherited = false;
    pool->last_failure_ns = 0;
    pool->opened = pool->closed_count = pool->timeouts = 0;
    pool->connect_failures = 0;
    pool->leaks = pool->reclaimed = pool->stale_returns = 0;
    atomic_store(&pool->waits, 0);
    atomic_store(&pool->wait_most_ns, 0);
    pool->wait = pool->connect = (wi_histogram){{0}};
    pool->wake_count = 0;
    pool->must_ring = false;
    pool->chores = (wi_chores){0};
}

wi_pool *wi_fast_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err)
{
    wi_pool *pool = wi_head_take();
    weir_status status;

    if (!pool) {
        wi_error_nomem(err);
        return NULL;
    }
    wi_mutex_lock(&pool->lock);
    pool->core = &wi_pool_core_fast;
    pool->kind = kind;
    begin_life(pool);
    pool->context = context;
    pool->allocator = options->allocator;
    pool->port = options->port ? options->port : &wi_port_native;
    pool->options = *options;
    pool->began_ns = wi_fast_now(pool);
    wi_clock_begin(pool);
    pool->probe_word = 0;
    status = pool->port->parker_init(pool->port->context, &pool->probe)
                 ? wi_places_grow(pool)
                 : WEIR_ERR_NOMEM;
    pool->probe.is_librarys = true;
    if (status == WEIR_OK)
        publish_options(pool);
    pool->chores.is_filling = options->prefill;
    wi_fast_unlock(pool);
    if (status == WEIR_OK) {
        wi_head_publish(pool);
        return pool;
    }
    wi_head_give(pool);
    wi_error_nomem(err);
    return NULL;
}

void wi_fast_begin(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    wi_fast_set_up(pool);
    wi_fast_unlock(pool);
}

void wi_fast_free(wi_pool **pool)
{
    wi_pool *freed = *pool;

    *pool = NULL;
    (void)wi_fast_close(freed);
    wi_mutex_lock(&freed->lock);
    wi_abandon_inherited(freed);
    WI_ASSERT(freed->visitors == 0 && freed->total == 0);
    WI_ASSERT(freed->connecting == 0 && freed->hanging == 0);
    freed->port->parker_clear(freed->port->context, &freed->probe);
    wi_fast_unlock(freed);
    wi_places_clear(freed);
    wi_head_give(freed);
}

weir_status wi_fast_set(wi_pool *pool, const wi_pool_options *options)
{
    wi_pool_options changed = *options;
    weir_status status;

    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    status = wi_places_for(pool, options, 0);
    if (status == WEIR_OK) {
        changed.core = pool->options.core;
        changed.allocator = pool->options.allocator;
        changed.port = pool->options.port;
        /* Those that it has are not sent away again. */
        changed.threads |= pool->options.threads;
        pool->options = changed;
        publish_options(pool);
        wi_close_surplus(pool);
    }
    wi_fast_set_up(pool);
    pool->visitors--;
    wi_thread_ends(pool);
    return status;
}

void wi_fast_invalidate(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    wi_make_void(pool);
    wi_fast_unlock(pool);
}

void wi_fast_suspect(wi_pool *pool, const wi_lease *place)
{
    wi_mutex_lock(&pool->lock);
    wi_suspect(pool, place);
    wi_fast_unlock(pool);
}

void wi_fast_dispose(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    wi_make_void(pool);
    wi_close_surplus(pool);
    pool->visitors--;
    wi_thread_ends(pool);
}

void wi_fast_shut(wi_pool *pool)
{
    pool->closed = true;
    pool->visitors++; /* whoever gives back last must not free it under us */
    wi_house_leave(pool);
    wi_gate_set(pool);
    while (wi_claim_first(pool)) {
        weir_error err;

        weir_error_set(&err, WEIR_ERR_CLOSED,
                       "the engine is closing and takes no new work");
        wi_claim_answer(pool, wi_claim_first(pool), WEIR_ERR_CLOSED, &err);
    }
    wi_threads_hurry(pool);
    wi_close_surplus(pool);
    pool->visitors--;
}

bool wi_fast_close(wi_pool *pool)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    wi_fast_shut(pool);
    last = wi_is_empty_now(pool);
    wi_fast_unlock(pool);
    return last;
}

void wi_fast_status(wi_pool *pool, weir_pool_status *out)
{
    int counts[WI_PLACE_STATES];
    const wi_lease *place;

    wi_mutex_lock(&pool->lock);
    wi_places_count(pool, counts);
    *out = (weir_pool_status){
        .size = pool->options.size,
        .max_overflow = pool->options.max_overflow,
        .idle = counts[WI_PLACE_IDLE],
        .busy = counts[WI_PLACE_BUSY] + counts[WI_PLACE_OVERDUE] +
                counts[WI_PLACE_LOST],
        .connecting = counts[WI_PLACE_CONNECTING],
        .asking = counts[WI_PLACE_HELD],
        .closing = counts[WI_PLACE_CLOSING],
        .waiting = pool->waiting,
        .opened = pool->opened,
        .closed = pool->closed_count,
        .timeouts = pool->timeouts,
        .connect_failures = pool->connect_failures,
        .leaks = pool->leaks,
        .reclaimed = pool->reclaimed,
        .stale_returns = pool->stale_returns,
    };
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        out->acquired += atomic_load(&place->loans);
        out->overdue += place->told.is_told;
    }
    wi_mutex_unlock(&pool->lock);
}
