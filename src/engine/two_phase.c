/* SPDX-License-Identifier: MIT */
/*
 * Two-phase commit, and asking afterwards what became of a transaction.
 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "engine/tx.h"

static weir_status need(weir_conn *conn, uint32_t capability, const char *what)
{
    weir_status status;

    if (!wi_engine_can(conn->engine, capability))
        return weir_error_set(&conn->error, WEIR_ERR_UNSUPPORTED,
                              "%s has no %s", conn->engine->backend->name,
                              what);
    if (conn->stream)
        return wi_conn_refuse_stream(conn);
    status = wi_tx_refuse_failed(conn);
    if (status != WEIR_OK)
        return status;
    return wi_conn_need_link(conn, wi_conn_deadline(conn));
}

static weir_status prepare(weir_conn *conn)
{
    weir_tx_spec *spec = &conn->tx.spec;
    int64_t deadline = wi_conn_deadline(conn);
    weir_status status =
        need(conn, WEIR_CAN_TWO_PHASE, "two-phase transactions");

    if (status != WEIR_OK)
        return status;
    if (conn->tx.state != WI_TX_OPEN || !spec->xid)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "no two-phase transaction is open; begin one "
                              "with weir_begin_with() and an xid");
    status = wi_tx_before(conn, WEIR_EFFECT_WRITE, deadline);
    if (status == WEIR_OK)
        status = wi_results_gather(conn);
    if (status != WEIR_OK)
        return status;
    status = conn->driver->prepare_tx(conn->link->driver_conn, spec->xid,
                                      deadline, &conn->error);
    if (status != WEIR_OK) {
        status = wi_conn_failed(conn, "PREPARE TRANSACTION", WEIR_EFFECT_READ);
        wi_tx_fail(conn, &conn->error);
        return status;
    }
    wi_tx_forget_savepoints(conn);
    conn->tx.begun = false;
    conn->tx.state = WI_TX_PREPARED;
    wi_tx_tell(conn, "PREPARE TRANSACTION", 0);
    return WEIR_OK;
}

weir_status weir_prepare_commit(weir_conn *conn)
{
    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, prepare(conn));
}

/* The second phase; a failure leaves the prepared transaction where it is, to
 * be ended from any connection. */
static weir_status second_phase(weir_conn *conn, const char *xid,
                                weir_status (*op)(void *, const char *, int64_t,
                                                  weir_error *),
                                const char *word)
{
    int64_t deadline = wi_conn_deadline(conn);
    weir_status status = wi_conn_need_link(conn, deadline);

    if (status != WEIR_OK)
        return status;
    status = op(conn->link->driver_conn, xid, deadline, &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, word, WEIR_EFFECT_READ);
    wi_tx_tell(conn, word, 0);
    return WEIR_OK;
}

weir_status wi_tx_commit_prepared(weir_conn *conn)
{
    const char *xid = conn->tx.spec.xid;
    weir_status status;

    wi_tx_end(conn);
    status = second_phase(conn, xid, conn->driver->commit_prepared,
                          "COMMIT PREPARED");
    return status;
}

weir_status wi_tx_rollback_prepared(weir_conn *conn)
{
    const char *xid = conn->tx.spec.xid;

    wi_tx_end(conn);
    return second_phase(conn, xid, conn->driver->rollback_prepared,
                        "ROLLBACK PREPARED");
}

/* Ending somebody's prepared transaction needs one to be closed here. */
static weir_status need_no_tx(weir_conn *conn, const char *xid)
{
    weir_status status =
        need(conn, WEIR_CAN_TWO_PHASE, "two-phase transactions");

    if (status != WEIR_OK)
        return status;
    if (!xid || conn->tx.state != WI_TX_NONE)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "a prepared transaction is ended by its xid and "
                              "outside a transaction");
    return WEIR_OK;
}

weir_status weir_commit_prepared(weir_conn *conn, const char *xid)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = need_no_tx(conn, xid);
    if (status == WEIR_OK)
        status = second_phase(conn, xid, conn->driver->commit_prepared,
                              "COMMIT PREPARED");
    return wi_conn_leave(conn, status);
}

weir_status weir_rollback_prepared(weir_conn *conn, const char *xid)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = need_no_tx(conn, xid);
    if (status == WEIR_OK)
        status = second_phase(conn, xid, conn->driver->rollback_prepared,
                              "ROLLBACK PREPARED");
    return wi_conn_leave(conn, status);
}

weir_status weir_list_prepared(weir_conn *conn,
                               void (*each)(void *context, const char *xid),
                               void *context)
{
    weir_status status;

    if (!each || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = need(conn, WEIR_CAN_TWO_PHASE, "two-phase transactions");
    if (status == WEIR_OK) {
        status =
            conn->driver->list_prepared(conn->link->driver_conn, each, context,
                                        wi_conn_deadline(conn), &conn->error);
        if (status != WEIR_OK)
            status = wi_conn_failed(conn, NULL, WEIR_EFFECT_READ);
    }
    return wi_conn_leave(conn, status);
}

/* ----------------------------------------------------------------- outcome */

static weir_status find_id(weir_conn *conn, char *out, size_t size)
{
    char id[64];
    size_t length;
    int64_t deadline = wi_conn_deadline(conn);
    weir_status status = need(conn, WEIR_CAN_TX_OUTCOME, "ids of transactions");

    if (status == WEIR_OK)
        status = wi_tx_before(conn, WEIR_EFFECT_WRITE, deadline);
    if (status != WEIR_OK)
        return status;
    status = conn->driver->tx_id(conn->link->driver_conn, id, sizeof id,
                                 deadline, &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, NULL, WEIR_EFFECT_READ);
    length = strlen(id);
    if (length >= size)
        return weir_error_set(&conn->error, WEIR_ERR_LIMIT,
                              "the id has %zu bytes and a NUL; there is room "
                              "for %zu",
                              length, size);
    memcpy(out, id, length + 1);
    return WEIR_OK;
}

weir_status weir_tx_id(weir_conn *conn, char *out, size_t size)
{
    if (!out || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, find_id(conn, out, size));
}

weir_status weir_tx_find_outcome(weir_conn *conn, const char *id,
                                 weir_tx_outcome *out)
{
    int64_t deadline;
    weir_status status;

    if (!id || !out || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    deadline = wi_conn_deadline(conn);
    status = need(conn, WEIR_CAN_TX_OUTCOME, "outcomes of transactions");
    if (status == WEIR_OK) {
        status = conn->driver->tx_outcome(conn->link->driver_conn, id, out,
                                          deadline, &conn->error);
        if (status != WEIR_OK)
            status = wi_conn_failed(conn, NULL, WEIR_EFFECT_READ);
    }
    return wi_conn_leave(conn, status);
}
