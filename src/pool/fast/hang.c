/* SPDX-License-Identifier: MIT */
/*
 * Openings that hang before they have met the server: a resolver that is stuck
 * must not use up what max_connecting allows. Such an opening is taken out of
 * the count, and another may be begun for whoever waits. How many may hang is
 * limited all the same. One that goes on counts again, even if that makes it
 * one too many: nothing is begun then until there is room.
 *
 * "This thread" is known by its number: a client library comes back to the
 * pool from deep inside open().
 */
#include "pool/fast/threads.h"

#include <pthread.h>

enum { HANGING_MAX = 8 };

static uint64_t this_thread(void)
{
    return (uint64_t)(uintptr_t)pthread_self();
}

/* Locked. What the calling thread opens for the pool, or NULL. */
static wi_lease *opening_of_this_thread(const wi_pool *pool)
{
    wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (wi_place_state_of(place) == WI_PLACE_CONNECTING &&
            !place->in_caller && atomic_load(&place->thread) == this_thread())
            return place;
    }
    return NULL;
}

/* Locked. */
static void set_hanging(wi_pool *pool, wi_lease *place, bool hangs)
{
    if (place->hangs == hangs)
        return;
    place->hangs = hangs;
    pool->hanging += hangs ? 1 : -1;
    pool->connecting -= hangs ? 1 : -1;
}

void wi_opening_begins(wi_lease *place)
{
    atomic_store(&place->thread, this_thread());
}

void wi_opening_ended(wi_pool *pool, wi_lease *place)
{
    set_hanging(pool, place, false);
    pool->connecting--;
    atomic_store(&place->thread, 0);
}

bool wi_fast_hangs(wi_pool *pool)
{
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    place = opening_of_this_thread(pool);
    if (place && pool->hanging >= HANGING_MAX)
        place = NULL;
    if (place) {
        set_hanging(pool, place, true);
        /* Its own place was the waiter's. Without memory: as it was. */
        (void)wi_places_for(pool, &pool->options, 0);
        wi_connect_as_needed(pool);
    }
    wi_fast_unlock(pool);
    return place;
}

void wi_fast_goes_on(wi_pool *pool)
{
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    place = opening_of_this_thread(pool);
    if (place)
        set_hanging(pool, place, false);
    wi_fast_unlock(pool);
}
