/* SPDX-License-Identifier: MIT */
/*
 * The visit of the housekeeper.
 */
#include "pool/fast/chores.h"

#include "base/clock.h"
#include "pool/fast/aside.h"
#include "pool/fast/closers.h"
#include "pool/fast/leaks.h"
#include "pool/fast/threads.h"

#define RETRY_NS INT64_C(1000000000) /* when there was no memory, no thread */
#define GAP_NS INT64_C(1000000)      /* between two visits, at least */
#define LAX_NS INT64_C(50000000) /* until what is in use is looked at again */

static int64_t earlier(int64_t one_ns, int64_t other_ns)
{
    return one_ns < other_ns ? one_ns : other_ns;
}

/* Of a wait that may be longer than there is time. */
static int64_t after(int64_t now_ns, int64_t wait_ns)
{
    return wait_ns > WI_NO_DEADLINE - now_ns ? WI_NO_DEADLINE
                                             : now_ns + wait_ns;
}

bool wi_fast_is_home(const wi_pool *pool, uint64_t serial)
{
    return atomic_load(&pool->serial) == serial && !pool->closed &&
           !pool->has_inherited;
}

static int open_now(const wi_pool *pool)
{
    return pool->total - pool->chores.closing;
}

/* ------------------------------------------------------------ being called */

/* How long nothing can be due of a connection that is opened now. */
static int64_t shortest_wait(const wi_pool_options *options)
{
    int64_t wait_ns = INT64_MAX;

    if (options->recycle_ns > 0)
        wait_ns = options->recycle_ns - options->recycle_ns / 10;
    if (options->idle_ns > 0)
        wait_ns = earlier(wait_ns, options->idle_ns / 4);
    if (options->keepalive_ns > 0)
        wait_ns = earlier(wait_ns, options->keepalive_ns);
    if (options->leak_ns > 0)
        wait_ns = earlier(wait_ns, options->leak_ns);
    if (options->reclaim_ns > 0)
        wait_ns = earlier(wait_ns, options->reclaim_ns);
    return wait_ns;
}

bool wi_fast_expect(wi_pool *pool)
{
    bool watches = pool->options.threads && pool->kind->socket &&
                   pool->port->watch && pool->port->house;
    int64_t wait_ns = shortest_wait(&pool->options);
    int64_t now_ns;

    if (!pool->options.threads || (!watches && wait_ns == INT64_MAX))
        return false;
    now_ns = wi_fast_now(pool);
    wi_house_call(pool, after(now_ns, wait_ns));
    return watches;
}

void wi_fast_set_up(wi_pool *pool)
{
    const wi_pool_options *options = &pool->options;

    if (options->threads &&
        (shortest_wait(options) < INT64_MAX || wi_fast_lacks(pool) > 0))
        wi_house_call(pool, wi_fast_now(pool));
}

/* ----------------------------------------------------------------- reserve */

int wi_fast_lacks(const wi_pool *pool)
{
    const wi_chores *chores = &pool->chores;
    int floor = pool->options.min_idle;

    if (!pool->options.threads || pool->mode != WI_POOL_OPEN ||
        (pool->failures > 0 && wi_is_final(pool->last_failure.status)))
        return 0;
    if (pool->options.size > 0 &&
        (chores->is_filling || floor > pool->options.size))
        floor = pool->options.size;
    return floor + chores->is_replacing - open_now(pool);
}

void wi_fast_opened(wi_pool *pool)
{
    if (open_now(pool) >= pool->options.size)
        pool->chores.is_filling = false;
    if (pool->chores.is_replacing)
        wi_house_call(pool, wi_fast_now(pool));
}

/* Locked, and outside in between. When to come again. */
static int64_t fill(wi_pool *pool, int64_t now_ns)
{
    int lacks = wi_fast_lacks(pool);

    if (lacks <= 0)
        return INT64_MAX;
    if (wi_places_for(pool, &pool->options, lacks) != WEIR_OK)
        return now_ns + RETRY_NS;
    wi_dispatch(pool);
    return INT64_MAX;
}

void wi_fast_fill_later(wi_pool *pool)
{
    int lacks = wi_fast_lacks(pool);

    if (lacks <= 0 || pool->connecting > 0 ||
        wi_fast_room(pool, &pool->options) <= 0)
        return;
    wi_house_call(pool, wi_fast_now(pool) +
                            (wi_place_empty(pool) ? RETRY_NS : GAP_NS));
}

/* --------------------------------------------------------------- retirement */

/* The idle one whose age ended it first, or NULL; `*next_ns`: when that will
 * be, or may be seen, of the others. */
static wi_lease *oldest(const wi_pool *pool, int64_t now_ns, int64_t *next_ns)
{
    int64_t lax_ns = after(now_ns, pool->options.recycle_ns / 20 + LAX_NS);
    int64_t first_ns = INT64_MAX;
    wi_lease *found = NULL;
    wi_lease *place;

    *next_ns = INT64_MAX;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);
        int64_t expiry_ns;

        if (state != WI_PLACE_IDLE && state != WI_PLACE_ASIDE &&
            state != WI_PLACE_HELD && !wi_is_lent(state))
            continue;
        expiry_ns = wi_expiry_ns(pool, place);
        if (expiry_ns >= now_ns) {
            *next_ns = earlier(*next_ns, after(expiry_ns, 1));
        } else if (wi_is_lent(state) || state == WI_PLACE_HELD) {
            *next_ns = earlier(*next_ns, lax_ns);
        } else if (expiry_ns < first_ns) {
            first_ns = expiry_ns;
            found = place;
        }
    }
    return found;
}

/* Whether one more has to be there first. */
static bool must_replace(const wi_pool *pool)
{
    return pool->options.min_idle > 0 &&
           open_now(pool) <= pool->options.min_idle &&
           wi_fast_room(pool, &pool->options) > 0;
}

/* One at a time, so that what was opened together does not go together. */
static int64_t retire(wi_pool *pool, int64_t now_ns)
{
    wi_chores *chores = &pool->chores;
    int64_t gap_ns = pool->options.recycle_ns / 20 / (pool->total + 1) + 1;
    int64_t next_ns;
    wi_lease *place;

    chores->is_replacing = false;
    if (pool->options.recycle_ns <= 0)
        return INT64_MAX;
    place = oldest(pool, now_ns, &next_ns);
    if (!place)
        return next_ns;
    if (now_ns < chores->retire_ns)
        return earlier(next_ns, chores->retire_ns);
    if (must_replace(pool)) {
        chores->is_replacing = true;
        return next_ns;
    }
    if (wi_fast_hold(pool, place)) {
        wi_end_place(pool, place);
        chores->retire_ns = after(now_ns, gap_ns);
    }
    return earlier(next_ns, after(now_ns, gap_ns));
}

/* --------------------------------------------------------------- the visit */

void wi_fast_keep(wi_pool *pool, uint64_t serial)
{
    int64_t now_ns;
    int64_t next_ns;

    wi_mutex_lock(&pool->lock);
    if (!wi_fast_is_home(pool, serial)) {
        wi_fast_unlock(pool);
        return;
    }
    pool->visitors++;
    now_ns = wi_fast_now(pool);
    wi_clock_look(pool);
    wi_suspects_visit(pool);
    next_ns = retire(pool, now_ns);
    next_ns = earlier(next_ns, wi_aside_visit(pool, now_ns));
    next_ns = earlier(next_ns, wi_check_visit(pool, now_ns));
    next_ns = earlier(next_ns, wi_leaks_visit(pool, now_ns));
    next_ns = earlier(next_ns, wi_closers_visit(pool, now_ns));
    next_ns = earlier(next_ns, fill(pool, now_ns));
    if (next_ns != INT64_MAX && !pool->closed)
        wi_house_call(pool,
                      next_ns > now_ns + GAP_NS ? next_ns : now_ns + GAP_NS);
    pool->visitors--;
    wi_thread_ends(pool);
}
