/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading by COPY. The columns are described first, so that each value
 * is written in its column's binary format; a table with a column that has
 * none (arrays, ranges, enums) is loaded in the text format.
 */
#include "stmt.h"

#include <string.h>

/* What is gathered before it is handed to libpq. */
enum { CHUNK = 64 * 1024 };

typedef struct copy {
    wpg_conn *conn;
    const weir_bulk_source *source;
    wpg_type *types;
    weir_value *row;
    weir_buffer sql;
    weir_buffer chunk;
    weir_buffer extra; /* of the value under way, as the two below */
    wpg_cell cell;
    char scratch[WPG_SCRATCH_SIZE];
    bool text;
} copy;

static weir_status add(copy *c, const void *data, size_t size, weir_error *err)
{
    if (weir_buffer_add(c->conn->services, &c->chunk, data, size) == WEIR_OK)
        return WEIR_OK;
    return wpg_nomem(err);
}

/* --------------------------------------------------------------------- SQL */

static bool add_sql(copy *c, const char *text)
{
    return weir_buffer_add(c->conn->services, &c->sql, text, strlen(text)) ==
           WEIR_OK;
}

static bool add_columns(copy *c)
{
    bool fits = true;

    for (size_t i = 0; i < c->source->column_count && fits; i++)
        fits =
            (i == 0 || add_sql(c, ", ")) && add_sql(c, c->source->columns[i]);
    return fits;
}

/* SELECT a, b FROM t: to be described, not run. */
static weir_status write_select(copy *c, weir_error *err)
{
    c->sql.size = 0;
    if (add_sql(c, "SELECT ") && add_columns(c) && add_sql(c, " FROM ") &&
        add_sql(c, c->source->table) &&
        weir_buffer_add(c->conn->services, &c->sql, "", 1) == WEIR_OK)
        return WEIR_OK;
    return wpg_nomem(err);
}

/* The implicit BEGIN goes in the same message. */
static weir_status write_copy(copy *c, weir_error *err)
{
    bool begins = c->conn->in_tx && !c->conn->begun;

    c->sql.size = 0;
    if ((!begins || (add_sql(c, c->conn->begin) && add_sql(c, "; "))) &&
        add_sql(c, "COPY ") && add_sql(c, c->source->table) &&
        add_sql(c, " (") && add_columns(c) &&
        add_sql(c, c->text ? ") FROM STDIN" : ") FROM STDIN (FORMAT binary)") &&
        weir_buffer_add(c->conn->services, &c->sql, "", 1) == WEIR_OK)
        return WEIR_OK;
    return wpg_nomem(err);
}

/* ---------------------------------------------------------------- describe */

static weir_status take_types(copy *c, const PGresult *described,
                              weir_error *err)
{
    if ((size_t)PQnfields(described) != c->source->column_count)
        return wpg_malformed(c->conn, err);
    for (size_t i = 0; i < c->source->column_count; i++) {
        c->types[i] = wpg_type_of(PQftype(described, (int)i));
        c->text = c->text || c->types[i].kind == WPG_KIND_OTHER;
    }
    return WEIR_OK;
}

static weir_status read_types(copy *c, weir_error *err)
{
    wpg_conn *conn = c->conn;
    weir_status status = WEIR_OK;
    PGresult *result;

    for (int answers = 0; answers < 2 && status == WEIR_OK;) {
        status = wpg_next(conn, &result, err);
        if (status != WEIR_OK)
            break;
        answers += result == NULL;
        if (wpg_is_failure(result))
            status = wpg_fail(conn, result, err);
        else if (result && answers == 1)
            status = take_types(c, result, err);
        PQclear(result);
    }
    return status;
}

static weir_status describe(copy *c, weir_error *err)
{
    wpg_conn *conn = c->conn;
    weir_status status = write_select(c, err);
    weir_error later;

    if (status == WEIR_OK)
        status = wpg_pipeline_begin(conn, err);
    if (status != WEIR_OK)
        return status;
    if (PQsendPrepare(conn->pg, "", c->sql.data, 0, NULL) != 1 ||
        PQsendDescribePrepared(conn->pg, "") != 1)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    status = wpg_pipeline_sync(conn, err);
    if (status == WEIR_OK)
        status = read_types(c, err);
    if (status == WEIR_OK)
        return wpg_receive(conn, err);
    if (!conn->lost)
        (void)wpg_receive(conn, &later);
    return status;
}

/* ------------------------------------------------------------------ sending */

static weir_status put(copy *c, weir_error *err)
{
    wpg_conn *conn = c->conn;
    int taken;

    do {
        taken = PQputCopyData(conn->pg, c->chunk.data, (int)c->chunk.size);
        if (taken < 0)
            return wpg_lose(conn, WEIR_FATE_DISCARD, err);
        /* libpq would take any number of bytes in. */
        while (taken == 0 || PQflush(conn->pg) == 1) {
            if (wpg_wait(conn, err) != WEIR_OK)
                return err->status;
            if (taken == 0)
                break;
        }
    } while (taken == 0);
    c->chunk.size = 0;
    return WEIR_OK;
}

static weir_status end_data(copy *c, const char *why, weir_error *err)
{
    int taken;

    do {
        taken = PQputCopyEnd(c->conn->pg, why);
        if (taken < 0)
            return wpg_lose(c->conn, WEIR_FATE_DISCARD, err);
        if (taken == 0 && wpg_wait(c->conn, err) != WEIR_OK)
            return err->status;
    } while (taken == 0);
    return WEIR_OK;
}

/* ---------------------------------------------------------------- one value */

static weir_status refuse(const copy *c, size_t column, weir_error *err)
{
    weir_error_set(err, WEIR_ERR_TYPE, "column %s: the value is no %s",
                   c->source->columns[column],
                   c->types[column].name[0] ? c->types[column].name
                                            : "value of its type");
    wpg_set_state(err, "22P02");
    return err->status;
}

static weir_status encode(copy *c, size_t column, const weir_value *value,
                          wpg_param *out, weir_error *err)
{
    const wpg_encoder by = {.kind = c->types[column].kind,
                            .type_name = c->types[column].name,
                            .number = column + 1,
                            .scratch = c->scratch,
                            .extra = &c->extra};
    size_t room = wpg_extra_size(value);

    c->extra.size = 0;
    if (weir_buffer_reserve(c->conn->services, &c->extra, room) != WEIR_OK)
        return wpg_nomem(err);
    return wpg_encode(&by, value, out, err);
}

/* What was written in words is read as a value of the column's type, and
 * written again. */
static weir_status reread(copy *c, size_t column, wpg_param *out,
                          weir_error *err)
{
    wpg_kind kind = c->types[column].kind;
    weir_text words = weir_text_span(out->data, (size_t)out->size);
    weir_value value;
    weir_status status;

    if (kind == WPG_KIND_TEXT || kind == WPG_KIND_JSON) {
        out->format = 1;
        return WEIR_OK;
    }
    if (kind == WPG_KIND_JSONB || !wpg_read_as(kind, words, &c->cell, &value))
        return refuse(c, column, err);
    status = encode(c, column, &value, out, err);
    return status == WEIR_OK && out->data && out->format == 0
               ? refuse(c, column, err)
               : status;
}

static weir_status add_binary(copy *c, size_t column, weir_error *err)
{
    wpg_param param;
    char size[4];
    weir_status status = encode(c, column, &c->row[column], &param, err);

    if (status == WEIR_OK && param.data && param.format == 0)
        status = reread(c, column, &param, err);
    if (status != WEIR_OK)
        return status;
    wpg_put_u32(size, param.data ? (uint32_t)param.size : UINT32_MAX);
    status = add(c, size, sizeof size, err);
    if (status == WEIR_OK && param.data)
        status = add(c, param.data, (size_t)param.size, err);
    return status;
}

/* Backslashes, and what ends a field or a row, are written with a backslash. */
static weir_status add_escaped(copy *c, weir_text text, weir_error *err)
{
    static const char special[] = "\\\n\r\t";
    weir_status status = WEIR_OK;
    size_t at = 0;

    while (at < text.size && status == WEIR_OK) {
        size_t plain = at;

        while (plain < text.size && !memchr(special, text.data[plain], 4))
            plain++;
        status = add(c, text.data + at, plain - at, err);
        if (status == WEIR_OK && plain < text.size) {
            const char pair[] = {'\\', text.data[plain] == '\n'   ? 'n'
                                       : text.data[plain] == '\r' ? 'r'
                                       : text.data[plain] == '\t' ? 't'
                                                                  : '\\'};

            status = add(c, pair, sizeof pair, err);
        }
        at = plain + 1;
    }
    return status;
}

static weir_status add_hex(copy *c, weir_text bytes, weir_error *err)
{
    static const char digits[] = "0123456789abcdef";
    weir_status status = add(c, "\\\\x", 3, err);

    for (size_t i = 0; i < bytes.size && status == WEIR_OK; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        const char pair[] = {digits[byte >> 4], digits[byte & 15]};

        status = add(c, pair, sizeof pair, err);
    }
    return status;
}

static weir_status add_text(copy *c, size_t column, weir_error *err)
{
    const weir_value *value = &c->row[column];
    wpg_type type = c->types[column];
    wpg_param param;
    weir_status status;

    if (column > 0 && add(c, "\t", 1, err) != WEIR_OK)
        return err->status;
    if (value->type == WEIR_TYPE_NULL)
        return add(c, "\\N", 2, err);
    if (type.kind == WPG_KIND_BYTES && value->type == WEIR_TYPE_BYTES)
        return add_hex(c, weir_text_span(value->as.text, value->size), err);
    c->types[column].kind = WPG_KIND_OTHER;
    status = encode(c, column, value, &param, err);
    c->types[column] = type;
    if (status != WEIR_OK)
        return status;
    return add_escaped(c, weir_text_span(param.data, (size_t)param.size), err);
}

/* ----------------------------------------------------------------- all rows */

static weir_status add_row(copy *c, weir_error *err)
{
    size_t count = c->source->column_count;
    char size[2];
    weir_status status = WEIR_OK;

    wpg_put_u16(size, (uint16_t)count);
    if (!c->text)
        status = add(c, size, sizeof size, err);
    for (size_t i = 0; i < count && status == WEIR_OK; i++)
        status = c->text ? add_text(c, i, err) : add_binary(c, i, err);
    if (status == WEIR_OK && c->text)
        status = add(c, "\n", 1, err);
    return status;
}

static weir_status send_rows(copy *c, weir_error *err)
{
    static const char head[19] = "PGCOPY\n\377\r\n";
    weir_status status = c->text ? WEIR_OK : add(c, head, sizeof head, err);
    weir_step step = WEIR_STEP_ROW;

    while (status == WEIR_OK && step == WEIR_STEP_ROW) {
        step = c->source->next(c->source->context, c->row, err);
        if (step == WEIR_STEP_ERROR)
            return err->status;
        if (step == WEIR_STEP_ROW)
            status = add_row(c, err);
        if (status == WEIR_OK && c->chunk.size >= CHUNK)
            status = put(c, err);
    }
    if (status == WEIR_OK && !c->text)
        status = add(c, "\377\377", 2, err);
    return status == WEIR_OK && c->chunk.size > 0 ? put(c, err) : status;
}

/* BEGIN's answer may come first; then the server wants data. */
static weir_status start(copy *c, weir_error *err)
{
    wpg_conn *conn = c->conn;
    weir_status status = write_copy(c, err);
    ExecStatusType found = PGRES_COMMAND_OK;
    PGresult *result;

    if (status == WEIR_OK)
        status = wpg_send_query(conn, c->sql.data, err);
    conn->begun = conn->in_tx;
    while (status == WEIR_OK && found == PGRES_COMMAND_OK) {
        status = wpg_next(conn, &result, err);
        if (status != WEIR_OK)
            break;
        found = PQresultStatus(result);
        if (found == PGRES_FATAL_ERROR)
            status = wpg_fail(conn, result, err);
        else if (found != PGRES_COPY_IN && found != PGRES_COMMAND_OK)
            status = wpg_malformed(conn, err);
        PQclear(result);
    }
    return status;
}

/* A failure of ours is told in place of the server's "COPY failed". */
static weir_status load(copy *c, int64_t *rows, weir_error *err)
{
    wpg_conn *conn = c->conn;
    weir_status status = start(c, err), sent;
    PGresult *result = NULL;
    weir_error later;

    if (status != WEIR_OK)
        return status;
    sent = send_rows(c, err);
    if (conn->lost)
        return err->status;
    status = end_data(c, sent == WEIR_OK ? NULL : "no more rows",
                      sent == WEIR_OK ? err : &later);
    if (sent != WEIR_OK)
        return sent;
    if (status == WEIR_OK)
        status = wpg_next(conn, &result, err);
    if (status == WEIR_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        status = wpg_fail(conn, result, err);
    if (status == WEIR_OK)
        *rows = wpg_count_of(result);
    PQclear(result);
    return status;
}

static weir_status make_room(copy *c, weir_error *err)
{
    size_t count = c->source->column_count;
    const weir_services *services = c->conn->services;

    c->types = weir_services_alloc(services, count * sizeof *c->types);
    c->row = weir_services_alloc(services, count * sizeof *c->row);
    return c->types && c->row ? WEIR_OK : wpg_nomem(err);
}

static void give_room(copy *c)
{
    const weir_services *services = c->conn->services;

    weir_services_free(services, c->types);
    weir_services_free(services, c->row);
    weir_buffer_clear(services, &c->sql);
    weir_buffer_clear(services, &c->chunk);
    weir_buffer_clear(services, &c->extra);
}

weir_status wpg_bulk_load(void *memory, const weir_bulk_source *source,
                          int64_t deadline, int64_t *rows, weir_error *err)
{
    wpg_conn *conn = memory;
    copy c = {.conn = conn, .source = source};
    weir_status status = wpg_enter(conn, deadline, err);
    weir_error later;

    if (status == WEIR_OK)
        status = make_room(&c, err);
    if (status == WEIR_OK) {
        wpg_running_begin(conn);
        status = describe(&c, err);
        if (status == WEIR_OK)
            status = load(&c, rows, err);
        if (!conn->lost && status == WEIR_OK)
            status = wpg_receive(conn, err);
        else if (!conn->lost)
            (void)wpg_receive(conn, &later);
        wpg_running_end(conn);
    }
    give_room(&c);
    return status;
}
