/* SPDX-License-Identifier: MIT */
/*
 * Statements: prepare, execute, fetch, end, finish, and sending ahead.
 *
 * The rows are those of the step that answered the execution. Each is copied
 * into memory of its own and freed at the next fetch(), so that a core that
 * keeps a pointer longer than it may is found out by a sanitizer.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mock.h"

/* ----------------------------------------------------------------- prepare */

/* Counts ? or looks for the highest $n, outside of '…'. A real database asks
 * its client library. */
static size_t count_params(const char *sql, weir_placeholder placeholder)
{
    size_t count = 0;
    bool quoted = false;

    for (; *sql; sql++) {
        if (*sql == '\'')
            quoted = !quoted;
        if (quoted)
            continue;
        if (placeholder == WEIR_PLACEHOLDER_QUESTION) {
            count += *sql == '?';
        } else if (*sql == '$') {
            size_t number = (size_t)strtoul(sql + 1, NULL, 10);

            count = number > count ? number : count;
        }
    }
    return count;
}

static weir_effect effect_of(const char *sql)
{
    sql += strspn(sql, " \t\r\n(");
    return strncasecmp(sql, "SELECT", 6) == 0 ? WEIR_EFFECT_READ
                                              : WEIR_EFFECT_WRITE;
}

static char *copy_sql(const weir_services *services, weir_text sql)
{
    char *copy = weir_services_alloc(services, sql.size + 1);

    if (!copy)
        return NULL;
    memcpy(copy, sql.data, sql.size);
    copy[sql.size] = '\0';
    return copy;
}

static void describe(wmk_stmt *stmt)
{
    const wmk_step *next = wmk_peek(stmt->conn, WEIR_MOCK_EXECUTE, stmt->sql);

    stmt->info = (weir_stmt_info){
        .param_count =
            count_params(stmt->sql, stmt->conn->mock->options.placeholder),
        .column_count = next ? next->said.column_count : 0,
        .columns = next ? next->said.columns : NULL,
        .effect = effect_of(stmt->sql),
    };
}

static void check_stream(const wmk_stmt *stmt)
{
    if (stmt->conn->streaming && stmt->conn->streaming != stmt)
        wmk_breach(stmt->conn, "another statement while rows are streamed");
}

weir_status wmk_prepare(void *at, weir_text sql, void *stmt_at,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wmk_call call = {
        .op = WEIR_MOCK_PREPARE, .word = "prepare", .deadline = deadline};
    wmk_conn *conn = at;
    wmk_stmt *stmt = stmt_at;
    weir_status status;

    stmt->conn = conn;
    stmt->sql = copy_sql(conn->services, sql);
    if (!stmt->sql)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    check_stream(stmt);
    call.text = call.shown = stmt->sql;
    status = wmk_before(conn, &call, err);
    if (status == WEIR_OK)
        status = wmk_after(conn, err);
    if (status != WEIR_OK)
        return status;
    conn->stmt_count++;
    stmt->is_prepared = true;
    describe(stmt);
    *info = &stmt->info;
    return WEIR_OK;
}

/* Also called after a failed prepare(), which may have come less far. */
void wmk_finish(void *at)
{
    const wmk_call call = {.word = "finish"};
    wmk_stmt *stmt = at;
    wmk_conn *conn = stmt->conn;

    if (!conn)
        return;
    if (stmt->is_executing) {
        wmk_breach(conn, "finish before end");
        wmk_end(stmt);
    }
    if (stmt->is_prepared) {
        pthread_mutex_lock(&conn->mock->lock);
        wmk_record(conn->mock, conn->number, &call);
        pthread_mutex_unlock(&conn->mock->lock);
        conn->stmt_count--;
    }
    weir_services_free(conn->services, stmt->sql);
    stmt->conn = NULL;
}

/* ----------------------------------------------------------------- execute */

static bool same_columns(const weir_stmt_info *info, const weir_mock_step *said)
{
    if (info->column_count != said->column_count)
        return false;
    for (size_t i = 0; i < said->column_count; i++) {
        if (info->columns[i].type != said->columns[i].type ||
            strcmp(info->columns[i].name, said->columns[i].name) != 0)
            return false;
    }
    return true;
}

/* The step decides what comes back; if that has changed since prepare(), it is
 * as if somebody had altered the table. */
static void adopt(wmk_stmt *stmt, const wmk_step *step)
{
    static const weir_mock_step nothing = {.op = WEIR_MOCK_EXECUTE};
    const weir_mock_step *said = step ? &step->said : &nothing;

    stmt->step = step;
    stmt->next_row = 0;
    if (same_columns(&stmt->info, said))
        return;
    stmt->info.column_count = said->column_count;
    stmt->info.columns = said->columns;
    stmt->info.generation++;
}

static void check_execute(const wmk_stmt *stmt, const weir_execution *execution)
{
    check_stream(stmt);
    if (stmt->is_executing)
        wmk_breach(stmt->conn, "execute before end");
    if (execution->value_count != stmt->info.param_count)
        wmk_breach(stmt->conn, "another number of values than parameters");
}

/* Sends one call with its values in the log. */
static weir_status send_values(wmk_stmt *stmt, wmk_call *call,
                               const weir_execution *execution, weir_error *err)
{
    const weir_services *services = stmt->conn->services;
    weir_buffer values = {0};
    weir_status status = wmk_add_values(services, &values, execution);

    if (status == WEIR_OK) {
        call->shown = values.data;
        call->text = stmt->sql;
        call->deadline = execution->deadline;
        status = wmk_before(stmt->conn, call, err);
    } else {
        weir_error_set(err, status, "out of memory");
    }
    weir_buffer_clear(services, &values);
    return status;
}

weir_status wmk_execute(void *at, const weir_execution *execution,
                        weir_error *err)
{
    wmk_call call = {.op = WEIR_MOCK_EXECUTE, .word = "execute"};
    wmk_stmt *stmt = at;
    weir_status status;

    check_execute(stmt, execution);
    stmt->is_executing = true;
    adopt(stmt, NULL);
    if (execution->mode == WEIR_FETCH_STREAM)
        call.word = "stream";
    status = send_values(stmt, &call, execution, err);
    if (status != WEIR_OK)
        return status;
    if (execution->mode == WEIR_FETCH_STREAM)
        stmt->conn->streaming = stmt;
    adopt(stmt, stmt->conn->step);
    return wmk_after(stmt->conn, err);
}

/* ------------------------------------------------------------------- fetch */

static void drop_row(wmk_stmt *stmt)
{
    weir_services_free(stmt->conn->services, stmt->row);
    stmt->row = NULL;
}

static weir_step hand_out(wmk_stmt *stmt, const weir_value *from,
                          weir_value *row, weir_error *err)
{
    size_t count = stmt->info.column_count;
    wmk_pack pack = {NULL, 0};

    wmk_pack_values(&pack, from, count, NULL);
    /* A text of no bytes has an address too. */
    pack.base = stmt->row =
        weir_services_alloc(stmt->conn->services, pack.used + 1);
    if (!pack.base) {
        weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
        return WEIR_STEP_ERROR;
    }
    pack.used = 0;
    wmk_pack_values(&pack, from, count, row);
    stmt->next_row++;
    return WEIR_STEP_ROW;
}

/* A stream that has come to its end holds nobody up any more. */
static weir_step no_more(wmk_stmt *stmt)
{
    if (stmt->conn->streaming == stmt)
        stmt->conn->streaming = NULL;
    return WEIR_STEP_DONE;
}

weir_step wmk_fetch(void *at, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wmk_stmt *stmt = at;
    const wmk_call call = {.op = WEIR_MOCK_FETCH,
                           .word = "fetch",
                           .text = stmt->sql,
                           .is_free = true,
                           .deadline = deadline};
    const weir_mock_step *said;

    if (!stmt->is_executing)
        wmk_breach(stmt->conn, "fetch without execute");
    check_stream(stmt);
    drop_row(stmt);
    if (wmk_only(stmt->conn, &call, err) != WEIR_OK)
        return WEIR_STEP_ERROR;
    said = stmt->step ? &stmt->step->said : NULL;
    if (!said || stmt->next_row >= said->row_count)
        return no_more(stmt);
    return hand_out(stmt, said->values + stmt->next_row * said->column_count,
                    row, err);
}

void wmk_outcome(void *at, weir_outcome *out)
{
    const wmk_stmt *stmt = at;

    *out = (weir_outcome){.affected = 0};
    if (!stmt->is_executing)
        wmk_breach(stmt->conn, "outcome without execute");
    if (!stmt->step)
        return;
    out->affected = stmt->step->said.affected;
    out->generated_key = stmt->step->said.generated_key;
    out->has_generated_key = stmt->step->said.has_generated_key;
}

void wmk_end(void *at)
{
    const wmk_call call = {.word = "end"};
    wmk_stmt *stmt = at;
    wmk_conn *conn = stmt->conn;

    if (!stmt->is_executing)
        wmk_breach(conn, "end without execute");
    pthread_mutex_lock(&conn->mock->lock);
    wmk_record(conn->mock, conn->number, &call);
    pthread_mutex_unlock(&conn->mock->lock);
    drop_row(stmt);
    no_more(stmt);
    stmt->is_executing = false;
    stmt->step = NULL;
}

/* ----------------------------------------------------------- sending ahead */

/* This server forgets nothing. */
weir_status wmk_refresh(void *at, int64_t deadline, weir_error *err)
{
    wmk_stmt *stmt = at;
    const wmk_call call = {.op = WEIR_MOCK_REFRESH,
                           .word = "refresh",
                           .text = stmt->sql,
                           .is_free = true,
                           .deadline = deadline};
    weir_status status = wmk_before(stmt->conn, &call, err);

    if (stmt->submitted > 0)
        wmk_breach(stmt->conn, "refresh while executions are submitted");
    return status == WEIR_OK ? wmk_after(stmt->conn, err) : status;
}

weir_status wmk_submit(void *at, const weir_execution *execution,
                       weir_error *err)
{
    wmk_call call = {.op = WEIR_MOCK_SUBMIT, .word = "submit", .is_free = true};
    wmk_stmt *stmt = at;
    weir_status status;

    check_stream(stmt);
    if (execution->value_count != stmt->info.param_count)
        wmk_breach(stmt->conn, "another number of values than parameters");
    status = send_values(stmt, &call, execution, err);
    if (status != WEIR_OK)
        return status;
    stmt->submitted++;
    stmt->conn->has_submitted = true;
    return wmk_after(stmt->conn, err);
}

/* The first one to collect waits for the server; the other answers have come
 * along with that one. */
weir_status wmk_collect(void *at, int64_t deadline, weir_error *err)
{
    wmk_stmt *stmt = at;
    const wmk_call call = {.op = WEIR_MOCK_EXECUTE,
                           .word = "collect",
                           .text = stmt->sql,
                           .is_free = !stmt->conn->has_submitted,
                           .deadline = deadline};
    weir_status status;

    if (stmt->submitted == 0)
        wmk_breach(stmt->conn, "collect without submit");
    else
        stmt->submitted--;
    if (stmt->is_executing)
        wmk_breach(stmt->conn, "collect before end");
    stmt->is_executing = true;
    adopt(stmt, NULL);
    status = wmk_before(stmt->conn, &call, err);
    stmt->conn->has_submitted = false;
    if (status != WEIR_OK)
        return status;
    adopt(stmt, stmt->conn->step);
    return wmk_after(stmt->conn, err);
}
