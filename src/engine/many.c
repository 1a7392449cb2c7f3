/* SPDX-License-Identifier: MIT */
/*
 * One statement and many rows of parameters. The rows are bound in batches,
 * so that the driver can send many at once and memory stays bounded.
 */
#include <stdio.h>
#include <string.h>

#include <weir/many.h>

#include "backend/defaults.h"
#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/many.h"
#include "engine/run.h"
#include "engine/tx.h"

/* Values of one batch: 4096 rows of four columns are 512 KiB. */
enum { BATCH_VALUES = 16384 };

weir_status wi_rows_check(const weir_rows *rows, weir_error *err)
{
    if (rows && (rows->count == 0 || rows->width == 0 || rows->values))
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "the rows of parameters are missing");
}

weir_status wi_rows_fail(weir_error *err, size_t index)
{
    weir_error why = *err;

    snprintf(err->message, sizeof err->message, "row %zu: %.280s", index + 1,
             why.message);
    return err->status;
}

/* ----------------------------------------------------------------- binding */

/* Room for one row with the names of the first: only that one needs them. */
static weir_status need_named_row(weir_conn *conn, wi_many_binder *binder)
{
    size_t width = binder->rows->width;

    if (!binder->plan->named || width == 0)
        return WEIR_OK;
    binder->named =
        wi_alloc_zero(conn->engine->allocator, width, sizeof(weir_value));
    return binder->named ? WEIR_OK : wi_error_nomem(&conn->error);
}

weir_status wi_many_begin(weir_conn *conn, wi_many_binder *binder,
                          const wi_sql_plan *plan, const weir_rows *rows)
{
    size_t each = plan->driver_count ? plan->driver_count : 1;

    *binder = (wi_many_binder){.plan = plan, .rows = rows};
    binder->capacity = BATCH_VALUES / each ? BATCH_VALUES / each : 1;
    if (binder->capacity > rows->count)
        binder->capacity = rows->count ? rows->count : 1;
    if (plan->identity)
        return WEIR_OK;
    binder->values = wi_alloc_zero(conn->engine->allocator,
                                   binder->capacity * each, sizeof(weir_value));
    if (!binder->values)
        return wi_error_nomem(&conn->error);
    return need_named_row(conn, binder);
}

void wi_many_end(weir_conn *conn, wi_many_binder *binder)
{
    wi_free(conn->engine->allocator, binder->values);
    wi_free(conn->engine->allocator, binder->named);
    binder->values = binder->named = NULL;
}

/* The row as it was given, or with the first row's names. */
static const weir_value *row_at(const wi_many_binder *binder, size_t index)
{
    const weir_rows *rows = binder->rows;
    const weir_value *row = rows->values + index * rows->width;

    if (!binder->named)
        return row;
    memcpy(binder->named, row, rows->width * sizeof *row);
    for (size_t i = 0; i < rows->width; i++) {
        if (!binder->named[i].name)
            binder->named[i].name = rows->values[i].name;
    }
    return binder->named;
}

static weir_status bind_row(wi_many_binder *binder, size_t index,
                            weir_value *out, weir_error *err)
{
    const weir_value *row = row_at(binder, index);
    size_t width = binder->rows->width;
    weir_status status =
        binder->plan->identity
            ? wi_sql_plan_check(binder->plan, row, width, err)
            : wi_sql_plan_bind(binder->plan, row, width, out, err);

    return status == WEIR_OK ? WEIR_OK : wi_rows_fail(err, index);
}

weir_status wi_many_bind(wi_many_binder *binder, size_t first, size_t count,
                         const weir_value **out, weir_error *err)
{
    const weir_rows *rows = binder->rows;
    size_t each = binder->plan->driver_count;
    weir_status status = WEIR_OK;

    *out = binder->plan->identity ? rows->values + first * rows->width
                                  : binder->values;
    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status =
            bind_row(binder, first + i,
                     binder->values ? binder->values + i * each : NULL, err);
    return status;
}

/* --------------------------------------------------------------- exec many */

static void add(weir_outcome *sum, const weir_outcome *batch)
{
    if (sum->affected >= 0)
        sum->affected =
            batch->affected >= 0 ? sum->affected + batch->affected : -1;
    if (batch->has_generated_key) {
        sum->has_generated_key = true;
        sum->generated_key = batch->generated_key;
    }
}

/* The rows of one batch, from `first` on; the execution has been ended. */
static weir_status run_batch(weir_conn *conn, wi_run *r, wi_many_binder *binder,
                             size_t first, weir_outcome *sum)
{
    size_t left = binder->rows->count - first;
    weir_execution execution = {.value_count = binder->plan->driver_count,
                                .mode = WEIR_FETCH_STREAM,
                                .deadline = r->deadline};
    wi_many many = {r->stmt->driver_stmt, &execution,
                    left < binder->capacity ? left : binder->capacity};
    weir_outcome batch = {.affected = 0};

    if (wi_many_bind(binder, first, many.row_count, &execution.values,
                     &conn->error) != WEIR_OK)
        return conn->error.status;
    if (wi_driver_execute_many(conn->driver, &many, &batch, &conn->error) ==
        WEIR_OK) {
        add(sum, &batch);
        return WEIR_OK;
    }
    wi_rows_fail(&conn->error, first + batch.rows_done);
    return wi_run_failed(conn, r);
}

static weir_status run_batches(weir_conn *conn, wi_run *r,
                               wi_many_binder *binder)
{
    weir_outcome sum = {.affected = 0};
    weir_status status = wi_run_before(conn, r);

    for (size_t i = 0; i < binder->rows->count && status == WEIR_OK;
         i += binder->capacity)
        status = run_batch(conn, r, binder, i, &sum);
    if (status == WEIR_OK)
        conn->outcome = sum;
    return status;
}

weir_status wi_exec_many(weir_conn *conn, const char *sql,
                         const weir_rows *rows)
{
    wi_many_binder binder = {.values = NULL};
    weir_status status;
    wi_run r;

    wi_run_begin(conn, &r, sql);
    status = wi_rows_check(rows, &conn->error);
    if (status == WEIR_OK)
        status = wi_run_take(conn, &r);
    if (status == WEIR_OK && rows->count > 0) {
        status = wi_many_begin(conn, &binder, r.stmt->plan, rows);
        if (status == WEIR_OK)
            status = run_batches(conn, &r, &binder);
        wi_many_end(conn, &binder);
    } else if (status == WEIR_OK) {
        conn->outcome.affected = 0;
    }
    wi_run_tell(conn, &r);
    wi_run_give(conn, &r);
    wi_tx_after(conn);
    return status;
}

weir_status weir_exec_many(weir_conn *conn, const char *sql,
                           const weir_rows *rows)
{
    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, wi_exec_many(conn, sql, rows));
}
