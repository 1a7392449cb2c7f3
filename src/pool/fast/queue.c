/* SPDX-License-Identifier: MIT */
/*
 * The queue of the fast core, its gate, and who is woken.
 *
 * With max_overtake the gate is YOUNG until the oldest has waited so long:
 * running threads may take what is idle, and the oldest is told to look for
 * itself. At most one is told at a time, and after everything that takes a
 * claim out of the queue another is looked for: else a wake-up could be lost
 * with a claim that was told, and served meanwhile by somebody else.
 */
#include "pool/fast/callers.h"
#include "pool/fast/nest.h"
#include "pool/fast/view.h"

#include <pthread.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/probe.h"
#include "pool/fast/life.h"
#include "pool/plight.h"

static uint32_t gate_for(const wi_pool *pool)
{
    const wi_claim *first = wi_claim_first(pool);
    int64_t young_ns = pool->options.max_overtake_ns;

    if (pool->closed || pool->mode != WI_POOL_OPEN || pool->has_inherited ||
        pool->options.order != WI_ORDER_AFFINITY)
        return WI_GATE_SHUT;
    if (!first)
        return WI_GATE_OPEN;
    if (young_ns > 0 && wi_fast_now(pool) - first->began_ns < young_ns)
        return WI_GATE_YOUNG;
    return WI_GATE_SHUT;
}

void wi_gate_set(wi_pool *pool)
{
    uint32_t gate = gate_for(pool);

    if (atomic_load_explicit(&pool->gate, memory_order_relaxed) != gate)
        atomic_store(&pool->gate, gate);
}

/* Locked. Tells a claim something; it is woken when the lock is free again,
 * when the claim itself may be gone. */
static void publish(wi_pool *pool, wi_claim *claim, uint32_t word)
{
    claim->word = word;
    pool->port->publish(pool->port->context, &claim->parker, word);
    if (pool->wake_count == WI_WAKES_MAX)
        pool->port->wake(pool->port->context, &claim->parker);
    else
        pool->wakes[pool->wake_count++] = &claim->parker;
}

void wi_fast_unlock(wi_pool *pool)
{
    const wi_port *port = pool->port;
    wi_parker *wakes[WI_WAKES_MAX];
    int count;
    bool must_ring;

    if (pool->watching > 0)
        wi_watchers_tell(pool);
    count = pool->wake_count;
    must_ring = pool->must_ring;
    for (int i = 0; i < count; i++)
        wakes[i] = pool->wakes[i];
    pool->wake_count = 0;
    pool->must_ring = false;
    wi_mutex_unlock(&pool->lock);
    if (must_ring)
        port->ring(port->context);
    for (int i = 0; i < count; i++)
        port->wake(port->context, wakes[i]);
}

/* Who was served something that turned out to be no good stands again where
 * he stood: before all who came after him. */
static void stand_again(wi_pool *pool, wi_claim *claim)
{
    wi_list_node *node = wi_list_first(&pool->queue);

    while (node &&
           WI_CONTAINER(node, wi_claim, queued)->began_ns <= claim->began_ns)
        node = wi_list_next(&pool->queue, node);
    if (node)
        wi_list_insert(node, &claim->queued);
    else
        wi_list_append(&pool->queue, &claim->queued);
}

bool wi_claim_join(wi_pool *pool, wi_claim *claim)
{
    if (!pool->port->parker_init(pool->port->context, &claim->parker))
        return false;
    if (claim->had_its_turn)
        stand_again(pool, claim);
    else
        wi_list_append(&pool->queue, &claim->queued);
    pool->waiting++;
    WI_PROBE3(wait, pool, claim->request->tag, pool->waiting);
    wi_gate_set(pool);
    return true;
}

/* Locked. */
static void leave(wi_pool *pool, wi_claim *claim)
{
    wi_list_remove(&claim->queued);
    pool->waiting--;
    wi_nested_over(pool, claim);
    if (claim->is_woken)
        atomic_store(&pool->is_woken, 0);
    claim->is_woken = false;
    wi_gate_set(pool);
}

static void settle(wi_pool *pool, wi_claim *claim)
{
    leave(pool, claim);
    claim->settled = true;
    publish(pool, claim, claim->word | WI_SETTLED);
    wi_queue_nudge(pool);
}

void wi_claim_grant(wi_pool *pool, wi_lease *place)
{
    wi_claim *claim = wi_claim_first(pool);

    WI_ASSERT(claim);
    wi_nested_over(pool, claim); /* before it is seen to hold this */
    WI_PROBE3(grant, pool, claim->request->tag, place);
    claim->lease = place;
    wi_place_over(place);
    wi_place_sign(place, claim->request->tag, claim->request->site);
    atomic_store_explicit(
        &place->thread, wi_holder_mark(claim->thread, claim->request->may_move),
        memory_order_relaxed);
    atomic_store_explicit(&place->since_ns, wi_fast_coarse(pool),
                          memory_order_relaxed);
    if (wi_place_state_of(place) == WI_PLACE_BUSY) {
        /* While it is lent the pool does not end. */
        pool->visitors--;
        claim->is_visitor = false;
    }
    settle(pool, claim);
}

void wi_claim_answer(wi_pool *pool, wi_claim *claim, weir_status status,
                     const weir_error *err)
{
    claim->answer = status;
    if (err)
        *claim->err = *err;
    settle(pool, claim);
}

void wi_claim_cancel(wi_cancel_wait *wait)
{
    wi_claim *claim = WI_CONTAINER(wait, wi_claim, cancel);
    wi_pool *pool = claim->pool;
    weir_error err;

    wi_mutex_lock(&pool->lock);
    claim->is_cancelled = true;
    if (claim->queued.next)
        wi_claim_answer(pool, claim,
                        wi_plight_cancelled(pool->kind->noun, &err), &err);
    wi_fast_unlock(pool);
}

static bool any_idle(const wi_pool *pool)
{
    const wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = atomic_load(&place->state);

        if (state == WI_PLACE_IDLE || state == WI_PLACE_ASIDE)
            return true;
    }
    return false;
}

void wi_claim_look_at(wi_pool *pool, wi_claim *claim, int64_t time_ns)
{
    if (atomic_load(&claim->look_ns) == time_ns)
        return;
    atomic_store(&claim->look_ns, time_ns);
    publish(pool, claim, claim->word + WI_LOOK);
}

void wi_queue_nudge(wi_pool *pool)
{
    wi_claim *first = wi_claim_first(pool);

    wi_callers_look_later(pool);
    if (pool->options.max_overtake_ns <= 0 || !first ||
        pool->mode == WI_POOL_PAUSED || atomic_load(&pool->is_woken) ||
        !any_idle(pool))
        return;
    first->is_woken = true;
    atomic_store(&pool->is_woken, 1);
    publish(pool, first, first->word + WI_LOOK);
}

/* Locked. A claim that was told to look: takes what is idle, or sleeps on. */
static void look(wi_pool *pool, wi_claim *claim)
{
    wi_lease *place;

    claim->is_woken = false;
    atomic_store(&pool->is_woken, 0);
    if (pool->mode == WI_POOL_PAUSED)
        return;
    place = wi_place_take_in_order(pool, WI_PLACE_BUSY);
    if (!place) {
        /* The gate may shut now, and then nobody else will look. */
        wi_gate_set(pool);
        place = wi_place_take_in_order(pool, WI_PLACE_BUSY);
    }
    if (!place)
        return;
    claim->lease = place;
    claim->settled = true;
    leave(pool, claim);
    wi_queue_nudge(pool);
}

/* Locked. The deadline has passed: out of the queue. */
static void give_up_waiting(wi_pool *pool, wi_claim *claim)
{
    leave(pool, claim);
    wi_queue_nudge(pool);
}

static weir_status gave_up(const wi_pool *pool, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CANCELLED,
                          "the wait hook gave up waiting for %s",
                          pool->nest.noun);
}

/* Locked. The time has come for it to look, or has changed. */
static void look_for_room(wi_pool *pool, wi_claim *claim)
{
    if (wi_fast_now(pool) >= atomic_load(&claim->look_ns))
        atomic_store(&claim->look_ns, INT64_MAX);
    wi_dispatch(pool);
}

/* Locked; awake. */
static void wake_up(wi_pool *pool, wi_claim *claim, bool late)
{
    weir_error err;

    if (claim->settled)
        return;
    if (claim->parker.gave_up)
        wi_claim_answer(pool, claim, gave_up(pool, &err), &err);
    else if (late)
        give_up_waiting(pool, claim);
    else if (claim->is_woken)
        look(pool, claim);
    else
        look_for_room(pool, claim);
}

bool wi_claim_wait(wi_pool *pool, wi_claim *claim)
{
    const wi_port *port = pool->port;
    uint32_t seen = 0;
    int cancel_state;
    bool settled = false;

    /* A cancelled thread would leave its claim in the queue, and its stack to
     * whoever comes next. */
    if (!port->shares_threads)
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    while (!settled) {
        int64_t look_ns = atomic_load(&claim->look_ns);
        int64_t until_ns = claim->deadline_ns;
        bool is_time, late;
        uint32_t word;

        if (look_ns < until_ns)
            until_ns = look_ns;
        word = port->park(port->context, &claim->parker, seen, until_ns);
        is_time = word == seen && until_ns != WI_NO_DEADLINE &&
                  port->now_ns(port->context) >= until_ns;
        late = is_time && port->now_ns(port->context) >= claim->deadline_ns;
        settled = word & WI_SETTLED;
        if (settled || (word == seen && !is_time && !claim->parker.gave_up))
            continue;
        wi_mutex_lock(&pool->lock);
        seen = claim->word; /* what it tells itself from here on is news */
        wake_up(pool, claim, late);
        settled = claim->settled;
        wi_fast_unlock(pool);
        if (late)
            break;
    }
    if (!port->shares_threads)
        pthread_setcancelstate(cancel_state, &cancel_state);
    port->parker_clear(port->context, &claim->parker);
    return settled;
}
