/* SPDX-License-Identifier: MIT */
/*
 * A pool with threads of its own, which do by and by what a test waits for,
 * and the test's thread as one that borrows several.
 */
#ifndef WEIR_TESTS_POOL_THREADED_H
#define WEIR_TESTS_POOL_THREADED_H

#include "pool/borrower.h"

enum { SOME_MAX = 64 };

/* As long as the pool has its borrowers wait. */
static inline wi_lease *wait_for_one(wi_pool *pool)
{
    wi_request request = {.tag = "main"};
    wi_lease *lease = NULL;

    assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL), WEIR_OK);
    return lease;
}

static inline void borrow_some(wi_pool *pool, wi_lease *leases[], int count)
{
    for (int i = 0; i < count; i++)
        leases[i] = wait_for_one(pool);
}

static inline void return_some(wi_pool *pool, wi_lease *leases[], int count)
{
    for (int i = 0; i < count; i++)
        release(pool, leases[i]);
}

/* So many are lent at the same time, and come back: that many are open. */
static inline void use_some(wi_pool *pool, int count)
{
    wi_lease *leases[SOME_MAX];

    assert_in_range(count, 0, SOME_MAX);
    borrow_some(pool, leases, count);
    return_some(pool, leases, count);
}

static inline void until_idle(wi_pool *pool, int count)
{
    while (status_of(pool).idle != count)
        nap(MS / 5);
}

/* And `others` are lent or on their way. */
static inline void until_counts(wi_pool *pool, int idle, int others)
{
    while (status_of(pool).idle != idle || at_something(pool) != others)
        nap(MS / 5);
}

/* Closes, waits for the pool's threads, frees. */
static inline void end_threaded(fake_server *server, wi_pool **pool)
{
    if (!wi_pool_close(*pool)) {
        while (atomic_load(&server->ended) == 0)
            nap(MS / 5);
    }
    end(server, pool);
}

#endif
