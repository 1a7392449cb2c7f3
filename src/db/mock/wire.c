/* SPDX-License-Identifier: MIT */
/*
 * A connection is a pair of sockets with nobody at the other end, so that
 * waiting is done as a driver must do it: through weir_services_wait(), on a
 * descriptor. Whoever wants to wake a call writes a byte into the server's
 * end; a server that hangs up closes it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mock.h"

weir_status wmk_wire_open(wmk_conn *conn, weir_error *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   conn->wire) != 0) {
        conn->wire[0] = conn->wire[1] = -1;
        return weir_error_set(err, WEIR_ERR_RESOURCE,
                              "no descriptors for a connection: %s",
                              strerror(errno));
    }
    return WEIR_OK;
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

void wmk_wire_close(wmk_conn *conn)
{
    close_end(&conn->wire[0]);
    close_end(&conn->wire[1]);
}

/* Only a call that waits is woken: a byte that nobody reads would look like
 * an answer to whoever watches the socket. */
void wmk_wire_wake(wmk_conn *conn)
{
    ssize_t ignored;

    if (!conn->waiting)
        return;
    do
        ignored = send(conn->wire[1], "", 1, MSG_NOSIGNAL);
    while (ignored < 0 && errno == EINTR);
}

void wmk_wire_drop(wmk_conn *conn)
{
    conn->dropped = true;
    close_end(&conn->wire[1]);
}

weir_status wmk_wire_wait(wmk_conn *conn, int64_t until, weir_error *err)
{
    weir_status status;
    char bytes[16];

    status = weir_services_wait(conn->services, conn->wire[0], WEIR_WAIT_READ,
                                until, err);
    while (recv(conn->wire[0], bytes, sizeof bytes, 0) > 0)
        continue;
    return status;
}
