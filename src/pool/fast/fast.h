/* SPDX-License-Identifier: MIT */
/*
 * The inside of the fast core. Its one idea: while nobody waits, a place is
 * taken and given back by one atomic step on its state; all else happens under
 * one lock.
 *
 * The gate says which of the two it is. It is written under the lock and read
 * without: who shuts it looks at all places *afterwards*, and who makes one
 * IDLE reads it *afterwards*, sequentially consistent. So either the waiter
 * finds the place, or who gave it back finds the waiter.
 *
 * A lease is a place:
 *
 *   EMPTY -> CONNECTING -> BUSY -> IDLE -> BUSY ...    made, lent, given back
 *   IDLE -> HELD -> IDLE                               looked at by the pool
 *   BUSY -> HELD -> IDLE                               asked after it was lent
 *   IDLE -> ASIDE -> BUSY, IDLE                        is it needed?
 *   IDLE, ASIDE, HELD, BUSY -> CLOSING -> EMPTY        at its end
 *   BUSY -> CLOSING -> CONNECTING -> BUSY              replaced for a borrower
 *   BUSY -> CLOSING -> LOST -> CONNECTING -> BUSY      lost while lent
 *   EMPTY -> CLOSING -> EMPTY                          for what was lost
 *   BUSY -> OVERDUE -> BUSY                            lent for too long
 *   OVERDUE, LOST -> EMPTY                             taken back
 *   anything -> INHERITED -> EMPTY                     in a forked child
 *
 * Without the lock happen IDLE -> BUSY (by whoever wants it) and BUSY -> IDLE
 * (by who has it), both by compare-and-swap. All others happen under it. So
 * who gives back what is OVERDUE comes under the lock, too: leaks.h.
 *
 * Places stand in blocks that never move. The head of a pool (struct wi_pool)
 * is never given back to the allocator but used for another pool: a thread
 * that gave back its place reads the gate once more, when another may have
 * ended the pool. What it then does to a stranger, dispatch(), is harmless.
 */
#ifndef WI_POOL_FAST_FAST_H
#define WI_POOL_FAST_FAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/sync.h"
#include "pool/core.h"
#include "pool/fast/claim.h"
#include "pool/fast/clock.h"
#include "pool/fast/house.h"
#include "pool/fast/place.h"
#include "pool/fast/suspects.h"
#include "pool/port.h"
#include "pool/view.h"

enum {
    WI_BLOCKS_MAX = 24,     /* block n has 8 << n places */
    WI_FIRST_BLOCK = 8,     /* places */
    WI_WAKES_MAX = 16,      /* sleepers that are woken after the unlock */
    WI_CONNECTING_MAX = 2,  /* by default */
    WI_SAMPLE = 64,         /* one short loan of so many is timed exactly */
    WI_SHORT_NS = 16000000, /* some ticks of the coarse clock */
};

typedef enum wi_gate {
    WI_GATE_OPEN = 0, /* nobody waits */
    WI_GATE_YOUNG,    /* somebody waits, and may still be overtaken */
    WI_GATE_SHUT,     /* everything goes under the lock */
} wi_gate;

struct wi_pool {
    const wi_pool_core *core;
    /* Read by all, written under the lock and seldom. */
    _Alignas(WI_LINE) _Atomic uint32_t gate;
    _Atomic uint32_t generation; /* older resources are asked, or ended */
    _Atomic uint32_t valid_from; /* still older ones are never lent again */
    _Atomic uint32_t is_woken;   /* a claim was told to look, and has not yet */
    _Atomic bool is_thrifty;     /* a return has to be looked at closer */
    const wi_resource_kind *kind;
    void *context;
    const weir_allocator *allocator;
    const wi_port *port;
    /* Copies of options for those who have no lock. */
    _Atomic int64_t recycle_ns;
    _Atomic int64_t ping_after_ns; /* negative: no pre_ping */
    _Atomic int64_t limit;         /* of places that count */
    _Atomic uint64_t serial;       /* of the pool, not of its head */
    _Atomic int block_count;
    wi_lease *blocks[WI_BLOCKS_MAX];
    void *block_memory[WI_BLOCKS_MAX];

    _Alignas(WI_LINE) wi_mutex lock; /* guards all that follows */
    wi_pool_options options;
    wi_list queue; /* wi_claim, the oldest first */
    int waiting;
    int nested; /* of them, those that may hold something */
    wi_nest_source nest;
    int capacity;            /* places in all blocks */
    int total;               /* places that are not EMPTY */
    int connecting, hanging; /* CONNECTING by threads; see hang.c */
    int closers, strays;     /* threads that close; closers.c */
    uint64_t closings;
    wi_lease *to_close;
    wi_suspects suspects; /* suspects.h */
    wi_clock_watch clock; /* clock.h */
    /* The outage: how often opening has failed since it last succeeded, and of
     * these the last in a row that were no full server, when it may be tried
     * again, and how many at once after it succeeded. */
    int failures;
    int outages;
    int ramp;
    int64_t retry_ns;
    bool is_probed; /* a thread waits for that moment */
    wi_parker probe;
    uint32_t probe_word;
    int visitors; /* calls that must be over before the pool ends */
    wi_pool_mode mode;
    wi_list watchers; /* those who wait for an end: drain.c */
    int watching;
    uint64_t resumes;
    uint64_t turns;
    bool closed;
    bool told_empty;
    bool has_inherited; /* places have to be abandoned first */

    weir_error last_failure; /* of open */
    int64_t last_failure_ns; /* 0: there was none */
    uint64_t opened;
    uint64_t closed_count;
    uint64_t timeouts;
    uint64_t connect_failures;
    uint64_t leaks; /* loans that were told of as too long */
    uint64_t reclaimed;
    uint64_t stale_returns;
    int64_t began_ns;
    /* By whoever has waited, who may have no lock. */
    _Atomic uint64_t waits;
    _Atomic int64_t wait_most_ns;
    wi_histogram wait, connect;

    wi_parker *wakes[WI_WAKES_MAX];
    int wake_count;
    bool must_ring; /* the housekeeper is rung after the unlock */
    wi_seat seat;   /* guarded by the lock of the house */
    wi_chores chores;
    struct wi_pool *next_head; /* in the list of heads */
    void *memory;              /* of this head */
};

static inline int64_t wi_fast_now(const wi_pool *pool)
{
    return pool->port->now_ns(pool->port->context);
}

static inline int64_t wi_fast_coarse(const wi_pool *pool)
{
    const wi_port *port = pool->port;

    return port->coarse_ns ? port->coarse_ns(port->context) : wi_coarse_ns();
}

/* ----------------------------------------------------------------- places.c */

/* Goes through all places: for (i = 0; (place = wi_place_at(pool, i)); i++). */
wi_lease *wi_place_at(const wi_pool *pool, int index);
/* Takes an idle one by compare-and-swap, beginning with `hint` (or NULL). */
wi_lease *wi_place_take(const wi_pool *pool, wi_lease *hint, uint32_t state);
/* Locked. The idle one that the options' order prefers, else one that is
 * ASIDE, made `state`. */
wi_lease *wi_place_take_in_order(wi_pool *pool, uint32_t state);
/* Locked. Changes the state of a place that the caller owns. */
void wi_place_move(wi_pool *pool, wi_lease *place, uint32_t state);
/* Locked. Whether releases have to be looked at closer. */
void wi_thrift_set(wi_pool *pool);
/* Locked. An EMPTY one, or NULL. */
wi_lease *wi_place_empty(const wi_pool *pool);
/* Locked, and outside in between. One more block. */
weir_status wi_places_grow(wi_pool *pool);
void wi_places_clear(wi_pool *pool);
/* Locked, or a glance. How many are in each state; ASIDE is IDLE here. */
void wi_places_count(const wi_pool *pool, int counts[WI_PLACE_STATES]);

/* ------------------------------------------------------------------ queue.c */

static inline wi_claim *wi_claim_first(const wi_pool *pool)
{
    wi_list_node *node = wi_list_first(&pool->queue);

    return node ? WI_CONTAINER(node, wi_claim, queued) : NULL;
}

/* Locked. Makes the gate what it has to be now. */
void wi_gate_set(wi_pool *pool);
/* Unlocks, and wakes those who were published to. */
void wi_fast_unlock(wi_pool *pool);
/* Locked. Puts a claim at the end of the queue; false: no room for it. */
bool wi_claim_join(wi_pool *pool, wi_claim *claim);
/* Sleeps until it is settled (true) or its deadline (false). Not locked. */
bool wi_claim_wait(wi_pool *pool, wi_claim *claim);
/* Locked. A BUSY or CONNECTING place for the oldest; an answer for one. */
void wi_claim_grant(wi_pool *pool, wi_lease *place);
void wi_claim_answer(wi_pool *pool, wi_claim *claim, weir_status status,
                     const weir_error *err);
/* Not locked; its token is cancelled. */
void wi_claim_cancel(wi_cancel_wait *wait);
/* Locked. It looks at that time, in a pool without threads. */
void wi_claim_look_at(wi_pool *pool, wi_claim *claim, int64_t time_ns);
/* Locked. Tells the oldest to look, if it may be overtaken and a place is idle,
 * unless one that was told has not looked yet. */
void wi_queue_nudge(wi_pool *pool);

/* ------------------------------------------------------------------- open.c */

/* Locked. How many more may be opened with these options. */
int64_t wi_fast_room(const wi_pool *pool, const wi_pool_options *options);
/* Locked, and outside in between. Sees to it that all who wait, and so many
 * more, find an EMPTY place if there is room. */
weir_status wi_places_for(wi_pool *pool, const wi_pool_options *options,
                          int newcomers);
/* Locked. Whatever has become free goes to the oldest waiters. */
void wi_dispatch(wi_pool *pool);
/* Locked. A BUSY place with its resource goes to the oldest, or is idle. */
void wi_give_back(wi_pool *pool, wi_lease *place);
/* Locked. The place is EMPTY, for another resource. */
void wi_give_up(wi_pool *pool, wi_lease *place);
/* Locked, and outside in between. Opens into a CONNECTING place, which is
 * BUSY then; on failure it stays as it is. */
weir_status wi_open_here(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                         weir_error *err);
/* Locked, and outside in between. Closes the resource of a place that is
 * CLOSING afterwards. */
void wi_close_here(wi_pool *pool, wi_lease *place);
/* Locked, and outside in between. Ends a place with its resource. */
void wi_end_place(wi_pool *pool, wi_lease *place);
/* Not locked. The place is BUSY and due: recycles, asks, replaces. On failure
 * it is given up. `*again`: the place is gone, and another is to be found. */
weir_status wi_look_closer(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                           bool *again, weir_error *err);
/* When its age ends it, by the options of now. */
int64_t wi_expiry_ns(const wi_pool *pool, const wi_lease *place);
/* Locked, and outside in between. Closes idle ones that may not stay; the
 * pool's threads do, if there are any and the pool is not closed. */
void wi_close_surplus(wi_pool *pool);
/* Locked. True the first time that a closed pool is empty. */
bool wi_is_empty_now(wi_pool *pool);

/* When a place has to be looked at closer, if it is idle from `now_ns` on. */
static inline int64_t wi_due_ns(const wi_pool *pool, const wi_lease *place,
                                int64_t now_ns)
{
    int64_t due_ns =
        atomic_load_explicit(&place->expiry_ns, memory_order_relaxed);
    int64_t ping_ns =
        atomic_load_explicit(&pool->ping_after_ns, memory_order_relaxed);

    if (ping_ns >= 0 && ping_ns < due_ns - now_ns)
        due_ns = now_ns + ping_ns;
    /* The coarse clock stands still within a tick. What is watched needs no
     * glance. */
    return pool->kind->peek && !place->is_watched && due_ns > now_ns + 1
               ? now_ns + 1
               : due_ns;
}

#endif
