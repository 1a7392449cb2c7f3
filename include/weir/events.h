/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Hooks: functions of the program that are told what happens to an engine's
 * connections, and may have a say in three of the cases.
 *
 * Threads: a hook runs on the thread that does the work, with no lock held.
 * Connections are opened and closed on threads of the pool, too, so CONNECT,
 * FIRST_CONNECT, INVALIDATE, CLOSE and CLOSE_DETACHED may come from there; the
 * others come from the thread that borrows or gives back. Several may run at
 * once. A hook that takes its time holds up the loan that it runs for, and
 * FIRST_CONNECT whoever needs a connection; nobody else.
 *
 * A hook may call the engine: borrow and give back, change options, dispose,
 * close, add and remove hooks, itself as well. It must return: no longjmp, no
 * exception, no pthread_cancel() out of it.
 *
 * Where nobody listens an event costs one relaxed load.
 */
#ifndef WEIR_EVENTS_H
#define WEIR_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>
#include <weir/engine.h>
#include <weir/error.h>
#include <weir/export.h>

WEIR_BEGIN_DECLS

/**
 * What can happen to a connection. In the first three a hook that fails ends
 * the loan (CHECKOUT) or the opening with its error: the connection is closed,
 * its place is free. In the others a failure is a warning in the log.
 */
typedef enum weir_event_kind {
    /** It was opened, and the option on_connect has run. */
    WEIR_EVENT_CONNECT = 0,
    /** As CONNECT and before it, for the first connection of the engine: no
     *  other is lent before this has succeeded once. A hook in it cannot
     *  borrow from the engine (MISUSE). */
    WEIR_EVENT_FIRST_CONNECT,
    /** It is about to be handed to a borrower. A hook that answers CONNECTION
     *  calls it dead: it is replaced, up to two times, and all hooks are asked
     *  again. */
    WEIR_EVENT_CHECKOUT,
    /** It came back and was cleaned. `connection_id` is 0 if it was lost. */
    WEIR_EVENT_CHECKIN,
    /** It comes back and will be cleaned now, unless it was lost. */
    WEIR_EVENT_RESET,
    /** It is closed because of `reason`, or because the program wants it
     *  (NULL). CLOSE follows. */
    WEIR_EVENT_INVALIDATE,
    /** It will be closed when it comes back. */
    WEIR_EVENT_SOFT_INVALIDATE,
    /** It is about to be closed, for whatever reason. */
    WEIR_EVENT_CLOSE,
    /** It has left the pool and is its borrower's. */
    WEIR_EVENT_DETACH,
    /** In place of CLOSE and CHECKIN, for one that was detached. */
    WEIR_EVENT_CLOSE_DETACHED,
    /** A record ends, with the engine: free what is in `record_info`. There
     *  is no connection any more, and nothing may be asked of the engine. */
    WEIR_EVENT_FORGET,
} weir_event_kind;

/** What RESET knows. */
typedef struct weir_reset_state {
    /** No transaction is open: the program has ended it, or had none. */
    bool transaction_was_reset;
    /** It is closed afterwards: there is nothing to clean. */
    bool terminate_only;
    /** Settings, temporary tables and the like were left behind. */
    bool is_dirty;
    weir_reset_mode mode;
} weir_reset_state;

/** One event. All of it is borrowed for the call of the hook. */
typedef struct weir_event {
    weir_event_kind kind;
    weir_engine *engine;
    /**
     * To run SQL on the connection in CONNECT, FIRST_CONNECT, CHECKOUT and
     * RESET; NULL in the others. In the first two it is in AUTOCOMMIT. It
     * cannot be closed or detached. What CONNECT changes in the session stays
     * for all borrowers: where a reset would lose it, the connection is
     * replaced instead. For mere settings the option on_connect is cheaper.
     */
    weir_conn *conn;
    uint64_t connection_id; /* as in the log; 0: there is none any more */
    const char *tag;        /* of the loan, or NULL */
    /** A place for a pointer of the program; NULL with each new connection.
     *  Free what is in it at CLOSE and CLOSE_DETACHED. NULL if there is no
     *  connection. */
    void **info;
    /** The same, but kept for the connection that comes in this one's place.
     *  NULL if there is no connection, or it was detached. */
    void **record_info;
    const weir_error *reason;      /* of INVALIDATE, or NULL */
    const weir_reset_state *reset; /* of RESET; else NULL */
} weir_event;

/**
 * A hook. On failure it fills `err` (never NULL); a message that it leaves
 * empty gets one. `connection_id`, `info` and `record_info` are used by one
 * thread at a time.
 */
typedef weir_status (*weir_hook_function)(void *context,
                                          const weir_event *event,
                                          weir_error *err);

/** How a hook is added; bits. */
typedef enum weir_hook_flag {
    WEIR_HOOK_FIRST = 1, /* before those that are there */
    WEIR_HOOK_ONCE = 2,  /* removed when it is called */
} weir_hook_flag;

/** What is called when. */
typedef struct weir_hook {
    weir_event_kind kind;
    weir_hook_function function;
    void *context;
    unsigned flags; /* weir_hook_flag bits */
    /** MAY. Called once, when the hook was removed or the engine has ended and
     *  no call is under way any more: `context` may be freed. */
    void (*ended)(void *context);
} weir_hook;

/**
 * Adds a hook, behind those of its kind. It is told of what begins from now
 * on: connections that are open already were opened without it. Hooks that
 * must be there before the first are in weir_engine_options::hooks.
 *
 * Threads: any, also while the engine is used.
 * @param hook copied
 * @return WEIR_OK; MISUSE; NOMEM
 */
WEIR_API weir_status weir_hook_add(weir_engine *engine, const weir_hook *hook,
                                   weir_error *err);

/**
 * Removes the oldest hook of that kind, function and context. Does not wait:
 * a call may be under way on another thread, see weir_hook::ended.
 *
 * @return WEIR_OK; NOT_FOUND; MISUSE
 */
WEIR_API weir_status weir_hook_remove(weir_engine *engine,
                                      const weir_hook *hook, weir_error *err);

/** "connect", "first_connect", …. @return [borrowed] "?" for none of them */
WEIR_API const char *weir_event_name(weir_event_kind kind);

WEIR_END_DECLS

#endif
