/* SPDX-License-Identifier: MIT */
/*
 * Running one statement: either read what it did or make a result of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include <weir/weir.h>

#include "engine/engine.h"
#include "engine/result.h"
#include "engine/run.h"
#include "engine/tx.h"
#include "sql/ident.h"

/* -------------------------------------------------------------------- exec */

weir_status weir_exec(weir_conn *conn, const char *sql, const weir_value *args,
                      size_t arg_count)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = wi_run_whole(conn, sql, args, arg_count);
    wi_tx_after(conn);
    return wi_conn_leave(conn, status);
}

/* ------------------------------------------------------------------- query */

/* Whether the rows are kept here, as they come, since there is a limit to what
 * may be kept: a driver that takes them in itself knows none. Whether there
 * will be any may not be known before it has run (CALL). */
static bool is_bounded(const weir_conn *conn, weir_fetch_mode mode)
{
    return mode == WEIR_FETCH_BUFFER &&
           conn->engine->settings.max_result_bytes > 0 &&
           !wi_engine_can(conn->engine, WEIR_CAN_INTERLEAVE);
}

/* From here on the statement is the result's. */
static weir_status hand_over(weir_conn *conn, wi_run *r, weir_result *result,
                             weir_fetch_mode mode)
{
    wi_stmt *stmt = r->stmt;

    bool bounded = is_bounded(conn, mode);
    weir_status status;

    r->stmt = NULL;
    conn->at_work = NULL;
    status = wi_result_begin(result, stmt, mode);
    if (status == WEIR_OK && bounded && result->from == WI_ROWS_DRIVER)
        status = wi_result_gather_until(result, r->deadline);
    return status;
}

static weir_status start(weir_conn *conn, wi_run *r, weir_result *result,
                         weir_fetch_mode mode)
{
    weir_execution execution = {
        .value_count = r->stmt->plan->driver_count,
        .mode = is_bounded(conn, mode) ? WEIR_FETCH_STREAM : mode,
        .deadline = r->deadline};
    weir_status status =
        wi_result_keep_values(result, &r->values, r->stmt->plan->driver_count);

    if (status == WEIR_OK)
        status = wi_run_before(conn, r);
    if (status != WEIR_OK)
        return status;
    execution.values = r->values;
    status =
        conn->driver->execute(r->stmt->driver_stmt, &execution, &conn->error);
    if (status != WEIR_OK) {
        conn->driver->end(r->stmt->driver_stmt);
        return wi_run_failed(conn, r);
    }
    return hand_over(conn, r, result, mode);
}

static weir_result *query(weir_conn *conn, const char *sql,
                          const weir_rows *args, weir_fetch_mode mode)
{
    weir_result *result;
    weir_status status;
    wi_run r;

    if (wi_conn_enter(conn) != WEIR_OK)
        return wi_result_of_entry(conn);
    result = wi_result_new(conn);
    if (!result) {
        wi_conn_leave(conn, wi_error_nomem(&conn->error));
        return wi_result_of_nomem();
    }
    wi_run_begin(conn, &r, sql);
    status = wi_run_take(conn, &r);
    if (status == WEIR_OK)
        status = wi_run_bind(conn, &r, args->values, args->width);
    if (status == WEIR_OK)
        status = start(conn, &r, result, mode);
    wi_run_tell(conn, &r);
    if (status != WEIR_OK) {
        wi_result_end(result);
        result->error = conn->error;
    }
    wi_run_give(conn, &r);
    if (status != WEIR_OK)
        wi_tx_after(conn);
    wi_conn_leave(conn, WEIR_OK);
    return result;
}

weir_result *weir_query(weir_conn *conn, const char *sql,
                        const weir_value *args, size_t arg_count)
{
    weir_rows rows = {args, arg_count, 1};

    return query(conn, sql, &rows, WEIR_FETCH_BUFFER);
}

weir_result *weir_stream(weir_conn *conn, const char *sql,
                         const weir_value *args, size_t arg_count)
{
    weir_rows rows = {args, arg_count, 1};

    return query(conn, sql, &rows, WEIR_FETCH_STREAM);
}

/* ------------------------------------------------------------------ results */

int64_t weir_affected(const weir_conn *conn)
{
    return conn ? conn->outcome.affected : -1;
}

weir_status weir_generated_key(weir_conn *conn, int64_t *out)
{
    weir_status status = WEIR_OK;

    if (!out || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    if (!wi_engine_can(conn->engine, WEIR_CAN_KEYS))
        status = weir_error_set(&conn->error, WEIR_ERR_UNSUPPORTED,
                                "%s reports no generated keys; use RETURNING",
                                conn->engine->backend->name);
    else if (!conn->outcome.has_generated_key)
        status = weir_error_set(&conn->error, WEIR_ERR_NOT_FOUND,
                                "the last statement generated no key");
    else
        *out = conn->outcome.generated_key;
    return wi_conn_leave(conn, status);
}

size_t weir_quote_name(weir_conn *conn, const char *name, char *out,
                       size_t size)
{
    wi_buf quoted;
    size_t whole = 0;

    if (wi_conn_enter(conn) != WEIR_OK)
        return 0;
    wi_buf_init(&quoted, conn->engine->allocator, 0);
    if (wi_quote_identifier(conn->engine->profile.dialect, weir_text_of(name),
                            &quoted, &conn->error) == WEIR_OK) {
        whole = quoted.size;
        if (out && size > 0)
            snprintf(out, size, "%s", wi_buf_text(&quoted));
    }
    wi_buf_clear(&quoted);
    wi_conn_leave(conn, WEIR_OK);
    return whole;
}

const char *weir_version(void)
{
    return "0.1.0";
}
