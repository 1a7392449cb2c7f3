/* SPDX-License-Identifier: MIT */
/*
 * Taking a loan that lasts too long from its borrower.
 *
 * Between two calls the handle is nobody's: the pool enters it as a thread of
 * the program would (TAKEN), and takes the link away. What the program may
 * still be looking at stays: with results open the link is left to the handle,
 * its session ended, and goes with the next call or the late close. The text
 * of the handle's error is not touched, since a thread may be reading it.
 *
 * While a call is under way, that one is ended first: the server is asked to
 * end its statement, then, if that did not help, the wait for it is ended. It
 * comes back with CONNECTION, and the pool tries again.
 *
 * From then on every call answers that the loan is over. The handle stays good
 * for weir_conn_close(), and the engine is held until then.
 */
#ifndef WI_ENGINE_RECLAIM_H
#define WI_ENGINE_RECLAIM_H

#include "engine/conn.h"
#include "pool/leak.h"

/* wi_resource_kind::reclaim; the context is the engine. */
bool wi_reclaim_loan(void *context, const wi_leak *leak);

/* Whether the time of the loan is over. */
static inline bool wi_conn_is_overdue(const weir_conn *conn)
{
    return atomic_load_explicit(&conn->overdue_ns, memory_order_relaxed) != 0;
}

/* What its borrower is told: CONNECTION. */
weir_status wi_reclaim_refuse(const weir_conn *conn, weir_error *err);

#endif
