/* SPDX-License-Identifier: MIT */
/*
 * Borrowing and giving back where nobody stands in line. What the kinds are,
 * and how a loan is shared, is said in pool/slots/kinds.h.
 *
 * Functions say "locked" if they are called with the lock held and leave it
 * held; those that go outside in between say so too.
 */
#include "pool/slots/kinds.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/slots/visit.h"

/* An acquire under way: the lease that it has to do with may be lent
 * already. */
typedef struct kinds_visit {
    wi_slot_visit slot;
    uint64_t thread; /* wi_kinds_thread() */
    bool is_guest;   /* the loan was joined */
    bool has_waited; /* came before it may have begun to drain */
} kinds_visit;

/* ------------------------------------------------------------------- found */

/* Locked. The place that an acquire has to do with, in any state; NULL: a new
 * one. */
static wi_lease *find(wi_pool *pool, uint64_t thread)
{
    const wi_kind_rule *rule = wi_kind_rule_of(pool);

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
    const wi_kind_rule *rule = wi_kind_rule_of(pool);

    if (!rule->shares || rule->per_thread || lease->is_private ||
        lease->state != WI_SLOT_BUSY || !wi_slot_is_stale(pool, lease, now))
        return false;
    lease->is_retired = true;
    return true;
}

/* ------------------------------------------------------------------ errors */

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

/* Who would wait for himself: a hook that is told of a loan asks for it. */
static weir_status is_inside(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "the connection that is shared is just being lent or "
                          "given back by this thread; a hook that is told of "
                          "that cannot borrow it");
}

/* ----------------------------------------------------------------- acquire */

/* Locked. Until its beginning or end, which is this thread's, is over. */
static void make_private(wi_lease *lease)
{
    lease->is_private = true;
    lease->keeper = wi_kinds_thread();
}

/* Locked. The loan begins, and is private until it has begun. */
static void begin_loan(kinds_visit *visit, wi_lease *lease)
{
    const wi_request *request = visit->slot.request;

    wi_slot_sign(lease, request, wi_this_thread(), visit->slot.began_ns);
    lease->shares = 1;
    make_private(lease);
    lease->is_retired = false;
    lease->owner = visit->thread;
    lease->holder = request->holder;
    visit->slot.lease = lease;
}

/* Locked, and outside in between: look at everything again if there is no
 * lease yet. */
static weir_status take_new(wi_pool *pool, kinds_visit *visit)
{
    wi_lease *lease = wi_slots_spare(&pool->slots);

    if (!lease)
        return wi_slot_pool_grow(pool) == WEIR_OK
                   ? WEIR_OK
                   : wi_error_nomem(visit->slot.err);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    begin_loan(visit, lease);
    wi_slot_pool_trim(pool);
    return WEIR_OK;
}

/* Locked, and asleep in between: look at everything again. */
static weir_status wait_a_while(kinds_visit *visit)
{
    weir_status status = wi_slot_visit_may_wait(&visit->slot);

    if (status == WEIR_OK)
        status = wi_slot_visit_join(&visit->slot);
    if (status != WEIR_OK)
        return status;
    visit->has_waited = true;
    return wi_slot_visit_sleep(&visit->slot);
}

/* Locked, and outside in between. One step towards a lease. */
static weir_status step(wi_pool *pool, kinds_visit *visit)
{
    wi_lease *lease = find(pool, visit->thread);

    if (!lease || retires(pool, lease, visit->slot.began_ns))
        return take_new(pool, visit);
    if (lease->state == WI_SLOT_IDLE) {
        wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
        begin_loan(visit, lease);
        return WEIR_OK;
    }
    if (wi_kind_rule_of(pool)->is_single)
        return is_out(lease, visit->slot.err);
    if (lease->is_private && lease->keeper == visit->thread)
        return is_inside(visit->slot.err);
    if (lease->is_private || !wi_slot_is_lent(lease))
        return wait_a_while(visit);
    lease->shares++;
    lease->loans++;
    visit->slot.lease = lease;
    visit->is_guest = true;
    return WEIR_OK;
}

/* Locked. */
static bool refuses(const wi_pool *pool, const kinds_visit *visit)
{
    return pool->closed ||
           (pool->mode == WI_POOL_DRAINING && !visit->has_waited);
}

/* Locked, and outside in between. */
static weir_status take(wi_pool *pool, kinds_visit *visit)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && !visit->slot.lease)
        status = refuses(pool, visit) ? wi_slot_visit_is_refused(&visit->slot)
                 : pool->mode == WI_POOL_PAUSED ? wait_a_while(visit)
                                                : step(pool, visit);
    return status;
}

/* Locked, and outside in between. Whoever borrows first makes all ready. */
static weir_status open_house(wi_pool *pool, wi_slot_visit *visit)
{
    wi_request *request = visit->request;
    weir_status status =
        wi_slot_make_ready(pool, visit->lease, visit->deadline_ns, visit->err);

    if (status != WEIR_OK)
        return status;
    if (request->begin) {
        wi_mutex_unlock(&pool->lock);
        request->begin(request, visit->lease);
        wi_mutex_lock(&pool->lock);
    }
    visit->lease->is_private = false;
    pool->rules->serve(pool);
    return WEIR_OK;
}

static weir_status kinds_acquire(wi_pool *pool, wi_request *request,
                                 wi_lease **out, weir_error *err)
{
    kinds_visit visit = {.thread = wi_kinds_thread()};
    weir_status status;

    if (wi_kind_rule_of(pool)->per_thread)
        wi_kinds_watch_thread();
    wi_slot_visit_begin(&visit.slot, pool, request, err);
    wi_kinds_abandon(pool);
    status = take(pool, &visit);
    wi_slot_visit_forget_token(&visit.slot);
    if (status == WEIR_OK && !visit.is_guest)
        status = open_house(pool, &visit.slot);
    if (status == WEIR_OK)
        request->holder = visit.slot.lease->holder;
    return wi_slot_visit_end(&visit.slot, status, out);
}

/* ----------------------------------------------------------------- release */

static bool is_lent(const wi_lease *lease)
{
    return wi_slot_is_lent(lease) && lease->shares > 0;
}

/* Locked. Whether a resource that came back may be lent again. */
static bool may_stay(const wi_pool *pool, const wi_lease *lease)
{
    return wi_kind_rule_of(pool)->keeps && !wi_slot_pool_is_ending(pool) &&
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
        wi_slot_sign_off(lease);
        wi_slot_move(&pool->slots, lease, WI_SLOT_IDLE);
        pool->rules->serve(pool);
        wi_slot_pool_trim(pool);
        return;
    }
    if (lease->resource)
        wi_slot_close(pool, lease);
    wi_slot_give_up(pool, lease);
}

static bool kinds_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    WI_ASSERT(is_lent(lease));
    if (lease->shares > 1) {
        lease->shares--;
        lease->is_retired |= fate != WEIR_FATE_KEEP; /* closed at its end */
        wi_slot_pool_unlock(pool);
        return false;
    }
    make_private(lease);
    if (fate == WEIR_FATE_KEEP && lease->resource) {
        wi_mutex_unlock(&pool->lock);
        fate = pool->kind->returned(pool->context, lease->resource);
        wi_mutex_lock(&pool->lock);
    }
    end_loan(pool, lease, fate);
    last = wi_slot_pool_is_empty_now(pool);
    wi_slot_pool_unlock(pool);
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
    wi_slot_pool_unlock(pool);
    return is_shared;
}

const wi_pool_core wi_pool_core_kinds = {
    .new = wi_kinds_new,
    .free = wi_kinds_free,
    .acquire = kinds_acquire,
    .release = kinds_release,
    .is_over = wi_slot_pool_is_over,
    .leave = kinds_leave,
    .lose = wi_slot_lose,
    .reopen = wi_slot_reopen,
    .set = wi_kinds_set,
    .invalidate = wi_slot_pool_invalidate,
    .suspect = wi_slot_pool_suspect,
    .dispose = wi_slot_pool_dispose,
    .close = wi_slot_pool_close,
    .status = wi_kinds_status,
    .view = wi_kinds_view,
    .pause = wi_slot_pool_pause,
    .resume = wi_slot_pool_resume,
    .drain = wi_slot_pool_drain,
    .close_within = wi_slot_pool_close_within,
};
