/* SPDX-License-Identifier: MIT */
/*
 * Loading rows into a table: by the driver's own way (COPY, bulk arrays), or
 * by an INSERT that we write and run for many rows.
 */
#include <string.h>

#include <weir/many.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/many.h"
#include "engine/run.h"
#include "engine/tx.h"
#include "sql/ident.h"

/* ------------------------------------------------------------------- names */

/* "schema.table" is two names. */
static weir_status put_table(const weir_dialect *dialect, const char *table,
                             wi_buf *out, weir_error *err)
{
    const char *dot = strchr(table, '.');
    weir_status status;

    if (!dot)
        return wi_quote_identifier(dialect, weir_text_of(table), out, err);
    status = wi_quote_identifier(
        dialect, weir_text_span(table, (size_t)(dot - table)), out, err);
    if (status != WEIR_OK)
        return status;
    wi_buf_add_char(out, '.');
    return wi_quote_identifier(dialect, weir_text_of(dot + 1), out, err);
}

static weir_status check_request(const weir_table_columns *into,
                                 const weir_rows *rows, weir_error *err)
{
    if (!into || !into->table || !into->names || into->count == 0)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a bulk insert needs a table and at least one "
                              "column");
    for (size_t i = 0; i < into->count; i++) {
        if (!into->names[i])
            return weir_error_set(err, WEIR_ERR_MISUSE,
                                  "the name of column %zu is NULL", i + 1);
    }
    if (wi_rows_check(rows, err) != WEIR_OK)
        return err->status;
    if (rows->count > 0 && rows->width != into->count)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "%zu columns were named, the rows have %zu",
                              into->count, rows->width);
    return WEIR_OK;
}

/* ------------------------------------------------------------------ insert */

/* INSERT INTO "t" ("a", "b") VALUES (?, ?) */
static weir_status write_insert(weir_conn *conn, const weir_table_columns *into,
                                wi_buf *sql)
{
    const weir_dialect *dialect = conn->engine->profile.dialect;
    weir_error *err = &conn->error;
    weir_status status;

    wi_buf_add_cstr(sql, "INSERT INTO ");
    status = put_table(dialect, into->table, sql, err);
    for (size_t i = 0; i < into->count && status == WEIR_OK; i++) {
        wi_buf_add_cstr(sql, i ? ", " : " (");
        status = wi_quote_identifier(dialect, weir_text_of(into->names[i]), sql,
                                     err);
    }
    if (status != WEIR_OK)
        return status;
    for (size_t i = 0; i < into->count; i++)
        wi_buf_add_cstr(sql, i ? ", ?" : ") VALUES (?");
    wi_buf_add_char(sql, ')');
    return wi_buf_status(sql) == WEIR_OK ? WEIR_OK : wi_error_nomem(err);
}

static weir_status by_insert(weir_conn *conn, const weir_table_columns *into,
                             const weir_rows *rows)
{
    weir_status status;
    wi_buf sql;

    wi_buf_init(&sql, conn->engine->allocator, 0);
    status = write_insert(conn, into, &sql);
    if (status == WEIR_OK)
        status = wi_exec_many(conn, wi_buf_text(&sql), rows);
    wi_buf_clear(&sql);
    return status;
}

/* -------------------------------------------------------------------- load */

/* The rows as the driver asks for them. */
typedef struct feed {
    const weir_rows *rows;
    size_t next;
} feed;

static weir_status check_cell(const weir_value *value, size_t column,
                              weir_error *err)
{
    if (value->type >= WEIR_TYPE_INVALID)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "column %zu is not a typed value", column + 1);
    if ((value->type == WEIR_TYPE_TEXT || value->type == WEIR_TYPE_JSON) &&
        wi_utf8_check(value->as.text, value->size) == WI_UTF8_BROKEN)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "column %zu is text that is not UTF-8; bind it "
                              "as bytes",
                              column + 1);
    return WEIR_OK;
}

static weir_step next_row(void *context, weir_value *row, weir_error *err)
{
    feed *from = context;
    size_t width = from->rows->width;
    const weir_value *values = from->rows->values + from->next * width;

    if (from->next == from->rows->count)
        return WEIR_STEP_DONE;
    for (size_t i = 0; i < width; i++) {
        if (check_cell(&values[i], i, err) != WEIR_OK) {
            wi_rows_fail(err, from->next);
            return WEIR_STEP_ERROR;
        }
        row[i] = values[i];
    }
    from->next++;
    return WEIR_STEP_ROW;
}

/* All names quoted, one after the other with their NULs in `out`. */
static weir_status quote_names(weir_conn *conn, const weir_table_columns *into,
                               wi_buf *out)
{
    const weir_dialect *dialect = conn->engine->profile.dialect;
    weir_status status = put_table(dialect, into->table, out, &conn->error);

    for (size_t i = 0; i < into->count && status == WEIR_OK; i++) {
        wi_buf_add_char(out, '\0');
        status = wi_quote_identifier(dialect, weir_text_of(into->names[i]), out,
                                     &conn->error);
    }
    return status;
}

static weir_status load(weir_conn *conn, const wi_run *r,
                        const weir_bulk_source *source)
{
    int64_t count = 0;
    weir_status status = wi_tx_before(conn, WEIR_EFFECT_WRITE, r->deadline);

    if (status != WEIR_OK)
        return status;
    status = conn->driver->bulk_load(conn->link->driver_conn, source,
                                     r->deadline, &count, &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, "bulk insert", WEIR_EFFECT_WRITE);
    conn->outcome.affected = count;
    return WEIR_OK;
}

static weir_status by_driver(weir_conn *conn, const weir_table_columns *into,
                             const weir_rows *rows)
{
    feed from = {.rows = rows};
    weir_bulk_source source = {
        .column_count = into->count, .next = next_row, .context = &from};
    const char **names =
        wi_alloc_zero(conn->engine->allocator, into->count, sizeof *names);
    weir_status status;
    const char *at;
    wi_buf quoted;
    wi_run r;

    if (!names)
        return wi_error_nomem(&conn->error);
    wi_buf_init(&quoted, conn->engine->allocator, 0);
    wi_run_begin(conn, &r, "bulk insert");
    status = quote_names(conn, into, &quoted);
    if (status == WEIR_OK)
        status = wi_run_ready(conn, &r);
    if (status == WEIR_OK) {
        source.table = at = wi_buf_text(&quoted);
        for (size_t i = 0; i < into->count; i++)
            names[i] = at = at + strlen(at) + 1;
        source.columns = names;
        status = load(conn, &r, &source);
    }
    wi_run_tell(conn, &r);
    wi_tx_after(conn);
    wi_buf_clear(&quoted);
    wi_free(conn->engine->allocator, names);
    return status;
}

weir_status weir_bulk_insert(weir_conn *conn, const weir_table_columns *into,
                             const weir_rows *rows)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    wi_conn_forget_outcome(conn);
    status = check_request(into, rows, &conn->error);
    if (status == WEIR_OK && rows->count == 0)
        conn->outcome.affected = 0;
    else if (status == WEIR_OK)
        status = conn->driver->bulk_load ? by_driver(conn, into, rows)
                                         : by_insert(conn, into, rows);
    return wi_conn_leave(conn, status);
}
