/* SPDX-License-Identifier: MIT */
/*
 * Transactions through the wrapper, in one and in two phases.
 */
#include <stdio.h>

#include "faulty.h"

weir_status wfa_begin(void *at, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_BEGIN, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    status = conn->driver->begin(conn->inner, spec, deadline, err);
    return wfa_after(conn, &call, status, err);
}

/* Operations that take a deadline alone, and those that take an xid as well. */
typedef weir_status ending(void *conn, int64_t deadline, weir_error *err);
typedef weir_status phase(void *conn, const char *xid, int64_t deadline,
                          weir_error *err);

static weir_status run_ending(wfa_conn *conn, wfa_call *call, ending *inner,
                              weir_error *err)
{
    weir_status status;

    if (wfa_before(conn, call, err))
        return call->status;
    status = inner(conn->inner, call->deadline, err);
    return wfa_after(conn, call, status, err);
}

weir_status wfa_commit(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_COMMIT, .deadline = deadline};
    wfa_conn *conn = at;

    return run_ending(conn, &call, conn->driver->commit, err);
}

weir_status wfa_rollback(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_ROLLBACK, .deadline = deadline};
    wfa_conn *conn = at;

    return run_ending(conn, &call, conn->driver->rollback, err);
}

static weir_status run_phase(wfa_conn *conn, wfa_call *call, phase *inner,
                             const char *xid, weir_error *err)
{
    weir_status status;

    if (wfa_before(conn, call, err))
        return call->status;
    status = inner(conn->inner, xid, call->deadline, err);
    return wfa_after(conn, call, status, err);
}

weir_status wfa_prepare_tx(void *at, const char *xid, int64_t deadline,
                           weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_PREPARE_TX, .deadline = deadline};
    wfa_conn *conn = at;

    return run_phase(conn, &call, conn->driver->prepare_tx, xid, err);
}

weir_status wfa_commit_prepared(void *at, const char *xid, int64_t deadline,
                                weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_COMMIT_PREPARED, .deadline = deadline};
    wfa_conn *conn = at;

    return run_phase(conn, &call, conn->driver->commit_prepared, xid, err);
}

weir_status wfa_rollback_prepared(void *at, const char *xid, int64_t deadline,
                                  weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_ROLLBACK_PREPARED, .deadline = deadline};
    wfa_conn *conn = at;

    return run_phase(conn, &call, conn->driver->rollback_prepared, xid, err);
}

weir_status wfa_list_prepared(void *at,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_LIST_PREPARED, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    status =
        conn->driver->list_prepared(conn->inner, each, context, deadline, err);
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_tx_id(void *at, char *out, size_t size, int64_t deadline,
                      weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_TX_ID, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK)
            snprintf(out, size, "0");
        return call.status;
    }
    status = conn->driver->tx_id(conn->inner, out, size, deadline, err);
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_tx_outcome(void *at, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_TX_OUTCOME, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK)
            *out = WEIR_TX_UNKNOWN;
        return call.status;
    }
    status = conn->driver->tx_outcome(conn->inner, id, out, deadline, err);
    return wfa_after(conn, &call, status, err);
}
