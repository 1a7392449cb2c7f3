/* SPDX-License-Identifier: MIT */
/*
 * A pool of slots as something that threads hold and wait for (pool/nest.h).
 * Only where one waits for what others have: that is the mutex core. In the
 * kinds one waits for a loan to begin or to end, which comes by itself.
 */
#ifndef WI_POOL_SLOTS_NEST_H
#define WI_POOL_SLOTS_NEST_H

#include "pool/slots/visit.h"

void wi_slot_nest_init(wi_pool *pool);
/* Locked. The visit stands in the queue: if its thread may hold something the
 * wait is written down, and ended if it would have no end. */
void wi_slot_nest_wait(wi_slot_visit *visit);
/* Locked. It is over. */
void wi_slot_nest_over(wi_slot_visit *visit);
/* Locked. The capacity has changed: whether those who are left can go on. */
void wi_slot_nest_look(wi_pool *pool);
/* The thread has borrowed from this pool. */
void wi_slot_nest_borrowed(const wi_pool *pool);
/* By who has the lease: it is this thread now, if anybody is its holder. */
void wi_slot_hold(wi_pool *pool, wi_lease *lease);

#endif
