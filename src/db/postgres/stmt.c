/* SPDX-License-Identifier: MIT */
/*
 * Statements: prepared and described at the server, executed in the binary
 * protocol. What the server has forgotten, or planned for a table that has
 * changed since, is prepared again where nothing is lost by that.
 */
#include "stmt.h"

#include <stdlib.h>
#include <string.h>

/* What end() spends on reading rows that nobody wants before it asks the
 * server to stop, and how long it waits then. */
#define DRAIN_NS INT64_C(50000000)
#define STOP_NS INT64_C(2000000000)
enum { DRAIN_LOOK = 256, KEEP_BYTES = 64 * 1024 };

/* ---------------------------------------------------------------- prepare */

static weir_status describe(wpg_stmt *stmt, const PGresult *result,
                            weir_error *err)
{
    weir_status status =
        wpg_columns_set(&stmt->columns, stmt->conn, result, err);

    stmt->info.columns = stmt->columns.columns;
    stmt->info.column_count = stmt->columns.count;
    stmt->info.generation++;
    return status;
}

static weir_status send_prepare(wpg_stmt *stmt, unsigned *ahead,
                                weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status status = wpg_pipeline_begin(conn, err);

    if (status == WEIR_OK)
        status = wpg_send_closing(conn, ahead, err);
    if (status != WEIR_OK)
        return status;
    if (PQsendPrepare(conn->pg, stmt->name, stmt->text, 0, NULL) != 1 ||
        PQsendDescribePrepared(conn->pg, stmt->name) != 1)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    return wpg_pipeline_sync(conn, err);
}

/* The description is the second of the two answers. */
static weir_status read_prepare(wpg_stmt *stmt, weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;
    PGresult *result;

    for (int answers = 0; answers < 2 && status == WEIR_OK;) {
        status = wpg_next(conn, &result, err);
        if (status != WEIR_OK)
            return status;
        answers += result == NULL;
        if (wpg_is_failure(result))
            status = wpg_fail(conn, result, err);
        else if (result && answers == 1)
            status = wpg_params_set(&stmt->params, conn, result, err);
        if (status == WEIR_OK && result && answers == 1)
            status = describe(stmt, result, err);
        PQclear(result);
    }
    return status;
}

static weir_status settle(wpg_conn *conn, weir_status status, weir_error *err)
{
    weir_error later;

    if (conn->lost)
        return status == WEIR_OK ? wpg_lose(conn, WEIR_FATE_DISCARD, err)
                                 : status;
    if (status == WEIR_OK)
        return wpg_receive(conn, err);
    (void)wpg_receive(conn, &later);
    return status;
}

/* Closing it at the server waits for the next pipeline. Without memory for
 * that it stays there as long as the connection. */
static void note_closing(wpg_stmt *stmt)
{
    wpg_conn *conn = stmt->conn;

    if (stmt->number == 0 || stmt->epoch != conn->epoch || conn->lost)
        return;
    if (weir_buffer_add(conn->services, &conn->closing, &stmt->number,
                        sizeof stmt->number) != WEIR_OK)
        return;
}

static weir_status prepare(wpg_stmt *stmt, weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    unsigned ahead = 0;
    weir_status status;

    note_closing(stmt);
    stmt->number = conn->unnamed ? 0 : ++conn->last_name;
    if (stmt->number != 0)
        wpg_name(conn, stmt->number, stmt->name);
    stmt->epoch = conn->epoch;
    stmt->schema = conn->schema;
    wpg_running_begin(conn);
    status = send_prepare(stmt, &ahead, err);
    conn->begins = false;
    if (status == WEIR_OK)
        status = wpg_read_prelude(conn, ahead, err);
    if (status == WEIR_OK)
        status = read_prepare(stmt, err);
    status = settle(conn, status, err);
    wpg_running_end(conn);
    if (status != WEIR_OK) {
        stmt->number = 0;
        if (err->fate == WEIR_FATE_DISCARD)
            err->fate = WEIR_FATE_RETRY; /* preparing changes nothing */
        return status;
    }
    stmt->info.param_count = stmt->params.count;
    stmt->info.param_types = stmt->params.types;
    return WEIR_OK;
}

static bool escapes_always(const wpg_conn *conn)
{
    const char *standard =
        PQparameterStatus(conn->pg, "standard_conforming_strings");

    return standard && strcmp(standard, "off") == 0;
}

weir_status wpg_prepare(void *conn_memory, weir_text sql, void *stmt_memory,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err)
{
    wpg_conn *conn = conn_memory;
    wpg_stmt *stmt = stmt_memory;
    weir_status status;

    stmt->conn = conn;
    stmt->scan = wpg_scan_sql(sql, escapes_always(conn));
    stmt->info.effect = stmt->scan.effect;
    stmt->text = weir_services_alloc(conn->services, sql.size + 1);
    if (!stmt->text)
        return wpg_nomem(err);
    memcpy(stmt->text, sql.data, sql.size);
    stmt->text[sql.size] = '\0';
    status = wpg_enter(conn, deadline, err);
    if (status == WEIR_OK)
        status = prepare(stmt, err);
    if (status == WEIR_OK)
        *info = &stmt->info;
    return status;
}

static bool is_forgotten(const wpg_stmt *stmt)
{
    return stmt->epoch != stmt->conn->epoch ||
           stmt->schema != stmt->conn->schema ||
           (stmt->number == 0 && !stmt->conn->unnamed);
}

/* The number of parameters was promised to whoever bound the values. */
weir_status wpg_need_prepared(wpg_stmt *stmt, weir_error *err)
{
    size_t count = stmt->params.count;
    weir_status status;

    if (!is_forgotten(stmt))
        return WEIR_OK;
    status = prepare(stmt, err);
    if (status == WEIR_OK && stmt->params.count != count)
        return weir_error_set(err, WEIR_ERR_SQL,
                              "the statement has other parameters than before");
    return status;
}

weir_status wpg_refresh(void *memory, int64_t deadline, weir_error *err)
{
    wpg_stmt *stmt = memory;
    weir_status status;

    if (!is_forgotten(stmt))
        return WEIR_OK;
    status = wpg_enter(stmt->conn, deadline, err);
    return status == WEIR_OK ? wpg_need_prepared(stmt, err) : status;
}

/* ---------------------------------------------------------------- execute */

/* What it may leave in the session counts from here: it stays when the
 * statement fails (a lock), and when nobody reads to its end. */
weir_status wpg_send_stmt(wpg_stmt *stmt, weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    const wpg_params *p = &stmt->params;
    int sent;

    if (stmt->scan.marks_session || stmt->scan.calls)
        conn->dirty = true;
    if (stmt->number != 0)
        sent =
            PQsendQueryPrepared(conn->pg, stmt->name, (int)p->count, p->values,
                                p->sizes, p->formats, stmt->columns.format);
    else
        sent = PQsendQueryParams(conn->pg, stmt->text, (int)p->count, p->oids,
                                 p->values, p->sizes, p->formats,
                                 stmt->columns.format);
    if (sent != 1)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    conn->busy = true;
    return WEIR_OK;
}

static weir_status send_execution(wpg_stmt *stmt, unsigned *ahead,
                                  weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status status;

    *ahead = 0;
    conn->begins = false;
    if (!wpg_has_prelude(conn))
        return wpg_send_stmt(stmt, err);
    status = wpg_pipeline_begin(conn, err);
    if (status == WEIR_OK)
        status = wpg_send_prelude(conn, ahead, err);
    if (status == WEIR_OK)
        status = wpg_send_stmt(stmt, err);
    return status == WEIR_OK ? wpg_pipeline_sync(conn, err) : status;
}

int64_t wpg_count_of(PGresult *result)
{
    const char *count = PQcmdTuples(result);

    return count[0] != '\0' ? strtoll(count, NULL, 10) : -1;
}

static void note_done(wpg_stmt *stmt, PGresult *result)
{
    stmt->unknown = 0;
    if (!stmt->scan.is_local)
        wpg_note_tag(stmt->conn, PQcmdStatus(result));
    if (stmt->scan.effect == WEIR_EFFECT_WRITE)
        stmt->outcome.affected = wpg_count_of(result);
}

/* The columns are not those that were described: only possible if the text
 * was parsed anew. */
static weir_status check_columns(wpg_stmt *stmt, const PGresult *result,
                                 weir_error *err)
{
    int format = stmt->columns.format;
    weir_status status;

    if (wpg_columns_same(&stmt->columns, result))
        return WEIR_OK;
    status = describe(stmt, result, err);
    if (status != WEIR_OK || stmt->columns.format == format ||
        stmt->columns.count == 0)
        return status;
    if (format == 0) {
        stmt->columns.format = 0;
        return WEIR_OK;
    }
    weir_error_set(err, WEIR_ERR_SERIALIZATION,
                   "the columns of a table have changed meanwhile");
    wpg_set_state(err, "0A000");
    return err->status;
}

static weir_status refuse_copy(wpg_stmt *stmt, weir_error *err)
{
    (void)stmt;
    weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                   "COPY from or to the client is not a statement; use "
                   "weir_bulk_insert()");
    wpg_set_state(err, "0A000");
    return err->status;
}

weir_status wpg_take_result(wpg_stmt *stmt, PGresult *result, weir_error *err)
{
    weir_status status = WEIR_OK;

    stmt->result = result;
    stmt->row = 0;
    stmt->row_count = 0;
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        stmt->row_count = 1;
        if (!stmt->streaming)
            status = check_columns(stmt, result, err);
        stmt->streaming = true;
        return status;
    case PGRES_TUPLES_OK:
        stmt->row_count = PQntuples(result);
        note_done(stmt, result);
        return check_columns(stmt, result, err);
    case PGRES_COMMAND_OK:
        note_done(stmt, result);
        return check_columns(stmt, result, err);
    case PGRES_EMPTY_QUERY:
        return WEIR_OK;
    case PGRES_COPY_IN:
        (void)PQputCopyEnd(stmt->conn->pg, "not wanted");
        return refuse_copy(stmt, err);
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        stmt->conn->lost = true;
        status = refuse_copy(stmt, err);
        err->fate = WEIR_FATE_DISCARD;
        return status;
    case PGRES_PIPELINE_ABORTED:
        weir_error_set(err, WEIR_ERR_ROLLBACK_FIRST,
                       "not run: what was sent before it has failed");
        wpg_set_state(err, "25P02");
        return err->status;
    case PGRES_FATAL_ERROR:
        return wpg_fail(stmt->conn, result, err);
    default:
        return wpg_malformed(stmt->conn, err);
    }
}

/* From sending to the first answer that counts. */
static weir_status run(wpg_stmt *stmt, const weir_execution *execution,
                       weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    bool stream = execution->mode == WEIR_FETCH_STREAM &&
                  stmt->info.column_count > 0 &&
                  stmt->scan.effect == WEIR_EFFECT_READ;
    unsigned ahead;
    PGresult *result;
    weir_status status = send_execution(stmt, &ahead, err);

    if (status == WEIR_OK && ahead > 0)
        status = wpg_read_prelude(conn, ahead, err);
    if (status == WEIR_OK && stream)
        (void)PQsetSingleRowMode(conn->pg);
    if (status == WEIR_OK)
        status = wpg_next(conn, &result, err);
    if (status == WEIR_OK)
        status = wpg_take_result(stmt, result, err);
    if (status == WEIR_OK && stmt->streaming)
        return WEIR_OK;
    return settle(conn, status, err);
}

/* The server has forgotten the statement, or its plan gives other columns
 * than it was described with. Not told by words, which are translated. */
static bool is_stale(const wpg_stmt *stmt, const weir_error *err)
{
    const char *where =
        stmt->result ? PQresultErrorField(stmt->result, PG_DIAG_SOURCE_FUNCTION)
                     : NULL;

    if (strcmp(err->sqlstate, "26000") == 0)
        return true;
    return strcmp(err->sqlstate, "0A000") == 0 && where &&
           strcmp(where, "RevalidateCachedQuery") == 0;
}

/* A server that does not know what was prepared a moment ago is another. */
static bool is_mixed(wpg_stmt *stmt, weir_error *err)
{
    if (strcmp(err->sqlstate, "26000") != 0 || ++stmt->unknown < 2)
        return false;
    err->status = WEIR_ERR_CONFIG;
    snprintf(err->message, sizeof err->message,
             "the server does not know a statement that was just prepared: "
             "behind a pooler that mixes sessions (PgBouncer in transaction "
             "mode) write prepared_statements=off into the URL");
    return true;
}

/* What made one stale may have made all so. */
void wpg_note_stale(wpg_stmt *stmt, weir_error *err)
{
    if (!is_stale(stmt, err) || is_mixed(stmt, err))
        return;
    stmt->conn->schema++;
    err->status = WEIR_ERR_SERIALIZATION;
    snprintf(err->message, sizeof err->message,
             "a table has changed since the statement was prepared; run the "
             "transaction again");
}

/* Nothing was done in the transaction before this statement, or there is
 * none: it can be prepared and run again. */
static weir_status run_again(wpg_stmt *stmt, const weir_execution *execution,
                             weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;

    PQclear(stmt->result);
    stmt->result = NULL;
    if (conn->begins) {
        status = wpg_run(conn, "ROLLBACK", NULL, err);
        conn->begun = false;
    }
    stmt->number = 0;
    stmt->unknown = 1;
    if (status == WEIR_OK)
        status = wpg_need_prepared(stmt, err);
    if (status == WEIR_OK)
        status = wpg_params_encode(&stmt->params, conn, execution->values, err);
    wpg_running_begin(conn);
    if (status != WEIR_OK)
        return status;
    status = run(stmt, execution, err);
    if (status != WEIR_OK && !conn->lost && is_mixed(stmt, err))
        status = err->status;
    return status;
}

static weir_status mend_stale(wpg_stmt *stmt, const weir_execution *execution,
                              weir_error *err)
{
    wpg_conn *conn = stmt->conn;

    if (PQtransactionStatus(conn->pg) == PQTRANS_IDLE || conn->begins)
        return run_again(stmt, execution, err);
    wpg_note_stale(stmt, err);
    return err->status;
}

void wpg_judge(const wpg_stmt *stmt, weir_error *err)
{
    if (stmt->conn->in_tx || err->fate != WEIR_FATE_DISCARD ||
        (stmt->scan.effect == WEIR_EFFECT_READ && !stmt->scan.calls))
        return;
    if (err->status == WEIR_ERR_TIMEOUT || err->status == WEIR_ERR_CANCELLED ||
        err->status == WEIR_ERR_CONNECTION)
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
}

static weir_status execute(wpg_stmt *stmt, const weir_execution *execution,
                           weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status status = wpg_enter(conn, execution->deadline, err);

    if (status == WEIR_OK)
        status = wpg_need_prepared(stmt, err);
    if (status == WEIR_OK)
        status = wpg_params_encode(&stmt->params, conn, execution->values, err);
    if (status != WEIR_OK)
        return status;
    wpg_running_begin(conn);
    status = run(stmt, execution, err);
    if (status != WEIR_OK && !conn->lost && is_stale(stmt, err))
        status = mend_stale(stmt, execution, err);
    if (status == WEIR_OK && stmt->streaming)
        return WEIR_OK;
    wpg_running_end(conn);
    if (status != WEIR_OK)
        wpg_judge(stmt, err);
    return status;
}

weir_status wpg_execute(void *memory, const weir_execution *execution,
                        weir_error *err)
{
    wpg_stmt *stmt = memory;

    stmt->outcome = (weir_outcome){.affected = -1};
    stmt->row = stmt->row_count = 0;
    return execute(stmt, execution, err);
}

/* ------------------------------------------------------------------ fetch */

/* Out of line, so that the row's own loop keeps its registers. */
__attribute__((noinline)) static wpg_decoded
decode_cell(wpg_stmt *stmt, int column, wpg_span from, weir_value *out)
{
    const wpg_columns *columns = &stmt->columns;
    wpg_decoder by = {stmt->conn->services, (wpg_kind)columns->kinds[column],
                      &columns->cells[column]};

    return columns->format == 1 ? wpg_decode(&by, from, out)
                                : wpg_decode_text(&by, from, out);
}

/* The kinds that most columns are of; false for all else. */
static inline bool decode_usual(unsigned kind, wpg_span from, weir_value *out)
{
    uint64_t bits;
    double f;

    switch (kind) {
    case WPG_KIND_TEXT:
        *out = weir_value_make(WEIR_TYPE_TEXT);
        out->size = (uint32_t)from.size;
        out->as.text = from.data;
        return true;
    case WPG_KIND_I32:
        if (from.size != 4)
            return false;
        *out = weir_value_i64((int32_t)wpg_get_u32(from.data));
        return true;
    case WPG_KIND_I64:
        if (from.size != 8)
            return false;
        *out = weir_value_i64((int64_t)wpg_get_u64(from.data));
        return true;
    case WPG_KIND_F64:
        if (from.size != 8)
            return false;
        bits = wpg_get_u64(from.data);
        memcpy(&f, &bits, sizeof f);
        *out = weir_value_f64(f);
        return true;
    default:
        return false;
    }
}

/* What has bytes is not NULL: mostly the library is asked twice, not thrice. */
static wpg_decoded decode_binary(wpg_stmt *stmt, int at, weir_value *row)
{
    const PGresult *result = stmt->result;
    const uint8_t *kinds = stmt->columns.kinds;
    int count = (int)stmt->columns.count;
    wpg_decoded found;
    wpg_span from;

    for (int i = 0; i < count; i++, row++) {
        int size = PQgetlength(result, at, i);

        if (size == 0 && PQgetisnull(result, at, i)) {
            *row = weir_value_null();
            continue;
        }
        from = (wpg_span){PQgetvalue(result, at, i), (size_t)size};
        if (decode_usual(kinds[i], from, row))
            continue;
        found = decode_cell(stmt, i, from, row);
        if (found != WPG_DECODED)
            return found;
    }
    return WPG_DECODED;
}

__attribute__((noinline)) static wpg_decoded decode_text(wpg_stmt *stmt, int at,
                                                         weir_value *row)
{
    const PGresult *result = stmt->result;
    int count = (int)stmt->columns.count;
    wpg_decoded found = WPG_DECODED;

    for (int i = 0; i < count && found == WPG_DECODED; i++) {
        wpg_span from = {PQgetvalue(result, at, i),
                         (size_t)PQgetlength(result, at, i)};

        if (PQgetisnull(result, at, i))
            row[i] = weir_value_null();
        else
            found = decode_cell(stmt, i, from, &row[i]);
    }
    return found;
}

WEIR_COLD static weir_step fail_row(wpg_stmt *stmt, wpg_decoded found,
                                    weir_error *err)
{
    if (found == WPG_DECODED_NOMEM)
        (void)wpg_nomem(err);
    else
        (void)wpg_malformed(stmt->conn, err);
    return WEIR_STEP_ERROR;
}

static weir_step finish_stream(wpg_stmt *stmt, weir_status status,
                               weir_error *err)
{
    stmt->streaming = false;
    status = settle(stmt->conn, status, err);
    wpg_running_end(stmt->conn);
    return status == WEIR_OK ? WEIR_STEP_DONE : WEIR_STEP_ERROR;
}

/* The row after this one. The last result of a stream has no row. */
__attribute__((noinline)) static weir_step next_streamed(wpg_stmt *stmt,
                                                         weir_error *err)
{
    weir_status status;
    PGresult *result;

    PQclear(stmt->result);
    stmt->result = NULL;
    status = wpg_next(stmt->conn, &result, err);
    if (status == WEIR_OK)
        status = wpg_take_result(stmt, result, err);
    if (status != WEIR_OK || PQresultStatus(result) != PGRES_SINGLE_TUPLE)
        return finish_stream(stmt, status, err);
    return WEIR_STEP_ROW;
}

weir_step wpg_fetch(void *memory, weir_value *row, int64_t deadline,
                    weir_error *err)
{
    wpg_stmt *stmt = memory;
    wpg_decoded found;
    weir_step step;

    if (stmt->row == stmt->row_count && stmt->streaming) {
        wpg_resume(stmt->conn, deadline);
        step = next_streamed(stmt, err);
        if (step != WEIR_STEP_ROW)
            return step;
    }
    if (stmt->row >= stmt->row_count)
        return WEIR_STEP_DONE;
    found = stmt->columns.format == 1 ? decode_binary(stmt, stmt->row++, row)
                                      : decode_text(stmt, stmt->row++, row);
    return found == WPG_DECODED ? WEIR_STEP_ROW : fail_row(stmt, found, err);
}

void wpg_outcome(void *memory, weir_outcome *out)
{
    *out = ((wpg_stmt *)memory)->outcome;
}

/* -------------------------------------------------------------------- end */

/* Reads on for a moment; then the server is told to stop. */
static void drop_rows(wpg_conn *conn)
{
    int64_t grace_ns = conn->grace_ns;
    PGresult *result;
    weir_error ignored;

    wpg_resume(conn, weir_services_now(conn->services) + DRAIN_NS);
    conn->grace_ns = STOP_NS;
    for (unsigned i = 1; conn->busy && !conn->lost; i++) {
        if (i % DRAIN_LOOK == 0 && !wpg_go_on(conn))
            conn->lost = true;
        else if (wpg_next(conn, &result, &ignored) == WEIR_OK)
            PQclear(result);
    }
    conn->grace_ns = grace_ns;
}

void wpg_end(void *memory)
{
    wpg_stmt *stmt = memory;
    wpg_conn *conn = stmt->conn;

    PQclear(stmt->result);
    stmt->result = NULL;
    stmt->row = stmt->row_count = 0;
    if (stmt->streaming) {
        drop_rows(conn);
        wpg_running_end(conn);
    }
    stmt->streaming = false;
    if (stmt->params.extra.capacity > KEEP_BYTES)
        weir_buffer_clear(conn->services, &stmt->params.extra);
}

void wpg_finish(void *memory)
{
    wpg_stmt *stmt = memory;
    wpg_conn *conn = stmt->conn;

    if (!conn)
        return;
    note_closing(stmt);
    PQclear(stmt->result);
    wpg_params_clear(&stmt->params, conn->services);
    wpg_columns_clear(&stmt->columns, conn->services);
    weir_services_free(conn->services, stmt->text);
    *stmt = (wpg_stmt){.conn = NULL};
}
