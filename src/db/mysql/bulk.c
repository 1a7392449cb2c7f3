/* SPDX-License-Identifier: MIT */
/*
 * Many rows of parameters for one statement. MariaDB takes them in a single
 * command (COM_STMT_BULK_EXECUTE), a batch at a time; elsewhere, and outside a
 * transaction, they run one by one.
 *
 * When a batch fails the server does not say at which row. It is taken back to
 * the savepoint before it and repeated row by row: so what was done is exactly
 * what stands before the first failure, as it is without batches.
 */
#include "wmy.h"

#include <string.h>

enum {
    BATCH_BYTES = 512 * 1024, /* servers take 1 MiB at least */
    SEND_TYPES = 128,
    HEAD_SIZE = 6, /* the statement's number and flags, before the types */
    INDICATOR_VALUE = 0,
    INDICATOR_NULL = 1,
};

static const char savepoint_sql[] = "SAVEPOINT weir_batch";
static const char back_sql[] = "ROLLBACK TO SAVEPOINT weir_batch";

/* All rows; `done` of them have been. */
typedef struct many {
    wmy_stmt *stmt;
    const weir_execution *first;
    size_t count;
    weir_outcome *out;
} many;

static const weir_value *row_at(const many *m, size_t index)
{
    return m->first->values + index * m->first->value_count;
}

static weir_status run_one(const many *m, size_t index, weir_error *err)
{
    weir_execution execution = *m->first;
    weir_status status;

    execution.values = row_at(m, index);
    status = wmy_execute(m->stmt, &execution, err);
    if (status == WEIR_OK) {
        const weir_outcome *row = &m->stmt->outcome;

        m->out->affected += row->affected > 0 ? row->affected : 0;
        m->out->has_generated_key = row->has_generated_key;
        m->out->generated_key = row->generated_key;
        m->out->rows_done++;
    }
    wmy_end(m->stmt);
    return status;
}

static weir_status run_each(const many *m, size_t from, size_t to,
                            weir_error *err)
{
    weir_status status = WEIR_OK;

    for (size_t i = from; i < to && status == WEIR_OK; i++)
        status = run_one(m, i, err);
    return status;
}

static bool can_batch(const many *m)
{
    const wmy_stmt *stmt = m->stmt;
    unsigned long capabilities = 0;

    if (!stmt->handle || stmt->info.column_count > 0 ||
        m->first->value_count == 0 || !stmt->conn->in_tx || m->count < 2 ||
        !mariadb_connection(stmt->conn->mysql))
        return false;
    mariadb_get_infov(stmt->conn->mysql,
                      MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
                      &capabilities);
    return (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

/* ------------------------------------------------------------------ batches */

static uint8_t *type_at(const weir_buffer *out, size_t column)
{
    return (uint8_t *)out->data + HEAD_SIZE + 2 * column;
}

/* A batch has one type for each column; NULL goes with every type. */
static bool fits(const weir_buffer *out, const weir_value *row, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        const uint8_t *at = type_at(out, i);
        unsigned known = (unsigned)at[0] | (unsigned)at[1] << 8;

        if (row[i].type != WEIR_TYPE_NULL && known != MYSQL_TYPE_NULL &&
            known != wmy_wire_type(&row[i]))
            return false;
    }
    return true;
}

static weir_status add_cell(wmy_encoder *to, const weir_value *value)
{
    bool is_null = value->type == WEIR_TYPE_NULL;
    char indicator = is_null ? INDICATOR_NULL : INDICATOR_VALUE;
    uint8_t *at;

    if (weir_buffer_add(to->services, to->out, &indicator, 1) != WEIR_OK)
        return wmy_nomem(to->err);
    if (is_null)
        return WEIR_OK;
    at = type_at(to->out, to->number - 1);
    at[0] = (uint8_t)(wmy_wire_type(value) & 0xFF);
    at[1] = (uint8_t)(wmy_wire_type(value) >> 8);
    return wmy_encode_value(to, value);
}

/* A row that cannot be written is taken out again. */
static weir_status add_row(wmy_encoder *to, const weir_value *row,
                           size_t columns)
{
    size_t before = to->out->size;

    for (size_t i = 0; i < columns; i++) {
        to->number = i + 1;
        if (add_cell(to, &row[i]) == WEIR_OK)
            continue;
        to->out->size = before;
        return to->err->status;
    }
    return WEIR_OK;
}

static weir_status add_head(wmy_encoder *to, unsigned long id, size_t columns)
{
    size_t size = HEAD_SIZE + 2 * columns;
    uint8_t *at;

    to->out->size = 0;
    if (weir_buffer_reserve(to->services, to->out, size) != WEIR_OK)
        return wmy_nomem(to->err);
    at = (uint8_t *)to->out->data;
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(id >> (8 * i));
    at[4] = SEND_TYPES;
    at[5] = 0;
    for (size_t i = 0; i < columns; i++) {
        at[HEAD_SIZE + 2 * i] = MYSQL_TYPE_NULL;
        at[HEAD_SIZE + 2 * i + 1] = 0;
    }
    to->out->size = size;
    return WEIR_OK;
}

/* Rows from `from` on, as many as go into one command; at least one unless
 * that cannot be written. @return where the next batch begins */
static size_t fill_batch(const many *m, size_t from, weir_error *err)
{
    wmy_conn *conn = m->stmt->conn;
    wmy_encoder to = {
        .services = conn->services, .out = &conn->out, .err = err};
    size_t columns = m->first->value_count;
    size_t room = conn->packet_max / 2;
    size_t next = from;

    if (add_head(&to, m->stmt->handle->stmt_id, columns) != WEIR_OK)
        return from;
    while (next < m->count && conn->out.size < BATCH_BYTES &&
           conn->out.size < room &&
           fits(&conn->out, row_at(m, next), columns) &&
           add_row(&to, row_at(m, next), columns) == WEIR_OK)
        next++;
    return next;
}

static weir_status send_batch(const many *m, weir_error *err)
{
    wmy_stmt *stmt = m->stmt;
    wmy_conn *conn = stmt->conn;
    weir_status status = wmy_settle(conn, err);

    if (status == WEIR_OK)
        status = wmy_prelude(conn, stmt->scan.effect, err);
    if (status == WEIR_OK)
        status = wmy_send(conn, savepoint_sql, err);
    if (status != WEIR_OK)
        return status;
    wmy_running_begin(conn);
    status = wmy_send_command(stmt, COM_STMT_BULK_EXECUTE, err);
    if (status == WEIR_OK)
        status = wmy_answer(stmt, err);
    wmy_rows_over(stmt);
    return status;
}

/* The batch that stands in conn->out, rows `from` to before `to`. */
static weir_status run_batch(const many *m, size_t from, size_t to,
                             weir_error *err)
{
    wmy_conn *conn = m->stmt->conn;
    weir_error ignored;
    weir_status status;
    bool repeats;

    wmy_enter(conn, m->first->deadline);
    status = send_batch(m, err);
    repeats = status != WEIR_OK && err->fate == WEIR_FATE_KEEP && conn->in_tx &&
              conn->wait.failure == WEIR_OK &&
              err->status != WEIR_ERR_CANCELLED && !conn->lost;
    if (repeats)
        repeats = wmy_run(conn, back_sql, &ignored) == WEIR_OK;
    wmy_leave(conn);
    if (repeats)
        return run_each(m, from, to, err);
    if (status != WEIR_OK)
        return status;
    m->out->rows_done += to - from;
    if (m->stmt->outcome.affected > 0)
        m->out->affected += m->stmt->outcome.affected;
    return WEIR_OK;
}

weir_status wmy_execute_many(void *memory, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    const many m = {memory, first, row_count, out};
    weir_status status = WEIR_OK;

    *out = (weir_outcome){.affected = 0};
    if (!can_batch(&m))
        return run_each(&m, 0, row_count, err);
    for (size_t at = 0; at < row_count && status == WEIR_OK;) {
        size_t next = fill_batch(&m, at, err);

        if (next > at + 1)
            status = run_batch(&m, at, next, err);
        else
            status = run_each(&m, at, next = at + 1, err);
        at = next;
    }
    return status;
}
