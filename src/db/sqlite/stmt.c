/* SPDX-License-Identifier: MIT */
/*
 * Statements. execute() takes the first step, so that writing is done and
 * errors come early; fetch() hands that row out first.
 */
#include "sqlite.h"

#include <string.h>

/* -------------------------------------------------------------- prepare */

static weir_column describe(sqlite3_stmt *handle, int column)
{
    const char *declared = sqlite3_column_decltype(handle, column);
    const char *name = sqlite3_column_name(handle, column);

    return (weir_column){
        .name = name ? name : "",
        .database_type = declared ? declared : "",
        .type = wsq_declared_type(declared),
        .table = "",
        .origin = "",
    };
}

/* The columns, also after SQLite has prepared anew because of a changed
 * schema. */
static weir_status describe_all(wsq_stmt *stmt, weir_error *err)
{
    size_t count = (size_t)sqlite3_column_count(stmt->handle);
    weir_column *columns;

    columns = weir_services_resize(stmt->conn->services, stmt->columns,
                                   (count + 1) * sizeof *columns);
    if (!columns)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    stmt->columns = columns;
    for (size_t i = 0; i < count; i++)
        columns[i] = describe(stmt->handle, (int)i);
    stmt->info.columns = columns;
    stmt->info.column_count = count;
    stmt->info.generation++;
    return WEIR_OK;
}

/* What changes the session and not the data: a later borrower must not find
 * it. Text that begins with a comment counts too. */
static bool may_change_session(const char *sql)
{
    while (*sql == ' ' || (*sql >= '\t' && *sql <= '\r'))
        sql++;
    return sqlite3_strnicmp(sql, "PRAGMA", 6) == 0 ||
           sqlite3_strnicmp(sql, "ATTACH", 6) == 0 ||
           sqlite3_strnicmp(sql, "DETACH", 6) == 0 ||
           sqlite3_strlike("CREATE TEMP%", sql, 0) == 0 || *sql == '-' ||
           *sql == '/';
}

weir_status wsq_prepare(void *conn_memory, weir_text sql, void *stmt_memory,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wsq_conn *conn = conn_memory;
    wsq_stmt *stmt = stmt_memory;
    const char *tail = NULL;
    int code;

    stmt->conn = conn;
    wsq_begin_op(conn, deadline);
    code = sqlite3_prepare_v3(conn->db, sql.data, (int)sql.size + 1,
                              SQLITE_PREPARE_PERSISTENT, &stmt->handle, &tail);
    if (code != SQLITE_OK)
        return wsq_fail(conn, code, err);
    if (!stmt->handle)
        return weir_error_set(err, WEIR_ERR_SQL, "the statement is empty");
    if (tail && tail[strspn(tail, " \t\r\n\v\f;")] != '\0')
        return weir_error_set(err, WEIR_ERR_SQL,
                              "one statement at a time; there is more behind "
                              "the first");
    stmt->inserts = sqlite3_strnicmp(sql.data, "INSERT", 6) == 0 ||
                    sqlite3_strnicmp(sql.data, "REPLACE", 7) == 0;
    stmt->info.param_count = (size_t)sqlite3_bind_parameter_count(stmt->handle);
    stmt->info.effect = sqlite3_stmt_readonly(stmt->handle) ? WEIR_EFFECT_READ
                                                            : WEIR_EFFECT_WRITE;
    if (may_change_session(sql.data))
        conn->dirty = true;
    *info = &stmt->info;
    return describe_all(stmt, err);
}

/* -------------------------------------------------------------- execute */

static weir_status bind_all(wsq_stmt *stmt, const weir_execution *execution,
                            weir_error *err)
{
    for (size_t i = 0; i < execution->value_count; i++) {
        int code =
            wsq_bind(stmt->handle, (int)i + 1, &execution->values[i], err);

        if (code == SQLITE_MISMATCH)
            return err->status;
        if (code != SQLITE_OK)
            return wsq_fail(stmt->conn, code, err);
    }
    return WEIR_OK;
}

static void note_outcome(wsq_stmt *stmt)
{
    sqlite3 *db = stmt->conn->db;
    int64_t changed = sqlite3_total_changes64(db) - stmt->changes_before;

    stmt->outcome = (weir_outcome){.affected = -1};
    if (stmt->info.effect != WEIR_EFFECT_WRITE)
        return;
    stmt->outcome.affected = changed > 0 ? sqlite3_changes64(db) : 0;
    if (stmt->inserts && changed > 0) {
        stmt->outcome.has_generated_key = true;
        stmt->outcome.generated_key = sqlite3_last_insert_rowid(db);
    }
}

weir_status wsq_execute(void *stmt_memory, const weir_execution *execution,
                        weir_error *err)
{
    wsq_stmt *stmt = stmt_memory;
    weir_status status;
    int code, prepared;

    wsq_begin_op(stmt->conn, execution->deadline);
    stmt->has_pending = false;
    stmt->changes_before = sqlite3_total_changes64(stmt->conn->db);
    status = bind_all(stmt, execution, err);
    if (status != WEIR_OK)
        return status;
    code = sqlite3_step(stmt->handle);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return wsq_fail(stmt->conn, code, err);
    prepared =
        sqlite3_stmt_status(stmt->handle, SQLITE_STMTSTATUS_REPREPARE, 0);
    if (prepared != stmt->prepared) {
        stmt->prepared = prepared;
        status = describe_all(stmt, err);
        if (status != WEIR_OK)
            return status;
    }
    stmt->has_pending = code == SQLITE_ROW;
    if (code == SQLITE_DONE)
        note_outcome(stmt);
    return WEIR_OK;
}

/* -------------------------------------------------------------- fetch */

/* Each column's value is looked up once: that is the slow part. */
static void read_row(wsq_stmt *stmt, weir_value *row)
{
    int count = (int)stmt->info.column_count;

    for (int i = 0; i < count; i++) {
        sqlite3_value *value = sqlite3_column_value(stmt->handle, i);

        switch (sqlite3_value_type(value)) {
        case SQLITE_INTEGER:
            row[i].type = WEIR_TYPE_I64;
            row[i].as.i = sqlite3_value_int64(value);
            break;
        case SQLITE_FLOAT:
            row[i].type = WEIR_TYPE_F64;
            row[i].as.f = sqlite3_value_double(value);
            break;
        case SQLITE_TEXT:
            row[i].type = WEIR_TYPE_TEXT;
            row[i].as.text = (const char *)sqlite3_value_text(value);
            row[i].size = (uint32_t)sqlite3_value_bytes(value);
            break;
        case SQLITE_BLOB:
            row[i].type = WEIR_TYPE_BYTES;
            row[i].as.bytes = sqlite3_value_blob(value);
            row[i].size = (uint32_t)sqlite3_value_bytes(value);
            if (!row[i].as.bytes)
                row[i].as.bytes = "";
            break;
        default:
            row[i].type = WEIR_TYPE_NULL;
            break;
        }
    }
}

weir_step wsq_fetch(void *stmt_memory, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wsq_stmt *stmt = stmt_memory;
    int code = SQLITE_ROW;

    if (stmt->has_pending) {
        stmt->has_pending = false;
    } else if (!sqlite3_stmt_busy(stmt->handle)) {
        return WEIR_STEP_DONE; /* stepping again would run it again */
    } else {
        wsq_begin_op(stmt->conn, deadline);
        code = sqlite3_step(stmt->handle);
    }
    if (code == SQLITE_ROW) {
        read_row(stmt, row);
        return WEIR_STEP_ROW;
    }
    if (code == SQLITE_DONE) {
        note_outcome(stmt);
        return WEIR_STEP_DONE;
    }
    wsq_fail(stmt->conn, code, err);
    return WEIR_STEP_ERROR;
}

void wsq_outcome(void *stmt_memory, weir_outcome *out)
{
    *out = ((wsq_stmt *)stmt_memory)->outcome;
}

void wsq_end(void *stmt_memory)
{
    wsq_stmt *stmt = stmt_memory;

    sqlite3_reset(stmt->handle);
    /* The values were borrowed: nothing may point to them any more. */
    if (stmt->info.param_count > 0)
        sqlite3_clear_bindings(stmt->handle);
    stmt->has_pending = false;
}

void wsq_finish(void *stmt_memory)
{
    wsq_stmt *stmt = stmt_memory;

    sqlite3_finalize(stmt->handle);
    if (stmt->conn)
        weir_services_free(stmt->conn->services, stmt->columns);
    stmt->handle = NULL;
    stmt->columns = NULL;
}
