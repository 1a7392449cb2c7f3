/* SPDX-License-Identifier: MIT */
/*
 * An acquire under way in a pool of slots: what it wants, the lease that it has
 * got, and how it waits for that. A wait is in three steps, since there is
 * something to do between them.
 */
#ifndef WI_POOL_SLOTS_VISIT_H
#define WI_POOL_SLOTS_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/cancel.h"
#include "pool/nest.h"
#include "pool/slots/pool.h"

typedef struct wi_slot_visit {
    wi_pool *pool;
    wi_request *request;
    weir_error *err; /* never NULL */
    weir_error own;  /* where nobody wants to know */
    int64_t began_ns;
    int64_t deadline_ns;
    wi_lease *lease;
    wi_waiter waiter;
    bool is_waiting; /* `waiter` was joined, and its sleep is not over */
    wi_cancel_wait cancel;
    bool is_cancelled; /* by its token; matters while it waits */
    wi_nest_wait nest;
    bool is_nested;     /* `nest` is entered: it may hold something */
    weir_status answer; /* of who ended its wait, with `err`; OK: none */
} wi_slot_visit;

/* Begins, and locks. From now on the request's token ends its waits. */
void wi_slot_visit_begin(wi_slot_visit *visit, wi_pool *pool,
                         wi_request *request, weir_error *err);
/* Locked, and outside in between. No token knows of the visit any more, which
 * has to be so before the pool may end. */
void wi_slot_visit_forget_token(wi_slot_visit *visit);
/* Locked, and not any more afterwards. With `status` OK the lease is lent. */
weir_status wi_slot_visit_end(wi_slot_visit *visit, weir_status status,
                              wi_lease **out);

/* Locked. Whether to wait makes sense. */
weir_status wi_slot_visit_may_wait(wi_slot_visit *visit);
/* Locked. Stands at the end of the queue. */
weir_status wi_slot_visit_join(wi_slot_visit *visit);
/* Locked, and asleep in between. OK: it was granted something, or nothing. */
weir_status wi_slot_visit_sleep(wi_slot_visit *visit);

/* Locked. Ends a wait: it is granted nothing, and in no circle from now on. */
void wi_slot_visit_dismiss(wi_slot_visit *visit);

/* Locked. Answers to who gets nothing. */
weir_status wi_slot_visit_timed_out(wi_slot_visit *visit);
weir_status wi_slot_visit_is_refused(wi_slot_visit *visit);

#endif
