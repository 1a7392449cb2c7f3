/* SPDX-License-Identifier: MIT */
/*
 * The places of a pool and what is in them. A lease is a place:
 *
 *   SPARE -> CONNECTING -> BUSY -> IDLE -> BUSY ...    made, lent, given back
 *   IDLE, BUSY -> CLOSING -> SPARE                     at its end
 *   BUSY -> CLOSING -> CONNECTING -> BUSY              replaced for a borrower
 *   BUSY -> CLOSING -> LOST -> CONNECTING -> BUSY      lost while lent
 *   IDLE, BUSY -> INHERITED -> SPARE                   in a forked child
 *
 * Memory of places is made once and used again until the pool ends, so that
 * whoever has room can always have a place: see wi_slots_spare(). Both the
 * mutex core and that of the kinds (pool/slots/kinds.h) keep their places so.
 *
 * All is called under the pool's mutex, but for wi_slot_new() and
 * wi_slots_at(). The resource belongs to the borrower in all states but IDLE.
 */
#ifndef WI_POOL_SLOTS_SLOT_H
#define WI_POOL_SLOTS_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/memory.h>

#include "base/list.h"
#include "pool/nest.h"
#include "pool/pool.h"

struct wi_place_view;
struct wi_pool_view;

typedef enum wi_slot_state {
    WI_SLOT_SPARE = 0, /* only memory; does not count */
    WI_SLOT_IDLE,
    WI_SLOT_BUSY,       /* lent */
    WI_SLOT_LOST,       /* lent, without a resource */
    WI_SLOT_CONNECTING, /* its resource is being opened */
    WI_SLOT_CLOSING,    /* its resource is being closed */
    WI_SLOT_INHERITED,  /* the parent process's; does not count */
    WI_SLOT_STATES,
} wi_slot_state;

struct wi_lease {
    void *resource;          /* these two first in the leases of every core */
    _Atomic uint64_t serial; /* of the loan, shared or not */
    wi_list_node by_state;   /* in wi_slots::idle or ::spare */
    wi_list_node by_pool;    /* in wi_slots::all */
    struct wi_lease *older;  /* never changes once it is a place */
    _Atomic wi_slot_state state; /* changed by wi_slot_move() only */
    wi_nest_label label;         /* of the loan, for those without the lock */
    uint64_t generation;         /* of the pool when the resource was begun */
    int64_t made_ns;             /* when the resource was begun */
    int64_t asked_ns;            /* and it was alive; 0: never */
    int64_t lent_ns;
    int64_t idle_ns; /* since when it is idle */
    /* Who has borrowed it: these stay as long as it is lent. */
    const char *tag;  /* may be NULL */
    const char *site; /* may be NULL */
    uint64_t loans;   /* of this place so far */

    /* The rest is the kinds' core's only: see pool/slots/kinds.h. */
    int shares;      /* of the loan, not yet given back */
    bool is_private; /* nobody may join the loan at the moment */
    uint64_t keeper; /* the thread for whose sake it is private */
    bool is_retired; /* lent, and not to be joined any more */
    uint64_t owner;  /* the thread whose it is; 0: it has ended, or anybody's */
    void *holder;    /* what stands for the loan: wi_request::holder */
};

typedef struct wi_slots {
    wi_list idle; /* the one that came back last is last */
    wi_list spare;
    wi_list all;
    _Atomic(wi_lease *) newest;
    int counts[WI_SLOT_STATES];
} wi_slots;

void wi_slots_init(wi_slots *slots);
/* Frees all memory; every place is SPARE (asserted). */
void wi_slots_clear(wi_slots *slots, const weir_allocator *allocator);

/* Memory for one more place; NULL if there is none. Needs no lock. */
wi_lease *wi_slot_new(const weir_allocator *allocator);
/* Makes it one of the spare places. */
void wi_slots_add(wi_slots *slots, wi_lease *slot);

/* The one function that changes a state. */
void wi_slot_move(wi_slots *slots, wi_lease *slot, wi_slot_state state);

/* Those that count: all but the spare ones. */
int wi_slots_total(const wi_slots *slots);
/* Lent, with a resource or without. */
int wi_slots_busy(const wi_slots *slots);
/* A spare place, or NULL. */
wi_lease *wi_slots_spare(const wi_slots *slots);
/* The lent one that is out longest, or NULL. Looks at all. */
const wi_lease *wi_slots_longest(const wi_slots *slots);

/* Goes through all places without the lock, from 0 on; NULL: no more. */
const wi_lease *wi_slots_at(const wi_slots *slots, int index);

/* Writes who has borrowed a place from now on. */
void wi_slot_sign(wi_lease *slot, const wi_request *request, uint64_t thread,
                  int64_t now_ns);
/* And that nobody has it any more: before it is seen to be idle. */
void wi_slot_sign_off(wi_lease *slot);
/* One as it is at `now_ns`. */
void wi_slot_see(const wi_lease *slot, int64_t now_ns,
                 struct wi_place_view *out);
/* Shows the places that count: view->places has room for `room`. */
void wi_slots_view(const wi_slots *slots, int64_t now_ns, int room,
                   struct wi_pool_view *view);

#endif
