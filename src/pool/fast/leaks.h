/* SPDX-License-Identifier: MIT */
/*
 * Loans that last too long. Nothing is armed when one begins: the housekeeper
 * looks at the times that stand in the places anyway, once in the time that a
 * loan may last, so he is there when the first one may have lasted so long.
 *
 * A loan is told of once: its place is OVERDUE then, and who gives it back
 * comes under the lock, where he says so. What is told, and taken back, by a
 * thread of its own, since both may take their time.
 *
 * Who detached a connection has said that he keeps it: he is left alone. So is
 * who is still being served: his loan has not begun.
 */
#ifndef WI_POOL_FAST_LEAKS_H
#define WI_POOL_FAST_LEAKS_H

#include "pool/fast/fast.h"

/* Locked. Sees to loans that last too long. When to come again. */
int64_t wi_leaks_visit(wi_pool *pool, int64_t now_ns);
/* Locked, and outside in between. Its borrower gives back this place: says so
 * if it was told of, and makes it BUSY. */
void wi_leak_returned(wi_pool *pool, wi_lease *place);

#endif
