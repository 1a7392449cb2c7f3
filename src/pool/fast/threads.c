/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool that open. Each lives for its task and no longer. How
 * many open at once is limited; how many wait for it is not, since who waits
 * takes what comes first, new or given back.
 *
 * An outage: after one failed opening another is tried at once; after the
 * second the database counts as down. Then one at a time is tried, after a
 * pause that doubles and is drawn at random from nothing to all of it, so that
 * many programs do not come back together. Who waits while nothing that is out
 * could come back is told at once. After the first success one is opened at a
 * time, then two, four and so on. A server that lets no more in is no outage,
 * though it is tried again after the same pauses.
 */
#include "pool/fast/threads.h"

#include <stdio.h>

#include "pool/fast/chores.h"

#include "base/clock.h"
#include "base/error.h"
#include "pool/fast/life.h"

#define PAUSE_FIRST_NS INT64_C(50000000)
#define PAUSE_MAX_NS INT64_C(5000000000)
#define CONNECT_NS INT64_C(30000000000)
#define DOUBLINGS_MAX 16

void wi_thread_ends(wi_pool *pool)
{
    const wi_resource_kind *kind = pool->kind;
    void *context = pool->context;
    bool ended = wi_is_empty_now(pool);

    wi_fast_unlock(pool);
    if (ended && kind->ended)
        kind->ended(context);
}

/* ------------------------------------------------------------------ outage */

static int most_at_once(const wi_pool *pool)
{
    int most = pool->options.connecting_max;

    if (most <= 0)
        most = WI_CONNECTING_MAX;
    if (pool->failures > 0)
        return 1;
    return pool->ramp < most ? pool->ramp : most;
}

static int64_t draw_pause(const wi_pool *pool)
{
    int64_t most = pool->options.backoff_ns;
    int doublings = pool->failures - 2;
    int64_t pause = PAUSE_FIRST_NS;

    if (most <= 0)
        most = PAUSE_MAX_NS;
    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    pause <<= doublings;
    if (pause > most)
        pause = most;
    return (int64_t)(pool->port->random(pool->port->context) %
                     (uint64_t)(pause + 1));
}

void wi_note_success(wi_pool *pool)
{
    if (pool->failures == 0 && pool->ramp < INT32_MAX / 2)
        pool->ramp *= 2;
    pool->failures = pool->outages = 0;
    pool->retry_ns = 0;
}

void wi_note_failure(wi_pool *pool, weir_status status)
{
    pool->failures++;
    if (status == WEIR_ERR_RESOURCE) {
        pool->outages = 0;
    } else {
        pool->outages++;
        pool->ramp = 1;
    }
    pool->retry_ns =
        pool->failures < 2 ? 0 : wi_fast_now(pool) + draw_pause(pool);
}

static bool is_waiting(const wi_pool *pool, uint64_t thread)
{
    for (wi_list_node *node = wi_list_first(&pool->queue); node;
         node = wi_list_next(&pool->queue, node)) {
        if (WI_CONTAINER(node, wi_claim, queued)->thread == thread)
            return true;
    }
    return false;
}

/* Locked. Whether anything that is out could serve who waits: what is held by
 * a thread that waits itself could not. */
static bool may_come_back(const wi_pool *pool)
{
    const wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        switch (wi_place_state_of(place)) {
        case WI_PLACE_EMPTY:
        case WI_PLACE_CLOSING:
            continue;
        case WI_PLACE_BUSY:
        case WI_PLACE_LOST:
        case WI_PLACE_OVERDUE:
            if (!is_waiting(pool, atomic_load(&place->thread)))
                return true;
            continue;
        default:
            return true;
        }
    }
    return false;
}

weir_status wi_refuse_in_outage(wi_pool *pool, weir_error *err)
{
    int64_t now = wi_fast_now(pool);
    weir_error last = pool->last_failure;
    char row[32] = "";

    if (pool->mode == WI_POOL_PAUSED || pool->failures < 2 ||
        now >= pool->retry_ns || may_come_back(pool))
        return WEIR_OK;
    if (pool->outages > 0)
        snprintf(row, sizeof row, ", %d times in a row", pool->outages);
    weir_error_set(err, last.status,
                   "%s (%.1f s ago%s; the next attempt is in %.1f s)",
                   last.message, (double)(now - pool->last_failure_ns) / 1e9,
                   row, (double)(pool->retry_ns - now) / 1e9);
    err->native_code = last.native_code;
    for (size_t i = 0; i < sizeof last.sqlstate; i++)
        err->sqlstate[i] = last.sqlstate[i];
    return last.status;
}

bool wi_is_final(weir_status status)
{
    return status == WEIR_ERR_AUTH || status == WEIR_ERR_CONFIG ||
           status == WEIR_ERR_MISUSE || status == WEIR_ERR_UNSUPPORTED;
}

/* While something may come back they go on waiting for it. */
void wi_answer_waiters(wi_pool *pool, const weir_error *err)
{
    bool all = wi_is_final(err->status) || pool->failures >= 2;

    if (pool->mode == WI_POOL_PAUSED ||
        (!wi_is_final(err->status) && may_come_back(pool)))
        return;
    do {
        if (!wi_claim_first(pool))
            return;
        wi_claim_answer(pool, wi_claim_first(pool), err->status, err);
    } while (all);
}

/* -------------------------------------------------------------- connectors */

/* Locked, and outside in between if it has to be closed again. */
static void take_in(wi_pool *pool, wi_lease *place)
{
    wi_note_success(pool);
    if (wi_is_ending(pool) || wi_is_void(pool, place) ||
        wi_fast_room(pool, &pool->options) < 0)
        wi_end_place(pool, place);
    else
        wi_give_back(pool, place);
    wi_fast_opened(pool);
    wi_dispatch(pool);
}

static void connector_main(void *argument)
{
    wi_lease *place = argument;
    wi_pool *pool = place->pool;
    weir_error err;
    int64_t limit_ns;

    wi_mutex_lock(&pool->lock);
    wi_opening_begins(place);
    limit_ns =
        pool->options.connect_ns > 0 ? pool->options.connect_ns : CONNECT_NS;
    if (wi_open_here(pool, place, wi_fast_now(pool) + limit_ns, &err) ==
        WEIR_OK) {
        wi_opening_ended(pool, place);
        take_in(pool, place);
    } else {
        wi_opening_ended(pool, place);
        wi_note_failure(pool, err.status);
        wi_place_move(pool, place, WI_PLACE_EMPTY);
        wi_answer_waiters(pool, &err);
        wi_dispatch(pool);
    }
    wi_thread_ends(pool);
}

/* Locked. False: there can be no thread; the oldest waiter opens himself. */
static bool start_connector(wi_pool *pool, wi_lease *place)
{
    wi_place_move(pool, place, WI_PLACE_CONNECTING);
    place->in_caller = false;
    pool->connecting++;
    if (pool->port->start(pool->port->context, "weir-connect", connector_main,
                          place))
        return true;
    pool->connecting--;
    if (wi_claim_first(pool)) {
        place->in_caller = true;
        wi_claim_grant(pool, place);
    } else {
        wi_place_move(pool, place, WI_PLACE_EMPTY);
    }
    return false;
}

/* Sleeps until an opening may be tried again. */
static void probe_main(void *argument)
{
    wi_pool *pool = argument;
    const wi_port *port = pool->port;

    wi_mutex_lock(&pool->lock);
    while (!pool->closed && pool->waiting > 0 &&
           wi_fast_now(pool) < pool->retry_ns) {
        int64_t until_ns = pool->retry_ns;
        uint32_t seen = pool->probe_word;

        wi_fast_unlock(pool);
        port->park(port->context, &pool->probe, seen, until_ns);
        wi_mutex_lock(&pool->lock);
    }
    pool->is_probed = false;
    pool->visitors--;
    if (!pool->closed)
        wi_connect_as_needed(pool);
    wi_thread_ends(pool);
}

/* False: there can be no thread that would wait for the moment. */
static bool start_probe(wi_pool *pool)
{
    if (pool->is_probed)
        return true;
    pool->is_probed = true;
    pool->visitors++;
    if (pool->port->start(pool->port->context, "weir-probe", probe_main, pool))
        return true;
    pool->is_probed = false;
    pool->visitors--;
    return false;
}

/* For whoever waits; else to have a reserve, which takes all but one of the
 * turns, so that who comes then finds one. */
static bool wants_another(const wi_pool *pool, int waiting)
{
    int most = most_at_once(pool);

    if (waiting > pool->connecting)
        return pool->connecting < most;
    return waiting == 0 && wi_fast_lacks(pool) > 0 &&
           pool->connecting < (most > 1 ? most - 1 : 1);
}

/* False: there can be no thread that would wait for the moment. */
static bool wait_for_retry(wi_pool *pool)
{
    if (pool->waiting > 0)
        return start_probe(pool);
    wi_house_call(pool, pool->retry_ns);
    return true;
}

/* As if so many waited. */
static void connect_for(wi_pool *pool, int waiting)
{
    wi_lease *place;

    while (wants_another(pool, waiting) &&
           wi_fast_room(pool, &pool->options) > 0 &&
           (place = wi_place_empty(pool)) && start_connector(pool, place))
        ;
}

void wi_connect_as_needed(wi_pool *pool)
{
    if (pool->closed || pool->mode == WI_POOL_PAUSED ||
        !wants_another(pool, pool->waiting))
        return;
    if (pool->failures > 0 && wi_fast_now(pool) < pool->retry_ns &&
        wait_for_retry(pool))
        return;
    connect_for(pool, pool->waiting);
    wi_fast_fill_later(pool);
}

void wi_connect_for_later(wi_pool *pool)
{
    if (pool->options.threads && !pool->closed && pool->mode == WI_POOL_OPEN &&
        wi_fast_now(pool) >= pool->retry_ns)
        connect_for(pool, pool->waiting + 1);
}

void wi_threads_hurry(wi_pool *pool)
{
    if (!pool->is_probed)
        return;
    pool->port->publish(pool->port->context, &pool->probe, ++pool->probe_word);
    pool->port->wake(pool->port->context, &pool->probe);
}
