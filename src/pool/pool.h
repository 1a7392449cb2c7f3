/* SPDX-License-Identifier: MIT */
/*
 * Lending out things that are expensive to make. The pool keeps `void *` and
 * reaches them through four functions; it knows of no database.
 *
 * A lease is a place in the pool with a resource in it or on its way:
 *
 *   IDLE -> BUSY -> IDLE            lent and given back
 *   (none) -> CONNECTING -> BUSY    made by who will use it
 *   BUSY -> EMPTY -> CONNECTING     lost while lent; its place stays his
 *
 * Rules:
 * - One mutex. Nothing that may block runs under it: opening, checking,
 *   cleaning and closing happen outside, in the caller's thread.
 * - First come, first served: what becomes free, a resource or the room for a
 *   new one, is handed to the oldest waiter (dispatch(), the one place). Who
 *   comes while somebody waits queues behind him.
 * - idle + busy + connecting never exceeds size + max_overflow.
 * - One absolute deadline covers waiting, opening and checking.
 *
 * This is the reference core: the pool issue races another against it.
 */
#ifndef WI_POOL_POOL_H
#define WI_POOL_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/engine.h>
#include <weir/error.h>
#include <weir/memory.h>

typedef struct wi_pool wi_pool;
typedef struct wi_lease wi_lease;

/* How the pool handles a resource. All of it may block. */
typedef struct wi_resource_kind {
    /* Makes one. */
    weir_status (*open)(void *context, int64_t deadline_ns, void **out,
                        weir_error *err);
    /* Asks whether it is alive. */
    weir_status (*check)(void *context, void *resource, int64_t deadline_ns,
                         weir_error *err);
    /* Makes it clean for the next borrower; anything but KEEP closes it. */
    weir_fate (*returned)(void *context, void *resource);
    void (*close)(void *context, void *resource);
} wi_resource_kind;

typedef struct wi_pool_options {
    int size;           /* kept; 0: no limit */
    int max_overflow;   /* more for a while; -1: any */
    int64_t timeout_ns; /* for messages: what the user asked for */
    int64_t recycle_ns; /* replaced when older; negative: never */
    bool pre_ping;
    bool lifo;
    const weir_allocator *allocator;
} wi_pool_options;

/* NULL with NOMEM. `kind` and `context` outlive the pool. */
wi_pool *wi_pool_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err);
/* Nothing is out. Closes what is idle. NULL is allowed. */
void wi_pool_free(wi_pool **pool);

/* What a borrower wants, and what he is told on failure. */
typedef struct wi_request {
    int64_t deadline_ns;
    const char *tag; /* lives as long as the lease; may be NULL */
    /* Out: the pool is closed and this call was the last thing in it; see
     * wi_pool_release(). */
    bool last;
} wi_request;

/* Borrows. @return WEIR_OK, POOL_TIMEOUT, CLOSED, NOMEM, or what open said */
weir_status wi_pool_acquire(wi_pool *pool, wi_request *request, wi_lease **out,
                            weir_error *err);
/* Gives back; anything but KEEP closes the resource. @return true exactly once
 * in a pool's life: it is closed and nothing is out any more */
bool wi_pool_release(wi_pool *pool, wi_lease *lease, weir_fate fate);

/* The resource of a lease; NULL while it is lost. */
void *wi_lease_resource(const wi_lease *lease);
/* Closes the resource of a lease that stays lent. */
void wi_pool_lose(wi_pool *pool, wi_lease *lease);
/* Makes a new resource for a lease that lost its own. */
weir_status wi_pool_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err);

/* Takes other options while it runs; the allocator stays. */
void wi_pool_set(wi_pool *pool, const wi_pool_options *options);
/* All resources made until now are replaced before they are lent again. */
void wi_pool_invalidate(wi_pool *pool);
/* The same, and closes the idle ones at once. */
void wi_pool_dispose(wi_pool *pool);
/* Takes no new work, wakes all waiters (CLOSED), closes what is idle.
 * @return true if nothing is out: then wi_pool_release() never says so */
bool wi_pool_close(wi_pool *pool);

void wi_pool_status(wi_pool *pool, weir_pool_status *out);

#endif
