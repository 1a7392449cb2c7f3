/* SPDX-License-Identifier: MIT */
/*
 * A server that hangs as a whole, so that not even "stop" is heard: what
 * every driver has to do about it. For a test's one file, beside the private
 * server of kit/victim.h and with a table t (id, n).
 */
#ifndef TESTS_KIT_HUNG_H
#define TESTS_KIT_HUNG_H

#include <signal.h>

#include "kit/late.h"
#include "kit/with_server.h"

#define KIT_HUNG_LIMIT_S 0.1

/* How long a call took while the server hung: a commit, or with `sql` that. */
static inline double kit_hung_call(weir_conn *conn, void (*tell)(int signal),
                                   const char *sql, weir_status *status)
{
    double began, took;

    assert_int_equal(weir_set_timeout(conn, KIT_HUNG_LIMIT_S), WEIR_OK);
    tell(SIGSTOP);
    began = seconds_now();
    *status = sql ? try(conn, sql) : weir_commit(conn);
    took = seconds_now() - began;
    tell(SIGCONT);
    return took;
}

static inline void kit_hung_in_time(double took)
{
    assert_true(took >= KIT_HUNG_LIMIT_S &&
                took < KIT_HUNG_LIMIT_S + kit_late_s());
}

/* `tell` gives the whole server a signal; `nothing` is a statement that does
 * nothing. */
static inline void kit_hung_keeps_deadlines(void (*tell)(int signal),
                                            const char *nothing)
{
    weir_conn *conn = borrow();
    weir_status written, committed;
    double first, second;

    run(conn, "UPDATE t SET n = 7 WHERE id = 1");
    first = kit_hung_call(conn, tell, NULL, &committed);
    weir_conn_close(&conn);
    conn = borrow();
    run(conn, nothing);
    second = kit_hung_call(conn, tell, nothing, &written);
    assert_int_equal(committed, WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(written, WEIR_ERR_TIMEOUT);
    kit_hung_in_time(first);
    kit_hung_in_time(second);
    assert_true(weir_conn_is_invalidated(conn));
    weir_conn_close(&conn);
}

#endif
