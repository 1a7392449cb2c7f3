/* SPDX-License-Identifier: MIT */
/*
 * Statements: prepared at the server, executed in the binary protocol. The few
 * that a server does not prepare are sent as text; then their values come as
 * text, too.
 */
#include "wmy.h"

#include <string.h>

enum { KEEP_BYTES = 64 * 1024 };
enum { NOT_PREPARABLE = 1295, NEW_METADATA = 2057 };
/* The server, or a proxy before it, has forgotten the statement. */
enum { UNKNOWN_STATEMENT = 1243, NEEDS_REPREPARE = 1615 };

/* What end() spends on reading rows that nobody wants before it asks the
 * server to stop, and how long it waits then. */
#define DRAIN_NS INT64_C(50000000)
#define STOP_NS INT64_C(2000000000)

/* ---------------------------------------------------------------- prepare */

static weir_status describe(wmy_stmt *stmt, const MYSQL_FIELD *fields,
                            size_t count, weir_error *err)
{
    const weir_services *services = stmt->conn->services;
    size_t before = stmt->columns.count;
    bool changed;
    wmy_cell *cells;

    if (wmy_columns_set(services, &stmt->columns, fields, count, &changed) !=
        WEIR_OK)
        return wmy_nomem(err);
    if (!changed)
        return WEIR_OK;
    if (count > before) {
        cells =
            weir_services_resize(services, stmt->cells, count * sizeof *cells);
        if (!cells) {
            wmy_columns_clear(services, &stmt->columns);
            return wmy_nomem(err);
        }
        stmt->cells = cells;
    }
    /* Values of the text protocol are text, whatever the column's type. */
    for (size_t i = 0; !stmt->handle && i < count; i++) {
        if (stmt->columns.kinds[i] != WMY_KIND_BYTES)
            stmt->columns.kinds[i] = WMY_KIND_TEXT;
        stmt->columns.columns[i].type =
            wmy_type_of((wmy_kind)stmt->columns.kinds[i]);
    }
    stmt->info.columns = stmt->columns.columns;
    stmt->info.column_count = count;
    stmt->info.generation++;
    return WEIR_OK;
}

static weir_status keep_text(wmy_stmt *stmt, weir_text sql, weir_error *err)
{
    stmt->text = weir_services_alloc(stmt->conn->services, sql.size + 1);
    if (!stmt->text)
        return wmy_nomem(err);
    memcpy(stmt->text, sql.data, sql.size);
    stmt->text[sql.size] = '\0';
    return WEIR_OK;
}

static weir_status prepare(wmy_stmt *stmt, weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    bool failed;

    stmt->handle = mysql_stmt_init(conn->mysql);
    if (!stmt->handle)
        return wmy_nomem(err);
    wmy_running_begin(conn);
    failed =
        mysql_stmt_prepare(stmt->handle, stmt->text, strlen(stmt->text)) != 0;
    wmy_running_end(conn);
    if (failed && mysql_stmt_errno(stmt->handle) == NOT_PREPARABLE) {
        mysql_stmt_close(stmt->handle);
        stmt->handle = NULL;
        return WEIR_OK;
    }
    if (failed)
        return wmy_fail_stmt(conn, stmt->handle, err);
    stmt->info.param_count = mysql_stmt_param_count(stmt->handle);
    return describe(stmt, stmt->handle->fields, stmt->handle->field_count, err);
}

weir_status wmy_prepare(void *conn_memory, weir_text sql, void *stmt_memory,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wmy_conn *conn = conn_memory;
    wmy_stmt *stmt = stmt_memory;
    weir_status status;

    stmt->conn = conn;
    stmt->scan = wmy_scan_sql(sql, (conn->mysql->server_status &
                                    SERVER_STATUS_NO_BACKSLASH_ESCAPES) == 0);
    stmt->info.effect = stmt->scan.effect;
    if (wmy_check_size(conn, sql.size + 1, err) != WEIR_OK ||
        keep_text(stmt, sql, err) != WEIR_OK)
        return err->status;
    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    if (status == WEIR_OK)
        status = prepare(stmt, err);
    wmy_leave(conn);
    if (status == WEIR_OK)
        *info = &stmt->info;
    return status;
}

/* ---------------------------------------------------------------- execute */

/* What it may leave in the session counts from here: it stays when the
 * statement fails (a lock). */
weir_status wmy_send_command(wmy_stmt *stmt, enum enum_server_command command,
                             weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    MYSQL *mysql = conn->mysql;
    int failed;

    if (stmt->scan.marks_session || stmt->scan.calls)
        conn->dirty = true;
    if (!stmt->handle)
        failed = mysql_send_query(mysql, stmt->text, strlen(stmt->text));
    else
        failed = mysql->methods->db_command(mysql, command, conn->out.data,
                                            conn->out.size, 1, stmt->handle);
    return failed ? wmy_fail(conn, err) : WEIR_OK;
}

/* An answer to what prepared the way has failed: what the statement did, it
 * did in a transaction that goes away with the connection. */
static weir_status read_owed(wmy_conn *conn, weir_error *err)
{
    while (conn->owed > 0) {
        if (wmy_receive(conn, err) == WEIR_OK)
            continue;
        conn->lost = true;
        if (err->fate == WEIR_FATE_KEEP)
            err->fate = WEIR_FATE_DISCARD;
        return err->status;
    }
    return WEIR_OK;
}

static bool read_response(wmy_stmt *stmt)
{
    MYSQL *mysql = stmt->conn->mysql;

    if (!stmt->handle)
        return mysql_read_query_result(mysql) == 0;
    if (mysql->methods->db_read_execute_response(stmt->handle) == 0)
        return true;
    /* A table has got another column: the library is taken aback, but all
     * that is needed stands in the connection. */
    return mysql_stmt_errno(stmt->handle) == NEW_METADATA && mysql->net.pvio;
}

static void note_outcome(wmy_stmt *stmt)
{
    const MYSQL *mysql = stmt->conn->mysql;
    bool has_rows = stmt->info.column_count > 0;

    stmt->outcome = (weir_outcome){.affected = -1};
    if (stmt->scan.effect != WEIR_EFFECT_WRITE)
        return;
    if (has_rows)
        stmt->outcome.affected = stmt->row_count;
    else if (mysql->affected_rows != MYSQL_COUNT_ERROR)
        stmt->outcome.affected = (int64_t)mysql->affected_rows;
    if (stmt->scan.inserts && mysql->insert_id != 0) {
        stmt->outcome.has_generated_key = true;
        stmt->outcome.generated_key = (int64_t)mysql->insert_id;
    }
}

/* libmariadb 3.3 drops half of what the server says about the kinds of text
 * ("json") when it copies columns that were not sent again. */
static void mend_fields(wmy_stmt *stmt)
{
    MYSQL *mysql = stmt->conn->mysql;
    const MYSQL_STMT *handle = stmt->handle;

    if (!handle || handle->field_count != mysql->field_count)
        return;
    for (unsigned i = 0; i < mysql->field_count; i++) {
        if (handle->fields[i].extension &&
            handle->fields[i].type == mysql->fields[i].type &&
            strcmp(handle->fields[i].name, mysql->fields[i].name) == 0)
            mysql->fields[i].extension = handle->fields[i].extension;
    }
}

weir_status wmy_answer(wmy_stmt *stmt, weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    MYSQL *mysql = conn->mysql;
    weir_status status = read_owed(conn, err);

    if (status != WEIR_OK)
        return status;
    if (!read_response(stmt))
        return stmt->handle ? wmy_fail_stmt(conn, stmt->handle, err)
                            : wmy_fail(conn, err);
    wmy_note_status(conn);
    stmt->row_count = 0;
    if (mysql->field_count > 0) {
        stmt->has_rows = true;
        conn->reading = stmt;
        mend_fields(stmt);
        status = describe(stmt, mysql->fields, mysql->field_count, err);
        if (status == WEIR_OK)
            return WEIR_OK;
        wmy_drop_rows(stmt); /* they would be taken for the next answer */
        wmy_rows_over(stmt);
        return status;
    }
    status = describe(stmt, NULL, 0, err);
    note_outcome(stmt);
    if (status == WEIR_OK)
        status = wmy_drop_results(conn, err);
    return status;
}

/* A statement that stands for itself and may have written: if the answer did
 * not come, nobody knows. */
static void judge(wmy_stmt *stmt, weir_error *err)
{
    const wmy_conn *conn = stmt->conn;

    if (conn->in_tx || err->fate != WEIR_FATE_DISCARD ||
        (stmt->scan.effect == WEIR_EFFECT_READ && !stmt->scan.calls))
        return;
    if (err->status == WEIR_ERR_TIMEOUT || err->status == WEIR_ERR_CANCELLED ||
        err->status == WEIR_ERR_CONNECTION ||
        err->native_code == WMY_CLUSTER_GONE)
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
}

static weir_status encode(wmy_stmt *stmt, const weir_execution *execution,
                          weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    wmy_encoder to = {
        .services = conn->services, .out = &conn->out, .err = err};

    conn->out.size = 0;
    if (!stmt->handle)
        return WEIR_OK;
    if (wmy_encode_execute(&to, stmt->handle->stmt_id, execution->values,
                           execution->value_count) != WEIR_OK)
        return err->status;
    return wmy_check_size(conn, conn->out.size + 1, err);
}

static weir_status execute(wmy_stmt *stmt, const weir_execution *execution,
                           weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    weir_status status = wmy_settle(conn, err);

    if (status == WEIR_OK)
        status = encode(stmt, execution, err);
    if (status == WEIR_OK)
        status = wmy_prelude(conn, stmt->scan.effect, err);
    if (status != WEIR_OK)
        return status;
    wmy_running_begin(conn);
    status = wmy_send_command(stmt, COM_STMT_EXECUTE, err);
    if (status == WEIR_OK)
        status = wmy_answer(stmt, err);
    if (status == WEIR_OK && stmt->has_rows &&
        execution->mode == WEIR_FETCH_STREAM)
        return WEIR_OK;
    if (status == WEIR_OK && stmt->has_rows) {
        status = wmy_take_rows(stmt, err);
        note_outcome(stmt);
    }
    if (status != WEIR_OK && stmt->has_rows)
        conn->lost = conn->lost || conn->mysql->net.pvio == NULL;
    wmy_rows_over(stmt);
    return status;
}

static bool is_forgotten(const wmy_stmt *stmt, const weir_error *err)
{
    return stmt->handle && !stmt->conn->lost &&
           (err->native_code == UNKNOWN_STATEMENT ||
            err->native_code == NEEDS_REPREPARE);
}

/* Nothing has been done then: what is prepared anew is run once more. */
static weir_status execute_anew(wmy_stmt *stmt, const weir_execution *execution,
                                weir_error *err)
{
    size_t before = stmt->info.param_count;
    weir_error failure = *err;
    weir_status status;

    mysql_stmt_close(stmt->handle);
    stmt->handle = NULL;
    status = prepare(stmt, err);
    if (status != WEIR_OK)
        return status;
    if (stmt->info.param_count != before) {
        *err = failure;
        return err->status;
    }
    return execute(stmt, execution, err);
}

weir_status wmy_execute(void *memory, const weir_execution *execution,
                        weir_error *err)
{
    wmy_stmt *stmt = memory;
    wmy_conn *conn = stmt->conn;
    weir_status status;

    stmt->rows.size = 0;
    stmt->rows_at = 0;
    stmt->outcome = (weir_outcome){.affected = -1};
    wmy_enter(conn, execution->deadline);
    status = execute(stmt, execution, err);
    if (status != WEIR_OK && is_forgotten(stmt, err))
        status = execute_anew(stmt, execution, err);
    if (status != WEIR_OK)
        judge(stmt, err);
    wmy_leave(conn);
    return status;
}

/* ------------------------------------------------------------------ fetch */

static bool decode(wmy_stmt *stmt, wmy_span packet, weir_value *row)
{
    const wmy_columns *columns = &stmt->columns;

    if (!stmt->handle)
        return wmy_decode_text_row(columns->kinds, columns->count, packet, row);
    return wmy_decode_row(columns->kinds, columns->count, packet, row,
                          stmt->cells);
}

static weir_step fetch_kept(wmy_stmt *stmt, weir_value *row, weir_error *err)
{
    uint8_t *at = (uint8_t *)stmt->rows.data + stmt->rows_at;
    uint32_t size;

    if (stmt->rows_at == stmt->rows.size)
        return WEIR_STEP_DONE;
    memcpy(&size, at, sizeof size);
    stmt->rows_at += sizeof size + size + 1;
    if (decode(stmt, (wmy_span){at + sizeof size, size}, row))
        return WEIR_STEP_ROW;
    wmy_malformed(stmt->conn, err);
    return WEIR_STEP_ERROR;
}

static weir_step finish_stream(wmy_stmt *stmt, wmy_packet found,
                               weir_error *err)
{
    wmy_conn *conn = stmt->conn;
    weir_status status = found == WMY_PACKET_END ? wmy_drop_results(conn, err)
                                                 : wmy_fail(conn, err);

    if (status == WEIR_OK)
        note_outcome(stmt);
    wmy_rows_over(stmt);
    return status == WEIR_OK ? WEIR_STEP_DONE : WEIR_STEP_ERROR;
}

static weir_step fetch_next(wmy_stmt *stmt, weir_value *row, weir_error *err)
{
    wmy_span packet;
    wmy_packet found = wmy_next_packet(stmt->conn, &packet);

    if (found != WMY_PACKET_ROW)
        return finish_stream(stmt, found, err);
    stmt->row_count++;
    if (decode(stmt, packet, row))
        return WEIR_STEP_ROW;
    wmy_malformed(stmt->conn, err);
    return WEIR_STEP_ERROR;
}

weir_step wmy_fetch(void *memory, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wmy_stmt *stmt = memory;
    weir_step step;

    if (!stmt->has_rows)
        return fetch_kept(stmt, row, err);
    wmy_enter(stmt->conn, deadline);
    step = fetch_next(stmt, row, err);
    wmy_leave(stmt->conn);
    return step;
}

void wmy_outcome(void *memory, weir_outcome *out)
{
    *out = ((wmy_stmt *)memory)->outcome;
}

/* -------------------------------------------------------------------- end */

/* An idle connection does not keep what a large statement needed. */
static void trim(wmy_stmt *stmt)
{
    wmy_conn *conn = stmt->conn;

    stmt->rows_at = stmt->rows.size = 0;
    if (stmt->rows.capacity > KEEP_BYTES)
        weir_buffer_clear(conn->services, &stmt->rows);
    if (conn->out.capacity > KEEP_BYTES)
        weir_buffer_clear(conn->services, &conn->out);
}

void wmy_end(void *memory)
{
    wmy_stmt *stmt = memory;
    wmy_conn *conn = stmt->conn;
    int64_t grace_ns;

    trim(stmt);
    if (!stmt->has_rows)
        return;
    grace_ns = conn->wait.grace_ns;
    conn->wait.grace_ns = STOP_NS;
    wmy_enter(conn, weir_services_now(conn->services) + DRAIN_NS);
    if (!conn->lost)
        wmy_drop_rows(stmt);
    wmy_rows_over(stmt);
    wmy_leave(conn);
    conn->wait.grace_ns = grace_ns;
}

/* Closing a statement is a command without an answer. */
void wmy_finish(void *memory)
{
    wmy_stmt *stmt = memory;
    wmy_conn *conn = stmt->conn;

    if (!conn)
        return;
    wmy_enter(conn, 0);
    if (stmt->handle)
        mysql_stmt_close(stmt->handle);
    wmy_leave(conn);
    wmy_columns_clear(conn->services, &stmt->columns);
    weir_services_free(conn->services, stmt->cells);
    weir_services_free(conn->services, stmt->text);
    weir_buffer_clear(conn->services, &stmt->rows);
    stmt->handle = NULL;
    stmt->cells = NULL;
    stmt->text = NULL;
}
