/* SPDX-License-Identifier: MIT */
/*
 * Running a statement and reading its rows.
 *
 * execute() makes the first step, so that all writing is done and failures
 * come early; the row that it finds waits for the first fetch(). Rows are not
 * copied: values point into SQLite's row until the next step.
 */
#include "sqlite.h"

/* ------------------------------------------------------------------- rows */

/* Text ends with NUL, which SQLite mostly has put there already. False: there
 * was no memory for the value. */
static bool read_span(sqlite3_value *cell, int class, weir_value *out)
{
    const void *data = class == SQLITE_TEXT ? sqlite3_value_text(cell)
                                            : sqlite3_value_blob(cell);

    out->type = class == SQLITE_TEXT ? WEIR_TYPE_TEXT : WEIR_TYPE_BYTES;
    out->size = (uint32_t)sqlite3_value_bytes(cell);
    out->as.bytes = data ? data : "";
    return data || (class == SQLITE_BLOB && out->size == 0);
}

/* The hottest loop of the driver. One look at a column, all else at its
 * value: that is a third faster than the column functions. */
static bool read_row(const wsq_stmt *stmt, weir_value *row)
{
    sqlite3_stmt *handle = stmt->handle;
    int count = (int)stmt->info.column_count;

    for (int i = 0; i < count; i++) {
        sqlite3_value *cell = sqlite3_column_value(handle, i);
        weir_value *out = &row[i];
        int class = sqlite3_value_type(cell);

        switch (class) {
        case SQLITE_INTEGER:
            out->type = WEIR_TYPE_I64;
            out->as.i = sqlite3_value_int64(cell);
            break;
        case SQLITE_FLOAT:
            out->type = WEIR_TYPE_F64;
            out->as.f = sqlite3_value_double(cell);
            break;
        case SQLITE_NULL:
            out->type = WEIR_TYPE_NULL;
            break;
        default:
            if (!read_span(cell, class, out))
                return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------- steps */

static weir_status fail(wsq_stmt *stmt, int code, weir_error *err)
{
    wsq_conn *conn = stmt->conn;

    stmt->failed = true;
    stmt->done = true;
    return stmt->alone ? wsq_fail_commit(conn, code, err)
                       : wsq_fail(conn, code, err);
}

static void count_changes(wsq_stmt *stmt)
{
    sqlite3 *db = stmt->conn->db;
    int64_t changed = sqlite3_changes64(db);
    int64_t key;

    stmt->outcome.affected += changed;
    if (!stmt->keyed || changed == 0)
        return;
    key = sqlite3_last_insert_rowid(db);
    /* An upsert that updated has left the key of an older insert. */
    if (stmt->facts.alters && key == stmt->outcome.generated_key)
        return;
    stmt->outcome.generated_key = key;
    stmt->outcome.has_generated_key = true;
}

/* Before the first step of an execution. */
static void forget_outcome(wsq_stmt *stmt)
{
    stmt->outcome.affected = stmt->writes ? 0 : -1;
    stmt->outcome.has_generated_key = false;
    stmt->outcome.rows_done = 0;
    if (stmt->keyed && stmt->facts.alters)
        stmt->outcome.generated_key = sqlite3_last_insert_rowid(stmt->conn->db);
}

/* After the last step: DONE, or a failure. */
static weir_status end_steps(wsq_stmt *stmt, int code, weir_error *err)
{
    stmt->done = true;
    if (code != SQLITE_DONE)
        return fail(stmt, code, err);
    if (stmt->counts)
        count_changes(stmt);
    return WEIR_OK;
}

static int step(wsq_stmt *stmt)
{
    stmt->conn->running = stmt->handle;
    return sqlite3_step(stmt->handle);
}

/* The schema may have changed since the statement was prepared: SQLite has
 * then prepared it anew at the first step, and asked the authorizer. */
static weir_status follow_schema(wsq_stmt *stmt, weir_error *err)
{
    int count =
        sqlite3_stmt_status(stmt->handle, SQLITE_STMTSTATUS_REPREPARE, 0);

    if (count == stmt->reprepared)
        return WEIR_OK;
    stmt->reprepared = count;
    return wsq_columns_read(stmt, err);
}

static weir_status step_first(wsq_stmt *stmt, weir_error *err)
{
    weir_status status;
    int code;

    stmt->conn->reprepared = false;
    code = step(stmt);
    if (stmt->conn->reprepared) {
        status = follow_schema(stmt, err);
        if (status != WEIR_OK)
            return status;
    }
    if (code == SQLITE_ROW) {
        stmt->pending = true;
        return WEIR_OK;
    }
    return end_steps(stmt, code, err);
}

/* ----------------------------------------------------------------- execute */

static weir_status check_access(const wsq_stmt *stmt, weir_error *err)
{
    wsq_conn *conn = stmt->conn;

    if (!conn->read_only || !stmt->writes || stmt->alone)
        return WEIR_OK;
    return wsq_refuse(err, WEIR_ERR_UNAVAILABLE, "25006",
                      "the transaction is read-only and the statement writes");
}

static void begin_execution(wsq_stmt *stmt)
{
    wsq_conn *conn = stmt->conn;

    if (!stmt->executing)
        conn->executions++;
    stmt->executing = true;
    stmt->pending = stmt->done = stmt->failed = false;
    stmt->alone = stmt->writes && sqlite3_get_autocommit(conn->db);
    if (stmt->facts.dirties)
        conn->dirty = true;
    forget_outcome(stmt);
}

weir_status wsq_execute(void *memory, const weir_execution *execution,
                        weir_error *err)
{
    wsq_stmt *stmt = memory;
    weir_status status;

    wsq_enter(stmt->conn, execution->deadline);
    begin_execution(stmt);
    status = check_access(stmt, err);
    if (status == WEIR_OK)
        status = wsq_bind(stmt, execution->values, execution->value_count, err);
    if (status == WEIR_OK)
        status = step_first(stmt, err);
    if (status != WEIR_OK)
        stmt->done = true;
    return status;
}

weir_step wsq_fetch(void *memory, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wsq_stmt *stmt = memory;
    int code;

    if (stmt->pending) {
        stmt->pending = false;
    } else {
        if (stmt->done)
            return WEIR_STEP_DONE;
        if (deadline != stmt->conn->deadline)
            wsq_enter(stmt->conn, deadline);
        code = step(stmt);
        if (code != SQLITE_ROW)
            return end_steps(stmt, code, err) == WEIR_OK ? WEIR_STEP_DONE
                                                         : WEIR_STEP_ERROR;
    }
    if (read_row(stmt, row))
        return WEIR_STEP_ROW;
    fail(stmt, SQLITE_NOMEM, err);
    return WEIR_STEP_ERROR;
}

void wsq_outcome(void *memory, weir_outcome *out)
{
    const weir_outcome *outcome = &((const wsq_stmt *)memory)->outcome;

    out->affected = outcome->affected;
    out->has_generated_key = outcome->has_generated_key;
    out->generated_key =
        outcome->has_generated_key ? outcome->generated_key : 0;
    out->rows_done = outcome->rows_done;
}

void wsq_end(void *memory)
{
    wsq_stmt *stmt = memory;
    int code;

    if (!stmt->executing)
        return;
    stmt->executing = false;
    stmt->conn->executions--;
    code = sqlite3_reset(stmt->handle);
    /* A writing statement whose rows were not read to their end commits only
     * now; nobody would ever hear of a failure. */
    if (code != SQLITE_OK && !stmt->failed && stmt->writes)
        stmt->conn->dead = true;
    /* Else the bindings stay: nobody reads them, the next execution binds
     * all anew, and clearing costs as much as a tenth of an INSERT's work. */
    if (stmt->borrowed && stmt->conn->escaped)
        sqlite3_clear_bindings(stmt->handle);
    stmt->borrowed = false;
}

/* -------------------------------------------------------------------- many */

/* Runs one row of parameters to its end; rows that it returns are dropped. */
static weir_status run_one(wsq_stmt *stmt, const weir_value *values,
                           weir_error *err)
{
    weir_status status = wsq_bind(stmt, values, stmt->info.param_count, err);
    int code = SQLITE_OK;

    if (status != WEIR_OK)
        return status;
    do
        code = step(stmt);
    while (code == SQLITE_ROW);
    if (code != SQLITE_DONE)
        status = fail(stmt, code, err);
    else if (stmt->counts)
        count_changes(stmt);
    sqlite3_reset(stmt->handle);
    return status;
}

weir_status wsq_execute_many(void *memory, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    wsq_stmt *stmt = memory;
    const weir_value *values = first->values;
    weir_status status;
    size_t done = 0;

    wsq_enter(stmt->conn, first->deadline);
    begin_execution(stmt);
    status = check_access(stmt, err);
    while (status == WEIR_OK && done < row_count) {
        status = run_one(stmt, values + done * first->value_count, err);
        if (status == WEIR_OK)
            done++;
    }
    stmt->outcome.rows_done = done;
    wsq_outcome(stmt, out);
    wsq_end(stmt);
    return status;
}
