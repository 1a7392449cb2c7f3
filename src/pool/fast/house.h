/* SPDX-License-Identifier: MIT */
/*
 * Who has a seat in a house (pool/house.h), and how he is called on.
 *
 * A pool has one while it is open and wants to be visited, or has sockets that
 * are watched. What is done on a visit is said in pool/fast/chores.h.
 *
 * The lock of a house is taken inside that of a pool, never the other way
 * round. So who visits lets go of the house first, when the pool may end and
 * its head be another's: the serial that was remembered with the seat tells.
 */
#ifndef WI_POOL_FAST_HOUSE_H
#define WI_POOL_FAST_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct wi_pool;

/* A machine that was suspended for less ends no connection. */
#define WI_SUSPENDED_NS INT64_C(1000000000)

/* Of a pool; guarded by the lock of the house. */
typedef struct wi_seat {
    wi_list_node seated; /* in wi_house::seats */
    uint64_t serial;     /* of the pool */
    int64_t due_ns;      /* of the next visit */
} wi_seat;

/* What a pool notes for its visits; guarded by the lock of the pool. */
typedef struct wi_chores {
    int closing;       /* places that are CLOSING */
    bool is_filling;   /* until there have been `size` connections */
    bool is_replacing; /* one more is opened before an old one goes */
    int checks;        /* under way, of what was idle */
    bool is_telling;   /* a thread attends to loans that last too long */
    int64_t retire_ns; /* none is closed for its age before */
} wi_chores;

/* The pool is locked. It is visited at that time, or before; INT64_MAX: it has
 * sockets that are watched, and nothing else. */
void wi_house_call(struct wi_pool *pool, int64_t at_ns);
/* The pool is locked. It is not visited any more. */
void wi_house_leave(struct wi_pool *pool);

/* What a watched socket is known by. 0: the place cannot be watched. */
uint64_t wi_house_key(uint64_t serial, uint32_t place);

#endif
