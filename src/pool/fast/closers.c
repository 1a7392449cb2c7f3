/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool that close. A driver does not wait when it closes, but
 * a hook or a disk may, and few threads close at once. So one that has not come
 * back for long is let out: its place is free, and another thread closes what
 * is in line. What it is at is not counted any more, so how many are let out is
 * limited; the pool does not end before they have come back.
 */
#include "pool/fast/closers.h"

#include "pool/fast/chores.h"
#include "pool/fast/threads.h"

#define RETRY_NS INT64_C(1000000000) /* when there was no thread */

enum { CLOSERS_MAX = 4, STRAYS_MAX = 8 };

/* Locked, and outside in between. False: it was let out meanwhile. */
static bool close_one(wi_pool *pool, wi_lease *place)
{
    uint64_t closing = ++pool->closings;

    place->closing = closing;
    place->doing_ns = wi_fast_now(pool);
    wi_house_call(pool, place->doing_ns + WI_CLOSE_NS);
    wi_close_here(pool, place);
    if (place->closing != closing)
        return false;
    place->closing = 0;
    wi_give_up(pool, place);
    return true;
}

/* Locked. The next in line, or NULL. */
static wi_lease *next_to_close(wi_pool *pool)
{
    wi_lease *place = pool->to_close;

    if (place)
        pool->to_close = place->next_in_line;
    return place;
}

static void closer_main(void *argument)
{
    wi_pool *pool = argument;
    bool is_counted = true;
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    while (is_counted && (place = next_to_close(pool)))
        is_counted = close_one(pool, place);
    if (is_counted)
        pool->closers--;
    else
        pool->strays--;
    pool->visitors--;
    wi_thread_ends(pool);
}

/* Locked. False: there can be no thread. */
static bool start_closer(wi_pool *pool)
{
    pool->closers++;
    pool->visitors++;
    if (pool->port->start(pool->port->context, "weir-close", closer_main, pool))
        return true;
    pool->closers--;
    pool->visitors--;
    return false;
}

void wi_close_later(wi_pool *pool, wi_lease *place)
{
    place->closing = 0;
    place->next_in_line = pool->to_close;
    pool->to_close = place;
    if (pool->closers >= CLOSERS_MAX || start_closer(pool))
        return;
    while ((place = next_to_close(pool))) {
        wi_close_here(pool, place);
        wi_give_up(pool, place);
    }
}

/* Locked. */
static void let_out(wi_pool *pool, wi_lease *place)
{
    place->closing = 0;
    pool->closers--;
    pool->strays++;
    wi_give_up(pool, place);
}

/* Locked. False: there can be no thread. */
static bool replace_strays(wi_pool *pool)
{
    while (pool->to_close && pool->closers < CLOSERS_MAX) {
        if (!start_closer(pool))
            return false;
    }
    return true;
}

int64_t wi_closers_visit(wi_pool *pool, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;
    wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        int64_t due_ns = place->doing_ns + WI_CLOSE_NS;

        if (wi_place_state_of(place) != WI_PLACE_CLOSING || !place->closing)
            continue;
        if (due_ns > now_ns)
            next_ns = due_ns < next_ns ? due_ns : next_ns;
        else if (pool->strays < STRAYS_MAX)
            let_out(pool, place);
    }
    return replace_strays(pool) ? next_ns : now_ns + RETRY_NS;
}
