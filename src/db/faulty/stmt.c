/* SPDX-License-Identifier: MIT */
/*
 * Statements through the wrapper. What must be called on the inner driver is
 * remembered call by call: an execute() that never got there has no end().
 */
#include "faulty.h"

/* ----------------------------------------------------------------- prepare */

weir_status wfa_prepare(void *at, weir_text sql, void *stmt_at,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_PREPARE, .deadline = deadline};
    wfa_conn *conn = at;
    wfa_stmt *stmt = stmt_at;
    const weir_stmt_info *found = &stmt->nothing;
    weir_status status;

    stmt->conn = conn;
    conn->stmt_count++;
    stmt->inner = wfa_alloc(conn->faulty->services, conn->driver->stmt_size);
    if (!stmt->inner)
        return wfa_no_memory(err);
    if (wfa_before(conn, &call, err)) {
        status = call.status;
    } else {
        stmt->is_prepared = true;
        status = conn->driver->prepare(conn->inner, sql, stmt->inner, &found,
                                       deadline, err);
        status = wfa_after(conn, &call, status, err);
    }
    if (status == WEIR_OK)
        *info = found;
    return status;
}

void wfa_finish(void *at)
{
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;

    if (!conn)
        return;
    if (stmt->is_running)
        wfa_breach(conn->faulty, "finish before end");
    if (stmt->is_prepared)
        conn->driver->finish(stmt->inner);
    (void)wfa_silent(conn, WEIR_FAULT_FINISH);
    conn->stmt_count--;
    weir_services_free(conn->faulty->services, stmt->inner);
    stmt->conn = NULL;
}

/* ----------------------------------------------------------------- execute */

weir_status wfa_execute(void *at, const weir_execution *execution,
                        weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_EXECUTE, .deadline = execution->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;

    if (stmt->is_running)
        wfa_breach(conn->faulty, "execute before end");
    stmt->is_running = true;
    if (wfa_before(conn, &call, err))
        return call.status;
    /* After a prepare() that was a lie the lie goes on. */
    if (stmt->is_prepared) {
        stmt->is_inner_running = true;
        status = conn->driver->execute(stmt->inner, execution, err);
    }
    return wfa_after(conn, &call, status, err);
}

weir_step wfa_fetch(void *at, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_FETCH, .deadline = deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_step step = WEIR_STEP_DONE;

    if (!stmt->is_running)
        wfa_breach(conn->faulty, "fetch without execute");
    if (wfa_before(conn, &call, err))
        return call.status == WEIR_OK ? WEIR_STEP_DONE : WEIR_STEP_ERROR;
    if (stmt->is_inner_running)
        step = conn->driver->fetch(stmt->inner, row, deadline, err);
    return wfa_after(conn, &call,
                     step == WEIR_STEP_ERROR ? err->status : WEIR_OK,
                     err) == WEIR_OK
               ? step
               : WEIR_STEP_ERROR;
}

void wfa_outcome(void *at, weir_outcome *out)
{
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;

    if (!stmt->is_running)
        wfa_breach(conn->faulty, "outcome without execute");
    if (wfa_silent(conn, WEIR_FAULT_OUTCOME) == WEIR_FAULT_LIE ||
        !stmt->is_inner_running)
        *out = (weir_outcome){.affected = 0};
    else
        conn->driver->outcome(stmt->inner, out);
}

void wfa_end(void *at)
{
    wfa_stmt *stmt = at;

    if (!stmt->is_running)
        wfa_breach(stmt->conn->faulty, "end without execute");
    if (stmt->is_inner_running)
        stmt->conn->driver->end(stmt->inner);
    stmt->is_running = stmt->is_inner_running = false;
    (void)wfa_silent(stmt->conn, WEIR_FAULT_END);
}
