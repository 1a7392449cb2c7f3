/* SPDX-License-Identifier: MIT */
/*
 * How an acquire begins, waits and ends in a pool of slots.
 */
#include "pool/slots/nest.h"

#include "base/clock.h"
#include "base/error.h"
#include "pool/plight.h"

/* Not locked; the token's lock is held. */
static void cancel(wi_cancel_wait *wait)
{
    wi_slot_visit *visit = WI_CONTAINER(wait, wi_slot_visit, cancel);
    wi_pool *pool = visit->pool;

    wi_mutex_lock(&pool->lock);
    visit->is_cancelled = true;
    if (visit->is_waiting && !visit->waiter.granted)
        wi_slot_visit_dismiss(visit);
    wi_slot_pool_unlock(pool);
}

void wi_slot_visit_begin(wi_slot_visit *visit, wi_pool *pool,
                         wi_request *request, weir_error *err)
{
    visit->pool = pool;
    visit->request = request;
    visit->err = err ? err : &visit->own;
    visit->began_ns = wi_now_ns();
    visit->lease = NULL;
    visit->is_waiting = visit->is_cancelled = visit->is_nested = false;
    visit->answer = WEIR_OK;
    visit->cancel = (wi_cancel_wait){.cancel = cancel};
    wi_cancel_join(request->cancel, &visit->cancel);
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    visit->deadline_ns =
        wi_pool_deadline(&pool->options, request->deadline_ns, visit->began_ns);
}

void wi_slot_visit_forget_token(wi_slot_visit *visit)
{
    wi_pool *pool = visit->pool;

    if (!visit->request->cancel)
        return;
    wi_slot_pool_unlock(pool);
    wi_cancel_leave(visit->request->cancel, &visit->cancel);
    wi_mutex_lock(&pool->lock);
}

weir_status wi_slot_visit_end(wi_slot_visit *visit, weir_status status,
                              wi_lease **out)
{
    wi_pool *pool = visit->pool;

    pool->visitors--;
    if (status == WEIR_OK) {
        pool->acquired++;
        *out = visit->lease;
    }
    visit->request->last = status != WEIR_OK && wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
    return status;
}

/* ----------------------------------------------------------------- waiting */

weir_status wi_slot_visit_may_wait(wi_slot_visit *visit)
{
    if (visit->is_cancelled)
        return wi_plight_cancelled(NULL, visit->err);
    if (wi_deadline_passed(visit->deadline_ns))
        return wi_slot_visit_timed_out(visit);
    return WEIR_OK;
}

weir_status wi_slot_visit_join(wi_slot_visit *visit)
{
    wi_waiter *waiter = &visit->waiter;

    if (!wi_waiters_join(&visit->pool->waiters, waiter, visit->request->tag))
        return wi_error_nomem(visit->err);
    waiter->site = visit->request->site;
    waiter->thread = wi_this_thread();
    waiter->began_ns = visit->began_ns;
    visit->is_waiting = true;
    return WEIR_OK;
}

/* Locked. */
static void note_wait(wi_pool *pool, int64_t ns)
{
    pool->waits++;
    if (ns > pool->wait_most_ns)
        pool->wait_most_ns = ns;
    wi_histogram_add(&pool->wait, ns, 1);
}

weir_status wi_slot_visit_sleep(wi_slot_visit *visit)
{
    wi_pool *pool = visit->pool;
    bool granted = wi_waiters_wait(&pool->waiters, &visit->waiter, &pool->lock,
                                   visit->deadline_ns);

    visit->is_waiting = false;
    wi_slot_nest_over(visit);
    note_wait(pool, wi_now_ns() - visit->began_ns);
    return granted ? WEIR_OK : wi_slot_visit_timed_out(visit);
}

void wi_slot_visit_dismiss(wi_slot_visit *visit)
{
    wi_slot_nest_over(visit);
    wi_waiters_dismiss(&visit->pool->waiters, &visit->waiter);
}

/* ----------------------------------------------------------------- answers */

weir_status wi_slot_visit_timed_out(wi_slot_visit *visit)
{
    wi_pool *pool = visit->pool;
    const wi_lease *longest = wi_slots_longest(&pool->slots);
    int64_t now = wi_now_ns();
    wi_plight plight = {
        .waited_ns = now - visit->began_ns,
        .total = wi_slots_total(&pool->slots),
        .busy = wi_slots_busy(&pool->slots),
        .idle = pool->slots.counts[WI_SLOT_IDLE],
        .connecting = pool->slots.counts[WI_SLOT_CONNECTING],
        .closing = pool->slots.counts[WI_SLOT_CLOSING],
        .waiting = pool->waiters.count,
        .is_paused = pool->mode == WI_POOL_PAUSED,
        .is_held = longest != NULL,
        .holder_tag = longest ? longest->tag : NULL,
        .holder_site = longest ? longest->site : NULL,
        .held_ns = longest ? now - longest->lent_ns : 0,
        .failure = pool->last_failure_ns ? &pool->last_failure : NULL,
        .failure_age_ns = now - pool->last_failure_ns,
    };

    pool->timeouts++;
    return wi_plight_timed_out(&plight, visit->err);
}

weir_status wi_slot_visit_is_refused(wi_slot_visit *visit)
{
    return wi_plight_refused(visit->pool->closed, visit->err);
}
