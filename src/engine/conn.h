/* SPDX-License-Identifier: MIT */
/*
 * A borrowed connection: the handle that a program holds.
 *
 * Handles: a weir_conn is memory of its engine and is given back with it, not
 * before. Closing one puts it at the end of the engine's free handles and a
 * new loan takes the oldest, so that a stale copy is recognised by its state
 * for as long as possible. Its results belong to it in the same way.
 *
 * Entering: every call enters the handle (CLOSED, IDLE and ENTERED are the
 * states; IDLE to ENTERED by compare-and-swap) and leaves it at its end. Who
 * finds it ENTERED is a second thread, who finds it CLOSED has a stale copy:
 * both get MISUSE and touch nothing.
 *
 * Sharing: with the pool kinds static and thread a handle is borrowed several
 * times. Shares are counted by the pool, one handle stands for all, and the
 * last one that is closed ends the loan (docs/decisions/0063).
 *
 * Transactions: see engine/tx.h.
 */
#ifndef WI_ENGINE_CONN_H
#define WI_ENGINE_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>
#include <weir/sys/driver.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/sync.h"
#include "engine/link.h"
#include "pool/cancel.h"
#include "pool/pool.h"

struct weir_engine;
struct weir_result;

typedef enum wi_conn_state {
    WI_CONN_CLOSED = 0,
    WI_CONN_IDLE,
    WI_CONN_ENTERED,
    WI_CONN_FORKED, /* of the parent process: void here */
    WI_CONN_TAKEN,  /* the pool is inside: engine/reclaim.h */
} wi_conn_state;

typedef enum wi_tx_state {
    WI_TX_NONE = 0,
    WI_TX_OPEN,     /* begun, as the program sees it */
    WI_TX_FAILED,   /* lost: only rollback helps */
    WI_TX_PREPARED, /* first phase done; commit or rollback comes next */
} wi_tx_state;

typedef struct wi_tx {
    wi_tx_state state;
    weir_tx_spec spec;    /* of the open transaction */
    char *xid;            /* what spec.xid points to, or NULL */
    bool begun;           /* the driver was told to begin */
    bool holds_permit;    /* of a single-writer database */
    weir_error cause;     /* why it is FAILED */
    uint64_t *savepoints; /* serials, outermost first */
    size_t savepoint_count;
    size_t savepoint_capacity;
} wi_tx;

struct weir_conn {
    _Atomic uint32_t state;     /* wi_conn_state */
    _Atomic(const void *) user; /* wi_thread_mark() of who was inside last */
    struct weir_engine *engine;
    const weir_driver *driver;
    union wi_shelf *shelf;
    wi_list_node by_shelf; /* free there, or lent */
    bool is_ended;         /* was told that the engine's time is over */

    /* NULL: a hook's, or taken back. Cleared under link_lock at the end of a
     * loan, so that who has the lock knows that this one is not over. */
    _Atomic(wi_lease *) lease;
    uint64_t loan; /* its serial; written before the lease */
    wi_link *link; /* NULL: invalidated, connects anew at the next use */
    /* How long the loan had lasted when its time was over; 0: it is not. */
    _Atomic int64_t overdue_ns;
    wi_lease *taken_lease; /* it is over: the lease that it was */
    /* The statements of the call under way (one, or several that are
     * `beside` each other), until they have run or are a result's: they must
     * be given back before their link may go. */
    struct wi_stmt *at_work;
    /* Guards `link` against weir_cancel() of another thread; held for moments
     * and never while a statement runs. */
    wi_mutex link_lock;
    /* Ends its wait for the permit: weir_cancel(). */
    weir_cancel_token turn;

    weir_isolation isolation; /* of this loan; never DEFAULT */
    weir_access access;
    /* As the loan began: what those who join it may ask for. */
    weir_isolation first_isolation;
    weir_access first_access;
    int64_t timeout_ns; /* of each statement; 0: none */
    const char *tag;
    const char *site;   /* where it was borrowed; may be NULL */
    bool may_move;      /* threads hand it on, and nobody is its holder */
    bool is_with_hooks; /* lent to hooks: it must not be closed */
    bool is_detached;   /* its link left the pool, and has no successor */

    wi_tx tx;
    uint64_t savepoint_serial; /* never repeats within a handle */

    /* Of the last statement. The driver fills it where it stands: a copy would
     * be read in other widths than it was written in, and wait for that. */
    weir_outcome outcome;
    weir_error error;

    wi_list open_results; /* weir_result::by_conn */
    wi_list free_results; /* closed ones, oldest first */
    size_t free_result_count;
    struct weir_result *stream; /* the one that must be closed first */
};

/* An address that is this thread's own. */
extern _Thread_local char wi_thread_has
    __attribute__((tls_model("initial-exec")));
static inline const void *wi_thread_mark(void)
{
    return &wi_thread_has;
}

/* Another thread than the last is inside: it is the holder now, for the pool
 * and the permit. */
WEIR_COLD void wi_conn_moved(weir_conn *conn);

/* Whoever found it TAKEN waits for the pool to leave, and enters; false: it is
 * in another state. */
WEIR_COLD bool wi_conn_enter_taken(weir_conn *conn);

/* Enters for a call: MISUSE if the handle is NULL, closed or entered by
 * another thread, and then nothing may be touched. Clears the last error. */
static inline weir_status wi_conn_enter(weir_conn *conn)
{
    uint32_t idle = WI_CONN_IDLE;

    if (!conn || (!atomic_compare_exchange_strong_explicit(
                      &conn->state, &idle, WI_CONN_ENTERED,
                      memory_order_acquire, memory_order_relaxed) &&
                  !wi_conn_enter_taken(conn)))
        return WEIR_ERR_MISUSE;
    if (atomic_load_explicit(&conn->user, memory_order_relaxed) !=
        wi_thread_mark())
        wi_conn_moved(conn);
    conn->error.status = WEIR_OK;
    return WEIR_OK;
}

/* Leaves again and hands `status` through. */
static inline weir_status wi_conn_leave(weir_conn *conn, weir_status status)
{
    atomic_store_explicit(&conn->state, WI_CONN_IDLE, memory_order_release);
    return status;
}

/* Gives a handle that was just taken a link. The handle is entered. */
void wi_conn_begin(weir_conn *conn, wi_link *link);

/* The error of a handle that could not be entered; a constant. */
const weir_error *wi_conn_entry_error(const weir_conn *conn);

/* Nothing was done so far. */
static inline void wi_conn_forget_outcome(weir_conn *conn)
{
    conn->outcome.affected = -1;
    conn->outcome.has_generated_key = false;
}

/* Makes sure that there is a link: connects anew if it was lost. */
weir_status wi_conn_need_link(weir_conn *conn, int64_t deadline);

/* The isolation of a loan that asks for `wish`; never DEFAULT. */
weir_isolation wi_loan_isolation(const struct weir_engine *engine,
                                 weir_isolation wish);

/* The deadline of a statement that begins now; without a timeout nobody looks
 * at the clock. */
static inline int64_t wi_conn_deadline(const weir_conn *conn)
{
    return conn->timeout_ns > 0 ? wi_deadline_in_ns(conn->timeout_ns)
                                : WI_NO_DEADLINE;
}

/*
 * Every failure of the driver ends up here. Adds the statement's beginning to
 * conn->error, learns from fate and state what has become of link and
 * transaction, and loses the link if it must. `writes`: it may have changed
 * something, which outside a transaction makes a lost answer COMMIT_UNKNOWN.
 * Returns the status to hand on.
 */
WEIR_COLD weir_status wi_conn_failed(weir_conn *conn, const char *statement,
                                     weir_effect effect);

/*
 * Said before wi_conn_failed() if the statement has run and what failed came
 * after it. Outside a transaction its work may stand: COMMIT_UNKNOWN, whatever
 * the failure was.
 */
void wi_conn_doubt(weir_conn *conn, weir_effect effect);

/* Has the driver end what it runs, if it can. By any thread. */
weir_status wi_conn_cancel(weir_conn *conn);
/* The same, under link_lock. The link may be gone. */
weir_status wi_conn_disturb(weir_conn *conn);

/* MISUSE: a stream is open and must be closed before anything else runs. */
weir_status wi_conn_refuse_stream(weir_conn *conn);

/* Ends all open results with the reason in one line; their rows are gone. */
void wi_conn_end_results(weir_conn *conn, const char *reason);

/* Gives back the statements at work. */
void wi_conn_give_work(weir_conn *conn);

/* Closes the link underneath; an open transaction is lost with it. The cause
 * is what later calls and hooks are told. Who found it dead suspects the
 * others, too: wi_conn_suspect(). */
void wi_conn_lose_link(weir_conn *conn, const weir_error *cause);
void wi_conn_suspect(const weir_conn *conn);

#endif
