/* SPDX-License-Identifier: MIT */
/*
 * Stepping through rows and keeping them: see engine/result.h for where they
 * come from.
 */
#include "engine/result.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/result_late.h"
#include "engine/tx.h"

/* Closed handles that rest before one is used again. */
enum { RESULT_REST = 4 };
enum { KEEP_CHUNK = 1024, SCRATCH_CHUNK = 1024 };

/* ----------------------------------------------------------------- handles */

static weir_result *make(weir_conn *conn)
{
    const weir_allocator *allocator = conn->engine->allocator;
    weir_result *result = wi_alloc_zero(allocator, 1, sizeof *result);

    if (!result)
        return NULL;
    wi_arena_init(&result->keep, allocator, KEEP_CHUNK);
    wi_arena_init(&result->scratch, allocator, SCRATCH_CHUNK);
    return result;
}

weir_result *wi_result_new(weir_conn *conn)
{
    weir_result *result = NULL;

    if (conn->free_result_count > RESULT_REST) {
        wi_list_node *node = wi_list_first(&conn->free_results);

        wi_list_remove(node);
        conn->free_result_count--;
        result = WI_CONTAINER(node, weir_result, by_conn);
    } else {
        result = make(conn);
    }
    if (!result)
        return NULL;
    result->open = true;
    result->has_row = false;
    result->executing = false;
    result->from = WI_ROWS_ENDED;
    result->conn = conn;
    result->driver = conn->driver;
    result->stmt = NULL;
    result->column_count = 0;
    result->affected = -1;
    result->kept = NULL;
    result->error.status = WEIR_OK;
    wi_list_append(&conn->open_results, &result->by_conn);
    return result;
}

void wi_result_retire(weir_result *result)
{
    weir_conn *conn = result->conn;

    result->open = false;
    result->has_row = false;
    wi_columns_drop(&result->columns);
    wi_arena_reset(&result->keep);
    wi_arena_reset(&result->scratch);
    wi_list_remove(&result->by_conn);
    wi_list_append(&conn->free_results, &result->by_conn);
    conn->free_result_count++;
}

void wi_result_list_free(const weir_allocator *allocator, wi_list *list)
{
    wi_list_node *node = wi_list_first(list);

    while (node) {
        weir_result *result = WI_CONTAINER(node, weir_result, by_conn);

        node = wi_list_next(list, node);
        wi_columns_drop(&result->columns);
        wi_arena_clear(&result->keep);
        wi_arena_clear(&result->scratch);
        wi_free(allocator, result->row);
        wi_free(allocator, result);
    }
}

void wi_results_free(weir_conn *conn)
{
    wi_result_list_free(conn->engine->allocator, &conn->free_results);
    wi_result_list_free(conn->engine->allocator, &conn->open_results);
}

/* Results that stand for an error: nobody can close or change them. */
#define ERROR_RESULT(status_, message_)                                        \
    {                                                                          \
        .open = true, .constant = true, .error = {                             \
            .status = (status_),                                               \
            .message = message_                                                \
        }                                                                      \
    }
static weir_result null_result =
    ERROR_RESULT(WEIR_ERR_MISUSE, "the connection is NULL; weir_connect() has "
                                  "failed or was not called");
static weir_result closed_result =
    ERROR_RESULT(WEIR_ERR_MISUSE, "the connection is closed; borrow another "
                                  "with weir_connect()");
static weir_result entered_result =
    ERROR_RESULT(WEIR_ERR_MISUSE, "two threads use one connection at once; "
                                  "borrow one for each");
static weir_result nomem_result = ERROR_RESULT(WEIR_ERR_NOMEM, "out of memory");

weir_result *wi_result_of_entry(const weir_conn *conn)
{
    if (!conn)
        return &null_result;
    return atomic_load(&conn->state) == WI_CONN_CLOSED ? &closed_result
                                                       : &entered_result;
}

weir_result *wi_result_of_nomem(void)
{
    return &nomem_result;
}

/* ------------------------------------------------------------------- rows */

static bool need_row(weir_result *result, size_t columns)
{
    const weir_allocator *allocator = result->conn->engine->allocator;
    weir_value *row;

    if (columns > result->row_capacity) {
        row = wi_resize(allocator, result->row, columns * sizeof *row);
        if (!row)
            return false;
        memset(row, 0, columns * sizeof *row);
        result->row = row;
        result->row_capacity = columns;
    }
    result->column_count = (int)columns;
    return true;
}

static weir_status attach(weir_result *result, wi_stmt *stmt,
                          weir_fetch_mode mode)
{
    bool lazy = mode == WEIR_FETCH_BUFFER &&
                wi_engine_can(result->conn->engine, WEIR_CAN_INTERLEAVE);

    result->stmt = stmt;
    result->mode = mode;
    result->executing = true;
    result->from = lazy ? WI_ROWS_LAZY : WI_ROWS_DRIVER;
    stmt->reader = result;
    if (stmt->info->column_count == 0)
        return WEIR_OK;
    result->columns = wi_stmt_share_columns(&result->conn->link->stmts, stmt);
    if (!result->columns || !need_row(result, stmt->info->column_count))
        return wi_error_nomem(&result->error);
    return WEIR_OK;
}

weir_status wi_result_begin(weir_result *result, wi_stmt *stmt,
                            weir_fetch_mode mode)
{
    weir_conn *conn = result->conn;
    weir_effect effect = stmt->info->effect;

    if (attach(result, stmt, mode) != WEIR_OK) {
        wi_error_nomem(&conn->error);
        wi_conn_doubt(conn, effect);
        return conn->error.status;
    }
    if (mode == WEIR_FETCH_STREAM)
        conn->stream = result;
    /* What writes is read to its end at once: nothing stays half done. */
    if (result->column_count == 0)
        wi_result_finish(result);
    else if (effect == WEIR_EFFECT_WRITE && mode == WEIR_FETCH_BUFFER)
        return wi_result_gather(result);
    return WEIR_OK;
}

void wi_result_end(weir_result *result)
{
    weir_conn *conn = result->conn;
    wi_stmt *stmt = result->stmt;

    result->from = WI_ROWS_ENDED;
    result->has_row = false;
    result->stmt = NULL;
    if (conn->stream == result)
        conn->stream = NULL;
    if (!stmt)
        return;
    if (result->executing)
        result->driver->end(stmt->driver_stmt);
    result->executing = false;
    stmt->reader = NULL;
    wi_stmt_cache_give(&conn->link->stmts, stmt);
}

/* No further row: what it did is known now, and the statement goes back. */
void wi_result_finish(weir_result *result)
{
    weir_outcome outcome = {.affected = -1};

    if (result->stmt) {
        result->driver->outcome(result->stmt->driver_stmt, &outcome);
        result->affected = outcome.affected;
    }
    wi_result_end(result);
    wi_tx_after(result->conn);
}

WEIR_COLD static void fail_rows(weir_result *result)
{
    weir_conn *conn = result->conn;
    char statement[sizeof conn->error.statement] = "";
    weir_effect effect = WEIR_EFFECT_READ;

    if (result->stmt) {
        strncpy(statement, result->stmt->text, sizeof statement - 1);
        effect = result->stmt->info->effect;
    }
    wi_result_end(result);
    wi_conn_doubt(conn, effect);
    wi_conn_failed(conn, statement, effect);
    result->error = conn->error;
    wi_tx_after(conn);
}

bool wi_value_keep(wi_arena *arena, weir_value *value)
{
    const void *from = value->as.bytes;
    size_t size = value->size;
    void *copy;

    switch (value->type) {
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
    case WEIR_TYPE_BYTES:
        break;
    case WEIR_TYPE_INTERVAL:
        size = sizeof(weir_interval);
        break;
    case WEIR_TYPE_DECIMAL:
        size = sizeof(weir_decimal);
        break;
    case WEIR_TYPE_UUID:
        size = sizeof(weir_uuid);
        break;
    default:
        return true;
    }
    copy = wi_arena_copy(arena, from, size);
    if (!copy)
        return false;
    value->as.bytes = copy;
    return true;
}

static bool have_pointers(const weir_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((WI_POINTER_TYPES >> values[i].type) & 1)
            return true;
    }
    return false;
}

weir_status wi_result_keep_values(weir_result *result,
                                  const weir_value **values, size_t count)
{
    weir_value *kept;

    if (!have_pointers(*values, count))
        return WEIR_OK;
    kept = wi_arena_copy(&result->keep, *values, count * sizeof *kept);
    if (!kept)
        return wi_error_nomem(&result->conn->error);
    for (size_t i = 0; i < count; i++) {
        if (!wi_value_keep(&result->keep, &kept[i]))
            return wi_error_nomem(&result->conn->error);
    }
    *values = kept;
    return WEIR_OK;
}

void wi_result_reset(weir_result *result)
{
    wi_result_end(result);
    wi_columns_drop(&result->columns);
    wi_arena_reset(&result->keep);
    wi_arena_reset(&result->scratch);
    result->column_count = 0;
    result->affected = -1;
    result->kept = NULL;
    result->error.status = WEIR_OK;
}

/* ------------------------------------------------------------------ gather */

static wi_kept_row *keep_row(weir_result *result)
{
    size_t columns = (size_t)result->column_count;
    wi_kept_row *kept = wi_arena_alloc(
        &result->keep, sizeof *kept + columns * sizeof(weir_value));

    if (!kept)
        return NULL;
    kept->next = NULL;
    if (columns > 0)
        memcpy(kept->values, result->row, columns * sizeof(weir_value));
    for (size_t i = 0; i < columns; i++) {
        if (!wi_value_keep(&result->keep, &kept->values[i]))
            return NULL;
    }
    return kept;
}

static weir_status over_limit(weir_result *result)
{
    int64_t limit = result->conn->engine->settings.max_result_bytes;

    if (limit == 0 || result->keep.total <= (uint64_t)limit)
        return WEIR_OK;
    return weir_error_set(&result->conn->error, WEIR_ERR_LIMIT,
                          "the rows to be kept exceed max_result_bytes; read "
                          "them with weir_stream()");
}

/* The current row stays what it is: what was read from it is pinned, and the
 * rest is pinned now, before the driver moves on. */
static bool pin_row(weir_result *result);

weir_status wi_result_gather(weir_result *result)
{
    return wi_result_gather_until(result, wi_conn_deadline(result->conn));
}

weir_status wi_result_gather_until(weir_result *result, int64_t deadline)
{
    weir_conn *conn = result->conn;
    wi_kept_row **tail = &result->kept;
    weir_status status = WEIR_OK;
    bool has_row = result->has_row;
    weir_step step;

    if (has_row && !pin_row(result))
        return wi_error_nomem(&conn->error);
    /* The driver fills result->row: the pinned row is put aside. */
    wi_kept_row *current = has_row ? keep_row(result) : NULL;
    if (has_row && !current)
        return wi_error_nomem(&conn->error);
    for (;;) {
        step = result->driver->fetch(result->stmt->driver_stmt, result->row,
                                     deadline, &conn->error);
        if (step != WEIR_STEP_ROW)
            break;
        *tail = keep_row(result);
        status = *tail ? over_limit(result) : wi_error_nomem(&conn->error);
        if (status != WEIR_OK)
            break;
        tail = &(*tail)->next;
    }
    if (step == WEIR_STEP_ERROR) {
        fail_rows(result);
        return result->error.status;
    }
    if (status != WEIR_OK) {
        wi_conn_doubt(conn, result->stmt->info->effect);
        result->error = conn->error;
        wi_result_end(result);
        return conn->error.status;
    }
    wi_result_finish(result);
    result->from = WI_ROWS_GATHERED;
    if (current)
        memcpy(result->row, current->values,
               (size_t)result->column_count * sizeof(weir_value));
    result->has_row = has_row;
    return WEIR_OK;
}

weir_status wi_results_gather(weir_conn *conn)
{
    wi_list_node *node = wi_list_first(&conn->open_results);
    weir_status status = WEIR_OK;

    while (node && status == WEIR_OK) {
        weir_result *result = WI_CONTAINER(node, weir_result, by_conn);

        node = wi_list_next(&conn->open_results, node);
        if (result->from == WI_ROWS_LAZY)
            status = wi_result_gather(result);
    }
    return status;
}

/* -------------------------------------------------------------------- next */

static bool pin_row(weir_result *result)
{
    for (int i = 0; i < result->column_count; i++) {
        uint64_t bit = UINT64_C(1) << (i % 64);

        if (i < 256 && (result->pinned[i / 64] & bit))
            continue;
        if (!wi_value_keep(&result->scratch, &result->row[i]))
            return false;
        if (i < 256)
            result->pinned[i / 64] |= bit;
    }
    return true;
}

static bool next_kept(weir_result *result)
{
    wi_kept_row *kept = result->kept;

    if (!kept) {
        result->has_row = false;
        result->from = WI_ROWS_ENDED;
        return false;
    }
    result->kept = kept->next;
    memcpy(result->row, kept->values,
           (size_t)result->column_count * sizeof(weir_value));
    result->has_row = true;
    return true;
}

WEIR_COLD static bool no_row(weir_result *result, weir_step step)
{
    result->has_row = false;
    if (step == WEIR_STEP_ERROR)
        fail_rows(result);
    else
        wi_result_finish(result);
    return false;
}

static inline bool next_from_driver(weir_result *result)
{
    weir_conn *conn = result->conn;
    int64_t deadline = wi_conn_deadline(conn);
    weir_step step = result->driver->fetch(result->stmt->driver_stmt,
                                           result->row, deadline, &conn->error);

    if (step != WEIR_STEP_ROW)
        return no_row(result, step);
    result->has_row = true;
    return true;
}

static inline bool next(weir_result *result)
{
    if (result->scratch.total > 0)
        wi_arena_reset(&result->scratch);
    memset(result->pinned, 0, sizeof result->pinned);
    if (result->from == WI_ROWS_DRIVER || result->from == WI_ROWS_LAZY)
        return next_from_driver(result);
    if (result->from == WI_ROWS_GATHERED)
        return next_kept(result);
    result->has_row = false;
    return false;
}

bool weir_next(weir_result *result)
{
    bool found;

    if (!result || !result->open || result->constant ||
        result->error.status != WEIR_OK ||
        wi_conn_enter(result->conn) != WEIR_OK)
        return false;
    found = next(result);
    wi_conn_leave(result->conn, WEIR_OK);
    return found;
}

static weir_status one(weir_result *result)
{
    weir_conn *conn = result->conn;
    wi_kept_row *kept;

    if (!next(result))
        return result->error.status != WEIR_OK
                   ? result->error.status
                   : weir_error_set(&conn->error, WEIR_ERR_NOT_FOUND,
                                    "there is no row");
    kept = pin_row(result) ? keep_row(result) : NULL;
    if (!kept)
        return wi_error_nomem(&result->error);
    if (next(result)) {
        wi_result_end(result);
        wi_tx_after(conn);
        return weir_error_set(&conn->error, WEIR_ERR_MANY_ROWS,
                              "there are several rows where one was asked "
                              "for");
    }
    if (result->error.status != WEIR_OK)
        return result->error.status;
    memcpy(result->row, kept->values,
           (size_t)result->column_count * sizeof(weir_value));
    result->has_row = true;
    return WEIR_OK;
}

weir_status weir_result_one(weir_result *result)
{
    if (!result || !result->open)
        return WEIR_ERR_MISUSE;
    if (result->error.status != WEIR_OK)
        return result->error.status;
    if (result->constant || wi_conn_enter(result->conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(result->conn, one(result));
}

void weir_result_close(weir_result **result)
{
    weir_result *closing;
    weir_conn *conn;

    if (!result || !*result)
        return;
    closing = *result;
    if (!closing->constant && closing->open &&
        wi_conn_enter(closing->conn) != WEIR_OK)
        return; /* another thread is inside: it can be closed later */
    *result = NULL;
    if (atomic_load(&closing->is_late)) {
        wi_result_close_late(closing);
        return;
    }
    if (closing->constant || !closing->open)
        return;
    conn = closing->conn;
    wi_result_end(closing);
    wi_result_retire(closing);
    wi_tx_after(conn);
    wi_conn_leave(conn, WEIR_OK);
}

static const weir_error null_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the result is NULL; weir_query() was not called",
};
static const weir_error closed_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the result is closed",
};

const weir_error *weir_result_error(const weir_result *result)
{
    if (!result)
        return &null_error;
    return result->open ? &result->error : &closed_error;
}

weir_status weir_result_status(const weir_result *result)
{
    return weir_result_error(result)->status;
}

int64_t weir_result_affected(const weir_result *result)
{
    return result && result->open ? result->affected : -1;
}
