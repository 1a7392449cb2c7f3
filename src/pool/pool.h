/* SPDX-License-Identifier: MIT */
/*
 * Lending out things that are expensive to make. The pool keeps `void *` and
 * reaches them through a few functions; it knows of no database.
 *
 * A lease is a place in the pool with a resource in it or on its way
 * (pool/slots/slot.h). Who acquires gets an idle resource, or the room to make
 * one (and makes it himself, in his own thread), or waits for either.
 *
 * Rules:
 * - Nothing that may block runs under a lock, nor does the allocator: opening,
 *   checking, cleaning and closing happen outside.
 * - First come, first served: what becomes free, a resource or the room for
 *   one, is handed to the oldest waiter, at one place, after every change of
 *   capacity. So while anybody waits there is neither an idle resource nor
 *   room, and who comes then queues behind.
 * - idle + busy + connecting is never made more than size + max_overflow. A
 *   resource counts until it is closed.
 * - One absolute deadline covers waiting, opening and checking. What is handed
 *   over in the moment of the deadline is used or handed on, never lost.
 *
 * Any thread may call, and release what another acquired. A lease belongs to
 * one thread at a time. A thread must not be cancelled (pthread_cancel) inside
 * the pool; waiting is no cancellation point. Setting, disposing and asking
 * for the status are over before closing begins.
 *
 * In a forked child a pool of the fast core begins anew: it opens what it
 * needs, what it inherits is abandoned, and leases of before are void. The
 * parent notices nothing.
 *
 * There are three cores behind this one interface (pool/core.h). The fast one
 * lends by compare-and-swap and can use threads of its own; the second is one
 * mutex and nothing else, and serves as the oracle that the fast one is tested
 * against. Both serve in the same order and answer alike. The third has the
 * kinds of pool that are no queue (pool/slots/kinds.h).
 */
#ifndef WI_POOL_POOL_H
#define WI_POOL_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/engine.h>
#include <weir/error.h>
#include <weir/memory.h>

struct wi_leak;
typedef struct wi_pool wi_pool;
typedef struct wi_lease wi_lease;

/* How the pool handles a resource. All of it may block, none of it may call
 * the pool. */
typedef struct wi_resource_kind {
    /* Makes one. */
    weir_status (*open)(void *context, int64_t deadline_ns, void **out,
                        weir_error *err);
    /* Asks whether it is alive. Failing closes it; failing with anything but
     * TIMEOUT and NOMEM throws suspicion on all that are as old: none of them
     * is lent unless it was asked since. NULL: there is nothing to ask, and no
     * pre_ping; what is suspected is replaced. */
    weir_status (*check)(void *context, void *resource, int64_t deadline_ns,
                         weir_error *err);
    /* Makes it clean for the next borrower; anything but KEEP closes it. */
    weir_fate (*returned)(void *context, void *resource);
    void (*close)(void *context, void *resource);

    /* The rest may be NULL and is used by the fast core only, but for ended()
     * and overdue(). */

    /* What it is that is lent, of which there is one, for errors: "the permit
     * to write". NULL: one of many connections. */
    const char *noun;

    /* Whether it looks alive, without waiting or asking; if not, it is
     * checked. */
    bool (*peek)(void *context, void *resource);
    /* The socket to watch while it is idle; -1: none. */
    int (*socket)(void *context, void *resource);
    /* Drops what a forked child has inherited: not a byte goes to the server.
     * NULL: it is left alone, memory and all. */
    void (*abandon)(void *context, void *resource);
    /* In a forked child, before anything else happens there: this one was
     * lent when the process forked, and whoever holds it must not use it. */
    void (*inherited)(void *context, void *resource);
    /* A closed pool became empty by a thread of the pool itself, or in a call
     * that set or disposed while it was closed, and may be freed: what
     * wi_pool_release() says to a borrower. */
    void (*ended)(void *context);
    /* In a forked child, before inherited(): other threads are gone, and with
     * them whoever may have held a lock of the context. */
    void (*forked)(void *context);
    /* A pool that is closed with a deadline has reached it: what is out is to
     * come back at once. The pool is there until this is over. */
    void (*overdue)(void *context);
    /* Of loans that last too long: pool/leak.h. */
    void (*leaked)(void *context, const struct wi_leak *leak);
    bool (*reclaim)(void *context, const struct wi_leak *leak);
} wi_resource_kind;

typedef enum wi_core_choice {
    WI_CORE_FAST = 0,
    WI_CORE_MUTEX,
} wi_core_choice;

/* What a loan is: docs/guide/pool.md. All but the first are the core of
 * pool/slots/kinds.h, whatever `core` says. */
typedef enum wi_pool_kind {
    WI_KIND_QUEUE = 0,
    WI_KIND_NULL,
    WI_KIND_STATIC,
    WI_KIND_THREAD,
    WI_KIND_ASSERTION,
} wi_pool_kind;

typedef enum wi_idle_order {
    /* The one that this thread used last, else any. The mutex core takes it
     * for FIFO. */
    WI_ORDER_AFFINITY = 0,
    WI_ORDER_FIFO,
    WI_ORDER_LIFO,
} wi_idle_order;

/* Zero turns each of those after `order` off; the mutex core ignores them. */
typedef struct wi_pool_options {
    wi_core_choice core; /* these four never change while it runs */
    wi_pool_kind kind;
    const weir_allocator *allocator;
    const struct wi_port *port; /* NULL: the real one */
    int size;                   /* kept idle; 0: no limit at all */
    int max_overflow;           /* more for a while; -1: any */
    int64_t timeout_ns;         /* of an acquire that brings no deadline */
    int64_t recycle_ns;         /* replaced when older; negative: never */
    bool pre_ping;
    wi_idle_order order;

    /* Running threads go first until the oldest waiter has waited so long. */
    int64_t max_overtake_ns;
    /* Used since less than this, it is not asked again by pre_ping. */
    int64_t ping_bypass_ns;
    int64_t uses_max;   /* closed when it has been lent so often */
    int waiters_max;    /* more are refused at once with RESOURCE */
    int connecting_max; /* opened at the same time; 0: 2 */
    /* Threads of the pool open, close and keep house. Without them borrowers
     * open and close themselves, and nothing happens by itself. */
    bool threads;
    int64_t
        connect_ns; /* that a thread of the pool gives an opening; 0: 30 s */
    int64_t backoff_ns; /* the longest pause between openings in an outage;
                         * 0: 5 s; negative: borrowers that open for themselves
                         * go on doing so */
    /* These need threads. */
    int min_idle;         /* so many stay open, lent or not */
    bool prefill;         /* opens `size` at the beginning */
    int64_t idle_ns;      /* closed when not needed for so long */
    int64_t keepalive_ns; /* checked when idle for so long */
    int64_t leak_ns;      /* lent for so long is reported once */
    int64_t reclaim_ns;   /* lent for so long is taken back */
} wi_pool_options;

/* NULL with NOMEM. `kind` and `context` outlive the pool. */
wi_pool *wi_pool_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err);
/* From now on it may open by itself (min_idle, prefill): whatever `context` is
 * for that has been made. */
void wi_pool_begin(wi_pool *pool);
/* Nothing is out (asserted). Closes what is idle. NULL is allowed. */
void wi_pool_free(wi_pool **pool);

/* What a borrower wants, and what he is told on failure. */
typedef struct wi_request {
    /* 0: the pool's timeout from now. One that has passed: takes what is idle,
     * or opens if there is room; a pool with threads does for the next. */
    int64_t deadline_ns;
    const char *tag;  /* lives as long as the lease; may be NULL */
    const char *site; /* where: "file:line", a constant; may be NULL */
    /* Another thread may give it back: never taken for what a thread that
     * waits holds. */
    bool may_move;
    /* The thread holds something of another pool for sure; else it is known
     * only of those that it borrowed by itself. */
    bool is_nested;
    /* Ends the wait with CANCELLED; may be NULL. Others see to it that it is
     * not cancelled already. */
    struct weir_cancel_token *cancel;
    /* Out: the pool is closed and this failed call was the last thing in it;
     * see wi_pool_release(). */
    bool last;

    /* For kinds that share a loan. What stands for it, made by whoever borrows
     * first; out: his, if the loan was joined. */
    void *holder;
    /* Makes `holder` ready before anybody else may join; may be NULL. Called
     * by all kinds but the queue, without a lock. */
    void (*begin)(struct wi_request *request, wi_lease *lease);
} wi_request;

/* Borrows. @return WEIR_OK, POOL_TIMEOUT, POOL_DEADLOCK, CANCELLED, CLOSED,
 * NOMEM, RESOURCE, what open said */
weir_status wi_pool_acquire(wi_pool *pool, wi_request *request, wi_lease **out,
                            weir_error *err);
/*
 * Gives back; anything but KEEP closes the resource. A lease that is not lent
 * is asserted; a stale pointer to one that was lent again is told by the
 * serial of the loan only: wi_pool_release_loan().
 *
 * @return true exactly once in a pool's life: it is closed, nothing is out any
 *         more and nobody is inside, so it may be freed
 */
bool wi_pool_release(wi_pool *pool, wi_lease *lease, weir_fate fate);

/* The same of the loan with that serial. One that is over (given back already,
 * or taken back) is counted, and nothing else happens: false. */
bool wi_pool_release_loan(wi_pool *pool, wi_lease *lease, uint64_t loan,
                          weir_fate fate);

/*
 * Gives back a share of a loan if it is not the last: true, and there is
 * nothing more to do. False: it is the last, or nothing is shared; if
 * `is_ending`, nobody can join the loan any more and it has to be released.
 * wi_pool_release() of a share that is not the last does no more than this.
 */
bool wi_pool_leave(wi_pool *pool, wi_lease *lease, bool is_ending);

/* By who has it: it is this thread now. */
void wi_pool_hold(wi_pool *pool, wi_lease *lease);

/* The serial of the loan that a lease is, asked by its borrower. */
uint64_t wi_lease_loan(const wi_lease *lease);
/* The resource of a lease; NULL while it is lost. */
void *wi_lease_resource(const wi_lease *lease);
/* Closes the resource of a lease that stays lent: now, or by a thread soon. */
void wi_pool_lose(wi_pool *pool, wi_lease *lease);
/* Makes a new one, when there is room, for a lease that lost its own, also in
 * a closed pool. Deadline as in wi_request. On failure it is as it was. */
weir_status wi_pool_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err);

/*
 * Both are for open() of a resource kind, on its thread: it waits for something
 * that is not the server (a name to be resolved) and takes longer than usual,
 * so that another may be opened in its place; and it has met the server.
 *
 * @return wi_pool_hangs(): whether it was let out of the count
 */
bool wi_pool_hangs(wi_pool *pool);
void wi_pool_goes_on(wi_pool *pool);

/*
 * Takes other options while it runs; the allocator stays. Waiters are served
 * at once if there is more room now, idle resources that are too many closed.
 *
 * @return WEIR_OK; NOMEM: nothing has changed
 */
weir_status wi_pool_set(wi_pool *pool, const wi_pool_options *options);
/* All resources made until now are replaced before they are lent again. */
void wi_pool_invalidate(wi_pool *pool);
/* The resource of this lease, which may be lost already, was found dead: all
 * made until now are asked before they are lent again, by threads of the pool
 * at once if it has any, and closed if they do not answer; when several do not,
 * the rest is invalidated. Of many that die together only the first counts, not
 * their successors. The core of the kinds asks nobody: wi_pool_invalidate(). */
void wi_pool_suspect(wi_pool *pool, const wi_lease *lease);
/* Its borrower keeps the resource of this lease until it is closed: no view
 * takes it for a loan that is about to come back. */
void wi_pool_detach(wi_pool *pool, wi_lease *lease);
/* As wi_pool_invalidate(), and closes the idle ones: at once or by threads. */
void wi_pool_dispose(wi_pool *pool);
/* Takes no new work, wakes all waiters (CLOSED), closes what is idle.
 * @return true if nothing is out: then wi_pool_release() never says so */
bool wi_pool_close(wi_pool *pool);

/*
 * Nobody who comes, and nobody who waits, is lent anything until
 * wi_pool_resume(); he waits until his own deadline. What is out may go on,
 * and come back. Does nothing to a pool that drains or is closed.
 */
void wi_pool_pause(wi_pool *pool);
/* Ends pausing and draining: those who wait are served, in their order. */
void wi_pool_resume(wi_pool *pool);
/*
 * Takes no new work (CLOSED), serves those who wait already, closes what comes
 * back and is not needed by them, and waits until nothing is open. What it has
 * begun stays so when it fails. Ends a pause.
 *
 * @return WEIR_OK; TIMEOUT, saying what is out; CANCELLED: it was resumed;
 *         NOMEM. `*last` is what wi_pool_release() says
 */
weir_status wi_pool_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                          weir_error *err);
/* wi_pool_close(), and then waits as wi_pool_drain() does. */
weir_status wi_pool_close_within(wi_pool *pool, int64_t deadline_ns, bool *last,
                                 weir_error *err);

/* See pool/view.h. */
struct wi_pool_view;
void wi_pool_view_of(wi_pool *pool, struct wi_pool_view *view);
/* A picture of one moment. */
void wi_pool_status(wi_pool *pool, weir_pool_status *out);

#endif
