/* SPDX-License-Identifier: MIT */
/*
 * The fast core shown to others. What borrowers write without the lock is read
 * as it is, and read again if it changed meanwhile.
 */
#include "pool/fast/view.h"

#include <string.h>

#include "pool/fast/life.h"
#include "pool/fast/nest.h"

enum { WORDS = WI_TAG_SIZE / sizeof(uint64_t) };

void wi_place_tag(const wi_lease *place, char out[WI_TAG_SIZE])
{
    uint64_t words[WORDS];
    uint64_t before;
    uint64_t after = atomic_load(&place->loans);

    do {
        before = after;
        for (int i = 0; i < WORDS; i++)
            words[i] =
                atomic_load_explicit(&place->tag[i], memory_order_acquire);
        after = atomic_load(&place->loans);
    } while (before != after);
    for (int i = 0; i < WI_TAG_SIZE; i++)
        out[i] = (char)(words[i / 8] >> (8 * (i % 8)));
    out[WI_TAG_SIZE - 1] = '\0';
}

static const char *const state_names[WI_PLACE_STATES] = {
    [WI_PLACE_EMPTY] = "empty",     [WI_PLACE_IDLE] = "idle",
    [WI_PLACE_ASIDE] = "idle",      [WI_PLACE_HELD] = "held",
    [WI_PLACE_BUSY] = "busy",       [WI_PLACE_LOST] = "lost",
    [WI_PLACE_OVERDUE] = "overdue", [WI_PLACE_CONNECTING] = "connecting",
    [WI_PLACE_CLOSING] = "closing", [WI_PLACE_INHERITED] = "inherited",
};

void wi_place_see(const wi_lease *place, int64_t now, wi_place_view *out)
{
    int64_t since_ns = now - atomic_load(&place->since_ns);
    uint32_t state = wi_place_state_of(place);
    bool is_held = wi_is_lent(state);

    *out = (wi_place_view){
        .state = state_names[state],
        .site = is_held ? atomic_load(&place->site) : NULL,
        .thread = is_held ? wi_thread_of(place) : 0,
        .since_ns = since_ns > 0 ? since_ns : 0,
        .loans = atomic_load(&place->loans),
        .made_ns = -1,
        .asked_ns = -1,
    };
    if (is_held)
        wi_place_tag(place, out->tag);
    if (is_held && state != WI_PLACE_LOST && atomic_load(&place->is_detached))
        out->state = "detached";
}

/* Locked. What is open in a place. */
static void see_resource(const wi_pool *pool, const wi_lease *place,
                         int64_t now, wi_place_view *out)
{
    uint32_t state = wi_place_state_of(place);
    int64_t asked_ns = atomic_load(&place->asked_ns);

    if (!place->resource || state == WI_PLACE_INHERITED)
        return;
    out->made_ns = now - place->made_ns;
    if (asked_ns != 0)
        out->asked_ns = now > asked_ns ? now - asked_ns : 0;
    out->trust = wi_is_void(pool, place)      ? "void"
                 : wi_is_suspect(pool, place) ? "suspect"
                                              : "current";
}

/* Locked. */
static void view_places(const wi_pool *pool, wi_pool_view *view, int room)
{
    int64_t now = wi_fast_now(pool);
    const wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        wi_histogram_sum_up(&view->hold, &place->hold);
        if (wi_place_state_of(place) == WI_PLACE_EMPTY)
            continue;
        if (view->place_count < room) {
            wi_place_view *out = &view->places[view->place_count++];

            wi_place_see(place, now, out);
            see_resource(pool, place, now, out);
        }
    }
}

/* Locked. */
static void view_waiters(const wi_pool *pool, wi_pool_view *view, int room)
{
    int64_t now = wi_fast_now(pool);

    for (wi_list_node *node = wi_list_first(&pool->queue);
         node && view->waiter_count < room;
         node = wi_list_next(&pool->queue, node)) {
        const wi_claim *claim = WI_CONTAINER(node, wi_claim, queued);
        wi_waiter_view *out = &view->waiters[view->waiter_count++];
        const char *tag = claim->request->tag ? claim->request->tag : "";

        *out = (wi_waiter_view){
            .site = claim->request->site,
            .thread = claim->thread,
            .waited_ns = now - claim->began_ns,
        };
        memcpy(out->tag, tag, strnlen(tag, WI_TAG_SIZE - 1));
    }
}

static wi_health health_of(const wi_pool *pool)
{
    if (pool->outages > 1)
        return WI_HEALTH_DOWN;
    if (pool->outages == 1)
        return WI_HEALTH_SUSPECT;
    return pool->ramp < pool->options.connecting_max ? WI_HEALTH_RECOVERING
                                                     : WI_HEALTH_UP;
}

void wi_fast_view(wi_pool *pool, wi_pool_view *view)
{
    int place_room = view->place_count;
    int waiter_room = view->waiter_count;

    *view = (wi_pool_view){
        .places = view->places,
        .waiters = view->waiters,
        .failure_age_ns = -1,
        .retry_ns = -1,
    };
    wi_fast_status(pool, &view->status);
    wi_mutex_lock(&pool->lock);
    view->health = health_of(pool);
    view->age_ns = wi_fast_now(pool) - pool->began_ns;
    view->waits = atomic_load(&pool->waits);
    view->wait_most_ns = atomic_load(&pool->wait_most_ns);
    view->min_idle = pool->options.min_idle;
    wi_histogram_sum_up(&view->wait, &pool->wait);
    wi_histogram_sum_up(&view->connect, &pool->connect);
    if (pool->last_failure_ns) {
        view->last_failure = pool->last_failure;
        view->failure_age_ns = wi_fast_now(pool) - pool->last_failure_ns;
    }
    if (pool->retry_ns > wi_fast_now(pool))
        view->retry_ns = pool->retry_ns - wi_fast_now(pool);
    view_places(pool, view, place_room);
    view_waiters(pool, view, waiter_room);
    wi_mutex_unlock(&pool->lock);
}
