/* SPDX-License-Identifier: MIT */
/*
 * For tests on a real server: connections, and statements that must work.
 */
#ifndef WEIR_TESTS_POSTGRES_WITH_SERVER_H
#define WEIR_TESTS_POSTGRES_WITH_SERVER_H

#include <poll.h>
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

#include "kit/server.h"

static weir_engine *engine;

/* Every wait of the driver goes through a hook of the test's: those for an
 * answer are its round trips. */
static int round_trips;

static inline weir_conn *borrow(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
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

/* Whether the only cell of a query is this text. */
static inline void expect(weir_conn *conn, const char *sql, const char *text)
{
    weir_result *rows = weir_query(conn, sql, NOARGS);

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_result_error(rows)->message);
    assert_string_equal(weir_get_text(rows, 0), text);
    weir_result_close(&rows);
}

static inline double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline weir_status count_wait(void *context, int fd, unsigned events,
                                     int64_t deadline)
{
    struct pollfd entry = {.fd = fd,
                           .events = events & WEIR_WAIT_READ ? POLLIN : 0};
    int64_t left_ms = -1;

    (void)context;
    if (events & WEIR_WAIT_WRITE)
        entry.events |= POLLOUT;
    round_trips += (events & WEIR_WAIT_READ) != 0;
    if (deadline != WEIR_NO_DEADLINE)
        left_ms = (deadline - (int64_t)(seconds_now() * 1e9)) / 1000000 + 1;
    return poll(&entry, 1, (int)left_ms) > 0 ? WEIR_OK : WEIR_ERR_TIMEOUT;
}

/* An engine whose waits are counted. */
static inline weir_engine *open_counted(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *counted;

    options.wait = count_wait;
    counted = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    if (!counted)
        fail_msg("%s", err.message);
    return counted;
}

static inline int open_engine(void)
{
    weir_error err;

    engine = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    return engine ? 0 : weir_report(&err);
}

#endif
