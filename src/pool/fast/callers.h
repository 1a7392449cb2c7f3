/* SPDX-License-Identifier: MIT */
/*
 * An outage in a pool without threads, where borrowers open for themselves: one
 * tries at a time, after the same pauses as the threads of a pool
 * (threads.c), and the others are told what he found. After a success one
 * opens at a time, then two, four and so on, until it is as if nothing had
 * been.
 *
 * There is nobody who would sleep until the next attempt. Who waits because
 * something that is out may come back does it: the oldest looks when the pause
 * is over, and whoever takes him out of the queue sees to it that the next one
 * does.
 */
#ifndef WI_POOL_FAST_CALLERS_H
#define WI_POOL_FAST_CALLERS_H

#include "pool/fast/fast.h"

/* Locked. Whether a borrower may open one now, if there is room. */
bool wi_caller_may_open(const wi_pool *pool);
/* Locked. What a borrower opened into a CONNECTING place with that deadline has
 * failed: it is EMPTY, and others are told if that speaks for them. */
void wi_caller_failed(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                      const weir_error *err);
/* Locked. Has the oldest look when it may be tried again. */
void wi_callers_look_later(wi_pool *pool);

#endif
