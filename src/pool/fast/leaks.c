/* SPDX-License-Identifier: MIT */
/*
 * Finding, telling and taking back what was lent for too long.
 */
#include "pool/fast/leaks.h"

#include "base/clock.h"
#include "pool/fast/chores.h"
#include "pool/fast/nest.h"
#include "pool/fast/threads.h"
#include "pool/fast/view.h"
#include "pool/leak.h"

#define RETRY_NS INT64_C(1000000000) /* when there was no thread */
#define REFUSED_NS INT64_C(50000000) /* after the first refusal, then twice */
#define REFUSED_MAX_NS INT64_C(5000000000)
#define DOUBLINGS_MAX 7

static int64_t earlier(int64_t one_ns, int64_t other_ns)
{
    return one_ns < other_ns ? one_ns : other_ns;
}

/* Of a wait that may be longer than there is time, or none: 0. */
static int64_t after(int64_t since_ns, int64_t wait_ns)
{
    return wait_ns <= 0 || wait_ns > WI_NO_DEADLINE - since_ns
               ? INT64_MAX
               : since_ns + wait_ns;
}

static bool may_reclaim(const wi_pool *pool)
{
    return pool->options.reclaim_ns > 0 && pool->kind->reclaim;
}

/* ------------------------------------------------------------------ finding */

/* Since when the loan of this place lasts; INT64_MAX: there is none that is
 * anybody's business. */
static int64_t lent_since(const wi_lease *place)
{
    if (!wi_is_lent(wi_place_state_of(place)) ||
        atomic_load(&place->is_detached) || place->told.is_ending)
        return INT64_MAX;
    if (place->told.is_told)
        return place->told.since_ns;
    if (wi_loan_of(place) == 0)
        return INT64_MAX;
    return atomic_load_explicit(&place->since_ns, memory_order_relaxed);
}

/* When something is to be done about a place. */
static int64_t due_of(const wi_pool *pool, const wi_lease *place)
{
    int64_t since_ns = lent_since(place);
    int64_t due_ns = INT64_MAX;

    if (since_ns == INT64_MAX)
        return INT64_MAX;
    if (may_reclaim(pool)) {
        due_ns = after(since_ns, pool->options.reclaim_ns);
        if (due_ns < place->told.retry_ns)
            due_ns = place->told.retry_ns;
    }
    return place->told.is_told
               ? due_ns
               : earlier(due_ns, after(since_ns, pool->options.leak_ns));
}

/* The first place that is due, or NULL; `*next_ns`: when one may be. */
static wi_lease *find_due(const wi_pool *pool, int64_t now_ns, int64_t *next_ns)
{
    int64_t soonest_ns = after(now_ns, pool->options.leak_ns);
    wi_lease *place;

    if (may_reclaim(pool))
        soonest_ns =
            earlier(soonest_ns, after(now_ns, pool->options.reclaim_ns));
    *next_ns = INT64_MAX;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        int64_t due_ns = due_of(pool, place);

        if (due_ns <= now_ns)
            return place;
        /* Whatever is there may be lent the next moment. */
        if (wi_place_state_of(place) != WI_PLACE_EMPTY)
            *next_ns = earlier(*next_ns, earlier(due_ns, soonest_ns));
    }
    return NULL;
}

/* Makes a BUSY place OVERDUE, unless it is given back at this moment, or was,
 * and has begun anew: from here on that would come under the lock. */
static bool hold_fast(wi_lease *place, int64_t since_ns)
{
    uint32_t busy = WI_PLACE_BUSY;

    if (!atomic_compare_exchange_strong(&place->state, &busy, WI_PLACE_OVERDUE))
        return busy == WI_PLACE_LOST;
    if (lent_since(place) == since_ns)
        return true;
    atomic_store(&place->state, WI_PLACE_BUSY);
    return false;
}

/* ----------------------------------------------------------------- telling */

/* Locked, and outside in between. */
static void tell(wi_pool *pool, const wi_leak *leak)
{
    if (!pool->kind->leaked)
        return;
    wi_fast_unlock(pool);
    pool->kind->leaked(pool->context, leak);
    wi_mutex_lock(&pool->lock);
}

/* Locked. A place that was told of. */
static wi_leak describe(const wi_pool *pool, wi_lease *place, wi_leak_news news)
{
    wi_leak leak = {
        .news = news,
        .site = atomic_load(&place->site),
        .thread = place->told.thread & ~WI_MAY_MOVE,
        .age_ns = wi_fast_now(pool) - place->told.since_ns,
        .limit_ns = news == WI_LEAK_RECLAIMED || news == WI_LEAK_IN_USE
                        ? pool->options.reclaim_ns
                        : pool->options.leak_ns,
        .lease = place,
        .loan = atomic_load(&place->loans),
        .refusals = place->told.refusals,
    };

    wi_place_tag(place, leak.tag);
    return leak;
}

/* Locked, and outside in between. False: it is no such loan any more. */
static bool tell_of(wi_pool *pool, wi_lease *place)
{
    int64_t since_ns = lent_since(place);
    wi_leak leak;

    if (!hold_fast(place, since_ns))
        return false;
    place->told = (wi_told){
        .is_told = true,
        .since_ns = since_ns,
        .thread = atomic_load(&place->thread),
    };
    pool->leaks++;
    leak = describe(pool, place, WI_LEAK_FOUND);
    if (pool->options.leak_ns > 0)
        tell(pool, &leak);
    return true;
}

void wi_leak_returned(wi_pool *pool, wi_lease *place)
{
    wi_leak leak;

    if (!place->told.is_told)
        return;
    leak = describe(pool, place, WI_LEAK_RETURNED);
    place->told.is_ending = true;
    tell(pool, &leak);
    place->told = (wi_told){.is_told = false};
    if (wi_place_state_of(place) == WI_PLACE_OVERDUE)
        wi_place_move(pool, place, WI_PLACE_BUSY);
}

/* -------------------------------------------------------------- taking back */

static int64_t pause_after(int refusals)
{
    int doublings = refusals < DOUBLINGS_MAX ? refusals : DOUBLINGS_MAX;

    return earlier(REFUSED_NS << doublings, REFUSED_MAX_NS);
}

/* Locked, and outside in between. Somebody is inside. Once may be chance. */
static void note_refusal(wi_pool *pool, wi_lease *place, wi_leak *leak)
{
    wi_told *told = &place->told;

    told->retry_ns = wi_fast_now(pool) + pause_after(told->refusals);
    if (++told->refusals != 2)
        return;
    leak->news = WI_LEAK_IN_USE;
    tell(pool, leak);
}

/* Locked, and outside in between. Nobody else comes to the place any more. */
static void take(wi_pool *pool, wi_lease *place, const wi_leak *leak)
{
    pool->stale_returns += place->told.came_back;
    if (place->resource)
        pool->closed_count++;
    place->resource = NULL;
    wi_histogram_add(&place->hold, leak->age_ns, 1);
    pool->reclaimed++;
    wi_give_up(pool, place);
    tell(pool, leak);
}

/* Locked, and outside in between. Its borrower gave it back when nobody knew
 * whether it was still his. It was, and was not looked at: so it ends. */
static void finish_return(wi_pool *pool, wi_lease *place)
{
    wi_leak_returned(pool, place);
    if (place->resource)
        wi_end_place(pool, place);
    else
        wi_give_up(pool, place);
}

/* Locked, and outside in between. Nobody releases it while we ask for it:
 * whoever had it taken from him would come before we know. */
static void reclaim(wi_pool *pool, wi_lease *place)
{
    wi_leak leak = describe(pool, place, WI_LEAK_RECLAIMED);
    bool taken;

    place->told.is_asked = true;
    wi_place_over(place);
    wi_fast_unlock(pool);
    taken = pool->kind->reclaim(pool->context, &leak);
    wi_mutex_lock(&pool->lock);
    if (taken) {
        take(pool, place, &leak);
        return;
    }
    /* Who was on the way already has given it back. */
    if (!place->told.is_asked)
        return;
    place->told.is_asked = false;
    if (place->told.came_back) {
        finish_return(pool, place);
        return;
    }
    atomic_store(&place->over, leak.loan - 1);
    note_refusal(pool, place, &leak);
}

/* Locked, and outside in between. */
static void attend(wi_pool *pool, wi_lease *place, int64_t now_ns)
{
    if (!place->told.is_told && !tell_of(pool, place))
        return;
    if (place->told.is_told && may_reclaim(pool) &&
        due_of(pool, place) <= now_ns)
        reclaim(pool, place);
}

/* ----------------------------------------------------------------- visiting */

static void teller_main(void *argument)
{
    wi_pool *pool = argument;
    int64_t next_ns = INT64_MAX;
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    for (;;) {
        int64_t now_ns = wi_fast_now(pool);

        place = pool->closed ? NULL : find_due(pool, now_ns, &next_ns);
        if (!place)
            break;
        attend(pool, place, now_ns);
    }
    pool->chores.is_telling = false;
    pool->visitors--;
    if (!pool->closed && next_ns != INT64_MAX)
        wi_house_call(pool, next_ns);
    wi_thread_ends(pool);
}

int64_t wi_leaks_visit(wi_pool *pool, int64_t now_ns)
{
    int64_t next_ns;

    if (pool->chores.is_telling || !find_due(pool, now_ns, &next_ns))
        return pool->chores.is_telling ? INT64_MAX : next_ns;
    pool->chores.is_telling = true;
    pool->visitors++;
    if (pool->port->start(pool->port->context, "weir-leaks", teller_main, pool))
        return INT64_MAX;
    pool->chores.is_telling = false;
    pool->visitors--;
    return now_ns + RETRY_NS;
}
