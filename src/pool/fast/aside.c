/* SPDX-License-Identifier: MIT */
/*
 * Putting aside, and closing what nobody missed.
 */
#include "pool/fast/aside.h"

#include "base/clock.h"
#include "pool/fast/chores.h"

/* Putting aside often makes the idle time exact, and costs each connection in
 * use one loan under the lock. */
enum { PER_IDLE_TIME = 4 };

static int64_t pause_of(const wi_pool *pool)
{
    int64_t pause_ns = pool->options.idle_ns / PER_IDLE_TIME;

    return pause_ns > 0 ? pause_ns : 1;
}

wi_lease *wi_aside_take(wi_pool *pool, uint32_t state)
{
    wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (wi_place_state_of(place) != WI_PLACE_ASIDE)
            continue;
        wi_place_move(pool, place, state);
        wi_house_call(pool, wi_fast_now(pool) + pause_of(pool));
        return place;
    }
    return NULL;
}

void wi_aside_end(wi_pool *pool)
{
    wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (wi_place_state_of(place) == WI_PLACE_ASIDE)
            wi_place_move(pool, place, WI_PLACE_IDLE);
    }
}

/* How many more there are than have to be. */
static int in_excess(const wi_pool *pool)
{
    return pool->total - pool->chores.closing - pool->options.min_idle;
}

/* The last places first: those that are found first stay. */
static void close_unneeded(wi_pool *pool, int64_t now_ns)
{
    for (int i = pool->capacity - 1; i >= 0 && in_excess(pool) > 0; i--) {
        wi_lease *place = wi_place_at(pool, i);

        if (wi_place_state_of(place) == WI_PLACE_ASIDE &&
            now_ns - place->doing_ns >= pool->options.idle_ns)
            wi_end_place(pool, place);
    }
}

static void put_aside(wi_pool *pool, int64_t now_ns)
{
    wi_lease *place;

    while ((place = wi_place_take(pool, NULL, WI_PLACE_ASIDE)))
        place->doing_ns = now_ns;
}

/* When the next of those that are aside has been there for the idle time, or
 * what is in use now has to be put aside. */
static int64_t next_visit(const wi_pool *pool, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;
    const wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);
        int64_t due_ns = state == WI_PLACE_ASIDE
                             ? place->doing_ns + pool->options.idle_ns
                             : now_ns + pause_of(pool);

        if (state != WI_PLACE_EMPTY && due_ns < next_ns)
            next_ns = due_ns;
    }
    return next_ns;
}

int64_t wi_aside_visit(wi_pool *pool, int64_t now_ns)
{
    if (pool->options.idle_ns <= 0 ||
        pool->options.idle_ns > WI_NO_DEADLINE - now_ns)
        return INT64_MAX;
    close_unneeded(pool, now_ns);
    if (in_excess(pool) <= 0) {
        wi_aside_end(pool);
        return INT64_MAX;
    }
    /* Who waits has been told of what is idle. */
    if (pool->waiting == 0)
        put_aside(pool, now_ns);
    return next_visit(pool, now_ns);
}
