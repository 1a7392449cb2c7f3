/* SPDX-License-Identifier: MIT */
/*
 * For tests on the real database of $WEIR_TEST_URL: connections, and
 * statements that must work.
 */
#ifndef WEIR_TESTS_KIT_WITH_SERVER_H
#define WEIR_TESTS_KIT_WITH_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/driver.h>
#include <weir/weir.h>

static weir_engine *engine;

static inline weir_conn *borrow_from(weir_engine *from)
{
    weir_error err;
    weir_conn *conn = weir_connect(from, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static inline weir_conn *borrow(void)
{
    return borrow_from(engine);
}

/* A statement without parameters. */
static inline weir_status try(weir_conn *conn, const char *sql)
{
    return weir_exec(conn, sql, NOARGS);
}

static inline void run(weir_conn *conn, const char *sql)
{
    if (try(conn, sql) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_conn_error(conn)->message);
}

static inline void commit(weir_conn *conn)
{
    if (weir_commit(conn) != WEIR_OK)
        fail_msg("COMMIT: %s", weir_conn_error(conn)->message);
}

/* The only cell of a query. */
static inline int64_t get(weir_conn *conn, const char *sql)
{
    weir_result *rows = weir_query(conn, sql, NOARGS);
    int64_t found = -1;

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_result_error(rows)->message);
    found = weir_get_i64(rows, 0);
    weir_result_close(&rows);
    return found;
}

static inline double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* An engine of one connection, which the next borrower gets from the last;
 * `on_connect` may be NULL. */
static inline weir_engine *open_single(const char *on_connect)
{
    weir_engine_options one = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *own;

    one.pool_size = 1;
    one.max_overflow = 0;
    one.on_connect = on_connect;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &one, &err);
    if (!own)
        fail_msg("open: %s", err.message);
    return own;
}

static inline int open_engine(void)
{
    weir_error err;

    engine = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    return engine ? 0 : weir_report(&err);
}

#endif
