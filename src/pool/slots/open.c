/* SPDX-License-Identifier: MIT */
/*
 * What is in the slots: opened, asked, replaced, lost, closed.
 */
#include "pool/slots/pool.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/plight.h"

bool wi_slot_is_stale(const wi_pool *pool, const wi_lease *lease,
                      int64_t now_ns)
{
    int64_t recycle_ns = pool->options.recycle_ns;

    if (lease->generation < pool->valid_from)
        return true;
    return recycle_ns >= 0 && now_ns - lease->made_ns > recycle_ns;
}

void wi_slot_close(wi_pool *pool, wi_lease *lease)
{
    void *resource = lease->resource;

    wi_slot_move(&pool->slots, lease, WI_SLOT_CLOSING);
    lease->resource = NULL;
    wi_mutex_unlock(&pool->lock);
    pool->kind->close(pool->context, resource);
    wi_mutex_lock(&pool->lock);
    pool->closed_count++;
}

/* Locked, and outside in between. Puts a resource into a CONNECTING place; on
 * failure the place stays as it is. */
static weir_status open_resource(wi_pool *pool, wi_lease *lease,
                                 int64_t deadline_ns, weir_error *err)
{
    uint64_t generation = pool->generation;
    int64_t began_ns;
    void *resource = NULL;
    weir_status status;

    wi_mutex_unlock(&pool->lock);
    wi_error_clear(err);
    began_ns = wi_now_ns();
    status = pool->kind->open(pool->context, deadline_ns, &resource, err);
    wi_mutex_lock(&pool->lock);
    if (status != WEIR_OK) {
        wi_plight_advise(err);
        pool->connect_failures++;
        pool->last_failure = *err;
        pool->last_failure_ns = wi_now_ns();
        return status;
    }
    pool->opened++;
    wi_histogram_add(&pool->connect, wi_now_ns() - began_ns, 1);
    lease->resource = resource;
    lease->generation = generation;
    lease->made_ns = began_ns;
    lease->asked_ns = 0;
    wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
    return WEIR_OK;
}

/* ------------------------------------------------------------------- trust */

/* Locked. All that are as old as this one are asked, or replaced, before they
 * are lent again; said again of the same age it changes nothing. */
static void suspect(wi_pool *pool, const wi_lease *lease)
{
    if (lease->generation != pool->generation)
        return;
    pool->generation++;
    pool->dead = 0;
    if (!pool->rules->asks || !pool->kind->check)
        pool->valid_from = pool->generation;
}

void wi_slot_pool_suspect(wi_pool *pool, const wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    suspect(pool, lease);
    wi_slot_pool_unlock(pool);
}

/* Locked. It was asked when the pool was of that generation, and did not
 * answer; of suspects several, or one that is silent, speak for the rest. */
static void note_death(wi_pool *pool, const wi_lease *lease,
                       uint64_t generation, weir_status status)
{
    if (status == WEIR_ERR_NOMEM)
        return;
    if (lease->generation == generation)
        suspect(pool, lease);
    else if ((++pool->dead >= WI_DEAD_MAX || status == WEIR_ERR_TIMEOUT) &&
             generation > pool->valid_from)
        pool->valid_from = generation;
}

/* Locked, and outside in between. A glance if the rules say so, and a question
 * if it is wanted or the glance says so. */
static weir_status examine(wi_pool *pool, wi_lease *lease, bool wanted,
                           int64_t deadline_ns, weir_error *err)
{
    const wi_resource_kind *kind = pool->kind;
    bool peeks = pool->rules->peeks && kind->peek;
    weir_status status = WEIR_OK;
    bool asks;

    if (!wanted && !peeks)
        return WEIR_OK;
    wi_mutex_unlock(&pool->lock);
    wi_error_clear(err);
    asks = wanted || !kind->peek(pool->context, lease->resource);
    if (asks)
        status = kind->check(pool->context, lease->resource, deadline_ns, err);
    wi_mutex_lock(&pool->lock);
    if (asks && status == WEIR_OK)
        lease->asked_ns = wi_now_ns();
    return status;
}

/* Locked, and outside in between. Whether a resource is alive that was idle, or
 * is suspected. A suspect gets no more time than it needs. One that had too
 * little says nothing of the others: then `*too_late` is set. */
static weir_status ask(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                       bool *too_late, weir_error *err)
{
    uint64_t generation = pool->generation;
    bool is_suspect = lease->generation != generation;
    int64_t limit_ns = deadline_ns;
    weir_status status;

    if (is_suspect && WI_ANSWER_NS < deadline_ns - wi_now_ns())
        limit_ns = wi_deadline_in_ns(WI_ANSWER_NS);
    status = examine(pool, lease, is_suspect || pool->options.pre_ping,
                     limit_ns, err);
    *too_late = status == WEIR_ERR_TIMEOUT && limit_ns == deadline_ns;
    if (status == WEIR_OK)
        lease->generation = generation;
    else if (!*too_late)
        note_death(pool, lease, generation, status);
    return status;
}

weir_status wi_slot_make_ready(wi_pool *pool, wi_lease *lease,
                               int64_t deadline_ns, weir_error *err)
{
    weir_status status = WEIR_OK;
    bool is_new = lease->state == WI_SLOT_CONNECTING;
    bool too_late = false;

    if (is_new)
        status = open_resource(pool, lease, deadline_ns, err);
    if (status == WEIR_OK && is_new && lease->generation == pool->generation)
        return WEIR_OK;
    if (status == WEIR_OK) {
        if (!wi_slot_is_stale(pool, lease, wi_now_ns())) {
            status = ask(pool, lease, deadline_ns, &too_late, err);
            if (status == WEIR_OK)
                return WEIR_OK;
        }
        wi_slot_close(pool, lease);
        if (too_late) {
            wi_slot_give_up(pool, lease);
            return status;
        }
        wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
        status = open_resource(pool, lease, deadline_ns, err);
    }
    if (status != WEIR_OK)
        wi_slot_give_up(pool, lease);
    return status;
}

/* ------------------------------------------------------------ lost in loan */

void wi_slot_lose(wi_pool *pool, wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    WI_ASSERT(wi_slot_is_lent(lease));
    if (lease->resource) {
        wi_slot_close(pool, lease);
        wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
        pool->rules->serve(pool);
    }
    wi_slot_pool_unlock(pool);
}

weir_status wi_slot_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err)
{
    int64_t now = wi_now_ns();
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    wi_mutex_lock(&pool->lock);
    WI_ASSERT(lease->state == WI_SLOT_LOST);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    deadline_ns = wi_pool_deadline(&pool->options, deadline_ns, now);
    status = open_resource(pool, lease, deadline_ns, err);
    if (status != WEIR_OK)
        wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
    pool->rules->serve(pool);
    wi_slot_pool_unlock(pool);
    return status;
}

bool wi_slot_pool_is_over(wi_pool *pool, wi_lease *lease, uint64_t loan)
{
    bool is_over;

    wi_mutex_lock(&pool->lock);
    is_over = lease->serial != loan || !wi_slot_is_lent(lease);
    pool->stale_returns += is_over;
    wi_mutex_unlock(&pool->lock);
    return is_over;
}
