/* SPDX-License-Identifier: MIT */
/*
 * What is lost while it is lent. Its borrower keeps his place and opens another
 * there. Where the pool has threads he does not close the dead one himself: it
 * moves to an EMPTY place and is closed from there like any other, and counts
 * until it is. So there may be one place more than the limit; who reopens waits
 * until there is not, so that there are never more sessions.
 */
#include "pool/fast/lost.h"

#include "base/check.h"
#include "base/error.h"
#include "pool/fast/closers.h"
#include "pool/fast/life.h"
#include "pool/fast/threads.h"

/* Locked, and outside in between. NULL: there is no memory for one. */
static wi_lease *another_place(wi_pool *pool)
{
    wi_lease *empty;

    while (!(empty = wi_place_empty(pool)) && wi_places_grow(pool) == WEIR_OK)
        ;
    return empty;
}

/* Locked. What is in a CLOSING place will be closed in another. */
static void bury(wi_pool *pool, wi_lease *place, wi_lease *grave)
{
    grave->resource = place->resource;
    grave->generation = place->generation;
    grave->made_ns = place->made_ns;
    grave->used_count = atomic_load(&grave->loans);
    atomic_store(&grave->asked_ns, atomic_load(&place->asked_ns));
    place->resource = NULL;
    wi_place_move(pool, grave, WI_PLACE_CLOSING);
    wi_close_later(pool, grave);
}

void wi_fast_lose(wi_pool *pool, wi_lease *place)
{
    wi_lease *grave;

    WI_ASSERT(wi_is_lent(wi_place_state_of(place)));
    if (!place->resource)
        return;
    wi_mutex_lock(&pool->lock);
    wi_place_move(pool, place, WI_PLACE_CLOSING); /* nobody takes it back */
    grave = pool->options.threads ? another_place(pool) : NULL;
    if (grave)
        bury(pool, place, grave);
    else
        wi_close_here(pool, place);
    wi_place_move(pool, place, WI_PLACE_LOST);
    wi_fast_unlock(pool);
}

weir_status wi_fast_reopen(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                           weir_error *err)
{
    int64_t now = wi_fast_now(pool);
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    WI_ASSERT(wi_place_state_of(place) == WI_PLACE_LOST);
    wi_mutex_lock(&pool->lock);
    wi_place_move(pool, place, WI_PLACE_CONNECTING);
    place->in_caller = true;
    deadline_ns = wi_pool_deadline(&pool->options, deadline_ns, now);
    status = wi_wait_for_closing(pool, deadline_ns, err);
    if (status == WEIR_OK)
        status = wi_open_here(pool, place, deadline_ns, err);
    if (status != WEIR_OK)
        wi_place_move(pool, place, WI_PLACE_LOST);
    else
        wi_note_success(pool);
    wi_dispatch(pool); /* who waits for the outage to end need not */
    wi_fast_unlock(pool);
    return status;
}
