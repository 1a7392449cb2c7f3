/* SPDX-License-Identifier: MIT */
/* For tests on a PostgreSQL server. */
#ifndef WEIR_TESTS_POSTGRES_WITH_SERVER_H
#define WEIR_TESTS_POSTGRES_WITH_SERVER_H

#include <poll.h>

#include "kit/server.h"
#include "kit/with_server.h"

/* Every wait of the driver goes through a hook of the test's: those for an
 * answer are its round trips. */
static int round_trips;

/* Whether the only cell of a query is this text. */
static inline void expect(weir_conn *conn, const char *sql, const char *text)
{
    weir_result *rows = weir_query(conn, sql, NOARGS);

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("%s: %s", sql, weir_result_error(rows)->message);
    assert_string_equal(weir_get_text(rows, 0), text);
    weir_result_close(&rows);
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

#endif
