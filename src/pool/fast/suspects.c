/* SPDX-License-Identifier: MIT */
/*
 * Who is suspected, and who asks.
 */
#include "pool/fast/suspects.h"

#include "pool/fast/chores.h"
#include "pool/fast/life.h"
#include "pool/fast/threads.h"

#define RETRY_NS INT64_C(1000000000) /* when there was no thread */

enum { ASKERS_MAX = 4 };

bool wi_is_void(const wi_pool *pool, const wi_lease *place)
{
    /* Generations wrap around. */
    return (int32_t)(place->generation - atomic_load(&pool->valid_from)) < 0;
}

bool wi_is_suspect(const wi_pool *pool, const wi_lease *place)
{
    return place->generation != atomic_load(&pool->generation) &&
           !wi_is_void(pool, place);
}

/* ------------------------------------------------------------------ asking */

/* Locked. The place is HELD. */
static void enlist(wi_pool *pool, wi_lease *place)
{
    place->next_in_line = pool->suspects.to_ask;
    pool->suspects.to_ask = place;
    pool->suspects.unanswered++;
}

/* Locked. One from the line, still HELD, or NULL. */
static wi_lease *next_to_ask(wi_pool *pool)
{
    wi_lease *place = pool->suspects.to_ask;

    if (place)
        pool->suspects.to_ask = place->next_in_line;
    return place;
}

/* What was seen to hang up needs no question if it looks like it. */
static weir_status ask(const wi_pool *pool, wi_lease *place)
{
    weir_error err = {.status = WEIR_OK};

    if (atomic_exchange(&place->hung_up, false) && pool->kind->peek &&
        !pool->kind->peek(pool->context, place->resource))
        return WEIR_ERR_CONNECTION;
    return pool->kind->check(pool->context, place->resource,
                             wi_fast_now(pool) + WI_ANSWER_NS, &err);
}

/* Locked, and outside in between. */
static void ask_one(wi_pool *pool, wi_lease *place)
{
    uint32_t generation = atomic_load(&pool->generation);
    weir_status status = WEIR_ERR_CONNECTION;

    if (!wi_is_void(pool, place) && !wi_is_ending(pool)) {
        wi_fast_unlock(pool);
        status = ask(pool, place);
        wi_mutex_lock(&pool->lock);
        wi_suspect_answered(pool, place, generation, status);
    }
    pool->suspects.unanswered--;
    wi_fast_let_go(pool, place, status == WEIR_OK);
}

static void asker_main(void *argument)
{
    wi_pool *pool = argument;
    wi_lease *place;

    wi_mutex_lock(&pool->lock);
    while ((place = next_to_ask(pool)))
        ask_one(pool, place);
    pool->suspects.askers--;
    pool->visitors--;
    wi_thread_ends(pool);
}

/* Locked. For so many places. False: there can be no thread; the housekeeper
 * will try again. */
static bool need_askers(wi_pool *pool, int unanswered)
{
    wi_suspects *suspects = &pool->suspects;

    while (suspects->askers < ASKERS_MAX && suspects->askers < unanswered) {
        suspects->askers++;
        pool->visitors++;
        if (pool->port->start(pool->port->context, "weir-check", asker_main,
                              pool))
            continue;
        suspects->askers--;
        pool->visitors--;
        break;
    }
    suspects->is_put_off = suspects->askers == 0;
    if (suspects->is_put_off)
        wi_house_call(pool, wi_fast_now(pool) + RETRY_NS);
    return suspects->askers > 0;
}

/* Locked. Nobody can ask them: whoever borrows one has to. */
static void give_back_all(wi_pool *pool)
{
    wi_lease *place;

    while ((place = next_to_ask(pool))) {
        pool->suspects.unanswered--;
        wi_place_move(pool, place,
                      place->was_aside ? WI_PLACE_ASIDE : WI_PLACE_IDLE);
    }
}

/* Locked. What it is made of may be looked at only when it is held. */
static void ask_idle(wi_pool *pool)
{
    wi_lease *place;

    if (!pool->options.threads || wi_is_ending(pool))
        return;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        uint32_t state = wi_place_state_of(place);

        if ((state != WI_PLACE_IDLE && state != WI_PLACE_ASIDE) ||
            !wi_fast_hold(pool, place))
            continue;
        if (place->generation != atomic_load(&pool->generation))
            enlist(pool, place);
        else
            wi_place_move(pool, place,
                          place->was_aside ? WI_PLACE_ASIDE : WI_PLACE_IDLE);
    }
    if (pool->suspects.unanswered > 0 &&
        !need_askers(pool, pool->suspects.unanswered))
        give_back_all(pool);
}

bool wi_suspect_hand_over(wi_pool *pool, wi_lease *place)
{
    if (!pool->options.threads || wi_is_ending(pool) ||
        !need_askers(pool, pool->suspects.unanswered + 1))
        return false;
    if (wi_place_state_of(place) == WI_PLACE_BUSY) {
        place->was_aside = false;
        wi_place_move(pool, place, WI_PLACE_HELD);
    }
    enlist(pool, place);
    return true;
}

void wi_suspects_visit(wi_pool *pool)
{
    if (!pool->suspects.is_put_off)
        return;
    pool->suspects.is_put_off = false;
    ask_idle(pool);
}

void wi_suspects_end(wi_pool *pool)
{
    wi_lease *kept = NULL;
    wi_lease *place;

    while ((place = next_to_ask(pool))) {
        if (wi_is_ending(pool) || wi_is_void(pool, place)) {
            pool->suspects.unanswered--;
            wi_place_move(pool, place, WI_PLACE_IDLE);
        } else {
            place->next_in_line = kept;
            kept = place;
        }
    }
    pool->suspects.to_ask = kept;
}

/* --------------------------------------------------------------- suspicion */

void wi_suspect_all(wi_pool *pool)
{
    atomic_fetch_add(&pool->generation, 1);
    pool->suspects.dead = 0;
    ask_idle(pool);
}

void wi_suspect(wi_pool *pool, const wi_lease *place)
{
    if (place->generation != atomic_load(&pool->generation))
        return;
    if (pool->kind->check)
        wi_suspect_all(pool);
    else
        wi_make_void(pool);
}

void wi_make_void(wi_pool *pool)
{
    uint32_t generation = atomic_load(&pool->generation) + 1;

    /* In this order: who sees the new generation finds the others void. */
    atomic_store(&pool->valid_from, generation);
    atomic_store(&pool->generation, generation);
}

void wi_suspect_answered(wi_pool *pool, wi_lease *place, uint32_t generation,
                         weir_status status)
{
    uint32_t valid_from = atomic_load(&pool->valid_from);

    atomic_store(&place->asked_ns, wi_fast_now(pool));
    if (status == WEIR_OK)
        place->generation = generation;
    /* Having had too little memory says nothing of the others. */
    if (status == WEIR_OK || status == WEIR_ERR_NOMEM)
        return;
    pool->suspects.dead++;
    if ((status == WEIR_ERR_TIMEOUT || pool->suspects.dead >= WI_DEAD_MAX) &&
        (int32_t)(generation - valid_from) > 0)
        atomic_store(&pool->valid_from, generation);
}
