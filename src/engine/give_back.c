/* SPDX-License-Identifier: MIT */
/*
 * Giving a connection back: results end, hooks are told, an open transaction
 * ends; then the pool has its place again, and whoever is last the engine's
 * end.
 */
#include "base/error.h"
#include "engine/conn.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/handles.h"
#include "engine/leaks.h"
#include "engine/reclaim.h"
#include "engine/result_late.h"
#include "engine/tx.h"

static void end_transaction(weir_conn *conn)
{
    if (conn->tx.state == WI_TX_NONE)
        return;
    if (atomic_load(&conn->engine->pool_reset) == WEIR_RESET_COMMIT &&
        conn->tx.state == WI_TX_OPEN && wi_tx_commit(conn) == WEIR_OK)
        return;
    wi_tx_rollback(conn);
}

static void tell_reset(weir_conn *conn)
{
    const wi_link *link = conn->link;
    weir_reset_state state;

    if (!link ||
        !wi_hooks_listen(&conn->engine->events.hooks, WEIR_EVENT_RESET))
        return;
    state = (weir_reset_state){
        .transaction_was_reset = conn->tx.state == WI_TX_NONE,
        .terminate_only = link->is_detached || link->is_spent,
        .is_dirty = link->escaped || (conn->driver->state(link->driver_conn) &
                                      WEIR_STATE_DIRTY) != 0,
        .mode = (weir_reset_mode)atomic_load(&conn->engine->pool_reset),
    };
    wi_events_reset(conn, &state);
}

/* One that was lost, or is its holder's, does not go back into the pool. */
static weir_fate take_link(weir_conn *conn)
{
    weir_fate fate =
        conn->link && !conn->is_detached ? WEIR_FATE_KEEP : WEIR_FATE_DISCARD;

    if (!conn->link && !conn->is_detached)
        wi_events_tell(conn->engine, WEIR_EVENT_CHECKIN, NULL, NULL);
    wi_mutex_lock(&conn->link_lock);
    if (conn->link)
        conn->link->holder = NULL;
    if (conn->link && conn->is_detached)
        conn->link->tag = NULL;
    conn->link = NULL;
    atomic_store_explicit(&conn->lease, NULL, memory_order_relaxed);
    wi_mutex_unlock(&conn->link_lock);
    return fate;
}

/* The handle is entered, and is nobody's afterwards. */
static void give_back(weir_conn *closing)
{
    weir_engine *engine = closing->engine;
    wi_lease *lease = closing->lease;
    uint64_t loan = closing->loan;
    weir_fate fate;

    wi_conn_end_results(closing, "the connection was closed");
    tell_reset(closing);
    wi_conn_end_results(closing, "the connection was closed");
    end_transaction(closing);
    wi_results_leave(closing);
    if (wi_conn_is_overdue(closing))
        atomic_fetch_add(&engine->given_up, 1);
    fate = take_link(closing);
    atomic_store_explicit(&closing->state, WI_CONN_CLOSED,
                          memory_order_release);
    wi_handle_give(closing);
    /* The last return ends a closed engine, the handle with it. */
    if (wi_pool_release_loan(engine->pool, lease, loan, fate))
        wi_engine_end(engine);
}

/* The same of a handle whose loan was taken back. The pool counts it; the
 * engine was held for it. */
static void give_back_late(weir_conn *closing)
{
    weir_engine *engine = closing->engine;
    wi_lease *lease = closing->taken_lease;
    uint64_t loan = closing->loan;
    weir_error cause;

    wi_conn_end_results(closing, "the connection was closed");
    wi_reclaim_refuse(closing, &cause);
    wi_conn_lose_link(closing, &cause);
    wi_tx_end(closing);
    wi_results_leave(closing);
    (void)take_link(closing);
    wi_leak_tell_late(closing);
    atomic_store_explicit(&closing->state, WI_CONN_CLOSED,
                          memory_order_release);
    wi_handle_give(closing);
    (void)wi_pool_release_loan(engine->pool, lease, loan, WEIR_FATE_DISCARD);
    wi_engine_let_go(engine);
}

/* Gives back a share that is not the last. If it is the last and `is_ending`,
 * nobody joins the loan any more. */
static bool leave_loan(weir_conn *conn, bool is_ending)
{
    weir_pool_kind kind = conn->engine->settings.pool_kind;
    uint32_t state;
    bool left;

    if (kind != WEIR_POOL_STATIC && kind != WEIR_POOL_PER_THREAD)
        return false;
    state = atomic_load(&conn->state);
    if (state != WI_CONN_IDLE && state != WI_CONN_ENTERED)
        return false;
    wi_mutex_lock(&conn->link_lock);
    left = conn->lease &&
           wi_pool_leave(conn->engine->pool, conn->lease, is_ending);
    wi_mutex_unlock(&conn->link_lock);
    return left;
}

void weir_conn_close(weir_conn **conn)
{
    weir_conn *closing;

    if (!conn || !*conn)
        return;
    closing = *conn;
    if (leave_loan(closing, false)) {
        *conn = NULL;
        return;
    }
    if (wi_conn_enter(closing) != WEIR_OK) {
        /* Of two threads the other may still close it. */
        if (atomic_load(&closing->state) == WI_CONN_ENTERED)
            return;
        *conn = NULL;
        if (atomic_load(&closing->state) == WI_CONN_CLOSED)
            atomic_fetch_add(&closing->engine->closed_twice, 1);
        wi_log_message(&closing->engine->services.log, WEIR_LOG_WARNING, 0,
                       "a connection that is not lent was given back; somebody "
                       "has kept a copy of its pointer");
        return;
    }
    if (closing->is_with_hooks) {
        wi_conn_leave(closing, WEIR_OK);
        return;
    }
    *conn = NULL;
    if (leave_loan(closing, true)) { /* joined a moment ago */
        wi_conn_leave(closing, WEIR_OK);
        return;
    }
    if (closing->taken_lease)
        give_back_late(closing);
    else
        give_back(closing);
}
