/* SPDX-License-Identifier: MIT */
/*
 * What the housekeeper does for one pool of the fast core: it keeps as many
 * connections as there have to be, replaces old ones before they are lent,
 * closes those that nobody needs (aside.h), asks those that are idle for
 * long (check.c), and hears of sockets that hang up (watch.c).
 *
 * Nothing on a visit waits: what opens, asks or closes runs on threads of the
 * pool. Whatever makes something due calls the housekeeper for that time.
 */
#ifndef WI_POOL_FAST_CHORES_H
#define WI_POOL_FAST_CHORES_H

#include "pool/fast/fast.h"

/* Locked. The pool begins, or has other options. */
void wi_fast_set_up(wi_pool *pool);
/* Locked. A connection is about to be opened: sees to it that the housekeeper
 * will come. Whether its socket is to be watched. */
bool wi_fast_expect(wi_pool *pool);
/* Locked. A thread of the pool has opened one. */
void wi_fast_opened(wi_pool *pool);
/* Locked. How many have to be opened though nobody waits for one. */
int wi_fast_lacks(const wi_pool *pool);
/* Locked. There was no thread for it, or no place: it is tried again. */
void wi_fast_fill_later(wi_pool *pool);

/* Not locked. Has the socket of a place watched; false: it cannot be. */
bool wi_fast_watch(const wi_pool *pool, const wi_lease *place, void *resource);
/* Locked. Takes a place that is idle or aside. */
bool wi_fast_hold(wi_pool *pool, wi_lease *place);
/* Locked, and outside in between. What was held is idle again, or ends if it
 * may not be lent any more. */
void wi_fast_let_go(wi_pool *pool, wi_lease *place, bool is_alive);
/* Locked. Has one asked that is idle for long. When to come again. */
int64_t wi_check_visit(wi_pool *pool, int64_t now_ns);

/* By the housekeeper, of the pool with this serial, which may have ended. */
void wi_fast_keep(wi_pool *pool, uint64_t serial);
void wi_fast_hung_up(wi_pool *pool, uint64_t serial, int place);
/* Locked. Whether it is still that pool, and open. */
bool wi_fast_is_home(const wi_pool *pool, uint64_t serial);

#endif
