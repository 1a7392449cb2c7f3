/* SPDX-License-Identifier: MIT */
/*
 * Opening, asking and closing in the fast core, and who gets what has become
 * free: whatever changes the capacity ends in wi_dispatch().
 */
#include "pool/fast/aside.h"
#include "pool/fast/callers.h"
#include "pool/fast/closers.h"
#include "pool/fast/chores.h"
#include "pool/fast/nest.h"
#include "pool/fast/threads.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/probe.h"
#include "base/error.h"
#include "pool/fast/life.h"
#include "pool/plight.h"

/* ---------------------------------------------------------------- capacity */

int64_t wi_fast_room(const wi_pool *pool, const wi_pool_options *options)
{
    return wi_pool_limit(options) - pool->total;
}

weir_status wi_places_for(wi_pool *pool, const wi_pool_options *options,
                          int newcomers)
{
    for (;;) {
        int64_t wanted = wi_fast_room(pool, options);

        if (wanted > pool->waiting + newcomers)
            wanted = pool->waiting + newcomers;
        if (wanted <= pool->capacity - pool->total)
            return WEIR_OK;
        if (wi_places_grow(pool) != WEIR_OK)
            return WEIR_ERR_NOMEM;
    }
}

bool wi_is_empty_now(wi_pool *pool)
{
    if (!pool->closed || pool->told_empty || pool->visitors > 0 ||
        pool->watching > 0 || pool->total > 0)
        return false;
    pool->told_empty = true;
    return true;
}

/* Locked. The oldest waiters open for themselves what there is room for. */
static void grant_room(wi_pool *pool)
{
    wi_lease *place;

    while (wi_claim_first(pool) && wi_fast_room(pool, &pool->options) > 0 &&
           wi_caller_may_open(pool) && (place = wi_place_empty(pool))) {
        wi_place_move(pool, place, WI_PLACE_CONNECTING);
        place->in_caller = true;
        wi_claim_grant(pool, place);
    }
    wi_callers_look_later(pool);
}

void wi_dispatch(wi_pool *pool)
{
    wi_lease *place;

    wi_gate_set(pool);
    if (pool->mode == WI_POOL_PAUSED)
        return;
    while (wi_claim_first(pool) && atomic_load(&pool->gate) == WI_GATE_SHUT &&
           (place = wi_place_take_in_order(pool, WI_PLACE_BUSY)))
        wi_claim_grant(pool, place);
    wi_queue_nudge(pool);
    if (pool->options.threads)
        wi_connect_as_needed(pool);
    else
        grant_room(pool);
    wi_nested_look(pool);
}

void wi_give_back(wi_pool *pool, wi_lease *place)
{
    int64_t now = wi_fast_coarse(pool);

    atomic_store_explicit(&place->due_ns, wi_due_ns(pool, place, now),
                          memory_order_relaxed);
    atomic_store_explicit(&place->since_ns, now, memory_order_relaxed);
    if (wi_is_suspect(pool, place) && wi_suspect_hand_over(pool, place))
        return;
    wi_gate_set(pool);
    if (wi_claim_first(pool) && pool->mode != WI_POOL_PAUSED &&
        atomic_load(&pool->gate) == WI_GATE_SHUT) {
        wi_claim_grant(pool, place);
        return;
    }
    wi_place_move(pool, place, WI_PLACE_IDLE);
    wi_queue_nudge(pool);
}

void wi_give_up(wi_pool *pool, wi_lease *place)
{
    wi_place_move(pool, place, WI_PLACE_EMPTY);
    wi_dispatch(pool);
}

/* ----------------------------------------------------------------- opening */

static void note_failure(wi_pool *pool, const weir_error *err)
{
    pool->connect_failures++;
    pool->last_failure = *err;
    pool->last_failure_ns = wi_fast_now(pool);
}

weir_status wi_open_here(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                         weir_error *err)
{
    uint32_t generation = atomic_load(&pool->generation);
    int64_t began_ns;
    void *resource = NULL;
    weir_status status;
    bool is_watched;

    is_watched = wi_fast_expect(pool);
    wi_fast_unlock(pool);
    wi_error_clear(err);
    began_ns = wi_fast_now(pool);
    WI_PROBE2(open_start, pool, place);
    status = pool->kind->open(pool->context, deadline_ns, &resource, err);
    WI_PROBE3(open_done, pool, place, status);
    atomic_store(&place->hung_up, false);
    if (status == WEIR_OK)
        place->is_watched = is_watched && wi_fast_watch(pool, place, resource);
    wi_mutex_lock(&pool->lock);
    place->in_caller = false;
    if (status != WEIR_OK) {
        wi_plight_advise(err);
        note_failure(pool, err);
        return status;
    }
    pool->opened++;
    wi_histogram_add(&pool->connect, wi_fast_now(pool) - began_ns, 1);
    place->resource = resource;
    atomic_store_explicit(&place->is_detached, false, memory_order_relaxed);
    place->generation = generation;
    place->made_ns = began_ns;
    atomic_store(&place->asked_ns, 0);
    place->jitter = (uint32_t)(pool->port->random(pool->port->context) & 1023);
    place->used_count =
        atomic_load_explicit(&place->loans, memory_order_relaxed);
    atomic_store_explicit(&place->due_ns, INT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&place->expiry_ns, wi_expiry_ns(pool, place),
                          memory_order_relaxed);
    wi_place_move(pool, place,
                  place->told.is_told ? WI_PLACE_OVERDUE : WI_PLACE_BUSY);
    return WEIR_OK;
}

/* Why it is closed, for those who trace. */
static const char *reason_of(const wi_pool *pool, const wi_lease *place)
{
    int64_t uses = (int64_t)(atomic_load(&place->loans) - place->used_count);

    if (pool->closed)
        return "the pool is closed";
    if (wi_is_void(pool, place))
        return "all of its age were invalidated";
    if (wi_fast_now(pool) > wi_expiry_ns(pool, place))
        return "it is too old";
    if (pool->options.uses_max > 0 && uses >= pool->options.uses_max)
        return "it was lent too often";
    return "it is broken, or one too many";
}

/* The place counts until the resource is closed, so that a server never sees
 * more than the limit. */
void wi_close_here(wi_pool *pool, wi_lease *place)
{
    void *resource = place->resource;

    if (wi_place_state_of(place) != WI_PLACE_CLOSING)
        wi_place_move(pool, place, WI_PLACE_CLOSING);
    place->resource = NULL;
    WI_PROBE3(close, pool, place, reason_of(pool, place));
    wi_fast_unlock(pool);
    pool->kind->close(pool->context, resource);
    wi_mutex_lock(&pool->lock);
    pool->closed_count++;
}

/* Who closes a pool and does not wait has what is idle closed himself. */
void wi_end_place(wi_pool *pool, wi_lease *place)
{
    if (pool->options.threads && (!pool->closed || pool->watching > 0)) {
        wi_place_move(pool, place, WI_PLACE_CLOSING);
        wi_close_later(pool, place);
        return;
    }
    wi_close_here(pool, place);
    wi_give_up(pool, place);
}

/* --------------------------------------------------------------- the state */

int64_t wi_expiry_ns(const wi_pool *pool, const wi_lease *place)
{
    int64_t recycle_ns =
        atomic_load_explicit(&pool->recycle_ns, memory_order_relaxed);

    if (recycle_ns < 0 || recycle_ns >= WI_NO_DEADLINE - place->made_ns)
        return INT64_MAX;
    /* Up to a tenth earlier, so that what was opened together does not end
     * together. */
    return place->made_ns + recycle_ns -
           recycle_ns / 10 * (int64_t)place->jitter / 1024;
}

/* Whether its resource must not be lent any more. */
static bool is_stale(const wi_pool *pool, const wi_lease *place, int64_t now)
{
    return wi_is_void(pool, place) || now > wi_expiry_ns(pool, place);
}

/* Whether it does at a glance. What is watched needs none, unless the other
 * end was seen to hang up. */
static bool looks_alive(const wi_pool *pool, const wi_lease *place,
                        bool hung_up)
{
    if (place->is_watched && !hung_up)
        return true;
    return pool->kind->peek ? pool->kind->peek(pool->context, place->resource)
                            : !hung_up;
}

/* What a place may be asked. */
typedef struct inquiry {
    uint32_t generation; /* of the pool, at the beginning */
    bool of_suspect;
    int64_t limit_ns; /* of the answer: a suspect gets no more than it needs */
} inquiry;

/* A glance at each loan after a tick of idleness; a question if that looks bad
 * or is asked for, and to suspects. */
static weir_status examine(const wi_pool *pool, wi_lease *place, int64_t now,
                           const inquiry *asked, weir_error *err)
{
    int64_t after_ns = atomic_load(&pool->ping_after_ns);
    int64_t idle_ns = now - atomic_load(&place->since_ns);
    bool asks = after_ns == 0 || (after_ns > 0 && idle_ns >= after_ns) ||
                asked->of_suspect || wi_is_suspect(pool, place);
    bool hung_up = atomic_exchange(&place->hung_up, false);
    weir_status status;

    if (!asks && looks_alive(pool, place, hung_up))
        return WEIR_OK;
    wi_error_clear(err);
    status =
        pool->kind->check(pool->context, place->resource, asked->limit_ns, err);
    if (status == WEIR_OK)
        atomic_store(&place->asked_ns, wi_fast_now(pool));
    return status;
}

/* Locked, and outside in between. The place has to be replaced. */
static weir_status replace(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                           bool *again, weir_error *err)
{
    weir_status status;

    if (pool->options.threads) {
        wi_end_place(pool, place);
        *again = true;
        return WEIR_OK;
    }
    wi_close_here(pool, place);
    *again = !wi_caller_may_open(pool);
    if (*again) {
        wi_give_up(pool, place);
        return WEIR_OK;
    }
    wi_place_move(pool, place, WI_PLACE_CONNECTING);
    status = wi_open_here(pool, place, deadline_ns, err);
    if (status != WEIR_OK)
        wi_caller_failed(pool, place, deadline_ns, err);
    else
        wi_note_success(pool);
    wi_dispatch(pool);
    return status;
}

/* Not locked. Whether a thread of the pool asks this suspect, so that who
 * borrows is not held up by one that is silent. */
static bool is_asked_elsewhere(wi_pool *pool, wi_lease *place)
{
    bool is_handed_over;

    wi_mutex_lock(&pool->lock);
    is_handed_over = pool->options.threads && wi_suspect_hand_over(pool, place);
    wi_fast_unlock(pool);
    return is_handed_over;
}

static inquiry begin_inquiry(const wi_pool *pool, const wi_lease *place,
                             int64_t now, int64_t deadline_ns)
{
    inquiry begun = {.generation = atomic_load(&pool->generation),
                     .limit_ns = deadline_ns};

    begun.of_suspect = wi_is_suspect(pool, place);
    if (begun.of_suspect && WI_ANSWER_NS < deadline_ns - now)
        begun.limit_ns = now + WI_ANSWER_NS;
    return begun;
}

/* Locked. It was asked, and is not alive. */
static void note_death(wi_pool *pool, wi_lease *place, const inquiry *asked,
                       weir_status status)
{
    if (asked->of_suspect)
        wi_suspect_answered(pool, place, asked->generation, status);
    else if (status != WEIR_ERR_NOMEM)
        wi_suspect(pool, place);
}

weir_status wi_look_closer(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                           bool *again, weir_error *err)
{
    int64_t now = wi_fast_now(pool);
    inquiry asked = begin_inquiry(pool, place, now, deadline_ns);
    weir_status status = WEIR_OK;
    bool is_over;

    /* The options may have changed since. */
    atomic_store_explicit(&place->expiry_ns, wi_expiry_ns(pool, place),
                          memory_order_relaxed);
    is_over = is_stale(pool, place, now);
    *again = asked.of_suspect && !is_over && is_asked_elsewhere(pool, place);
    if (*again)
        return WEIR_OK;
    if (!is_over)
        status = examine(pool, place, now, &asked, err);
    if (!is_over && status == WEIR_OK) {
        place->generation = asked.generation;
        return WEIR_OK;
    }
    wi_mutex_lock(&pool->lock);
    if (status == WEIR_ERR_TIMEOUT && asked.limit_ns == deadline_ns) {
        /* Having had too little time says nothing of the others. */
        wi_end_place(pool, place);
    } else {
        if (status != WEIR_OK)
            note_death(pool, place, &asked, status);
        status = replace(pool, place, deadline_ns, again, err);
    }
    wi_fast_unlock(pool);
    return status;
}

/* ----------------------------------------------------------------- surplus */

/* Locked. Whether an idle one may not stay. */
static bool is_surplus(const wi_pool *pool, const wi_lease *place,
                       const int counts[WI_PLACE_STATES])
{
    const wi_pool_options *options = &pool->options;

    return wi_is_ending(pool) || wi_is_void(pool, place) ||
           (options->size > 0 && counts[WI_PLACE_IDLE] > options->size) ||
           wi_fast_room(pool, options) + counts[WI_PLACE_CLOSING] < 0;
}

/* Locked. An idle one that may not stay, taken, or NULL. */
static wi_lease *take_surplus(wi_pool *pool)
{
    int counts[WI_PLACE_STATES];
    wi_lease *place;

    wi_places_count(pool, counts);
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t idle = WI_PLACE_IDLE;

        if (wi_place_state_of(place) != WI_PLACE_IDLE)
            continue;
        /* What it is made of may be looked at only when it is held. */
        if (!atomic_compare_exchange_strong(&place->state, &idle,
                                            WI_PLACE_HELD))
            continue;
        if (is_surplus(pool, place, counts))
            return place;
        wi_place_move(pool, place, WI_PLACE_IDLE);
    }
    return NULL;
}

void wi_close_surplus(wi_pool *pool)
{
    wi_lease *place;

    wi_aside_end(pool);
    wi_suspects_end(pool);
    while ((place = take_surplus(pool)))
        wi_end_place(pool, place);
    /* While one was held, somebody may have looked in vain. */
    wi_dispatch(pool);
}
