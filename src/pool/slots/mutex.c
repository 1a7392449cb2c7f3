/* SPDX-License-Identifier: MIT */
/*
 * The mutex core. Its one idea: whatever changes the capacity ends in
 * dispatch(), which serves the oldest waiters, so no wake-up can be forgotten.
 */
#include "pool/slots/nest.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/plight.h"

/* ---------------------------------------------------------------- capacity */

/* Locked. How many more may be opened. */
static int64_t room(const wi_pool *pool, const wi_pool_options *options)
{
    return wi_pool_limit(options) - wi_slots_total(&pool->slots);
}

/* Locked. How many places more than the spare ones dispatch() would need for
 * all who wait and so many more. */
static int64_t missing_places(const wi_pool *pool,
                              const wi_pool_options *options, int newcomers)
{
    int64_t wanted = room(pool, options);

    if (wanted > pool->waiters.count + newcomers)
        wanted = pool->waiters.count + newcomers;
    return wanted - pool->slots.counts[WI_SLOT_SPARE];
}

/* Locked. */
static wi_lease *take_idle(wi_pool *pool)
{
    const wi_list *idle = &pool->slots.idle;
    wi_list_node *node = pool->options.order == WI_ORDER_LIFO
                             ? wi_list_last(idle)
                             : wi_list_first(idle);
    wi_lease *lease;

    if (!node)
        return NULL;
    lease = WI_CONTAINER(node, wi_lease, by_state);
    wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
    return lease;
}

/* Locked. There is room and a spare place. */
static wi_lease *take_room(wi_pool *pool)
{
    wi_lease *lease = wi_slots_spare(&pool->slots);

    WI_ASSERT(lease);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    return lease;
}

/*
 * Locked. Whatever has become free goes to the oldest waiters: idle resources
 * first, then room for new ones. A place for each that gets room is there: a
 * waiter and mutex_set() bring along what is missing.
 */
static void dispatch(wi_pool *pool)
{
    wi_waiter *first;

    while (pool->mode != WI_POOL_PAUSED &&
           (first = wi_waiters_first(&pool->waiters))) {
        wi_lease *lease = take_idle(pool);

        if (!lease && room(pool, &pool->options) > 0)
            lease = take_room(pool);
        if (!lease)
            break;
        lease->lent_ns = wi_now_ns(); /* signed by its borrower */
        lease->tag = first->tag;
        wi_waiters_grant(&pool->waiters, lease);
    }
    wi_slot_nest_look(pool);
}

/* ----------------------------------------------------------------- acquire */

/* Locked, and outside in between. What can be had at once goes to
 * visit->lease, which stays NULL if one has to wait. */
static weir_status take_now(wi_pool *pool, wi_slot_visit *visit)
{
    for (;;) {
        if (pool->closed || pool->mode == WI_POOL_DRAINING)
            return wi_slot_visit_is_refused(visit);
        if (pool->waiters.count > 0 || pool->mode == WI_POOL_PAUSED)
            return WEIR_OK;
        visit->lease = take_idle(pool);
        if (visit->lease || room(pool, &pool->options) <= 0)
            return WEIR_OK;
        if (wi_slots_spare(&pool->slots)) {
            visit->lease = take_room(pool);
            return WEIR_OK;
        }
        if (wi_slot_pool_grow(pool) != WEIR_OK)
            return wi_error_nomem(visit->err);
    }
}

/* Locked, and outside in between. */
static weir_status stand_in_line(wi_pool *pool, wi_slot_visit *visit)
{
    weir_status status = wi_slot_visit_may_wait(visit);

    if (status != WEIR_OK)
        return status;
    while (missing_places(pool, &pool->options, 1) > 0) {
        if (wi_slot_pool_grow(pool) != WEIR_OK)
            return wi_error_nomem(visit->err);
    }
    if (pool->closed)
        return wi_slot_visit_is_refused(visit);
    return wi_slot_visit_join(visit);
}

/* Locked. His wait was ended: because it would have had no end, by his token,
 * or with the pool. */
static weir_status gets_nothing(wi_slot_visit *visit)
{
    if (visit->answer != WEIR_OK)
        return visit->answer;
    return visit->is_cancelled ? wi_plight_cancelled(NULL, visit->err)
                               : wi_slot_visit_is_refused(visit);
}

/* Locked, and outside and asleep in between. */
static weir_status wait_for_turn(wi_pool *pool, wi_slot_visit *visit)
{
    weir_status status = stand_in_line(pool, visit);

    if (status != WEIR_OK)
        return status;
    dispatch(pool); /* what became free outside the lock */
    wi_slot_nest_wait(visit);
    status = wi_slot_visit_sleep(visit);
    if (status != WEIR_OK)
        return status;
    visit->lease = visit->waiter.grant;
    if (!visit->lease)
        return gets_nothing(visit);
    /* Room that came too late to open anything in it is for the next. */
    if (visit->lease->state == WI_SLOT_CONNECTING &&
        wi_deadline_passed(visit->deadline_ns)) {
        wi_slot_give_up(pool, visit->lease);
        return wi_slot_visit_timed_out(visit);
    }
    return WEIR_OK;
}

/* Locked, and asleep in between. A resource (BUSY), or room (CONNECTING). */
static weir_status take_turn(wi_pool *pool, wi_slot_visit *visit)
{
    weir_status status = take_now(pool, visit);

    if (status != WEIR_OK)
        return status;
    if (!visit->lease)
        return wait_for_turn(pool, visit);
    visit->lease->lent_ns = visit->began_ns;
    visit->lease->tag = visit->request->tag;
    return WEIR_OK;
}

static weir_status mutex_acquire(wi_pool *pool, wi_request *request,
                                 wi_lease **out, weir_error *err)
{
    wi_slot_visit visit;
    weir_status status;

    wi_slot_visit_begin(&visit, pool, request, err);
    status = take_turn(pool, &visit);
    wi_slot_visit_forget_token(&visit);
    if (status == WEIR_OK)
        status =
            wi_slot_make_ready(pool, visit.lease, visit.deadline_ns, visit.err);
    if (status == WEIR_OK) {
        wi_slot_sign(visit.lease, request, wi_this_thread(),
                     visit.lease->lent_ns);
        wi_slot_nest_borrowed(pool);
    }
    return wi_slot_visit_end(&visit, status, out);
}

/* ----------------------------------------------------------------- release */

/* Locked. Whether a resource that came back may be lent again. */
static bool may_stay(const wi_pool *pool, const wi_lease *lease)
{
    const wi_pool_options *options = &pool->options;

    if (wi_slot_pool_is_ending(pool) || lease->generation < pool->valid_from ||
        room(pool, options) < 0)
        return false;
    return pool->waiters.count > 0 || options->size == 0 ||
           pool->slots.counts[WI_SLOT_IDLE] < options->size;
}

static bool mutex_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    int64_t now;
    bool last;

    WI_ASSERT(wi_slot_is_lent(lease));
    if (fate == WEIR_FATE_KEEP && lease->resource)
        fate = pool->kind->returned(pool->context, lease->resource);
    now = wi_now_ns();
    wi_mutex_lock(&pool->lock);
    wi_histogram_add(&pool->hold, now - lease->lent_ns, 1);
    wi_slot_sign_off(lease);
    lease->idle_ns = now;
    if (lease->resource && fate == WEIR_FATE_KEEP && may_stay(pool, lease)) {
        wi_slot_move(&pool->slots, lease, WI_SLOT_IDLE);
        dispatch(pool);
    } else {
        if (lease->resource)
            wi_slot_close(pool, lease);
        wi_slot_give_up(pool, lease);
    }
    last = wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
    return last;
}

/* -------------------------------------------------------------------- life */

/* Locked. */
static bool has_surplus(const wi_pool *pool)
{
    int size = pool->options.size;

    return (size > 0 && pool->slots.counts[WI_SLOT_IDLE] > size) ||
           room(pool, &pool->options) < 0;
}

static const wi_slot_rules rules = {
    .core = &wi_pool_core_mutex,
    .size = sizeof(wi_pool),
    .asks = true,
    .serve = dispatch,
    .has_surplus = has_surplus,
};

static wi_pool *mutex_new(const wi_resource_kind *kind, void *context,
                          const wi_pool_options *options, weir_error *err)
{
    return wi_slot_pool_new(&rules, kind, context, options, err);
}

static weir_status mutex_set(wi_pool *pool, const wi_pool_options *options)
{
    weir_status status = WEIR_OK;

    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    while (status == WEIR_OK && missing_places(pool, options, 0) > 0)
        status = wi_slot_pool_grow(pool);
    if (status == WEIR_OK) {
        pool->options = *options;
        atomic_store(&pool->limit, wi_pool_limit(options));
        dispatch(pool);
    }
    wi_slot_pool_trim(pool);
    wi_slot_pool_end_visit(pool);
    return status;
}

const wi_pool_core wi_pool_core_mutex = {
    .new = mutex_new,
    .free = wi_slot_pool_free,
    .acquire = mutex_acquire,
    .release = mutex_release,
    .is_over = wi_slot_pool_is_over,
    .hold = wi_slot_hold,
    .lose = wi_slot_lose,
    .reopen = wi_slot_reopen,
    .set = mutex_set,
    .invalidate = wi_slot_pool_invalidate,
    .suspect = wi_slot_pool_suspect,
    .dispose = wi_slot_pool_dispose,
    .close = wi_slot_pool_close,
    .status = wi_slot_pool_status,
    .view = wi_slot_pool_view,
    .pause = wi_slot_pool_pause,
    .resume = wi_slot_pool_resume,
    .drain = wi_slot_pool_drain,
    .close_within = wi_slot_pool_close_within,
};
