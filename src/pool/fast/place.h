/* SPDX-License-Identifier: MIT */
/*
 * A place of the fast core, which is a lease while it is lent. How it goes from
 * state to state, and who may take it there, is said in pool/fast/fast.h.
 */
#ifndef WI_POOL_FAST_PLACE_H
#define WI_POOL_FAST_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pool/histogram.h"
#include "pool/view.h"

enum { WI_LINE = 128 }; /* two lines: processors fetch them in pairs */

typedef enum wi_place_state {
    WI_PLACE_EMPTY = 0, /* does not count */
    WI_PLACE_IDLE,
    WI_PLACE_ASIDE,
    WI_PLACE_HELD,
    WI_PLACE_BUSY,
    WI_PLACE_LOST,
    WI_PLACE_OVERDUE, /* BUSY, and somebody was told of it */
    WI_PLACE_CONNECTING,
    WI_PLACE_CLOSING,
    WI_PLACE_INHERITED, /* of a parent process; does not count */
    WI_PLACE_STATES,
} wi_place_state;

/* A loan that was told of as too long; guarded by the lock. */
typedef struct wi_told {
    bool is_told;
    bool is_ending;   /* its borrower gives it back */
    bool is_asked;    /* it is about to be taken, and its serial is void */
    bool came_back;   /* and was released meanwhile */
    int refusals;     /* how often it could not be taken back */
    int64_t retry_ns; /* when that is tried again */
    int64_t since_ns; /* these two as the place had them */
    uint64_t thread;
} wi_told;

/* What others may read while it is lent (a dump, the leak scan) is atomic. */
struct wi_lease {
    _Alignas(WI_LINE) void *resource; /* these two as in wi_lease_head */
    _Atomic uint64_t loans; /* ever, of this place: the serial of a loan */
    _Atomic uint32_t state;
    /* Of the pool when the resource was begun, or asked and alive. */
    _Atomic uint32_t generation;
    /* From this time on whoever borrows it has to look closer. */
    _Atomic int64_t due_ns;
    _Atomic int64_t expiry_ns; /* when its age ends it */
    _Atomic int64_t since_ns;  /* lent or idle since, by the coarse clock */
    /* A copy: the borrower's text may go with the loan. */
    _Atomic uint64_t tag[WI_TAG_SIZE / sizeof(uint64_t)];
    _Atomic(const char *) site;
    _Atomic uint64_t thread;  /* 0: nobody has signed */
    _Atomic bool is_detached; /* lent until its resource is closed */

    _Atomic uint64_t over; /* this serial is void, whoever has signed */

    struct wi_pool *pool;
    int64_t made_ns;     /* when the resource was begun */
    uint64_t used_count; /* loans when the resource was made */
    uint64_t turn;       /* counts returns, for FIFO and LIFO */
    int64_t doing_ns;    /* CONNECTING, CLOSING, ASIDE: since */
    uint32_t jitter;     /* 0 to 1023: how much earlier it is recycled */
    bool in_caller;      /* CONNECTING: the borrower opens it himself */
    bool hangs;          /* CONNECTING: is not counted as such */
    int64_t sampled_ns;  /* lent, by the exact clock; 0: not looked at */
    wi_histogram hold;
    struct wi_lease *next_in_line; /* to be closed, or to be asked */
    uint64_t
        closing; /* CLOSING: by a thread that has begun; its serial, or 0 */
    /* The housekeeper's (pool/fast/chores.h). */
    uint32_t number;          /* of the place in its pool */
    bool is_watched;          /* its socket is */
    _Atomic int64_t asked_ns; /* and it was alive; 0: never */
    bool was_aside;           /* HELD: it goes there again */
    _Atomic bool hung_up;     /* and the other end has hung up: look at it */
    wi_told told;
};

static inline uint32_t wi_place_state_of(const wi_lease *place)
{
    return atomic_load_explicit(&place->state, memory_order_acquire);
}

/* Locked. The serial that stands in it is void. Who is granted a place signs
 * it before he has run, and given it the serial of his loan. */
static inline void wi_place_over(wi_lease *place)
{
    atomic_store(&place->over, atomic_load(&place->loans));
}

/* The serial of the loan that lasts; 0: there is none, or it has not begun. */
static inline uint64_t wi_loan_of(const wi_lease *place)
{
    uint64_t thread =
        atomic_load_explicit(&place->thread, memory_order_acquire);
    uint64_t loan = atomic_load_explicit(&place->loans, memory_order_relaxed);
    uint64_t over = atomic_load_explicit(&place->over, memory_order_relaxed);

    return thread != 0 && loan != over ? loan : 0;
}

/* Whether somebody has it. */
static inline bool wi_is_lent(uint32_t state)
{
    return state == WI_PLACE_BUSY || state == WI_PLACE_LOST ||
           state == WI_PLACE_OVERDUE;
}

#endif
