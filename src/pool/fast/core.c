/* SPDX-License-Identifier: MIT */
/*
 * Acquire and release of the fast core. What happens when nobody waits stands
 * first; how it fits with all else is said in pool/fast/fast.h.
 */
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/fast/callers.h"
#include "pool/fast/heads.h"
#include "pool/fast/leaks.h"
#include "pool/fast/life.h"
#include "pool/fast/lost.h"
#include "pool/fast/nest.h"
#include "pool/fast/threads.h"
#include "pool/fast/view.h"
#include "pool/plight.h"

#define LIKELY(condition_) __builtin_expect(!!(condition_), 1)
/* Not inlined into the fast path, which then saves few registers and has no
 * canary. */
#define OUTSIDE __attribute__((noinline))

/* ---------------------------------------------------------------- the hint */

/* The place that this thread used last, of a few pools. It is a hint: the
 * place is anybody's. */
enum { HINTS = 4 };

typedef struct hint {
    uint64_t serial; /* of the pool */
    wi_lease *place;
} hint;

static _Thread_local hint hints[HINTS]
    __attribute__((tls_model("initial-exec")));

static hint *hint_of(uint64_t serial)
{
    return &hints[serial % HINTS];
}

static void remember(const wi_pool *pool, wi_lease *place)
{
    uint64_t serial = atomic_load_explicit(&pool->serial, memory_order_relaxed);

    *hint_of(serial) = (hint){.serial = serial, .place = place};
    wi_pools_use(serial);
}

/* ------------------------------------------------------------------- lend */

/* The place is BUSY and ours. */
static inline void lend(wi_lease *place, const wi_request *request, int64_t now)
{
    uint64_t loans = atomic_load_explicit(&place->loans, memory_order_relaxed);

    wi_place_sign(place, request->tag, request->site);
    if (WI_POOL_MEASURES)
        place->sampled_ns = LIKELY(loans % WI_SAMPLE) ? 0 : wi_now_ns();
    atomic_store_explicit(&place->since_ns, now, memory_order_relaxed);
    atomic_store_explicit(&place->loans, loans + 1, memory_order_relaxed);
    /* Last: who sees that it is signed sees which loan it is. */
    atomic_store_explicit(&place->thread,
                          wi_holder_mark(wi_this_thread(), request->may_move),
                          memory_order_release);
}

static bool is_due(const wi_pool *pool, const wi_lease *place, int64_t now)
{
    return now >= atomic_load_explicit(&place->due_ns, memory_order_relaxed) ||
           atomic_load_explicit(&place->generation, memory_order_relaxed) !=
               atomic_load_explicit(&pool->generation, memory_order_relaxed) ||
           atomic_load(&place->hung_up);
}

/* ------------------------------------------------------------ the slow way */

/* Locked. */
static weir_status timed_out(wi_pool *pool, const wi_claim *claim,
                             weir_error *err)
{
    int counts[WI_PLACE_STATES];
    char holder[WI_TAG_SIZE];
    int64_t now = wi_fast_now(pool);
    wi_plight plight = {
        .noun = pool->kind->noun,
        .waited_ns = now - claim->began_ns,
        .total = pool->total,
        .waiting = pool->waiting,
        .is_paused = pool->mode == WI_POOL_PAUSED,
        .failure = pool->last_failure_ns ? &pool->last_failure : NULL,
        .failure_age_ns = now - pool->last_failure_ns,
    };
    const wi_lease *place;

    wi_places_count(pool, counts);
    plight.idle = counts[WI_PLACE_IDLE];
    plight.connecting = counts[WI_PLACE_CONNECTING];
    plight.closing = counts[WI_PLACE_HELD] + counts[WI_PLACE_CLOSING];
    plight.busy = counts[WI_PLACE_BUSY] + counts[WI_PLACE_OVERDUE] +
                  counts[WI_PLACE_LOST];
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        int64_t held_ns = now - atomic_load(&place->since_ns);
        uint32_t state = wi_place_state_of(place);

        if (!wi_is_lent(state))
            continue;
        if (plight.is_held && held_ns <= plight.held_ns)
            continue;
        plight.is_held = true;
        plight.held_ns = held_ns > 0 ? held_ns : 0;
        wi_place_tag(place, holder);
        plight.holder_tag = holder[0] ? holder : NULL;
        plight.holder_site = atomic_load(&place->site);
    }
    pool->timeouts++;
    return wi_plight_timed_out(&plight, err);
}

static weir_status is_closed(const wi_pool *pool, weir_error *err)
{
    return wi_plight_refused(pool->closed, err);
}

/* Locked. Who came before it began to drain is not refused. */
static bool refuses(const wi_pool *pool, const wi_claim *claim)
{
    return pool->closed ||
           (pool->mode == WI_POOL_DRAINING && !claim->had_its_turn);
}

static weir_status queue_is_full(const wi_pool *pool, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_RESOURCE,
                          "%d wait for a connection already, and max_waiters "
                          "is %d",
                          pool->waiting, pool->options.waiters_max);
}

/* Locked. What can be had at once, if nobody waits: an idle place, or room to
 * open one in where there are no threads for it. */
static weir_status take_now(wi_pool *pool, wi_claim *claim)
{
    bool may_open = !pool->options.threads && wi_caller_may_open(pool);
    wi_lease *empty;

    while (!wi_claim_first(pool) && pool->mode != WI_POOL_PAUSED) {
        /* First shut, then look: who gives one back now has to come in. */
        atomic_store(&pool->gate, WI_GATE_SHUT);
        WI_PORT_POINT();
        claim->lease = wi_place_take_in_order(pool, WI_PLACE_BUSY);
        if (claim->lease || wi_fast_room(pool, &pool->options) <= 0)
            return WEIR_OK;
        empty = wi_place_empty(pool);
        if (empty && may_open) {
            wi_place_move(pool, empty, WI_PLACE_CONNECTING);
            empty->in_caller = true;
            claim->lease = empty;
        }
        if (empty)
            return WEIR_OK;
        if (wi_places_grow(pool) != WEIR_OK)
            return WEIR_ERR_NOMEM;
        if (pool->closed)
            return WEIR_ERR_CLOSED;
    }
    return WEIR_OK;
}

/* Locked. Whether to stand in the queue makes sense. */
static weir_status may_wait(wi_pool *pool, const wi_claim *claim,
                            weir_error *err)
{
    if (claim->is_cancelled)
        return wi_plight_cancelled(pool->kind->noun, err);
    if (wi_fast_now(pool) >= claim->deadline_ns) {
        wi_connect_for_later(pool);
        return timed_out(pool, claim, err);
    }
    if (claim->had_its_turn && pool->options.threads)
        return WEIR_OK;
    if (!claim->had_its_turn && pool->options.waiters_max > 0 &&
        pool->waiting >= pool->options.waiters_max)
        return queue_is_full(pool, err);
    return wi_refuse_in_outage(pool, err);
}

/* By a visitor, or by who was granted a place: the pool is there. */
static void note_wait(wi_pool *pool, int64_t ns)
{
    int64_t most_ns = atomic_load(&pool->wait_most_ns);

    atomic_fetch_add(&pool->waits, 1);
    while (ns > most_ns &&
           !atomic_compare_exchange_weak(&pool->wait_most_ns, &most_ns, ns))
        continue;
    wi_histogram_share(&pool->wait, ns);
}

/* Locked; asleep and not locked in between, and locked again by a visitor. */
static weir_status wait_for_turn(wi_pool *pool, wi_claim *claim)
{
    weir_status status;
    bool settled;

    if (wi_places_for(pool, &pool->options, 1) != WEIR_OK)
        return wi_error_nomem(claim->err);
    if (pool->closed)
        return is_closed(pool, claim->err);
    status = may_wait(pool, claim, claim->err);
    if (status != WEIR_OK)
        return status;
    if (!wi_claim_join(pool, claim))
        return wi_error_nomem(claim->err);
    wi_dispatch(pool);
    wi_nested_wait(pool, claim);
    wi_fast_unlock(pool);
    settled = wi_claim_wait(pool, claim);
    note_wait(pool, wi_fast_now(pool) - claim->began_ns);
    if (!claim->is_visitor)
        return WEIR_OK;
    wi_mutex_lock(&pool->lock);
    if (!settled)
        return timed_out(pool, claim, claim->err);
    if (!claim->lease)
        return claim->answer;
    /* Room that came too late to open anything in it is for the next. */
    if (wi_place_state_of(claim->lease) == WI_PLACE_CONNECTING &&
        wi_fast_now(pool) >= claim->deadline_ns) {
        wi_give_up(pool, claim->lease);
        claim->lease = NULL;
        return timed_out(pool, claim, claim->err);
    }
    return WEIR_OK;
}

/* Locked, and not in between; locked again by a visitor. A place in
 * claim->lease, or a failure. */
static weir_status find_place(wi_pool *pool, wi_claim *claim)
{
    weir_status status = refuses(pool, claim) ? WEIR_ERR_CLOSED : WEIR_OK;

    claim->lease = NULL;
    claim->settled = false;
    claim->word = 0;
    atomic_store(&claim->look_ns, INT64_MAX);
    if (status == WEIR_OK)
        status = take_now(pool, claim);
    wi_gate_set(pool);
    wi_queue_nudge(pool);
    if (status == WEIR_ERR_CLOSED)
        return is_closed(pool, claim->err);
    if (status != WEIR_OK)
        return wi_error_nomem(claim->err);
    if (!claim->lease)
        status = wait_for_turn(pool, claim);
    if (status == WEIR_OK &&
        wi_place_state_of(claim->lease) == WI_PLACE_CONNECTING) {
        status =
            wi_open_here(pool, claim->lease, claim->deadline_ns, claim->err);
        if (status != WEIR_OK) {
            wi_caller_failed(pool, claim->lease, claim->deadline_ns,
                             claim->err);
        } else {
            wi_note_success(pool);
            wi_dispatch(pool); /* there was no thread for others, either */
        }
    }
    return status;
}

/* Locked afterwards. */
static void come_in(wi_pool *pool, wi_claim *claim)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    claim->is_visitor = true;
}

/* Locked, and not afterwards. */
static void go_out(wi_pool *pool, wi_request *request, weir_status status)
{
    pool->visitors--;
    request->last = status != WEIR_OK && wi_is_empty_now(pool);
    wi_fast_unlock(pool);
}

/* `place` is BUSY and has to be looked at, or NULL: to be found. */
static OUTSIDE weir_status acquire_slowly(wi_pool *pool, wi_request *request,
                                          wi_lease *place, wi_lease **out,
                                          weir_error *err)
{
    weir_error own;
    wi_claim claim = {
        .request = request,
        .err = err ? err : &own,
        .thread = wi_this_thread(),
        .has_others = wi_pools_used_beside(atomic_load(&pool->serial)),
        .began_ns = wi_fast_now(pool),
        .lease = place,
        .pool = pool,
        .cancel = {.cancel = wi_claim_cancel},
    };
    weir_status status = WEIR_OK;
    bool again = false;

    request->last = false;
    wi_cancel_join(request->cancel, &claim.cancel);
    come_in(pool, &claim);
    wi_abandon_inherited(pool);
    wi_clock_look(pool);
    claim.deadline_ns =
        wi_pool_deadline(&pool->options, request->deadline_ns, claim.began_ns);
    do {
        if (!claim.lease)
            status = find_place(pool, &claim);
        again = false;
        if (status != WEIR_OK ||
            !is_due(pool, claim.lease, wi_fast_coarse(pool)))
            break;
        if (!claim.is_visitor)
            come_in(pool, &claim); /* what it has may be lost now */
        wi_fast_unlock(pool);
        status = wi_look_closer(pool, claim.lease, claim.deadline_ns, &again,
                                claim.err);
        wi_mutex_lock(&pool->lock);
        if (again) {
            claim.lease = NULL;
            claim.had_its_turn = true;
        }
    } while (again);
    if (claim.is_visitor)
        go_out(pool, request, status);
    /* The pool may have ended, but its head is there: pool/fast/fast.h. */
    wi_cancel_leave(request->cancel, &claim.cancel);
    if (status != WEIR_OK)
        return status;
    lend(claim.lease, request, wi_fast_coarse(pool));
    remember(pool, claim.lease);
    *out = claim.lease;
    return WEIR_OK;
}

/* -------------------------------------------------------------- acquire */

static wi_lease *take_fast(const wi_pool *pool)
{
    uint64_t serial = atomic_load_explicit(&pool->serial, memory_order_relaxed);
    hint *mine = hint_of(serial);
    uint32_t idle = WI_PLACE_IDLE;

    if (LIKELY(mine->serial == serial && mine->place)) {
        if (LIKELY(atomic_compare_exchange_strong_explicit(
                &mine->place->state, &idle, WI_PLACE_BUSY, memory_order_acquire,
                memory_order_relaxed)))
            return mine->place;
    }
    wi_pools_use(serial);
    *mine = (hint){serial, wi_place_take(pool, NULL, WI_PLACE_BUSY)};
    return mine->place;
}

static weir_status fast_acquire(wi_pool *pool, wi_request *request,
                                wi_lease **out, weir_error *err)
{
    wi_lease *place;
    int64_t now;

    if (!LIKELY(atomic_load_explicit(&pool->gate, memory_order_acquire) !=
                WI_GATE_SHUT))
        return acquire_slowly(pool, request, NULL, out, err);
    WI_PORT_POINT();
    place = take_fast(pool);
    if (!LIKELY(place))
        return acquire_slowly(pool, request, NULL, out, err);
    now = wi_fast_coarse(pool);
    if (!LIKELY(!is_due(pool, place, now)))
        return acquire_slowly(pool, request, place, out, err);
    lend(place, request, now);
    *out = place;
    return WEIR_OK;
}

/* -------------------------------------------------------------- release */

/* Locked. Whether a resource that came back may be lent again. */
static bool may_stay(const wi_pool *pool, const wi_lease *place)
{
    const wi_pool_options *options = &pool->options;
    int counts[WI_PLACE_STATES];
    int64_t uses = (int64_t)(atomic_load(&place->loans) - place->used_count);

    wi_places_count(pool, counts);
    if (wi_is_ending(pool) || wi_is_void(pool, place) ||
        wi_fast_room(pool, options) + counts[WI_PLACE_CLOSING] < 0 ||
        (options->uses_max > 0 && uses >= options->uses_max))
        return false;
    if (pool->waiting > 0 || options->size == 0)
        return true;
    return counts[WI_PLACE_IDLE] < options->size;
}

/* How long it was lent has been counted. */
static OUTSIDE bool release_locked(wi_pool *pool, wi_lease *place,
                                   weir_fate fate)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    wi_leak_returned(pool, place);
    if (place->resource && fate == WEIR_FATE_KEEP && may_stay(pool, place))
        wi_give_back(pool, place);
    else if (place->resource)
        wi_end_place(pool, place);
    else
        wi_give_up(pool, place);
    last = wi_is_empty_now(pool);
    wi_fast_unlock(pool);
    return last;
}

static OUTSIDE bool release_slowly(wi_pool *pool, wi_lease *place,
                                   weir_fate fate)
{
    wi_hold_ended(place, wi_fast_coarse(pool));
    return release_locked(pool, place, fate);
}

/* The place is idle again and no longer ours; somebody waits. The pool may
 * have ended meanwhile, and its head be another's: `serial` tells. */
static OUTSIDE bool serve_waiters(wi_pool *pool, uint64_t serial)
{
    bool last = false;

    wi_mutex_lock(&pool->lock);
    wi_dispatch(pool);
    if (atomic_load(&pool->serial) == serial) {
        if (wi_is_ending(pool))
            wi_close_surplus(pool);
        last = wi_is_empty_now(pool);
    }
    wi_fast_unlock(pool);
    return last;
}

static bool is_lent(const wi_lease *place)
{
    return wi_is_lent(wi_place_state_of(place));
}

static bool is_out(const wi_lease *place, uint64_t loan)
{
    return wi_loan_of(place) == loan && is_lent(place);
}

/* Not over is one that is about to be taken back, and will not be: nobody
 * knows yet. It ends then, since it is not looked at. */
static OUTSIDE bool is_late(wi_pool *pool, wi_lease *place, uint64_t loan)
{
    bool late;

    wi_mutex_lock(&pool->lock);
    late = !is_out(place, loan);
    if (late && place->told.is_asked && !place->told.came_back &&
        atomic_load(&place->loans) == loan)
        place->told.came_back = true;
    else if (late)
        pool->stale_returns++;
    wi_fast_unlock(pool);
    return late;
}

static bool fast_is_over(wi_pool *pool, wi_lease *place, uint64_t loan)
{
    return !LIKELY(is_out(place, loan)) && is_late(pool, place, loan);
}

/* Whether nothing asks for the lock. */
static bool is_plain(const wi_pool *pool, const wi_lease *place, weir_fate fate)
{
    return place->resource && fate == WEIR_FATE_KEEP &&
           atomic_load_explicit(&pool->gate, memory_order_relaxed) !=
               WI_GATE_SHUT &&
           !atomic_load_explicit(&pool->is_thrifty, memory_order_relaxed) &&
           atomic_load_explicit(&place->generation, memory_order_relaxed) ==
               atomic_load_explicit(&pool->generation, memory_order_relaxed);
}

static bool fast_release(wi_pool *pool, wi_lease *place, weir_fate fate)
{
    uint64_t serial = atomic_load_explicit(&pool->serial, memory_order_relaxed);
    uint32_t busy = WI_PLACE_BUSY;
    uint32_t gate;
    int64_t now;

    WI_ASSERT(is_lent(place));
    if (fate == WEIR_FATE_KEEP && place->resource)
        fate = pool->kind->returned(pool->context, place->resource);
    if (!LIKELY(is_plain(pool, place, fate)))
        return release_slowly(pool, place, fate);
    now = wi_fast_coarse(pool);
    wi_hold_ended(place, now);
    atomic_store_explicit(&place->since_ns, now, memory_order_relaxed);
    atomic_store_explicit(&place->due_ns, wi_due_ns(pool, place, now),
                          memory_order_relaxed);
    atomic_store_explicit(&place->thread, 0, memory_order_relaxed);
    WI_PORT_POINT();
    if (!LIKELY(atomic_compare_exchange_strong(&place->state, &busy,
                                               WI_PLACE_IDLE)))
        return release_locked(pool, place, fate); /* OVERDUE since a moment */
    WI_PORT_POINT();
    gate = atomic_load(&pool->gate);
    if (LIKELY(gate == WI_GATE_OPEN) ||
        (gate == WI_GATE_YOUNG && atomic_load(&pool->is_woken)))
        return false;
    return serve_waiters(pool, serial);
}

static void fast_detach(wi_pool *pool, wi_lease *place)
{
    (void)pool;
    atomic_store(&place->is_detached, true);
}

const wi_pool_core wi_pool_core_fast = {
    .new = wi_fast_new,
    .begin = wi_fast_begin,
    .free = wi_fast_free,
    .acquire = fast_acquire,
    .release = fast_release,
    .is_over = fast_is_over,
    .hold = wi_nested_hold,
    .lose = wi_fast_lose,
    .reopen = wi_fast_reopen,
    .set = wi_fast_set,
    .invalidate = wi_fast_invalidate,
    .suspect = wi_fast_suspect,
    .dispose = wi_fast_dispose,
    .detach = fast_detach,
    .close = wi_fast_close,
    .status = wi_fast_status,
    .view = wi_fast_view,
    .hangs = wi_fast_hangs,
    .goes_on = wi_fast_goes_on,
    .pause = wi_fast_pause,
    .resume = wi_fast_resume,
    .drain = wi_fast_drain,
    .close_within = wi_fast_close_within,
};
