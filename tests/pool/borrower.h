/* SPDX-License-Identifier: MIT */
/*
 * Threads of a test are borrowers: each acquires, waits to be told, gives
 * back. What they saw is looked at by the test after they have ended, since
 * cmocka's assertions belong to its own thread.
 */
#ifndef WEIR_TESTS_POOL_BORROWER_H
#define WEIR_TESTS_POOL_BORROWER_H

#include "pool/fake_server.h"

typedef struct borrower {
    wi_pool *pool;
    const char *tag;
    int64_t timeout_ns;
    atomic_int *clock; /* ticks at each loan; may be NULL */
    pthread_t thread;
    atomic_bool may_return;
    atomic_bool done; /* the acquire is over */
    wi_lease *lease;
    weir_status status;
    weir_error error;
    int turn; /* what the clock said */
    int64_t took_ns;
    bool last; /* was told that nothing is out any more */
} borrower;

static inline void *borrow(void *argument)
{
    borrower *self = argument;
    wi_request request = {.tag = self->tag};
    int64_t began = wi_now_ns();

    request.deadline_ns = began + self->timeout_ns;
    self->status =
        wi_pool_acquire(self->pool, &request, &self->lease, &self->error);
    self->took_ns = wi_now_ns() - began;
    self->last = request.last;
    if (self->clock)
        self->turn = atomic_fetch_add(self->clock, 1);
    atomic_store(&self->done, true);
    if (self->status != WEIR_OK)
        return NULL;
    while (!atomic_load(&self->may_return))
        nap(MS / 5);
    self->last = wi_pool_release(self->pool, self->lease, WEIR_FATE_KEEP);
    return NULL;
}

static inline void start(borrower *self)
{
    int failed = pthread_create(&self->thread, NULL, borrow, self);

    WI_ASSERT(failed == 0);
}

/* Lets it give back, and waits for its end. */
static inline void finish(borrower *self)
{
    atomic_store(&self->may_return, true);
    pthread_join(self->thread, NULL);
}

/* These wait for what is certain to come; a hang is ended by the test's time
 * limit. */
static inline void until_waiting(wi_pool *pool, int count)
{
    while (status_of(pool).waiting != count)
        nap(MS / 5);
}

static inline void until_opening(fake_server *server, int count)
{
    while (atomic_load(&server->opening) != count)
        nap(MS / 5);
}

static inline void until_done(borrower *self)
{
    while (!atomic_load(&self->done))
        nap(MS / 5);
}

/* ------------------------------------------------------------ many of them */

static inline void start_all(borrower *crowd, int count, wi_pool *pool,
                             int64_t timeout_ns)
{
    memset(crowd, 0, (size_t)count * sizeof *crowd);
    for (int i = 0; i < count; i++) {
        crowd[i].pool = pool;
        crowd[i].timeout_ns = timeout_ns;
        start(&crowd[i]);
    }
}

static inline void until_all_done(borrower *crowd, int count)
{
    for (int i = 0; i < count; i++)
        until_done(&crowd[i]);
}

static inline void let_all_return(borrower *crowd, int count)
{
    for (int i = 0; i < count; i++)
        atomic_store(&crowd[i].may_return, true);
}

/* In their order, and all of them were told this. */
static inline void finish_all(borrower *crowd, int count, weir_status told)
{
    for (int i = 0; i < count; i++) {
        finish(&crowd[i]);
        assert_int_equal(crowd[i].status, told);
    }
}

#endif
