/* SPDX-License-Identifier: MIT */
/*
 * Sockets that hang up: what the kernel tells of one that is idle takes it out
 * of service before anybody borrows it. One that is lent is marked, and looked
 * at when it is lent the next time: who has it will find out by himself. The
 * mark is set first and the state read then, while a borrower takes the state
 * first and reads the mark then, so one of the two sees the other. What is
 * told may be of a connection that is no more, since its place has another
 * now; so whatever is told is looked at before it is believed.
 */
#include "pool/fast/chores.h"

#include "pool/fast/threads.h"

bool wi_fast_watch(const wi_pool *pool, const wi_lease *place, void *resource)
{
    uint64_t key = wi_house_key(atomic_load(&pool->serial), place->number);
    int fd = pool->kind->socket(pool->context, resource);

    return key != 0 && fd >= 0 &&
           pool->port->watch(pool->port->context, fd, key);
}

/* Locked, and outside in between. The place is held. */
static void look_at(wi_pool *pool, wi_lease *place)
{
    bool is_alive;

    wi_fast_unlock(pool);
    is_alive =
        pool->kind->peek && pool->kind->peek(pool->context, place->resource);
    wi_mutex_lock(&pool->lock);
    if (is_alive)
        atomic_store(&place->hung_up, false);
    else
        wi_suspect(pool, place);
    wi_fast_let_go(pool, place, is_alive);
}

void wi_fast_hung_up(wi_pool *pool, uint64_t serial, int number)
{
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    place = wi_fast_is_home(pool, serial) ? wi_place_at(pool, number) : NULL;
    if (!place) {
        wi_fast_unlock(pool);
        return;
    }
    pool->visitors++;
    atomic_store(&place->hung_up, true);
    if (wi_fast_hold(pool, place))
        look_at(pool, place);
    pool->visitors--;
    wi_thread_ends(pool);
}
