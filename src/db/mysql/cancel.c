/* SPDX-License-Identifier: MIT */
/*
 * Stopping a running statement: KILL QUERY over a second connection. It may
 * come too late and hit nothing, but never the next statement: whoever ends a
 * statement waits until the one who stops it is done, and clears a kill that
 * has found nobody (session.c). He waits for as long as the statement itself
 * may take; then the kill is called off, and the connection given up.
 */
#include "wmy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What cancelling from another thread may take. */
#define CANCEL_LIMIT_NS INT64_C(2000000000)
#define PAUSE_NS INT64_C(500000)

/* Kills by a connection like `conn`. libmariadb keeps the credentials as long
 * as the connection lives; we keep none. */
static weir_status kill_query(const wmy_conn *conn,
                              const weir_services *services, int64_t deadline,
                              weir_error *err)
{
    const wmy_credentials credentials = {
        .user = conn->mysql->user,
        .password = conn->mysql->passwd,
        .program_name = "weir cancel",
    };
    wmy_conn killer = {
        .services = services,
        .url = conn->url,
        .options = conn->options,
        .wait = {.services = services},
    };
    char sql[48];
    weir_status status;

    snprintf(sql, sizeof sql, "KILL QUERY %lu", mysql_thread_id(conn->mysql));
    wmy_wait_begin(&killer.wait, deadline);
    status = wmy_dial(&killer, &credentials, err);
    if (status == WEIR_OK && mysql_query(killer.mysql, sql) != 0)
        status = wmy_fail(&killer, err);
    killer.wait.deadline = 0; /* a word of goodbye, if it costs no waiting */
    mysql_close(killer.mysql);
    wmy_wait_end(&killer.wait);
    return status;
}

/* An earlier kill may have come before the server had read what it is to stop:
 * then it has passed without effect, and there can be another.
 * @return whether this thread is the one that asks now */
static bool claim(wmy_conn *conn)
{
    int expected = WMY_RUNNING;

    if (atomic_compare_exchange_strong(&conn->running, &expected, WMY_STOPPING))
        return true;
    return expected == WMY_STOPPED &&
           atomic_compare_exchange_strong(&conn->running, &expected,
                                          WMY_STOPPING);
}

static weir_status stop_until(wmy_conn *conn, const weir_services *services,
                              int64_t deadline, weir_error *err)
{
    weir_status status =
        services ? kill_query(conn, services, deadline, err) : wmy_nomem(err);
    int was = WMY_STOPPING;

    if (!atomic_compare_exchange_strong(&conn->running, &was, WMY_STOPPED))
        atomic_store(&conn->running, WMY_SPENT);
    return status;
}

/* From the thread that waits for the statement, at its deadline. */
static bool stop_own(wmy_wait *wait)
{
    wmy_conn *conn = (wmy_conn *)wait;
    weir_error ignored;

    if (!claim(conn))
        return atomic_load(&conn->running) == WMY_STOPPING ||
               atomic_load(&conn->running) == WMY_STOPPED;
    return stop_until(conn, conn->services, wait->deadline, &ignored) ==
           WEIR_OK;
}

void wmy_running_begin(wmy_conn *conn)
{
    conn->wait.stop = stop_own;
    atomic_store_explicit(&conn->running, WMY_RUNNING, memory_order_release);
}

/* Whether the statement could still be waited for. */
static bool has_time(const wmy_conn *conn)
{
    const wmy_wait *wait = &conn->wait;
    int64_t grace_ns = wait->stopped ? 0 : wait->grace_ns;

    return !conn->lost && mysql_get_socket(conn->mysql) >= 0 &&
           (wait->deadline == WEIR_NO_DEADLINE ||
            weir_services_now(conn->services) < wait->deadline + grace_ns);
}

static void pause_a_moment(const wmy_conn *conn)
{
    int64_t until = weir_services_now(conn->services) + PAUSE_NS;
    weir_error ignored;

    /* Nothing is expected on the socket. */
    if (weir_services_wait(conn->services, mysql_get_socket(conn->mysql), 0,
                           until, &ignored) == WEIR_OK)
        return;
}

/* A kill that is on its way is waited for, and is the last: else somebody who
 * asks again and again could hold this up for ever. */
static void await_kill(wmy_conn *conn)
{
    int found = WMY_STOPPING;
    int last = WMY_LAST;

    (void)atomic_compare_exchange_strong(&conn->running, &found, WMY_LAST);
    while (atomic_load(&conn->running) == WMY_LAST && has_time(conn))
        pause_a_moment(conn);
    if (!atomic_compare_exchange_strong(&conn->running, &last, WMY_OFF))
        return;
    conn->lost = true;
    while (atomic_load(&conn->running) == WMY_OFF)
        pause_a_moment(conn);
}

void wmy_running_end(wmy_conn *conn)
{
    int found = WMY_RUNNING;

    conn->wait.stop = NULL;
    while (!atomic_compare_exchange_strong(&conn->running, &found, WMY_IDLE)) {
        if (found == WMY_STOPPING)
            await_kill(conn);
    }
    if (found == WMY_STOPPED || found == WMY_SPENT)
        conn->stray_kill = true;
}

static bool is_off(const void *memory)
{
    const wmy_conn *conn = memory;

    return atomic_load(&conn->running) == WMY_OFF;
}

weir_status wmy_cancel(void *memory, weir_error *err)
{
    wmy_conn *conn = memory;
    int64_t until = weir_services_now(conn->services) + CANCEL_LIMIT_NS;
    weir_services *services;
    weir_status status;

    if (!claim(conn))
        return WEIR_OK;
    services = weir_services_until(conn->services, is_off, conn);
    status = stop_until(conn, services, until, err);
    weir_services_free(conn->services, services);
    return status;
}
