/* SPDX-License-Identifier: MIT */
/*
 * Statements through the wrapper. What must be called on the inner driver is
 * remembered call by call: an execute() that never got there has no end().
 */
#include <stddef.h>

#include "faulty.h"

/* ----------------------------------------------------------------- prepare */

weir_status wfa_prepare(void *at, weir_text sql, void *stmt_at,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_PREPARE, .deadline = deadline};
    wfa_conn *conn = at;
    wfa_stmt *stmt = stmt_at;
    weir_status status;

    stmt->conn = conn;
    stmt->info = *info = &stmt->nothing;
    stmt->inner = wfa_alloc(conn->faulty->services, conn->driver->stmt_size);
    if (!stmt->inner)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    if (wfa_before(conn, &call, err))
        return call.status;
    stmt->is_prepared = true;
    status = conn->driver->prepare(conn->inner, sql, stmt->inner, &stmt->info,
                                   deadline, err);
    status = wfa_after(conn, &call, status, err);
    if (status == WEIR_OK)
        *info = stmt->info;
    return status;
}

void wfa_finish(void *at)
{
    wfa_stmt *stmt = at;

    if (!stmt->conn)
        return;
    if (stmt->is_prepared)
        stmt->conn->driver->finish(stmt->inner);
    weir_services_free(stmt->conn->faulty->services, stmt->inner);
    stmt->conn = NULL;
}

/* ----------------------------------------------------------------- execute */

weir_status wfa_execute(void *at, const weir_execution *execution,
                        weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_EXECUTE, .deadline = execution->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    if (!stmt->is_prepared)
        return WEIR_OK; /* the lie goes on */
    stmt->is_executing = true;
    status = conn->driver->execute(stmt->inner, execution, err);
    return wfa_after(conn, &call, status, err);
}

weir_step wfa_fetch(void *at, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_FETCH, .deadline = deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_step step;

    if (wfa_before(conn, &call, err))
        return call.status == WEIR_OK ? WEIR_STEP_DONE : WEIR_STEP_ERROR;
    if (!stmt->is_executing)
        return WEIR_STEP_DONE;
    step = conn->driver->fetch(stmt->inner, row, deadline, err);
    if (step == WEIR_STEP_ERROR ||
        wfa_after(conn, &call, WEIR_OK, err) != WEIR_OK)
        return WEIR_STEP_ERROR;
    return step;
}

void wfa_outcome(void *at, weir_outcome *out)
{
    wfa_stmt *stmt = at;

    if (stmt->is_executing)
        stmt->conn->driver->outcome(stmt->inner, out);
    else
        *out = (weir_outcome){.affected = 0};
}

void wfa_end(void *at)
{
    wfa_stmt *stmt = at;

    if (stmt->is_executing)
        stmt->conn->driver->end(stmt->inner);
    stmt->is_executing = false;
}

/* ------------------------------------------------------------ many at once */

/* What the core does for a driver without execute_many(), through the wrapper:
 * faults find each row. */
static weir_status execute_each(wfa_stmt *stmt, const weir_execution *first,
                                size_t row_count, weir_outcome *out,
                                weir_error *err)
{
    weir_execution execution = *first;
    weir_status status = WEIR_OK;

    *out = (weir_outcome){.affected = 0};
    for (size_t i = 0; i < row_count && status == WEIR_OK; i++) {
        weir_outcome row;

        status = wfa_execute(stmt, &execution, err);
        if (status == WEIR_OK) {
            wfa_outcome(stmt, &row);
            row.affected = out->affected < 0 || row.affected < 0
                               ? -1
                               : out->affected + row.affected;
            row.rows_done = i + 1;
            *out = row;
        }
        wfa_end(stmt);
        if (execution.value_count > 0)
            execution.values += execution.value_count;
    }
    return status;
}

weir_status wfa_execute_many(void *at, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_EXECUTE_MANY,
                     .deadline = first->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK)
            *out = (weir_outcome){.affected = (int64_t)row_count,
                                  .rows_done = row_count};
        return call.status;
    }
    status = stmt->is_prepared && conn->driver->execute_many
                 ? conn->driver->execute_many(stmt->inner, first, row_count,
                                              out, err)
                 : execute_each(stmt, first, row_count, out, err);
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_submit(void *at, const weir_execution *execution,
                       weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_SUBMIT, .deadline = execution->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        stmt->submits_lied += call.status == WEIR_OK;
        return call.status;
    }
    if (!stmt->is_prepared)
        return WEIR_OK;
    status = conn->driver->submit(stmt->inner, execution, err);
    return wfa_after(conn, &call, status, err);
}

/* A submit() that was a lie has nothing to collect. */
weir_status wfa_collect(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_COLLECT, .deadline = deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    if (!stmt->is_prepared)
        return WEIR_OK;
    if (stmt->submits_lied > 0) {
        stmt->submits_lied--;
        return WEIR_OK;
    }
    stmt->is_executing = true;
    status = conn->driver->collect(stmt->inner, deadline, err);
    return wfa_after(conn, &call, status, err);
}
