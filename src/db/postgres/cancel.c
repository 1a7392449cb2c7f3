/* SPDX-License-Identifier: MIT */
/*
 * Stopping a running statement: a second connection says which session and
 * proves that it may. libpq's PQcancel() would block, so the sixteen bytes
 * are sent here. The server closes that connection once it has passed the
 * wish on; whoever ends the statement waits for that, so no wish ever hits
 * the statement after it. He does so for as long as the statement itself may
 * take; then the wish is called off, and the connection given up.
 */
#include "wpg.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What cancelling from another thread may take. */
#define CANCEL_LIMIT_NS INT64_C(2000000000)
#define PAUSE_NS INT64_C(500000)

enum { REQUEST_SIZE = 16, REQUEST_CODE = 80877102 };

typedef struct stopper {
    const wpg_conn *conn;
    const weir_services *services;
    int fd;
    int64_t deadline;
    bool sent;
} stopper;

static weir_status wait_for(const stopper *s, weir_wait_event event,
                            weir_error *err)
{
    return weir_services_wait(s->services, s->fd, event, s->deadline, err);
}

static weir_status broken(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the server could not be asked to stop: %s",
                          strerror(errno));
}

static weir_status reach(stopper *s, weir_error *err)
{
    const struct sockaddr *peer = (const struct sockaddr *)&s->conn->peer;
    socklen_t size = sizeof errno;
    int failure = 0;

    s->fd =
        socket(peer->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return broken(err);
    if (connect(s->fd, peer, s->conn->peer_size) == 0)
        return WEIR_OK;
    if (errno != EINPROGRESS)
        return broken(err);
    if (wait_for(s, WEIR_WAIT_WRITE, err) != WEIR_OK)
        return err->status;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
        return broken(err);
    errno = failure;
    return failure == 0 ? WEIR_OK : broken(err);
}

static weir_status say(stopper *s, weir_error *err)
{
    char request[REQUEST_SIZE];

    wpg_put_u32(request, REQUEST_SIZE);
    wpg_put_u32(request + 4, REQUEST_CODE);
    wpg_put_u32(request + 8, s->conn->key.pid);
    wpg_put_u32(request + 12, s->conn->key.secret);
    if (send(s->fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request)
        return broken(err);
    s->sent = true;
    return WEIR_OK;
}

/* The server says nothing, it only closes. */
static weir_status hear_end(const stopper *s, weir_error *err)
{
    char nothing[16];
    ssize_t got;

    for (;;) {
        if (wait_for(s, WEIR_WAIT_READ, err) != WEIR_OK)
            return err->status;
        got = recv(s->fd, nothing, sizeof nothing, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return WEIR_OK;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return broken(err);
    }
}

/* `*stray`: the wish is on its way and nobody knows when it arrives. */
static weir_status stop(const wpg_conn *conn, const weir_services *services,
                        int64_t deadline, bool *stray, weir_error *err)
{
    stopper s = {
        .conn = conn, .services = services, .fd = -1, .deadline = deadline};
    weir_status status;

    *stray = false;
    if (!services)
        return wpg_nomem(err);
    if (!conn->key.known)
        return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                              "the server cannot be asked to stop");
    status = reach(&s, err);
    if (status == WEIR_OK)
        status = say(&s, err);
    if (status == WEIR_OK)
        status = hear_end(&s, err);
    if (s.fd >= 0)
        close(s.fd);
    *stray = s.sent && status != WEIR_OK;
    return status;
}

/* An earlier wish may have come before the server had read what it is to
 * stop: then it has passed without effect, and there can be another.
 * @return whether this thread is the one that asks now */
static bool claim(wpg_conn *conn)
{
    int expected = WPG_RUNNING;

    if (atomic_compare_exchange_strong(&conn->running, &expected, WPG_STOPPING))
        return true;
    return expected == WPG_STOPPED &&
           atomic_compare_exchange_strong(&conn->running, &expected,
                                          WPG_STOPPING);
}

static weir_status stop_until(wpg_conn *conn, const weir_services *services,
                              int64_t deadline, weir_error *err)
{
    bool stray;
    weir_status status = stop(conn, services, deadline, &stray, err);
    int was = WPG_STOPPING;

    if (!atomic_compare_exchange_strong(&conn->running, &was,
                                        stray ? WPG_STRAY : WPG_STOPPED))
        atomic_store(&conn->running, stray ? WPG_STRAY : WPG_SPENT);
    return status;
}

bool wpg_stop_own(wpg_conn *conn)
{
    int64_t until = weir_services_now(conn->services) + conn->grace_ns;
    weir_error ignored;

    if (!claim(conn))
        return atomic_load(&conn->running) == WPG_STOPPING ||
               atomic_load(&conn->running) == WPG_STOPPED;
    return stop_until(conn, conn->services, until, &ignored) == WEIR_OK;
}

void wpg_running_begin(wpg_conn *conn)
{
    atomic_store_explicit(&conn->running, WPG_RUNNING, memory_order_release);
}

/* Whether the statement could still be waited for. */
static bool has_time(const wpg_conn *conn)
{
    int64_t grace_ns = conn->stopped ? 0 : conn->grace_ns;

    return !conn->lost &&
           (conn->deadline == WEIR_NO_DEADLINE ||
            weir_services_now(conn->services) < conn->deadline + grace_ns);
}

/* A wish that is on its way is waited for, and is the last: else somebody who
 * asks again and again could hold this up for ever. */
static void await_wish(wpg_conn *conn)
{
    int found = WPG_STOPPING;
    int last = WPG_LAST;

    (void)atomic_compare_exchange_strong(&conn->running, &found, WPG_LAST);
    while (atomic_load(&conn->running) == WPG_LAST && has_time(conn))
        wpg_pause(conn, PAUSE_NS);
    if (!atomic_compare_exchange_strong(&conn->running, &last, WPG_OFF))
        return;
    conn->lost = true;
    while (atomic_load(&conn->running) == WPG_OFF)
        wpg_pause(conn, PAUSE_NS);
}

void wpg_running_end(wpg_conn *conn)
{
    int found = WPG_RUNNING;

    while (!atomic_compare_exchange_strong(&conn->running, &found, WPG_IDLE)) {
        if (found == WPG_STOPPING)
            await_wish(conn);
        else if (found == WPG_STRAY)
            conn->lost = true;
    }
}

void wpg_running_next(wpg_conn *conn)
{
    wpg_running_end(conn);
    wpg_running_begin(conn);
}

static bool is_off(const void *memory)
{
    const wpg_conn *conn = memory;

    return atomic_load(&conn->running) == WPG_OFF;
}

weir_status wpg_cancel(void *memory, weir_error *err)
{
    wpg_conn *conn = memory;
    int64_t until = weir_services_now(conn->services) + CANCEL_LIMIT_NS;
    weir_services *services;
    weir_status status;

    wpg_hush(conn);
    if (!claim(conn))
        return WEIR_OK;
    services = weir_services_until(conn->services, is_off, conn);
    status = stop_until(conn, services, until, err);
    weir_services_free(conn->services, services);
    return status;
}
