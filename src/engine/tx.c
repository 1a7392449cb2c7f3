/* SPDX-License-Identifier: MIT */
/*
 * Begin, commit and rollback: the states of engine/tx.h.
 */
#include "engine/tx.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/isolation.h"
#include "engine/options.h"
#include "engine/reclaim.h"
#include "engine/result.h"

void wi_tx_tell(weir_conn *conn, const char *word, int64_t began_ns)
{
    const wi_log *log = &conn->engine->services.log;
    weir_log_event event = {
        .kind = WEIR_LOG_TRANSACTION,
        .statement = word,
        .affected = -1,
        .connection_id = conn->link ? conn->link->id : 0,
        .tag = conn->tag,
        .error = conn->error.status == WEIR_OK ? NULL : &conn->error,
    };

    if (!wi_log_wants(log, WEIR_LOG_TRANSACTION))
        return;
    event.duration_ns = began_ns ? wi_now_ns() - began_ns : 0;
    wi_log_event(log, &event);
}

/* ------------------------------------------------------------------ permit */

/* He may have been given the permit at the same time. */
static weir_status refuse_cancelled(weir_conn *conn)
{
    wi_tx_drop_permit(conn);
    if (wi_waits_are_over(&conn->engine->waits))
        return wi_waits_refuse(&conn->error);
    if (wi_conn_is_overdue(conn))
        return wi_reclaim_refuse(conn, &conn->error);
    return weir_error_set(&conn->error, WEIR_ERR_CANCELLED,
                          "the statement was cancelled while it waited for "
                          "the permit to write");
}

/* Without a deadline of its own a writer waits as long as for a connection:
 * nothing in the library waits for ever. */
static weir_status take_permit(weir_conn *conn, int64_t deadline)
{
    weir_engine *engine = conn->engine;
    wi_request request = {
        .tag = conn->tag,
        .site = conn->site,
        .may_move = conn->may_move,
        .cancel = &conn->turn,
    };
    weir_status status;

    if (conn->tx.holds_permit)
        return WEIR_OK;
    wi_cancel_token_renew(&conn->turn);
    if (deadline == WI_NO_DEADLINE)
        deadline = wi_deadline_in_ns(atomic_load(&engine->pool_timeout_ns));
    request.deadline_ns = deadline;
    status = wi_permit_acquire(&engine->write_permit, &request, &conn->error);
    conn->tx.holds_permit = status == WEIR_OK;
    if ((status == WEIR_OK || status == WEIR_ERR_CANCELLED) &&
        weir_cancel_token_is_cancelled(&conn->turn))
        return refuse_cancelled(conn);
    return status;
}

void wi_tx_drop_permit(weir_conn *conn)
{
    if (!conn->tx.holds_permit)
        return;
    conn->tx.holds_permit = false;
    wi_permit_release(&conn->engine->write_permit);
}

/* ------------------------------------------------------------------- begin */

weir_status wi_tx_refuse_failed(weir_conn *conn)
{
    const weir_error *cause = &conn->tx.cause;

    if (conn->tx.state == WI_TX_PREPARED)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "the transaction is prepared; weir_commit() or "
                              "weir_rollback() comes next");
    if (conn->tx.state != WI_TX_FAILED)
        return WEIR_OK;
    return weir_error_set(&conn->error, WEIR_ERR_ROLLBACK_FIRST,
                          "the transaction has failed and must be rolled back "
                          "with weir_rollback(); it failed with: %s",
                          cause->message);
}

void wi_tx_fail(weir_conn *conn, const weir_error *cause)
{
    if (conn->tx.state == WI_TX_FAILED)
        return;
    conn->tx.state = WI_TX_FAILED;
    conn->tx.begun = false;
    conn->tx.cause = *cause;
    wi_tx_forget_savepoints(conn);
    wi_tx_drop_permit(conn);
}

static bool has_single_writer(const weir_conn *conn)
{
    return wi_engine_can(conn->engine, WEIR_HAS_SINGLE_WRITER);
}

/* Under READ COMMITTED a single-writer database is told to begin only by the
 * first write: reads before it could otherwise hold an old snapshot, with
 * which no writing is possible (docs/decisions/0002). */
static bool may_wait_with_begin(const weir_conn *conn, weir_effect effect)
{
    return has_single_writer(conn) && effect == WEIR_EFFECT_READ &&
           conn->tx.spec.access == WEIR_READ_WRITE &&
           conn->tx.spec.isolation <= WEIR_READ_COMMITTED;
}

static weir_status begin_at_driver(weir_conn *conn, int64_t deadline)
{
    weir_tx_spec *spec = &conn->tx.spec;
    weir_status status;

    /* Rows still being read would tie the transaction to their snapshot. */
    status = wi_results_gather(conn);
    if (status != WEIR_OK)
        return status;
    spec->intent_write =
        has_single_writer(conn) && spec->access == WEIR_READ_WRITE;
    if (spec->intent_write) {
        status = take_permit(conn, deadline);
        if (status != WEIR_OK)
            return status;
    }
    status = conn->driver->begin(conn->link->driver_conn, spec, deadline,
                                 &conn->error);
    if (status != WEIR_OK) {
        wi_tx_drop_permit(conn);
        return wi_conn_failed(conn, "BEGIN", WEIR_EFFECT_READ);
    }
    conn->tx.begun = true;
    return WEIR_OK;
}

static void open_tx(weir_conn *conn, const weir_tx_options *options)
{
    conn->tx.state = WI_TX_OPEN;
    conn->tx.begun = false;
    conn->tx.spec = (weir_tx_spec){
        .isolation = conn->isolation,
        .access = conn->access,
    };
    if (!options)
        return;
    if (options->isolation != WEIR_ISOLATION_DEFAULT)
        conn->tx.spec.isolation = options->isolation;
    if (options->access == WEIR_READ_ONLY)
        conn->tx.spec.access = WEIR_READ_ONLY;
    conn->tx.spec.deferrable = options->deferrable;
    conn->tx.spec.xid = conn->tx.xid;
}

/* The program's string may go before the transaction ends. The copy stays with
 * the handle until the next begin: the second phase needs it last of all. */
static weir_status keep_xid(weir_conn *conn, const char *xid)
{
    const weir_allocator *allocator = conn->engine->allocator;

    wi_free(allocator, conn->tx.xid);
    conn->tx.xid = NULL;
    if (!xid)
        return WEIR_OK;
    conn->tx.xid = wi_strdup(allocator, xid);
    return conn->tx.xid ? WEIR_OK : wi_error_nomem(&conn->error);
}

/* No transaction is wanted, or the database has none. */
static bool stands_alone(const weir_conn *conn)
{
    return conn->isolation == WEIR_AUTOCOMMIT ||
           !wi_engine_can(conn->engine, WEIR_CAN_TRANSACT);
}

bool wi_tx_stands_alone(const weir_conn *conn)
{
    return conn->tx.state == WI_TX_NONE && stands_alone(conn);
}

static weir_status refuse_write(weir_conn *conn, weir_access access,
                                weir_effect effect)
{
    if (effect == WEIR_EFFECT_READ || access == WEIR_READ_WRITE)
        return WEIR_OK;
    weir_error_set(&conn->error, WEIR_ERR_UNAVAILABLE,
                   "the transaction is read-only; this statement writes");
    snprintf(conn->error.sqlstate, sizeof conn->error.sqlstate, "25006");
    return WEIR_ERR_UNAVAILABLE;
}

static weir_status before_alone(weir_conn *conn, weir_effect effect,
                                int64_t deadline)
{
    weir_status status = refuse_write(conn, conn->access, effect);

    if (status != WEIR_OK || effect == WEIR_EFFECT_READ)
        return status;
    status = wi_results_gather(conn);
    if (status == WEIR_OK && has_single_writer(conn))
        status = take_permit(conn, deadline);
    return status;
}

weir_status wi_tx_before(weir_conn *conn, weir_effect effect, int64_t deadline)
{
    weir_status status;

    if (conn->tx.state == WI_TX_NONE) {
        if (stands_alone(conn))
            return before_alone(conn, effect, deadline);
        open_tx(conn, NULL);
        wi_tx_tell(conn, "BEGIN (implicit)", 0);
    }
    status = refuse_write(conn, conn->tx.spec.access, effect);
    if (status != WEIR_OK)
        return status;
    if (!conn->tx.begun && !may_wait_with_begin(conn, effect))
        return begin_at_driver(conn, deadline);
    return effect == WEIR_EFFECT_WRITE ? wi_results_gather(conn) : WEIR_OK;
}

weir_status wi_tx_before_savepoint(weir_conn *conn, int64_t deadline)
{
    if (conn->tx.state == WI_TX_NONE) {
        open_tx(conn, NULL);
        wi_tx_tell(conn, "BEGIN (implicit)", 0);
    }
    return conn->tx.begun ? wi_results_gather(conn)
                          : begin_at_driver(conn, deadline);
}

static weir_status check_begin(weir_conn *conn, const weir_tx_options *options)
{
    weir_error *err = &conn->error;
    weir_status status = wi_tx_refuse_failed(conn);

    if (status != WEIR_OK)
        return status;
    if (conn->tx.state != WI_TX_NONE)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a transaction is open already, begun by hand or "
                              "by a statement; end it first");
    if (options->isolation == WEIR_AUTOCOMMIT)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a transaction cannot be AUTOCOMMIT; use "
                              "weir_set_isolation()");
    if (options->xid && !wi_engine_can(conn->engine, WEIR_CAN_TWO_PHASE))
        return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                              "%s has no two-phase transactions",
                              conn->engine->backend->name);
    return wi_isolation_check(conn->engine->profile.dialect, options->isolation,
                              err);
}

weir_status weir_begin_with(weir_conn *conn, const weir_tx_options *options)
{
    weir_tx_options whole = WEIR_TX_OPTIONS;
    weir_status status = WEIR_OK;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    if (options)
        status =
            wi_options_take(&whole, options, "weir_tx_options", &conn->error);
    if (status == WEIR_OK)
        status = check_begin(conn, &whole);
    if (status == WEIR_OK && conn->isolation == WEIR_AUTOCOMMIT &&
        whole.isolation == WEIR_ISOLATION_DEFAULT)
        status = weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                                "the connection is in AUTOCOMMIT; name the "
                                "transaction's isolation or change it with "
                                "weir_set_isolation()");
    if (status == WEIR_OK)
        status = wi_conn_need_link(conn, wi_conn_deadline(conn));
    if (status == WEIR_OK && !wi_engine_can(conn->engine, WEIR_CAN_TRANSACT))
        status = weir_error_set(&conn->error, WEIR_ERR_UNSUPPORTED,
                                "%s has no transactions",
                                conn->engine->backend->name);
    if (status == WEIR_OK)
        status = keep_xid(conn, whole.xid);
    if (status == WEIR_OK) {
        open_tx(conn, &whole);
        wi_tx_tell(conn, "BEGIN", 0);
    }
    return wi_conn_leave(conn, status);
}

weir_status weir_begin(weir_conn *conn)
{
    return weir_begin_with(conn, NULL);
}

/* --------------------------------------------------------------------- end */

void wi_tx_end(weir_conn *conn)
{
    conn->tx.state = WI_TX_NONE;
    conn->tx.begun = false;
    wi_tx_forget_savepoints(conn);
    wi_tx_drop_permit(conn);
}

/* Commits what the driver has begun; the results stay readable. */
weir_status wi_tx_commit(weir_conn *conn)
{
    int64_t began =
        wi_log_wants(&conn->engine->services.log, WEIR_LOG_TRANSACTION)
            ? wi_now_ns()
            : 0;
    weir_status status = WEIR_OK;

    if (conn->tx.begun) {
        status = wi_results_gather(conn);
        if (status != WEIR_OK)
            return status;
        status = conn->driver->commit(conn->link->driver_conn,
                                      wi_conn_deadline(conn), &conn->error);
    }
    if (status != WEIR_OK) {
        status = wi_conn_failed(conn, "COMMIT", WEIR_EFFECT_READ);
        wi_tx_fail(conn, &conn->error);
        wi_tx_tell(conn, "COMMIT", began);
        return status;
    }
    wi_tx_end(conn);
    wi_tx_tell(conn, "COMMIT", began);
    return WEIR_OK;
}

/* A rollback that fails leaves nothing to roll back: the link goes, and with
 * it, at the server, the transaction. */
weir_status wi_tx_rollback(weir_conn *conn)
{
    int64_t began =
        wi_log_wants(&conn->engine->services.log, WEIR_LOG_TRANSACTION)
            ? wi_now_ns()
            : 0;
    weir_status status = WEIR_OK;
    bool at_driver =
        conn->link && (conn->tx.begun || conn->tx.state == WI_TX_FAILED);

    wi_conn_end_results(conn, "its transaction was rolled back");
    if (at_driver &&
        (conn->driver->state(conn->link->driver_conn) & WEIR_STATE_IN_TX) != 0)
        status = conn->driver->rollback(conn->link->driver_conn,
                                        wi_conn_deadline(conn), &conn->error);
    if (status != WEIR_OK) {
        weir_error cause = conn->error;

        wi_conn_lose_link(conn, &cause);
        conn->error.status = WEIR_OK;
    }
    wi_tx_end(conn);
    wi_tx_tell(conn, "ROLLBACK", began);
    return WEIR_OK;
}

weir_status wi_tx_restart(weir_conn *conn)
{
    weir_status status = WEIR_OK;

    if ((conn->driver->state(conn->link->driver_conn) & WEIR_STATE_IN_TX) != 0)
        status = conn->driver->rollback(conn->link->driver_conn,
                                        wi_conn_deadline(conn), &conn->error);
    if (status != WEIR_OK) {
        weir_error cause = conn->error;

        wi_conn_lose_link(conn, &cause);
        return status;
    }
    conn->tx.state = WI_TX_OPEN;
    conn->tx.begun = false;
    wi_tx_tell(conn, "ROLLBACK (to begin again)", 0);
    return WEIR_OK;
}

weir_status weir_commit(weir_conn *conn)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status =
        conn->tx.state == WI_TX_PREPARED ? WEIR_OK : wi_tx_refuse_failed(conn);
    if (status == WEIR_OK && conn->stream)
        status = wi_conn_refuse_stream(conn);
    if (status == WEIR_OK && conn->tx.state == WI_TX_PREPARED)
        status = wi_tx_commit_prepared(conn);
    else if (status == WEIR_OK && conn->tx.state == WI_TX_OPEN)
        status = wi_tx_commit(conn);
    return wi_conn_leave(conn, status);
}

weir_status weir_rollback(weir_conn *conn)
{
    weir_status status = WEIR_OK;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    if (conn->tx.state == WI_TX_PREPARED)
        status = wi_tx_rollback_prepared(conn);
    else if (conn->tx.state != WI_TX_NONE)
        status = wi_tx_rollback(conn);
    return wi_conn_leave(conn, status);
}

/* --------------------------------------------------------------- settings */

bool weir_in_transaction(const weir_conn *conn)
{
    return conn && atomic_load(&conn->state) != WI_CONN_CLOSED &&
           conn->tx.state != WI_TX_NONE;
}

static weir_status refuse_inside(weir_conn *conn, const char *what)
{
    if (conn->tx.state == WI_TX_NONE)
        return WEIR_OK;
    return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                          "%s cannot change inside a transaction; commit or "
                          "roll back first",
                          what);
}

weir_status weir_set_isolation(weir_conn *conn, weir_isolation isolation)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = refuse_inside(conn, "isolation");
    if (status == WEIR_OK)
        status = wi_isolation_check(conn->engine->profile.dialect, isolation,
                                    &conn->error);
    if (status == WEIR_OK)
        conn->isolation = wi_loan_isolation(conn->engine, isolation);
    return wi_conn_leave(conn, status);
}

weir_status weir_set_access(weir_conn *conn, weir_access access)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = refuse_inside(conn, "access");
    if (status == WEIR_OK && (unsigned)access > WEIR_READ_ONLY)
        status = weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                                "%d is not a weir_access", (int)access);
    if (status == WEIR_OK)
        conn->access = access;
    return wi_conn_leave(conn, status);
}

weir_isolation weir_get_isolation(const weir_conn *conn)
{
    return conn ? conn->isolation : WEIR_ISOLATION_DEFAULT;
}
