/* SPDX-License-Identifier: MIT */
/*
 * What the housekeeper does for one pool of the fast core.
 *
 * Sockets that hang up: what the kernel tells of one that is idle takes it out
 * of service before anybody borrows it. One that is lent is marked, and looked
 * at when it is lent the next time: who has it will find out by himself. The
 * mark is set first and the state read then, while a borrower takes the state
 * first and reads the mark then, so one of the two sees the other. What is
 * told may be of a connection that is no more, since its place has another
 * now; so whatever is told is looked at before it is believed.
 */
#ifndef WI_POOL_FAST_HOUSE_H
#define WI_POOL_FAST_HOUSE_H

#include "pool/fast.h"

/* Locked. A connection is about to be opened: sees to it that the housekeeper
 * will come. Whether its socket is to be watched. */
bool wi_fast_expect(wi_pool *pool);
/* Not locked. Has its socket watched; false: it cannot be. */
bool wi_fast_watch(const wi_pool *pool, const wi_lease *place, void *resource);

/* By the housekeeper, of the pool with this serial, which may have ended: */
void wi_fast_keep(wi_pool *pool, uint64_t serial);
void wi_fast_hung_up(wi_pool *pool, uint64_t serial, int place);

#endif
