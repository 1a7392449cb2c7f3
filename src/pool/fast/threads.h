/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool of the fast core, and what they know of an outage.
 */
#ifndef WI_POOL_FAST_THREADS_H
#define WI_POOL_FAST_THREADS_H

#include "pool/fast/fast.h"

/* Locked. Starts threads that open what waiters need. */
void wi_connect_as_needed(wi_pool *pool);
/* Locked. The same as if one more waited, who has no time: it is for whoever
 * comes next. In a pool without threads: nothing. */
void wi_connect_for_later(wi_pool *pool);
/* Locked. If an outage is known and nothing that is out could come back, fills
 * `err` with what is known of it and returns its status. */
weir_status wi_refuse_in_outage(wi_pool *pool, weir_error *err);
/* Whether trying again would not help. */
bool wi_is_final(weir_status status);
/* Locked. An opening has failed: when it may be tried again. A server that is
 * full (RESOURCE) is not down. */
void wi_note_failure(wi_pool *pool, weir_status status);
/* Locked. Tells those who wait of a failure that nothing that is out makes up
 * for: one of them, or all if it is an outage or no attempt will help. */
void wi_answer_waiters(wi_pool *pool, const weir_error *err);
/* Locked. One was opened, by whomever: an outage is over. */
void wi_note_success(wi_pool *pool);
/* Locked. This thread opens into the place, and has done so. */
void wi_opening_begins(wi_lease *place);
void wi_opening_ended(wi_pool *pool, wi_lease *place);
/* See pool/pool.h. */
bool wi_fast_hangs(wi_pool *pool);
void wi_fast_goes_on(wi_pool *pool);
/* Locked, and not any more afterwards: the last that a thread of the pool
 * does, or a call that tells nobody. It may be the last thing in a closed
 * pool. */
void wi_thread_ends(wi_pool *pool);
/* Locked. No thread sleeps longer than it must. */
void wi_threads_hurry(wi_pool *pool);

#endif
