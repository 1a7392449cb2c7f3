/* SPDX-License-Identifier: MIT */
/*
 * Questions in the background: one at a time in a pool, on a thread of its
 * own, since the answer may take as long as it likes. What is asked is held
 * meanwhile: who comes then gets another, or waits for the answer.
 */
#include "pool/fast/chores.h"

#include "base/clock.h"
#include "pool/fast/life.h"
#include "pool/fast/threads.h"

#define RETRY_NS INT64_C(1000000000) /* when there was no thread */

bool wi_fast_hold(wi_pool *pool, wi_lease *place)
{
    uint32_t idle = WI_PLACE_IDLE;

    place->was_aside = wi_place_state_of(place) == WI_PLACE_ASIDE;
    if (place->was_aside) {
        wi_place_move(pool, place, WI_PLACE_HELD);
        return true;
    }
    return atomic_compare_exchange_strong(&place->state, &idle, WI_PLACE_HELD);
}

/* Whether others have come back meanwhile, and it is one too many. */
static bool is_surplus(const wi_pool *pool)
{
    int counts[WI_PLACE_STATES];

    wi_places_count(pool, counts);
    return (pool->options.size > 0 && pool->waiting == 0 &&
            counts[WI_PLACE_IDLE] >= pool->options.size) ||
           wi_fast_room(pool, &pool->options) + pool->chores.closing < 0;
}

void wi_fast_let_go(wi_pool *pool, wi_lease *place, bool is_alive)
{
    if (!is_alive || wi_is_ending(pool) || wi_is_void(pool, place) ||
        is_surplus(pool)) {
        wi_end_place(pool, place);
        return;
    }
    if (wi_is_suspect(pool, place) && wi_suspect_hand_over(pool, place))
        return;
    /* To be asked is not to be needed. */
    wi_place_move(pool, place,
                  place->was_aside ? WI_PLACE_ASIDE : WI_PLACE_IDLE);
    /* Somebody may have looked in vain meanwhile. */
    wi_dispatch(pool);
}

/* ------------------------------------------------------------------ asking */

static void checker_main(void *argument)
{
    wi_lease *place = argument;
    wi_pool *pool = place->pool;
    int64_t deadline_ns = wi_fast_now(pool) + WI_ANSWER_NS;
    uint32_t generation = atomic_load(&pool->generation);
    weir_status status;
    weir_error err = {.status = WEIR_OK};

    status =
        pool->kind->check(pool->context, place->resource, deadline_ns, &err);
    wi_mutex_lock(&pool->lock);
    pool->chores.checks--;
    atomic_store(&place->asked_ns, wi_fast_now(pool));
    /* Having had too little time or memory says nothing of the others. */
    if (status != WEIR_OK && status != WEIR_ERR_TIMEOUT &&
        status != WEIR_ERR_NOMEM)
        wi_suspect(pool, place);
    if (status == WEIR_OK && !wi_is_void(pool, place))
        place->generation = generation;
    wi_fast_let_go(pool, place, status == WEIR_OK);
    if (!pool->closed)
        wi_house_call(pool, wi_fast_now(pool));
    wi_thread_ends(pool);
}

/* Locked. The place is held. False: there was no thread. */
static bool start_check(wi_pool *pool, wi_lease *place)
{
    pool->chores.checks++;
    if (pool->port->start(pool->port->context, "weir-check", checker_main,
                          place))
        return true;
    pool->chores.checks--;
    wi_fast_let_go(pool, place, true);
    return false;
}

/* Since when nothing was heard of it. */
static int64_t quiet_since(const wi_lease *place)
{
    int64_t used_ns = atomic_load(&place->since_ns);

    return used_ns > place->asked_ns ? used_ns : place->asked_ns;
}

int64_t wi_check_visit(wi_pool *pool, int64_t now_ns)
{
    int64_t every_ns = pool->options.keepalive_ns;
    int64_t next_ns = INT64_MAX;
    wi_lease *place;

    if (every_ns <= 0 || every_ns > WI_NO_DEADLINE - now_ns)
        return INT64_MAX;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);
        bool is_idle = state == WI_PLACE_IDLE || state == WI_PLACE_ASIDE;
        int64_t due_ns =
            is_idle ? quiet_since(place) + every_ns : now_ns + every_ns;

        if (state == WI_PLACE_EMPTY)
            continue;
        if (due_ns > now_ns) {
            next_ns = due_ns < next_ns ? due_ns : next_ns;
            continue;
        }
        /* The others when this one has been answered. */
        if (pool->chores.checks > 0)
            return INT64_MAX;
        if (!wi_fast_hold(pool, place))
            next_ns = now_ns + every_ns < next_ns ? now_ns + every_ns : next_ns;
        else if (!start_check(pool, place))
            return now_ns + RETRY_NS;
    }
    return next_ns;
}
