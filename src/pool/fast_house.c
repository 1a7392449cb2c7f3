/* SPDX-License-Identifier: MIT */
/*
 * The duties of the housekeeper in one pool.
 */
#include "pool/fast_house.h"

#include "pool/fast_life.h"
#include "pool/fast_threads.h"

/* Locked. Whether the pool is still the one that had the seat. */
static bool is_at_home(const wi_pool *pool, uint64_t serial)
{
    return atomic_load(&pool->serial) == serial && !pool->closed &&
           !pool->has_inherited;
}

/* -------------------------------------------------------------- the watcher */

static bool can_watch(const wi_pool *pool)
{
    return pool->options.threads && pool->kind->socket && pool->port->watch;
}

bool wi_fast_expect(wi_pool *pool)
{
    bool watches = can_watch(pool);

    if (watches)
        wi_house_call(pool, INT64_MAX);
    return watches;
}

bool wi_fast_watch(const wi_pool *pool, const wi_lease *place, void *resource)
{
    uint64_t key = wi_house_key(atomic_load(&pool->serial), place->number);
    int fd = pool->kind->socket(pool->context, resource);

    return key != 0 && fd >= 0 &&
           pool->port->watch(pool->port->context, fd, key);
}

static bool try_hold(wi_lease *place)
{
    uint32_t idle = WI_PLACE_IDLE;

    return atomic_compare_exchange_strong(&place->state, &idle, WI_PLACE_HELD);
}

/* Locked, and outside in between. The place is held. */
static void look_at(wi_pool *pool, wi_lease *place)
{
    bool is_alive;

    wi_fast_unlock(pool);
    is_alive =
        pool->kind->peek && pool->kind->peek(pool->context, place->resource);
    wi_mutex_lock(&pool->lock);
    if (!is_alive || wi_is_ending(pool) ||
        place->generation != atomic_load(&pool->generation)) {
        wi_end_place(pool, place);
        return;
    }
    atomic_store(&place->hung_up, false);
    wi_place_move(pool, place, WI_PLACE_IDLE);
    wi_dispatch(pool);
}

void wi_fast_hung_up(wi_pool *pool, uint64_t serial, int number)
{
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    place = is_at_home(pool, serial) ? wi_place_at(pool, number) : NULL;
    if (!place) {
        wi_fast_unlock(pool);
        return;
    }
    pool->visitors++;
    atomic_store(&place->hung_up, true);
    WI_PORT_POINT();
    if (try_hold(place))
        look_at(pool, place);
    pool->visitors--;
    wi_thread_ends(pool);
}

/* --------------------------------------------------------------- the visit */

void wi_fast_keep(wi_pool *pool, uint64_t serial)
{
    (void)pool;
    (void)serial;
}
