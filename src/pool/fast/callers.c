/* SPDX-License-Identifier: MIT */
/*
 * Borrowers that open for themselves while the database is down.
 */
#include "pool/fast/callers.h"

#include "pool/fast/threads.h"

/* An attempt that was given so long tells of the database, not of whoever had
 * no more time. */
#define FAIR_NS INT64_C(1000000000)

static int connecting(const wi_pool *pool)
{
    int counts[WI_PLACE_STATES];

    wi_places_count(pool, counts);
    return counts[WI_PLACE_CONNECTING];
}

bool wi_caller_may_open(const wi_pool *pool)
{
    if (pool->options.threads)
        return true;
    if (pool->failures > 0)
        return wi_fast_now(pool) >= pool->retry_ns && connecting(pool) < 1;
    return pool->ramp >= pool->capacity || connecting(pool) < pool->ramp;
}

static bool tells_of_outage(const wi_pool *pool, const wi_lease *place,
                            int64_t deadline_ns, weir_status status)
{
    int64_t now = wi_fast_now(pool);

    if (pool->options.threads || pool->options.backoff_ns < 0 ||
        status == WEIR_ERR_NOMEM || status == WEIR_ERR_CANCELLED)
        return false;
    return status != WEIR_ERR_TIMEOUT || now < deadline_ns ||
           now - place->doing_ns >= FAIR_NS;
}

void wi_caller_failed(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                      const weir_error *err)
{
    bool counts = tells_of_outage(pool, place, deadline_ns, err->status);

    if (counts)
        wi_note_failure(pool, err->status);
    wi_place_move(pool, place, WI_PLACE_EMPTY);
    /* For one failure he is told who tried. */
    if (counts && (pool->failures >= 2 || wi_is_final(err->status)))
        wi_answer_waiters(pool, err);
    wi_dispatch(pool);
}

void wi_callers_look_later(wi_pool *pool)
{
    wi_claim *first = wi_claim_first(pool);

    if (!first || pool->options.threads || pool->mode == WI_POOL_PAUSED ||
        pool->failures == 0 || wi_fast_now(pool) >= pool->retry_ns ||
        wi_fast_room(pool, &pool->options) <= 0)
        return;
    wi_claim_look_at(pool, first, pool->retry_ns);
}
