/* SPDX-License-Identifier: MIT */
/*
 * A statement on its way: see engine/run.h for the steps.
 */
#include "engine/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "engine/tx.h"

void wi_run_tell_listener(weir_conn *conn, const wi_run *r)
{
    const wi_log *log = &conn->engine->services.log;
    bool bound = r->stmt && r->values;
    weir_log_event event = {
        .kind = WEIR_LOG_STATEMENT,
        .statement = r->sql,
        .duration_ns = wi_now_ns() - r->began_ns,
        .params = bound ? r->values : NULL,
        .param_count = bound ? r->stmt->plan->driver_count : 0,
        .affected = conn->outcome.affected,
        .connection_id = conn->link ? conn->link->id : 0,
        .tag = conn->tag,
        .error = conn->error.status == WEIR_OK ? NULL : &conn->error,
    };

    wi_log_event(log, &event);
}

weir_status wi_run_ready(weir_conn *conn, const wi_run *r)
{
    weir_status status;

    if (!conn->stream && conn->tx.state <= WI_TX_OPEN && conn->link &&
        !wi_waits_are_over(&conn->engine->waits))
        return WEIR_OK;
    if (conn->stream)
        return wi_conn_refuse_stream(conn);
    status = wi_tx_refuse_failed(conn);
    if (status == WEIR_OK)
        status = wi_conn_need_link(conn, r->deadline);
    return status;
}

/* The library's own SAVEPOINT may be in the cache, and a database may count
 * otherwise than our scanner. */
weir_status wi_run_check(weir_conn *conn, const wi_stmt *stmt)
{
    size_t count = stmt->plan->driver_count;

    if (stmt->plan->verb == WI_SQL_TX_CONTROL)
        return wi_stmt_refuse_control(stmt->plan, &conn->error);
    if (count == stmt->info->param_count)
        return WEIR_OK;
    return weir_error_set(&conn->error, WEIR_ERR_SQL,
                          "the database sees %zu parameters where %zu stand; "
                          "write ?? for a plain ?",
                          stmt->info->param_count, count);
}

weir_status wi_run_take(weir_conn *conn, wi_run *r)
{
    weir_status status;

    if (!r->sql)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "the statement is NULL");
    status = wi_run_ready(conn, r);
    if (status != WEIR_OK)
        return status;
    status = wi_stmt_cache_take(&conn->link->stmts, r->sql, r->deadline,
                                &r->stmt, &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, r->sql, WEIR_EFFECT_READ);
    conn->at_work = r->stmt;
    return wi_run_check(conn, r->stmt);
}

static bool need_room(weir_conn *conn, wi_run *r)
{
    size_t count = r->stmt->plan->driver_count;

    if (count > WI_RUN_INLINE)
        r->room = wi_alloc(conn->engine->allocator, count * sizeof *r->room);
    return r->room;
}

weir_status wi_run_bind(weir_conn *conn, wi_run *r, const weir_value *args,
                        size_t count)
{
    const wi_sql_plan *plan = r->stmt->plan;
    const weir_value *bound = args;
    weir_status status;

    if (plan->identity) {
        status = wi_sql_plan_check(plan, args, count, &conn->error);
    } else {
        if (!need_room(conn, r))
            return wi_error_nomem(&conn->error);
        status = wi_sql_plan_bind(plan, args, count, r->room, &conn->error);
        bound = r->room;
    }
    if (status == WEIR_OK)
        r->values = bound;
    return status;
}

void wi_run_give(weir_conn *conn, wi_run *r)
{
    if (r->room != r->inlined)
        wi_free(conn->engine->allocator, r->room);
    r->room = r->inlined;
    r->values = NULL;
    if (r->stmt)
        wi_stmt_cache_give(&conn->link->stmts, r->stmt);
    r->stmt = NULL;
    conn->at_work = NULL;
}

/* Not zeroed as a whole: room for values that most statements never use would
 * cost more than the rest of a call. */
void wi_run_begin(weir_conn *conn, wi_run *r, const char *sql)
{
    r->sql = sql;
    r->deadline = wi_conn_deadline(conn);
    r->began_ns = 0;
    r->stmt = NULL;
    r->values = NULL;
    r->room = r->inlined;
    if (wi_log_wants(&conn->engine->services.log, WEIR_LOG_STATEMENT))
        r->began_ns = wi_now_ns();
    wi_conn_forget_outcome(conn);
}

weir_status wi_run_before(weir_conn *conn, wi_run *r)
{
    weir_status status;

    if (wi_tx_goes_on(conn))
        return WEIR_OK;
    status = wi_tx_before(conn, r->stmt->info->effect, r->deadline);
    if (!conn->link)
        r->stmt = NULL;
    return status;
}

weir_status wi_run_failed(weir_conn *conn, wi_run *r)
{
    weir_effect effect = r->stmt->info->effect;

    wi_stmt_cache_give(&conn->link->stmts, r->stmt);
    r->stmt = NULL;
    conn->at_work = NULL;
    return wi_conn_failed(conn, r->sql, effect);
}

/* Rows that nobody wants are stepped over: the statement runs to its end. */
static weir_status drain(weir_conn *conn, wi_run *r)
{
    size_t columns = r->stmt->info->column_count;
    weir_value *row;
    weir_step step;

    if (columns == 0)
        return WEIR_OK;
    row = wi_alloc_zero(conn->engine->allocator, columns, sizeof *row);
    if (!row)
        return wi_error_nomem(&conn->error);
    do {
        step = conn->driver->fetch(r->stmt->driver_stmt, row, r->deadline,
                                   &conn->error);
    } while (step == WEIR_STEP_ROW);
    wi_free(conn->engine->allocator, row);
    return step == WEIR_STEP_ERROR ? conn->error.status : WEIR_OK;
}

weir_status wi_run_execute(weir_conn *conn, wi_run *r)
{
    weir_execution execution = {.values = r->values,
                                .value_count = r->stmt->plan->driver_count,
                                .mode = WEIR_FETCH_STREAM,
                                .deadline = r->deadline};
    weir_status status = wi_run_before(conn, r);

    if (status != WEIR_OK)
        return status;
    status =
        conn->driver->execute(r->stmt->driver_stmt, &execution, &conn->error);
    if (status == WEIR_OK) {
        status = drain(conn, r);
        if (status != WEIR_OK)
            wi_conn_doubt(conn, r->stmt->info->effect);
    }
    if (status != WEIR_OK) {
        conn->driver->end(r->stmt->driver_stmt);
        return wi_run_failed(conn, r);
    }
    conn->driver->outcome(r->stmt->driver_stmt, &conn->outcome);
    conn->driver->end(r->stmt->driver_stmt);
    return WEIR_OK;
}

static weir_status run_any(weir_conn *conn, const char *sql,
                           const weir_value *args, size_t count)
{
    weir_status status;
    wi_run r;

    wi_run_begin(conn, &r, sql);
    status = wi_run_take(conn, &r);
    if (status == WEIR_OK)
        status = wi_run_bind(conn, &r, args, count);
    if (status == WEIR_OK)
        status = wi_run_execute(conn, &r);
    wi_run_tell(conn, &r);
    wi_run_give(conn, &r);
    return status;
}

/*
 * The statement, if it is one of many that a program runs in a row: the same
 * as last time, inside a transaction, without rows, and nobody listens. Then
 * all that run_any() asks has been answered before.
 */
static wi_stmt *repeated(weir_conn *conn, const char *sql)
{
    wi_stmt *stmt;

    if (!sql || conn->tx.state != WI_TX_OPEN || !conn->link ||
        !wi_tx_goes_on(conn) ||
        wi_log_wants(&conn->engine->services.log, WEIR_LOG_STATEMENT))
        return NULL;
    stmt = wi_stmt_cache_find_last(&conn->link->stmts, sql);
    return stmt && stmt->is_plain && stmt->info->column_count == 0 ? stmt
                                                                   : NULL;
}

WEIR_HOT static weir_status run_repeated(weir_conn *conn, wi_stmt *stmt,
                                         const char *sql,
                                         const weir_value *args, size_t count)
{
    weir_execution execution = {.values = args,
                                .value_count = count,
                                .mode = WEIR_FETCH_STREAM,
                                .deadline = wi_conn_deadline(conn)};
    weir_status status;

    wi_conn_forget_outcome(conn);
    status = wi_sql_plan_check(stmt->plan, args, count, &conn->error);
    if (status != WEIR_OK)
        return status;
    status = conn->driver->execute(stmt->driver_stmt, &execution, &conn->error);
    if (status == WEIR_OK)
        conn->driver->outcome(stmt->driver_stmt, &conn->outcome);
    conn->driver->end(stmt->driver_stmt);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, sql, stmt->info->effect);
    return WEIR_OK;
}

weir_status wi_run_whole(weir_conn *conn, const char *sql,
                         const weir_value *args, size_t count)
{
    wi_stmt *stmt = repeated(conn, sql);

    return stmt ? run_repeated(conn, stmt, sql, args, count)
                : run_any(conn, sql, args, count);
}
