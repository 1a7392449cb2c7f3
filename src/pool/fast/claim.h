/* SPDX-License-Identifier: MIT */
/*
 * A thread in the queue of the fast core. It stands on that thread's stack;
 * everything in it is guarded by the pool's lock but for the parker's word.
 */
#ifndef WI_POOL_FAST_CLAIM_H
#define WI_POOL_FAST_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "pool/cancel.h"
#include "pool/nest.h"
#include "pool/pool.h"
#include "pool/port.h"

typedef struct wi_claim {
    wi_list_node queued;
    wi_parker parker;
    const wi_request *request;
    weir_error *err;
    uint64_t thread;
    int64_t began_ns;
    int64_t deadline_ns;
    /* It looks then by itself; written under the lock. INT64_MAX: never. */
    _Atomic int64_t look_ns;
    uint32_t word;     /* what was published last */
    bool had_its_turn; /* and what it got was no good */
    bool settled;      /* out of the queue: `lease`, or `answer` */
    /* Counted by the pool, and then its thread looks after itself under the
     * lock. Who is granted a BUSY place is none any more, and does without. */
    bool is_visitor;
    bool is_woken; /* is the one that was told to look */
    /* The thread has borrowed from other pools, too, some time. */
    bool has_others;
    bool is_nested; /* `nest` is entered: it may hold something */
    wi_nest_wait nest;
    struct wi_pool *pool;
    wi_cancel_wait cancel;
    bool is_cancelled;  /* its token is */
    wi_lease *lease;    /* BUSY, or CONNECTING: to be opened */
    weir_status answer; /* with `err` filled */
} wi_claim;

/* What is published to a claim: SETTLED, or any other change: look again. */
#define WI_SETTLED 1u
#define WI_LOOK 2u

#endif
