/* SPDX-License-Identifier: MIT */
/*
 * Borrowing and giving back where nobody stands in line. What the kinds are,
 * and how a loan is shared, is said in pool/kinds.h.
 *
 * Functions say "locked" if they are called with the lock held and leave it
 * held; those that go outside in between say so too.
 */
#include "pool/kinds.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/cancel.h"
#include "pool/plight.h"
#include "pool/view.h"

/* What an acquire under way wants, and the lease that it has got. */
typedef struct visit {
    wi_pool *pool;
    wi_request *request;
    wi_cancel_wait cancel;
    bool is_cancelled; /* by its token; matters while it waits */
    int64_t began_ns;
    int64_t deadline_ns;
    uint64_t thread; /* wi_kinds_thread() */
    wi_lease *lease;
    bool is_guest;   /* the loan was joined */
    bool has_waited; /* came before it may have begun to drain */
} visit;

/* ------------------------------------------------------------------- found */

/* Locked. Too old, or of a generation that is not trusted. */
static bool is_stale(const wi_pool *pool, const wi_lease *lease, int64_t now)
{
    int64_t recycle_ns = pool->options.recycle_ns;

    if (lease->generation != pool->generation)
        return true;
    return recycle_ns >= 0 && now - lease->made_ns > recycle_ns;
}

/* Locked. The place that an acquire has to do with, in any state; NULL: a new
 * one. */
static wi_lease *find(wi_pool *pool, uint64_t thread)
{
    const wi_kind_rule *rule = pool->rule;

    if (!rule->keeps)
        return NULL;
    for (wi_list_node *node = wi_list_first(&pool->slots.all); node;
         node = wi_list_next(&pool->slots.all, node)) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, by_pool);

        if (lease->state == WI_SLOT_SPARE ||
            lease->state == WI_SLOT_INHERITED || lease->is_retired)
            continue;
        if (!rule->per_thread || lease->owner == thread)
            return lease;
    }
    return NULL;
}

/* Locked. A lent one that newcomers are not to join: they get another. */
static bool retires(const wi_pool *pool, wi_lease *lease, int64_t now)
{
    if (!pool->rule->shares || pool->rule->per_thread || lease->is_private ||
        lease->state != WI_SLOT_BUSY || !is_stale(pool, lease, now))
        return false;
    lease->is_retired = true;
    return true;
}

/* Locked, and outside in between: look at everything again. */
static weir_status add_place(wi_pool *pool)
{
    wi_lease *lease;

    wi_mutex_unlock(&pool->lock);
    lease = wi_slot_new(pool->allocator);
    wi_mutex_lock(&pool->lock);
    if (!lease)
        return WEIR_ERR_NOMEM;
    wi_slots_add(&pool->slots, lease);
    return WEIR_OK;
}

/* ------------------------------------------------------------------ errors */

/* Locked. */
static weir_status timed_out(wi_pool *pool, const visit *wish, weir_error *err)
{
    const wi_lease *longest = wi_slots_longest(&pool->slots);
    int64_t now = wi_now_ns();
    wi_plight plight = {
        .waited_ns = now - wish->began_ns,
        .total = wi_slots_total(&pool->slots),
        .busy = wi_slots_busy(&pool->slots),
        .idle = pool->slots.counts[WI_SLOT_IDLE],
        .connecting = pool->slots.counts[WI_SLOT_CONNECTING],
        .waiting = pool->waiters.count,
        .is_paused = pool->ending.mode == WI_POOL_PAUSED,
        .is_held = longest != NULL,
        .holder_tag = longest ? longest->tag : NULL,
        .holder_site = longest ? longest->site : NULL,
        .held_ns = longest ? now - longest->lent_ns : 0,
        .failure = pool->last_failure_ns ? &pool->last_failure : NULL,
        .failure_age_ns = now - pool->last_failure_ns,
    };

    pool->timeouts++;
    return wi_plight_timed_out(&plight, err);
}

static weir_status is_closed(const wi_pool *pool, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CLOSED,
                          "the engine is %s and takes no new work",
                          pool->closed ? "closing" : "draining");
}

/* Locked. The second loan where there may be one; the first is named. */
static weir_status is_out(const wi_lease *first, weir_error *err)
{
    return weir_error_set(
        err, WEIR_ERR_MISUSE,
        "a connection is out already, and pool_kind=assertion lends one at a "
        "time: \"%.40s\"%s%.48s has it since %.2f s; give it back first",
        first->tag ? first->tag : "no tag", first->site ? " at " : "",
        first->site ? first->site : "",
        (double)(wi_now_ns() - first->lent_ns) / 1e9);
}

static weir_status is_cancelled(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CANCELLED,
                          "the wait for a connection was cancelled by its "
                          "token");
}

/* Who would wait for himself: a hook that is told of a loan asks for it. */
static weir_status is_inside(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "the connection that is shared is just being lent or "
                          "given back by this thread; a hook that is told of "
                          "that cannot borrow it");
}

/* ----------------------------------------------------------------- opening */

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
        pool->connect_failures++;
        pool->last_failure = *err;
        pool->last_failure_ns = wi_now_ns();
        return status;
    }
    pool->opened++;
    lease->resource = resource;
    lease->generation = generation;
    lease->made_ns = began_ns;
    wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
    return WEIR_OK;
}

/* Locked. All that are as old as this one are replaced before they are lent
 * again; said again of the same age it changes nothing. */
static void suspect(wi_pool *pool, const wi_lease *lease)
{
    if (lease->generation == pool->generation)
        pool->generation++;
}

/* Locked, and outside in between. Whether a resource that was idle is alive:
 * a glance, and a question if it is wanted or the glance says so. */
static weir_status ask(wi_pool *pool, const wi_lease *lease,
                       int64_t deadline_ns, weir_error *err)
{
    const wi_resource_kind *kind = pool->kind;
    bool wanted = pool->options.pre_ping;
    weir_status status = WEIR_OK;

    wi_mutex_unlock(&pool->lock);
    wi_error_clear(err);
    if (wanted || (kind->peek && !kind->peek(pool->context, lease->resource)))
        status = kind->check(pool->context, lease->resource, deadline_ns, err);
    wi_mutex_lock(&pool->lock);
    /* Having had too little time or memory says nothing of the others. */
    if (status != WEIR_OK && status != WEIR_ERR_TIMEOUT &&
        status != WEIR_ERR_NOMEM)
        suspect(pool, lease);
    return status;
}

/* Locked, and outside in between. Makes a private place fit for use; on
 * failure it is given up. What was just opened is not asked; it is replaced
 * once if all was invalidated meanwhile. */
static weir_status make_ready(wi_pool *pool, const visit *wish, weir_error *err)
{
    wi_lease *lease = wish->lease;
    weir_status status = WEIR_OK;
    bool is_new = lease->state == WI_SLOT_CONNECTING;

    if (is_new)
        status = open_resource(pool, lease, wish->deadline_ns, err);
    if (status == WEIR_OK) {
        if (!is_stale(pool, lease, lease->lent_ns)) {
            if (!is_new)
                status = ask(pool, lease, wish->deadline_ns, err);
            if (status == WEIR_OK)
                return WEIR_OK;
        }
        wi_kinds_close(pool, lease);
        if (status == WEIR_ERR_TIMEOUT) {
            wi_kinds_give_up(pool, lease);
            return status;
        }
        wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
        status = open_resource(pool, lease, wish->deadline_ns, err);
    }
    if (status != WEIR_OK)
        wi_kinds_give_up(pool, lease);
    return status;
}

/* ----------------------------------------------------------------- acquire */

/* Locked. Until its beginning or end, which is this thread's, is over. */
static void make_private(wi_lease *lease)
{
    lease->is_private = true;
    lease->keeper = wi_kinds_thread();
}

/* Locked. The loan begins, and is private until it has begun. */
static void begin_loan(const visit *wish, wi_lease *lease)
{
    wi_slot_sign(lease, wish->request, (uint64_t)(uintptr_t)pthread_self(),
                 wish->began_ns);
    lease->shares = 1;
    make_private(lease);
    lease->is_retired = false;
    lease->owner = wish->thread;
    lease->holder = wish->request->holder;
}

/* Locked, and outside in between: look at everything again if there is no
 * lease yet. */
static weir_status take_new(wi_pool *pool, visit *wish)
{
    wi_lease *lease = wi_slots_spare(&pool->slots);

    if (!lease)
        return add_place(pool);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    begin_loan(wish, lease);
    wish->lease = lease;
    wi_kinds_trim(pool);
    return WEIR_OK;
}

/* Locked, and asleep in between: look at everything again. */
static weir_status wait_a_while(wi_pool *pool, visit *wish, weir_error *err)
{
    wi_waiter waiter;
    int64_t waited_ns;
    bool woken;

    if (wish->is_cancelled)
        return is_cancelled(err);
    if (wi_deadline_passed(wish->deadline_ns))
        return timed_out(pool, wish, err);
    if (!wi_waiters_join(&pool->waiters, &waiter, wish->request->tag))
        return wi_error_nomem(err);
    wish->has_waited = true;
    waiter.site = wish->request->site;
    waiter.thread = (uint64_t)(uintptr_t)pthread_self();
    waiter.began_ns = wish->began_ns;
    woken = wi_waiters_wait(&pool->waiters, &waiter, &pool->lock,
                            wish->deadline_ns);
    waited_ns = wi_now_ns() - wish->began_ns;
    pool->waits++;
    if (waited_ns > pool->wait_most_ns)
        pool->wait_most_ns = waited_ns;
    wi_histogram_add(&pool->wait, waited_ns, 1);
    return woken ? WEIR_OK : timed_out(pool, wish, err);
}

/* Locked, and outside in between. One step towards a lease. */
static weir_status step(wi_pool *pool, visit *wish, weir_error *err)
{
    wi_lease *lease = find(pool, wish->thread);

    if (!lease || retires(pool, lease, wish->began_ns))
        return take_new(pool, wish) == WEIR_OK ? WEIR_OK : wi_error_nomem(err);
    if (lease->state == WI_SLOT_IDLE) {
        wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
        begin_loan(wish, lease);
        wish->lease = lease;
        return WEIR_OK;
    }
    if (pool->rule->is_single)
        return is_out(lease, err);
    if (lease->is_private && lease->keeper == wish->thread)
        return is_inside(err);
    if (lease->is_private ||
        (lease->state != WI_SLOT_BUSY && lease->state != WI_SLOT_LOST))
        return wait_a_while(pool, wish, err);
    lease->shares++;
    lease->loans++;
    wish->lease = lease;
    wish->is_guest = true;
    return WEIR_OK;
}

/* Locked. */
static bool refuses(const wi_pool *pool, const visit *wish)
{
    return pool->closed ||
           (pool->ending.mode == WI_POOL_DRAINING && !wish->has_waited);
}

/* Locked, and outside in between. */
static weir_status take(wi_pool *pool, visit *wish, weir_error *err)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && !wish->lease)
        status = refuses(pool, wish) ? is_closed(pool, err)
                 : pool->ending.mode == WI_POOL_PAUSED
                     ? wait_a_while(pool, wish, err)
                     : step(pool, wish, err);
    return status;
}

/* Not locked; the token's lock is held. Who waits looks again. */
static void cancel(wi_cancel_wait *wait)
{
    visit *wish = WI_CONTAINER(wait, visit, cancel);
    wi_pool *pool = wish->pool;

    wi_mutex_lock(&pool->lock);
    wish->is_cancelled = true;
    wi_kinds_wake(pool);
    wi_kinds_unlock(pool);
}

/* Locked, and outside in between: no token knows of the visit any more, which
 * has to be so before the pool may end. */
static void forget_token(wi_pool *pool, visit *wish)
{
    if (!wish->request->cancel)
        return;
    wi_kinds_unlock(pool);
    wi_cancel_leave(wish->request->cancel, &wish->cancel);
    wi_mutex_lock(&pool->lock);
}

/* Locked, and outside in between. Whoever borrows first makes all ready. */
static weir_status open_house(wi_pool *pool, const visit *wish, weir_error *err)
{
    wi_request *request = wish->request;
    weir_status status = make_ready(pool, wish, err);

    if (status != WEIR_OK)
        return status;
    if (request->begin) {
        wi_mutex_unlock(&pool->lock);
        request->begin(request, wish->lease);
        wi_mutex_lock(&pool->lock);
    }
    wish->lease->is_private = false;
    wi_kinds_wake(pool);
    return WEIR_OK;
}

/* Locked. */
static int64_t deadline_of(const wi_pool *pool, int64_t wish_ns, int64_t now_ns)
{
    int64_t timeout_ns = pool->options.timeout_ns;

    if (wish_ns != 0)
        return wish_ns;
    return timeout_ns > WI_NO_DEADLINE - now_ns ? WI_NO_DEADLINE
                                                : now_ns + timeout_ns;
}

static weir_status kinds_acquire(wi_pool *pool, wi_request *request,
                                 wi_lease **out, weir_error *err)
{
    visit wish = {.pool = pool,
                  .request = request,
                  .cancel = {.cancel = cancel},
                  .began_ns = wi_now_ns(),
                  .thread = wi_kinds_thread()};
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    if (pool->rule->per_thread)
        wi_kinds_watch_thread();
    wi_cancel_join(request->cancel, &wish.cancel);
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    wi_kinds_abandon(pool);
    wish.deadline_ns = deadline_of(pool, request->deadline_ns, wish.began_ns);
    status = take(pool, &wish, err);
    forget_token(pool, &wish);
    if (status == WEIR_OK && !wish.is_guest)
        status = open_house(pool, &wish, err);
    pool->visitors--;
    if (status == WEIR_OK) {
        pool->acquired++;
        request->holder = wish.lease->holder;
        *out = wish.lease;
    }
    request->last = status != WEIR_OK && wi_kinds_is_empty_now(pool);
    wi_kinds_unlock(pool);
    return status;
}

/* ----------------------------------------------------------------- release */

static bool is_lent(const wi_lease *lease)
{
    return (lease->state == WI_SLOT_BUSY || lease->state == WI_SLOT_LOST) &&
           lease->shares > 0;
}

/* Locked. Whether a resource that came back may be lent again. */
static bool may_stay(const wi_pool *pool, const wi_lease *lease)
{
    return pool->rule->keeps && !wi_kinds_is_ending(pool) &&
           !lease->is_retired && lease->generation == pool->generation &&
           lease->owner != 0;
}

/* Locked, and outside in between. */
static void end_loan(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    int64_t now = wi_now_ns();

    wi_histogram_add(&pool->hold, now - lease->lent_ns, 1);
    if (lease->resource && fate == WEIR_FATE_KEEP && may_stay(pool, lease)) {
        lease->idle_ns = now;
        lease->shares = 0;
        lease->tag = lease->site = NULL;
        wi_slot_move(&pool->slots, lease, WI_SLOT_IDLE);
        wi_kinds_wake(pool);
        wi_kinds_trim(pool);
        return;
    }
    if (lease->resource)
        wi_kinds_close(pool, lease);
    wi_kinds_give_up(pool, lease);
}

static bool kinds_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    WI_ASSERT(is_lent(lease));
    if (lease->shares > 1) {
        lease->shares--;
        lease->is_retired |= fate != WEIR_FATE_KEEP; /* closed at its end */
        wi_kinds_unlock(pool);
        return false;
    }
    make_private(lease);
    if (fate == WEIR_FATE_KEEP && lease->resource) {
        wi_mutex_unlock(&pool->lock);
        fate = pool->kind->returned(pool->context, lease->resource);
        wi_mutex_lock(&pool->lock);
    }
    end_loan(pool, lease, fate);
    last = wi_kinds_is_empty_now(pool);
    wi_kinds_unlock(pool);
    return last;
}

static bool kinds_leave(wi_pool *pool, wi_lease *lease, bool is_ending)
{
    bool is_shared;

    wi_mutex_lock(&pool->lock);
    is_shared = is_lent(lease) && lease->shares > 1;
    if (is_shared)
        lease->shares--;
    else if (is_ending && is_lent(lease))
        make_private(lease);
    wi_kinds_unlock(pool);
    return is_shared;
}

static void kinds_lose(wi_pool *pool, wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    WI_ASSERT(is_lent(lease));
    if (lease->resource) {
        wi_kinds_close(pool, lease);
        wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
        wi_kinds_wake(pool);
    }
    wi_kinds_unlock(pool);
}

static weir_status kinds_reopen(wi_pool *pool, wi_lease *lease,
                                int64_t deadline_ns, weir_error *err)
{
    int64_t now = wi_now_ns();
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    wi_mutex_lock(&pool->lock);
    WI_ASSERT(lease->state == WI_SLOT_LOST);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    status =
        open_resource(pool, lease, deadline_of(pool, deadline_ns, now), err);
    if (status != WEIR_OK)
        wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
    wi_kinds_wake(pool);
    wi_kinds_unlock(pool);
    return status;
}

static void kinds_suspect(wi_pool *pool, const wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    suspect(pool, lease);
    wi_kinds_unlock(pool);
}

const wi_pool_core wi_pool_core_kinds = {
    .new = wi_kinds_new,
    .free = wi_kinds_free,
    .acquire = kinds_acquire,
    .release = kinds_release,
    .leave = kinds_leave,
    .lose = kinds_lose,
    .reopen = kinds_reopen,
    .set = wi_kinds_set,
    .invalidate = wi_kinds_invalidate,
    .suspect = kinds_suspect,
    .dispose = wi_kinds_dispose,
    .close = wi_kinds_end,
    .status = wi_kinds_status,
    .view = wi_kinds_view,
    .pause = wi_kinds_pause,
    .resume = wi_kinds_resume,
    .drain = wi_kinds_drain,
    .close_within = wi_kinds_close_within,
};
