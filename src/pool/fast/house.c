/* SPDX-License-Identifier: MIT */
/*
 * The thread that keeps house, and who has a seat.
 */
#include "pool/fast/house.h"

#include "pool/fast/chores.h"
#include "pool/fast/fast.h"

enum {
    NEWS_MAX = 64, /* of sockets, taken at a time */
    PLACE_BITS = 24,
};

uint64_t wi_house_key(uint64_t serial, uint32_t place)
{
    if (place >> PLACE_BITS || serial >> (64 - PLACE_BITS))
        return 0;
    return serial << PLACE_BITS | place;
}

static wi_pool *pool_of(wi_list_node *node)
{
    return WI_CONTAINER(node, wi_pool, seat.seated);
}

/* ------------------------------------------------------------------ visits */

/* Locked: the house. */
static int64_t next_due(const wi_house *house)
{
    int64_t next_ns = INT64_MAX;

    for (wi_list_node *node = wi_list_first(&house->seats); node;
         node = wi_list_next(&house->seats, node)) {
        if (pool_of(node)->seat.due_ns < next_ns)
            next_ns = pool_of(node)->seat.due_ns;
    }
    return next_ns;
}

/* Locked, and outside in between. */
static void visit_all_due(wi_house *house, int64_t now_ns)
{
    wi_list_node *node = wi_list_first(&house->seats);

    while (node) {
        wi_pool *pool = pool_of(node);
        uint64_t serial = pool->seat.serial;

        node = wi_list_next(&house->seats, node);
        if (pool->seat.due_ns > now_ns)
            continue;
        pool->seat.due_ns = INT64_MAX;
        wi_mutex_unlock(&house->lock);
        wi_fast_keep(pool, serial);
        wi_mutex_lock(&house->lock);
        /* Who had the next seat may have left. */
        node = wi_list_first(&house->seats);
    }
}

/* Locked, and outside in between. */
static void pass_on(wi_house *house, uint64_t key)
{
    uint64_t serial = key >> PLACE_BITS;
    int place = (int)(key & ((1u << PLACE_BITS) - 1));

    for (wi_list_node *node = wi_list_first(&house->seats); node;
         node = wi_list_next(&house->seats, node)) {
        wi_pool *pool = pool_of(node);

        if (pool->seat.serial != serial)
            continue;
        wi_mutex_unlock(&house->lock);
        wi_fast_hung_up(pool, serial, place);
        wi_mutex_lock(&house->lock);
        return;
    }
}

static int64_t suspended(const wi_port *port)
{
    return port->suspended_ns ? port->suspended_ns(port->context) : 0;
}

/* Locked: the house. What is idle may have died with the machine asleep: each
 * pool looks for itself. */
static void look_at_clock(wi_house *house, const wi_port *port)
{
    int64_t suspended_ns = suspended(port);

    if (suspended_ns - house->suspended_ns < WI_SUSPENDED_NS)
        return;
    house->suspended_ns = suspended_ns;
    for (wi_list_node *node = wi_list_first(&house->seats); node;
         node = wi_list_next(&house->seats, node))
        pool_of(node)->seat.due_ns = 0;
}

static void house_main(void *argument)
{
    const wi_port *port = argument;
    wi_house *house = port->house;
    uint64_t news[NEWS_MAX];

    wi_mutex_lock(&house->lock);
    house->suspended_ns = suspended(port);
    while (!wi_list_is_empty(&house->seats)) {
        int64_t until_ns = next_due(house);
        int count;

        house->asleep_until_ns = until_ns;
        wi_mutex_unlock(&house->lock);
        count = port->rest(port->context, until_ns, news, NEWS_MAX);
        wi_mutex_lock(&house->lock);
        house->asleep_until_ns = 0;
        look_at_clock(house, port);
        for (int i = 0; i < count; i++)
            pass_on(house, news[i]);
        visit_all_due(house, port->now_ns(port->context));
    }
    house->is_kept = false;
    wi_mutex_unlock(&house->lock);
}

/* ------------------------------------------------------------------- seats */

/* Locked: the house. */
static void take_seat(wi_house *house, wi_pool *pool, int64_t at_ns)
{
    wi_seat *seat = &pool->seat;

    if (!house->seats.head.next)
        wi_list_init(&house->seats);
    if (!seat->seated.next) {
        seat->serial = atomic_load(&pool->serial);
        seat->due_ns = INT64_MAX;
        wi_list_append(&house->seats, &seat->seated);
    }
    if (at_ns < seat->due_ns)
        seat->due_ns = at_ns;
}

void wi_house_call(wi_pool *pool, int64_t at_ns)
{
    const wi_port *port = pool->port;
    wi_house *house = port->house;
    bool was_kept;

    if (!house || pool->closed)
        return;
    wi_mutex_lock(&house->lock);
    take_seat(house, pool, at_ns);
    was_kept = house->is_kept;
    house->is_kept = true;
    if (at_ns < house->asleep_until_ns) {
        house->asleep_until_ns = at_ns;
        pool->must_ring = true;
    }
    wi_mutex_unlock(&house->lock);
    if (was_kept || port->start(port->context, "weir-house", house_main,
                                (void *)(uintptr_t)port))
        return;
    /* There is no thread to be had; the next call tries again. */
    wi_mutex_lock(&house->lock);
    house->is_kept = false;
    wi_mutex_unlock(&house->lock);
}

void wi_house_leave(wi_pool *pool)
{
    wi_house *house = pool->port->house;

    if (!house)
        return;
    wi_mutex_lock(&house->lock);
    wi_list_remove(&pool->seat.seated);
    wi_mutex_unlock(&house->lock);
}
