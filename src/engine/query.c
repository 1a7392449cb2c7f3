/* SPDX-License-Identifier: MIT */
/*
 * Running statements: take one from the cache, bind, begin what must be
 * begun, execute, and either read what it did or make a result of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include <weir/weir.h>

#include "engine/engine.h"
#include "engine/result.h"
#include "engine/tx.h"
#include "sql/ident.h"

/* Arguments that fit here need no memory. */
enum { VALUES_INLINE = 16 };

/* A statement on its way. */
typedef struct run {
    const char *sql;
    int64_t deadline;
    int64_t began_ns; /* 0: nobody listens */
    wi_stmt *stmt;
    weir_value inlined[VALUES_INLINE];
    weir_value *values;
} run;

static void tell(weir_conn *conn, const run *r)
{
    const wi_log *log = &conn->engine->services.log;
    weir_log_event event = {.kind = WEIR_LOG_STATEMENT, .statement = r->sql};

    if (!r->began_ns)
        return;
    event.duration_ns = wi_now_ns() - r->began_ns;
    event.params = r->stmt ? r->values : NULL;
    event.param_count = r->stmt && r->values ? r->stmt->plan->driver_count : 0;
    event.affected = conn->affected;
    event.connection_id = conn->link ? conn->link->id : 0;
    event.tag = conn->tag;
    event.error = conn->error.status == WEIR_OK ? NULL : &conn->error;
    wi_log_event(log, &event);
}

static weir_status refuse_control(weir_conn *conn, const wi_sql_plan *plan)
{
    if (plan->verb != WI_SQL_TX_CONTROL)
        return WEIR_OK;
    return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                          "transactions are not begun or ended by SQL; use "
                          "weir_begin(), weir_commit(), weir_rollback() and "
                          "weir_savepoint_begin()");
}

/* From the text to a statement that is in use and has room for its values. */
static weir_status take(weir_conn *conn, run *r)
{
    weir_status status;
    size_t count;

    if (!r->sql)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "the statement is NULL");
    if (conn->stream)
        return wi_conn_refuse_stream(conn);
    status = wi_tx_refuse_failed(conn);
    if (status == WEIR_OK)
        status = wi_conn_need_link(conn, r->deadline);
    if (status != WEIR_OK)
        return status;
    status = wi_stmt_cache_take(&conn->link->stmts, r->sql, r->deadline,
                                &r->stmt, &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, r->sql, WEIR_EFFECT_READ);
    conn->at_work = r->stmt;
    status = refuse_control(conn, r->stmt->plan);
    count = r->stmt->plan->driver_count;
    if (status == WEIR_OK && count != r->stmt->info->param_count)
        status = weir_error_set(&conn->error, WEIR_ERR_SQL,
                                "the database sees %zu parameters where %zu "
                                "stand; write ?? for a plain ?",
                                r->stmt->info->param_count, count);
    r->values = r->inlined;
    if (status == WEIR_OK && count > VALUES_INLINE) {
        r->values =
            wi_alloc_zero(conn->engine->allocator, count, sizeof(weir_value));
        if (!r->values)
            status = wi_error_nomem(&conn->error);
    }
    return status;
}

static void give(weir_conn *conn, run *r)
{
    if (r->values != r->inlined)
        wi_free(conn->engine->allocator, r->values);
    r->values = NULL;
    if (r->stmt)
        wi_stmt_cache_give(&conn->link->stmts, r->stmt);
    r->stmt = NULL;
    conn->at_work = NULL;
}

static run begin_run(weir_conn *conn, const char *sql)
{
    run r = {.sql = sql, .deadline = wi_conn_deadline(conn)};

    if (wi_log_wants(&conn->engine->services.log, WEIR_LOG_STATEMENT))
        r.began_ns = wi_now_ns();
    conn->affected = -1;
    conn->has_generated_key = false;
    return r;
}

/* After a failure of the driver: its statement is given back before the link
 * may go. */
static weir_status failed(weir_conn *conn, run *r)
{
    weir_effect effect = r->stmt->info->effect;

    conn->driver->end(r->stmt->driver_stmt);
    wi_stmt_cache_give(&conn->link->stmts, r->stmt);
    r->stmt = NULL;
    conn->at_work = NULL;
    return wi_conn_failed(conn, r->sql, effect);
}

/* Begins what must be begun. If the connection is lost in that, it has taken
 * the statement with it. */
static weir_status begin_for(weir_conn *conn, run *r)
{
    weir_status status = wi_tx_before(conn, r->stmt->info->effect, r->deadline);

    if (!conn->link)
        r->stmt = NULL;
    return status;
}

static void note_outcome(weir_conn *conn, const weir_outcome *outcome)
{
    conn->affected = outcome->affected;
    conn->generated_key = outcome->generated_key;
    conn->has_generated_key = outcome->has_generated_key;
}

/* -------------------------------------------------------------------- exec */

/* Rows that nobody wants are stepped over: the statement runs to its end. */
static weir_status drain(weir_conn *conn, run *r)
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

static weir_status execute(weir_conn *conn, run *r)
{
    weir_execution execution = {.values = r->values,
                                .value_count = r->stmt->plan->driver_count,
                                .mode = WEIR_FETCH_STREAM,
                                .deadline = r->deadline};
    weir_outcome outcome = {.affected = -1};
    weir_status status = begin_for(conn, r);

    if (status != WEIR_OK)
        return status;
    status =
        conn->driver->execute(r->stmt->driver_stmt, &execution, &conn->error);
    if (status != WEIR_OK)
        return failed(conn, r);
    if (drain(conn, r) != WEIR_OK) {
        wi_conn_doubt(conn, r->stmt->info->effect);
        return failed(conn, r);
    }
    conn->driver->outcome(r->stmt->driver_stmt, &outcome);
    conn->driver->end(r->stmt->driver_stmt);
    note_outcome(conn, &outcome);
    return WEIR_OK;
}

weir_status weir_exec(weir_conn *conn, const char *sql, const weir_value *args,
                      size_t arg_count)
{
    weir_status status;
    run r;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    r = begin_run(conn, sql);
    r.values = r.inlined;
    status = take(conn, &r);
    if (status == WEIR_OK)
        status = wi_sql_plan_bind(r.stmt->plan, args, arg_count, r.values,
                                  &conn->error);
    if (status == WEIR_OK)
        status = execute(conn, &r);
    tell(conn, &r);
    give(conn, &r);
    wi_tx_after(conn);
    return wi_conn_leave(conn, status);
}

/* ------------------------------------------------------------------- many */

static weir_status check_rows(weir_conn *conn, const weir_rows *rows)
{
    if (rows && (rows->count == 0 || rows->values || rows->width == 0))
        return WEIR_OK;
    return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                          "the rows of parameters are missing");
}

/* Runs the rows one by one; the error says which one failed. */
static weir_status each_row(weir_conn *conn, run *r, const weir_rows *rows)
{
    int64_t affected = 0;
    weir_status status = WEIR_OK;

    for (size_t i = 0; i < rows->count && status == WEIR_OK; i++) {
        status = wi_sql_plan_bind(r->stmt->plan, rows->values + i * rows->width,
                                  rows->width, r->values, &conn->error);
        if (status == WEIR_OK)
            status = execute(conn, r);
        if (status != WEIR_OK) {
            weir_error why = conn->error;

            snprintf(conn->error.message, sizeof conn->error.message,
                     "row %zu: %.280s", i + 1, why.message);
            break;
        }
        affected += conn->affected > 0 ? conn->affected : 0;
    }
    conn->affected = status == WEIR_OK ? affected : -1;
    return status;
}

weir_status weir_exec_many(weir_conn *conn, const char *sql,
                           const weir_rows *rows)
{
    weir_status status;
    run r;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    r = begin_run(conn, sql);
    r.values = r.inlined;
    status = check_rows(conn, rows);
    if (status == WEIR_OK)
        status = take(conn, &r);
    if (status == WEIR_OK)
        status = each_row(conn, &r, rows);
    tell(conn, &r);
    give(conn, &r);
    wi_tx_after(conn);
    return wi_conn_leave(conn, status);
}

/* ------------------------------------------------------------------- query */

/* A copy of the columns' facts: the driver's may change with its statement. */
static bool keep_columns(weir_result *result, const weir_stmt_info *info)
{
    size_t size = info->column_count * sizeof(weir_column);

    if (size == 0)
        return true;
    result->columns = wi_arena_copy(&result->keep, info->columns, size);
    if (!result->columns)
        return false;
    for (size_t i = 0; i < info->column_count; i++) {
        weir_column *column = &result->columns[i];
        const char **texts[] = {&column->name, &column->database_type,
                                &column->table, &column->origin};

        for (size_t j = 0; j < 4; j++) {
            *texts[j] =
                wi_arena_copy(&result->keep, *texts[j], strlen(*texts[j]));
            if (!*texts[j])
                return false;
        }
    }
    return true;
}

/* Text and the like must outlive the call: rows may be computed from them
 * later. */
static weir_status keep_values(weir_conn *conn, run *r, weir_result *result)
{
    size_t count = r->stmt->plan->driver_count;
    weir_value *kept;

    if (count == 0)
        return WEIR_OK;
    kept = wi_arena_copy(&result->keep, r->values, count * sizeof *kept);
    if (!kept)
        return wi_error_nomem(&conn->error);
    for (size_t i = 0; i < count; i++) {
        if (!wi_value_keep(&result->keep, &kept[i]))
            return wi_error_nomem(&conn->error);
    }
    if (r->values != r->inlined)
        wi_free(conn->engine->allocator, r->values);
    r->values = kept;
    return WEIR_OK;
}

/* From here on the statement is the result's. */
static weir_status hand_over(weir_conn *conn, run *r, weir_result *result,
                             weir_fetch_mode mode)
{
    weir_effect effect = r->stmt->info->effect;
    weir_status status;

    if (!keep_columns(result, r->stmt->info))
        status = wi_error_nomem(&conn->error);
    else
        status = WEIR_OK;
    if (wi_result_attach(result, r->stmt, mode) != WEIR_OK)
        status = wi_error_nomem(&conn->error);
    r->stmt = NULL;
    conn->at_work = NULL;
    if (status == WEIR_OK && mode == WEIR_FETCH_STREAM)
        conn->stream = result;
    /* What writes is read to its end at once: nothing stays half done. */
    if (status == WEIR_OK && result->column_count == 0)
        wi_result_finish(result);
    else if (status == WEIR_OK && effect == WEIR_EFFECT_WRITE &&
             mode == WEIR_FETCH_BUFFER && result->from != WI_ROWS_ENDED)
        status = wi_result_gather(result);
    return status;
}

static weir_status start(weir_conn *conn, run *r, weir_result *result,
                         weir_fetch_mode mode)
{
    weir_execution execution = {.value_count = r->stmt->plan->driver_count,
                                .mode = mode,
                                .deadline = r->deadline};
    weir_status status = keep_values(conn, r, result);

    if (status == WEIR_OK)
        status = begin_for(conn, r);
    if (status != WEIR_OK)
        return status;
    execution.values = r->values;
    status =
        conn->driver->execute(r->stmt->driver_stmt, &execution, &conn->error);
    if (status != WEIR_OK)
        return failed(conn, r);
    return hand_over(conn, r, result, mode);
}

static weir_result *query(weir_conn *conn, const char *sql,
                          const weir_rows *args, weir_fetch_mode mode)
{
    weir_result *result;
    weir_status status;
    run r;

    if (wi_conn_enter(conn) != WEIR_OK)
        return wi_result_of_entry(conn);
    result = wi_result_new(conn);
    if (!result) {
        wi_conn_leave(conn, wi_error_nomem(&conn->error));
        return wi_result_of_nomem();
    }
    r = begin_run(conn, sql);
    r.values = r.inlined;
    status = take(conn, &r);
    if (status == WEIR_OK)
        status = wi_sql_plan_bind(r.stmt->plan, args->values, args->width,
                                  r.values, &conn->error);
    if (status == WEIR_OK)
        status = start(conn, &r, result, mode);
    tell(conn, &r);
    if (status != WEIR_OK) {
        wi_result_end(result);
        result->error = conn->error;
    }
    if (r.values >= r.inlined && r.values < r.inlined + VALUES_INLINE)
        r.values = r.inlined;
    else if (status == WEIR_OK || result->keep.total > 0)
        r.values = r.inlined; /* the result's arena has them */
    give(conn, &r);
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
    return conn ? conn->affected : -1;
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
    else if (!conn->has_generated_key)
        status = weir_error_set(&conn->error, WEIR_ERR_NOT_FOUND,
                                "the last statement generated no key");
    else
        *out = conn->generated_key;
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
