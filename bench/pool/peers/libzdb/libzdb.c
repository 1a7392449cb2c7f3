/* SPDX-License-Identifier: MIT */
/*
 * Peer: libzdb, over SQLite in memory, as it takes no other driver. It does
 * not wait: with all connections out it answers NULL, so a thread yields and
 * asks again, which is what its users have to write.
 */
#include <sched.h>
#include <stddef.h>

#include <zdb.h>

#include "workload.h"

static URL_T url;
static ConnectionPool_T pool;

static void peer_open(int size, int threads)
{
    (void)threads;
    url = URL_new("sqlite:///:memory:");
    if (!url)
        workload_die("libzdb", "no URL");
    pool = ConnectionPool_new(url);
    ConnectionPool_setMaxConnections(pool, size);
    ConnectionPool_setInitialConnections(pool, size);
    ConnectionPool_start(pool);
}

static void peer_close(void)
{
    ConnectionPool_stop(pool);
    ConnectionPool_free(&pool);
    URL_free(&url);
}

static void *peer_acquire(void)
{
    Connection_T conn;

    while (!(conn = ConnectionPool_getConnection(pool)))
        sched_yield();
    return conn;
}

static void peer_release(void *conn)
{
    Connection_close(conn);
}

int main(void)
{
    const subject peer = {
        .name = "libzdb",
        .open = peer_open,
        .acquire = peer_acquire,
        .release = peer_release,
        .close = peer_close,
    };

    workload_serve(&peer);
    return 0;
}
