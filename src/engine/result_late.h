/* SPDX-License-Identifier: MIT */
/*
 * Results that outlive their loan. Who closes a connection before its results
 * still owes their end, and by then the handle may be another's. So they leave
 * it when it is closed, and stand on its shelf until they are closed, too.
 */
#ifndef WI_ENGINE_RESULT_LATE_H
#define WI_ENGINE_RESULT_LATE_H

#include <weir/memory.h>
#include <weir/result.h>

struct weir_conn;
union wi_shelf;

/* Entered, at the end of the loan: all that are open have ended. */
void wi_results_leave(struct weir_conn *conn);
/* Of one that has left: weir_result::is_late. */
void wi_result_close_late(weir_result *closing);
/* With the engine. */
void wi_results_late_free(const weir_allocator *allocator,
                          union wi_shelf *shelf);

#endif
