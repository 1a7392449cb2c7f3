/* SPDX-License-Identifier: MIT */
/*
 * A statement on its way through a call: begin, take it from the cache, bind,
 * execute, tell the log hook, give it back. What runs statements differs only
 * in what it does between taking and giving.
 */
#ifndef WI_ENGINE_RUN_H
#define WI_ENGINE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/conn.h"
#include "engine/stmt_cache.h"

/* Arguments that fit here need no memory. */
enum { WI_RUN_INLINE = 16 };

typedef struct wi_run {
    const char *sql;
    int64_t deadline;
    int64_t began_ns; /* 0: nobody listens */
    wi_stmt *stmt;
    /* In the driver's order: the caller's, `room` or a result's; NULL until
     * they are bound. */
    const weir_value *values;
    weir_value *room; /* `inlined`, or on the heap */
    weir_value inlined[WI_RUN_INLINE];
} wi_run;

/* Begins: the clock of the deadline runs from here. */
void wi_run_begin(weir_conn *conn, wi_run *r, const char *sql);

/* Makes sure that something may run now: no stream is open, the transaction
 * has not failed, there is a connection. */
weir_status wi_run_ready(weir_conn *conn, const wi_run *r);

/* From the text to a statement that is in use. Refuses what may not run
 * now. */
weir_status wi_run_take(weir_conn *conn, wi_run *r);

/* Refuses a statement that was found in the cache and may not run. */
weir_status wi_run_check(weir_conn *conn, const wi_stmt *stmt);

/* Checks the arguments and puts them in the driver's order; those that are in
 * it already are not copied. */
weir_status wi_run_bind(weir_conn *conn, wi_run *r, const weir_value *args,
                        size_t count);

/* Begins the transaction that the statement needs. If the connection is lost
 * in that, it has taken the statement with it. */
weir_status wi_run_before(weir_conn *conn, wi_run *r);

/* Runs it to its end, begins before that what must be begun, and notes what
 * it did. */
weir_status wi_run_execute(weir_conn *conn, wi_run *r);

/* All of it: what the statement did is noted in the connection. */
WEIR_HOT weir_status wi_run_whole(weir_conn *conn, const char *sql,
                                  const weir_value *args, size_t count);

/* After a failed execution that has been ended: the statement is given back
 * before the link may go. */
WEIR_COLD weir_status wi_run_failed(weir_conn *conn, wi_run *r);

/* Tells the log hook, if somebody listens. */
WEIR_COLD void wi_run_tell_listener(weir_conn *conn, const wi_run *r);
static inline void wi_run_tell(weir_conn *conn, const wi_run *r)
{
    if (r->began_ns)
        wi_run_tell_listener(conn, r);
}

/* Gives back the statement and the values; harmless if there are none. */
void wi_run_give(weir_conn *conn, wi_run *r);

#endif
