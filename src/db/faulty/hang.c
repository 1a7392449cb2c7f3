/* SPDX-License-Identifier: MIT */
/*
 * A server that does not answer: waiting on a pipe that only cancel() writes
 * to, in the way that every driver waits, so that the engine's wait hook and
 * deadlines are what is tested.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "faulty.h"

weir_status wfa_hang_init(wfa_conn *conn, weir_error *err)
{
    if (pipe(conn->wake) != 0) {
        conn->wake[0] = conn->wake[1] = -1;
        return weir_error_set(err, WEIR_ERR_RESOURCE,
                              "no descriptors for a connection");
    }
    fcntl(conn->wake[0], F_SETFD, FD_CLOEXEC);
    fcntl(conn->wake[1], F_SETFD, FD_CLOEXEC);
    return WEIR_OK;
}

void wfa_hang_clear(wfa_conn *conn)
{
    for (int i = 0; i < 2; i++) {
        if (conn->wake[i] >= 0)
            close(conn->wake[i]);
        conn->wake[i] = -1;
    }
}

static void begin_hanging(wfa_conn *conn)
{
    pthread_mutex_lock(&conn->faulty->lock);
    conn->is_hanging = true;
    pthread_mutex_unlock(&conn->faulty->lock);
}

/* The byte of wfa_wake() is taken out again: the next hang begins anew. */
static void end_hanging(wfa_conn *conn)
{
    char byte;
    ssize_t size = 0;

    pthread_mutex_lock(&conn->faulty->lock);
    if (conn->is_woken) {
        do
            size = read(conn->wake[0], &byte, 1);
        while (size < 0 && errno == EINTR);
    }
    conn->is_hanging = conn->is_woken = false;
    pthread_mutex_unlock(&conn->faulty->lock);
}

void wfa_wake(wfa_conn *conn)
{
    ssize_t size;

    pthread_mutex_lock(&conn->faulty->lock);
    if (conn->is_hanging && !conn->is_woken) {
        conn->is_woken = true;
        do
            size = write(conn->wake[1], "", 1);
        while (size < 0 && errno == EINTR);
    }
    pthread_mutex_unlock(&conn->faulty->lock);
}

static bool was_woken(wfa_conn *conn)
{
    bool woken;

    pthread_mutex_lock(&conn->faulty->lock);
    woken = conn->is_woken;
    pthread_mutex_unlock(&conn->faulty->lock);
    return woken;
}

static weir_status wait_until(wfa_conn *conn, int64_t until, weir_error *err)
{
    weir_status status = WEIR_OK;

    /* Waiting may end early: only the flag decides. */
    while (status == WEIR_OK && !was_woken(conn))
        status = weir_services_wait(conn->faulty->services, conn->wake[0],
                                    WEIR_WAIT_READ, until, err);
    return status == WEIR_OK
               ? weir_error_set(err, WEIR_ERR_CANCELLED, "cancelled")
               : status;
}

/* When the fault lets go; the deadline if that comes first. */
static int64_t end_of(const wfa_conn *conn, const weir_fault *fault,
                      int64_t deadline)
{
    int64_t now = weir_services_now(conn->faulty->services);
    double left_ns = fault->hang_s * 1e9;

    if (fault->hang_s <= 0 || left_ns >= (double)(deadline - now))
        return deadline;
    return now + (int64_t)left_ns;
}

weir_status wfa_hang(wfa_conn *conn, const weir_fault *fault, int64_t deadline,
                     weir_error *err)
{
    int64_t until = end_of(conn, fault, deadline);
    weir_status status;

    begin_hanging(conn);
    status = wait_until(conn, until, err);
    end_hanging(conn);
    if (status == WEIR_ERR_TIMEOUT && until != deadline)
        return WEIR_OK;
    return status;
}
