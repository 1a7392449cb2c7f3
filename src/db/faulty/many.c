/* SPDX-License-Identifier: MIT */
/*
 * Many executions at once through the wrapper. What is here is called only if
 * the inner driver has it.
 */
#include "faulty.h"

weir_status wfa_execute_many(void *at, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_EXECUTE_MANY,
                     .deadline = first->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (stmt->is_running)
        wfa_breach(conn->faulty, "execute_many before end");
    if (wfa_before(conn, &call, err) || !stmt->is_prepared) {
        if (call.status == WEIR_OK)
            *out = (weir_outcome){.affected = (int64_t)row_count,
                                  .rows_done = row_count};
        return call.status;
    }
    status =
        conn->driver->execute_many(stmt->inner, first, row_count, out, err);
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_refresh(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_REFRESH, .deadline = deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err) || !stmt->is_prepared)
        return call.status;
    status = conn->driver->refresh(stmt->inner, deadline, err);
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_submit(void *at, const weir_execution *execution,
                       weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_SUBMIT, .deadline = execution->deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status;

    if (wfa_before(conn, &call, err) || !stmt->is_prepared) {
        stmt->submits_lied += call.status == WEIR_OK;
        return call.status;
    }
    status = conn->driver->submit(stmt->inner, execution, err);
    return wfa_after(conn, &call, status, err);
}

/* The answer comes, whether it is collected or not: what is to fail or to lie
 * and keeps the connection must not leave it behind. */
static void drop_answer(wfa_stmt *stmt, int64_t deadline)
{
    const weir_driver *driver = stmt->conn->driver;
    weir_error ignored;

    if (stmt->submits_lied > 0) {
        stmt->submits_lied--;
        return;
    }
    (void)driver->collect(stmt->inner, deadline, &ignored);
    driver->end(stmt->inner);
}

/* A submit() that was a lie has nothing to collect. */
weir_status wfa_collect(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_COLLECT, .deadline = deadline};
    wfa_stmt *stmt = at;
    wfa_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;

    if (stmt->is_running)
        wfa_breach(conn->faulty, "collect before end");
    stmt->is_running = true;
    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK || err->fate == WEIR_FATE_KEEP)
            drop_answer(stmt, deadline);
        return call.status;
    }
    if (stmt->submits_lied > 0) {
        stmt->submits_lied--;
    } else {
        stmt->is_inner_running = true;
        status = conn->driver->collect(stmt->inner, deadline, err);
    }
    return wfa_after(conn, &call, status, err);
}

weir_status wfa_bulk_load(void *at, const weir_bulk_source *source,
                          int64_t deadline, int64_t *rows, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_BULK_LOAD, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK)
            *rows = 0;
        return call.status;
    }
    status = conn->driver->bulk_load(conn->inner, source, deadline, rows, err);
    return wfa_after(conn, &call, status, err);
}
