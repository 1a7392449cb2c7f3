/* SPDX-License-Identifier: MIT */
/*
 * Stock implementations, made of the operations that every driver has.
 */
#include "backend/defaults.h"

#include "base/alloc.h"
#include "base/error.h"

/* -------------------------------------------------------------------- ping */

static const char ping_sql[] = "SELECT 1";

/* Reads all rows, so that nothing is left in the protocol. One column was
 * asked for; a server that answers with more is not asked again. */
static weir_status read_answer(const weir_driver *driver, void *stmt,
                               int64_t deadline, weir_error *err)
{
    weir_value row;
    weir_step step;

    do
        step = driver->fetch(stmt, &row, deadline, err);
    while (step == WEIR_STEP_ROW);
    return step == WEIR_STEP_DONE ? WEIR_OK : err->status;
}

static weir_status run_ping(const weir_driver *driver, void *conn, void *stmt,
                            int64_t deadline, weir_error *err)
{
    weir_execution execution = {.mode = WEIR_FETCH_BUFFER,
                                .deadline = deadline};
    const weir_stmt_info *info = NULL;
    weir_status status;

    status =
        driver->prepare(conn, weir_text_span(ping_sql, sizeof ping_sql - 1),
                        stmt, &info, deadline, err);
    if (status != WEIR_OK)
        return status;
    status = driver->execute(stmt, &execution, err);
    if (status == WEIR_OK && info->column_count == 1)
        status = read_answer(driver, stmt, deadline, err);
    driver->end(stmt);
    return status;
}

weir_status wi_driver_ping(const weir_driver *driver, void *conn,
                           int64_t deadline, const weir_allocator *allocator,
                           weir_error *err)
{
    weir_status status;
    void *stmt;

    if (driver->ping)
        return driver->ping(conn, deadline, err);
    stmt = wi_alloc_zero(allocator, 1, driver->stmt_size);
    if (!stmt)
        return wi_error_nomem(err);
    status = run_ping(driver, conn, stmt, deadline, err);
    driver->finish(stmt);
    wi_free(allocator, stmt);
    return status;
}

/* ------------------------------------------------------------ execute many */

/* Adds what one row has done to the whole. */
static void add_outcome(weir_outcome *sum, const weir_outcome *row)
{
    if (sum->affected >= 0)
        sum->affected = row->affected >= 0 ? sum->affected + row->affected : -1;
    if (row->has_generated_key) {
        sum->has_generated_key = true;
        sum->generated_key = row->generated_key;
    }
    sum->rows_done++;
}

static weir_status run_row(const weir_driver *driver, void *stmt,
                           const weir_execution *execution, weir_outcome *sum,
                           weir_error *err)
{
    weir_outcome row = {.affected = -1};
    weir_status status = driver->execute(stmt, execution, err);

    if (status == WEIR_OK) {
        driver->outcome(stmt, &row);
        add_outcome(sum, &row);
    }
    driver->end(stmt);
    return status;
}

weir_status wi_driver_execute_many(const weir_driver *driver,
                                   const wi_many *many, weir_outcome *out,
                                   weir_error *err)
{
    weir_execution execution = *many->first;
    weir_status status = WEIR_OK;

    *out = (weir_outcome){.affected = 0};
    if (driver->execute_many)
        return driver->execute_many(many->stmt, many->first, many->row_count,
                                    out, err);
    for (size_t i = 0; i < many->row_count && status == WEIR_OK; i++) {
        status = run_row(driver, many->stmt, &execution, out, err);
        if (execution.value_count > 0)
            execution.values += execution.value_count;
    }
    return status;
}

/* ------------------------------------------------------------------ socket */

int wi_driver_socket(const weir_driver *driver, void *conn)
{
    return driver->socket ? driver->socket(conn) : -1;
}
