/* SPDX-License-Identifier: MIT */
/*
 * Taking back what was lent for too long.
 */
#include "engine/reclaim.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/handles.h"
#include "engine/tx.h"

#define ROLLBACK_NS INT64_C(5000000000) /* that ending a transaction may take */

/* What is still to be done when the handle has been left. */
typedef struct spoils {
    wi_link *link; /* to be closed; NULL: it stays with the handle */
    bool has_permit;
    bool is_at_work; /* the server is still at a statement of the link's */
} spoils;

weir_status wi_reclaim_refuse(const weir_conn *conn, weir_error *err)
{
    int64_t overdue_ns = atomic_load(&conn->overdue_ns);

    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the connection was taken back after %.1f s, since "
                          "it was lent for longer than pool_reclaim_after; "
                          "close it and borrow another",
                          (double)overdue_ns / 1e9);
}

bool wi_conn_enter_taken(weir_conn *conn)
{
    for (;;) {
        uint32_t state = WI_CONN_IDLE;

        if (atomic_compare_exchange_strong(&conn->state, &state,
                                           WI_CONN_ENTERED))
            return true;
        if (state != WI_CONN_TAKEN)
            return false;
        wi_mutex_lock(&conn->link_lock); /* the pool has it while it is in */
        wi_mutex_unlock(&conn->link_lock);
    }
}

/* ----------------------------------------------------------------- entering */

/* Locked: the link. Whether the handle still stands for that loan: its end
 * would come under this lock. */
static bool is_its_loan(const weir_conn *conn, const wi_leak *leak)
{
    return atomic_load_explicit(&conn->lease, memory_order_acquire) ==
               leak->lease &&
           conn->loan == leak->loan;
}

/* Locked: the link. Hooks that have it would not notice, and its borrower is
 * inside them. */
static bool enter(weir_conn *conn)
{
    uint32_t idle = WI_CONN_IDLE;

    if (!atomic_compare_exchange_strong(&conn->state, &idle, WI_CONN_TAKEN))
        return false;
    if (!conn->is_with_hooks && !conn->is_detached)
        return true;
    atomic_store(&conn->state, WI_CONN_IDLE);
    return false;
}

/* ------------------------------------------------------------------- ending */

/* Locked: the link. */
static void stop_statement(const weir_conn *conn)
{
    weir_error ignored;

    if (conn->driver->cancel)
        (void)conn->driver->cancel(conn->link->driver_conn, &ignored);
}

/* Entered. The session ends, and what is in the program's hands stays.
 * @return whether the server has still to be told */
static bool end_session(const weir_conn *conn)
{
    const weir_driver *driver = conn->driver;
    void *at = conn->link->driver_conn;
    int64_t deadline = wi_deadline_in_ns(ROLLBACK_NS);
    weir_error ignored;

    if (conn->link->fd >= 0) {
        (void)shutdown(conn->link->fd, SHUT_RDWR);
        return conn->stream != NULL;
    }
    if ((driver->state(at) & WEIR_STATE_IN_TX) != 0)
        (void)driver->rollback(at, deadline, &ignored);
    stop_statement(conn);
    return false;
}

/* Entered, and the link is locked. */
static spoils take(weir_conn *conn)
{
    spoils found = {.has_permit = conn->tx.holds_permit};
    weir_error cause;

    conn->taken_lease = conn->lease;
    atomic_store(&conn->lease, NULL);
    conn->may_move = true; /* the pool does not ask who holds it */
    conn->tx.holds_permit = false;
    wi_reclaim_refuse(conn, &cause);
    if (conn->tx.state != WI_TX_NONE)
        wi_tx_fail(conn, &cause);
    if (!conn->link)
        return found;
    conn->link->holder = NULL;
    if (wi_list_is_empty(&conn->open_results)) {
        found.link = conn->link;
        conn->link = NULL;
    } else {
        found.is_at_work = end_session(conn);
    }
    return found;
}

/* The permit last: who has it next may write at once. */
static void settle(weir_engine *engine, const weir_conn *conn,
                   const spoils *found)
{
    weir_error cause;

    wi_reclaim_refuse(conn, &cause);
    if (found->link) {
        wi_events_tell(engine, WEIR_EVENT_INVALIDATE, found->link, &cause);
        wi_link_kind.close(engine, found->link);
    }
    if (found->has_permit)
        wi_permit_release(&engine->write_permit);
}

/* Locked: the link. A call is under way, if it is not about to end. */
static void disturb(weir_engine *engine, weir_conn *conn, const wi_leak *leak)
{
    const void *thread;

    (void)wi_conn_disturb(conn);
    if (!conn->link)
        return;
    thread = atomic_load_explicit(&conn->user, memory_order_relaxed);
    if (leak->refusals > 0 && conn->link->fd >= 0)
        wi_waits_shut_one(&engine->waits, conn->link->fd, thread);
}

bool wi_reclaim_loan(void *context, const wi_leak *leak)
{
    weir_engine *engine = context;
    weir_conn *conn = wi_handle_of(engine, leak->lease);
    spoils found = {.link = NULL};
    bool is_taken = false;

    if (!conn)
        return false;
    wi_engine_hold(engine); /* until the handle is closed */
    wi_mutex_lock(&conn->link_lock);
    if (is_its_loan(conn, leak)) {
        atomic_store(&conn->overdue_ns, leak->age_ns);
        is_taken = enter(conn);
        if (is_taken)
            found = take(conn);
        else
            disturb(engine, conn, leak);
    }
    if (is_taken)
        atomic_store(&conn->state, WI_CONN_IDLE);
    /* That may take its time: whoever comes in is told at once, and calls it
     * off by ending his statement. */
    if (found.is_at_work)
        stop_statement(conn);
    wi_mutex_unlock(&conn->link_lock);
    if (is_taken)
        settle(engine, conn, &found);
    else
        wi_engine_let_go(engine);
    return is_taken;
}
