/* SPDX-License-Identifier: MIT */
/*
 * A server that hangs as a whole, so that not even "stop" is heard: what
 * every driver has to do about it. For a test's one file, beside the private
 * server of kit/victim.h and with a table t (id, n).
 */
#ifndef TESTS_KIT_HUNG_H
#define TESTS_KIT_HUNG_H

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

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

static inline void *kit_hung_cancel(void *conn)
{
    usleep((unsigned)(KIT_HUNG_LIMIT_S / 2 * 1e6));
    (void)weir_cancel(conn); /* the server hears nothing of it */
    return NULL;
}

/* Another thread has asked the server to stop, and waits to be heard. */
static inline void kit_hung_cancel_waits_alone(void (*tell)(int signal),
                                               const char *nothing)
{
    weir_conn *conn = borrow();
    weir_status status;
    pthread_t thread;
    double took;

    run(conn, nothing);
    assert_int_equal(pthread_create(&thread, NULL, kit_hung_cancel, conn), 0);
    took = kit_hung_call(conn, tell, nothing, &status);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, WEIR_ERR_TIMEOUT);
    kit_hung_in_time(took);
    assert_true(weir_conn_is_invalidated(conn));
    weir_conn_close(&conn);
}

/* The pool takes back a loan in the middle of its rows, and waits for the
 * server, which hangs; the borrower is told at once. `rows` is a query with
 * more of them than come at a time. */
static inline void kit_hung_reclaim_waits_alone(void (*tell)(int signal),
                                                const char *rows)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_conn *conn;
    weir_result *result;
    weir_status status;
    weir_error err;
    double began, took;

    options.pool_reclaim_after_s = 0.1;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    assert_non_null(conn);
    result = weir_stream(conn, rows, NOARGS);
    assert_true(weir_next(result));
    tell(SIGSTOP);
    usleep(600000);
    began = seconds_now();
    weir_result_close(&result);
    status = weir_commit(conn);
    took = seconds_now() - began;
    tell(SIGCONT);
    assert_int_equal(status, WEIR_ERR_ROLLBACK_FIRST);
    assert_true(took < kit_late_s());
    weir_conn_close(&conn);
    weir_engine_close(&own);
}

#endif
