/* SPDX-License-Identifier: MIT */
/*
 * Peer: apr_reslist of the Apache Portable Runtime, over a resource that costs
 * nothing. It waits on a condition, and who runs takes first.
 */
#include <apr_general.h>
#include <apr_reslist.h>

#include "workload.h"

static apr_pool_t *memory;
static apr_reslist_t *pool;

static apr_status_t make(void **resource, void *context, apr_pool_t *owner)
{
    static int thing;

    (void)context;
    (void)owner;
    *resource = &thing;
    return APR_SUCCESS;
}

static apr_status_t unmake(void *resource, void *context, apr_pool_t *owner)
{
    (void)resource;
    (void)context;
    (void)owner;
    return APR_SUCCESS;
}

static void peer_open(int size, int threads)
{
    (void)threads;
    apr_pool_create(&memory, NULL);
    if (apr_reslist_create(&pool, size, size, size, 0, make, unmake, NULL,
                           memory) != APR_SUCCESS)
        workload_die("apr_reslist_create", "failed");
}

static void peer_close(void)
{
    apr_pool_destroy(memory);
}

static void *peer_acquire(void)
{
    void *resource = NULL;

    if (apr_reslist_acquire(pool, &resource) != APR_SUCCESS)
        workload_die("apr_reslist_acquire", "failed");
    return resource;
}

static void peer_release(void *resource)
{
    if (apr_reslist_release(pool, resource) != APR_SUCCESS)
        workload_die("apr_reslist_release", "failed");
}

int main(void)
{
    const subject peer = {
        .name = "apr_reslist",
        .open = peer_open,
        .acquire = peer_acquire,
        .release = peer_release,
        .close = peer_close,
    };

    apr_initialize();
    workload_serve(&peer);
    apr_terminate();
    return 0;
}
