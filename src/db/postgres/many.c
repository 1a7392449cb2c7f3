/* SPDX-License-Identifier: MIT */
/*
 * Many executions in one pipeline. Inside a transaction they share one sync:
 * the first that fails takes those after it along, as it should be. Outside
 * each stands for itself and has to be answered before the next is sent.
 */
#include "stmt.h"

#include <string.h>

/* Rows that are sent before the answers to the rows before them are read. */
enum { BATCH = 256 };

typedef struct many {
    wpg_stmt *stmt;
    const weir_value *values;
    size_t width;
    size_t count;
    size_t sent;
    weir_outcome *out;
} many;

/* A value that cannot be sent ends the sending: what was sent stays so. */
static weir_status send_batch(many *m, weir_error *err)
{
    wpg_stmt *stmt = m->stmt;
    size_t until = m->count - m->sent > BATCH ? m->sent + BATCH : m->count;
    weir_status status = WEIR_OK;

    while (m->sent < until && status == WEIR_OK) {
        status = wpg_params_encode(&stmt->params, stmt->conn,
                                   m->values + m->sent * m->width, err);
        if (status == WEIR_OK)
            status = wpg_send_stmt(stmt, err);
        m->sent += status == WEIR_OK;
    }
    if (!stmt->conn->lost && m->sent < m->count &&
        PQsendFlushRequest(stmt->conn->pg) != 1)
        return wpg_lose(stmt->conn, WEIR_FATE_DISCARD, err);
    return status;
}

static weir_status read_row(many *m, weir_error *err)
{
    wpg_stmt *stmt = m->stmt;
    weir_status status = WEIR_OK;
    PGresult *result;

    for (;;) {
        if (wpg_next(stmt->conn, &result, err) != WEIR_OK)
            return err->status;
        if (!result)
            break;
        status = wpg_take_result(stmt, result, err);
        PQclear(result);
        stmt->result = NULL;
        if (status != WEIR_OK)
            return status;
    }
    m->out->rows_done++;
    if (m->out->affected >= 0 && stmt->outcome.affected >= 0)
        m->out->affected += stmt->outcome.affected;
    else
        m->out->affected = -1;
    return WEIR_OK;
}

static weir_status read_until(many *m, size_t row, weir_error *err)
{
    weir_status status = WEIR_OK;

    while (m->out->rows_done < row && status == WEIR_OK)
        status = read_row(m, err);
    return status;
}

/* The answers are always one batch behind. */
static weir_status run_batches(many *m, weir_error *err)
{
    weir_status status = WEIR_OK, before = WEIR_OK;
    size_t earlier = 0;
    weir_error cause;

    while (m->sent < m->count && status == WEIR_OK) {
        status = send_batch(m, err);
        if (status != WEIR_OK && !m->stmt->conn->lost) {
            cause = *err;
            before = read_until(m, m->sent, err);
            if (before == WEIR_OK)
                *err = cause;
            return err->status;
        }
        if (status == WEIR_OK)
            status = read_until(m, earlier, err);
        earlier = m->sent;
    }
    return status;
}

static weir_status pipe(many *m, weir_error *err)
{
    wpg_conn *conn = m->stmt->conn;
    unsigned ahead = 0;
    weir_status status, synced = WEIR_OK;
    weir_error later;

    conn->begins = false;
    status = wpg_pipeline_begin(conn, err);
    conn->growing = true;
    if (status == WEIR_OK)
        status = wpg_send_prelude(conn, &ahead, err);
    if (status == WEIR_OK && ahead > 0) {
        if (PQsendFlushRequest(conn->pg) != 1)
            status = wpg_lose(conn, WEIR_FATE_DISCARD, err);
        else
            status = wpg_read_prelude(conn, ahead, err);
    }
    if (status == WEIR_OK)
        status = run_batches(m, err);
    conn->growing = false;
    if (!conn->lost)
        synced = wpg_pipeline_sync(conn, status == WEIR_OK ? err : &later);
    if (status == WEIR_OK && synced == WEIR_OK)
        status = read_until(m, m->count, err);
    if (conn->lost)
        return err->status;
    if (status != WEIR_OK)
        (void)wpg_receive(conn, &later);
    return status == WEIR_OK ? wpg_receive(conn, err) : status;
}

static weir_status one_by_one(wpg_stmt *stmt, const weir_execution *first,
                              size_t row_count, weir_outcome *out,
                              weir_error *err)
{
    weir_execution execution = *first;
    weir_status status = WEIR_OK;
    weir_outcome row;

    execution.mode = WEIR_FETCH_BUFFER;
    for (size_t i = 0; i < row_count && status == WEIR_OK; i++) {
        status = wpg_execute(stmt, &execution, err);
        wpg_outcome(stmt, &row);
        wpg_end(stmt);
        if (status != WEIR_OK)
            break;
        out->rows_done++;
        if (out->affected >= 0)
            out->affected =
                row.affected < 0 ? -1 : out->affected + row.affected;
        if (execution.value_count > 0)
            execution.values += execution.value_count;
    }
    return status;
}

weir_status wpg_execute_many(void *memory, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err)
{
    wpg_stmt *stmt = memory;
    many m = {.stmt = stmt,
              .values = first->values,
              .width = first->value_count,
              .count = row_count,
              .out = out};
    weir_status status;

    *out = (weir_outcome){.affected = 0};
    if (!stmt->conn->in_tx)
        return one_by_one(stmt, first, row_count, out, err);
    status = wpg_enter(stmt->conn, first->deadline, err);
    if (status == WEIR_OK)
        status = wpg_need_prepared(stmt, err);
    if (status != WEIR_OK)
        return status;
    wpg_running_begin(stmt->conn);
    status = pipe(&m, err);
    wpg_running_end(stmt->conn);
    return status;
}

/* ------------------------------------------------------------------ submit */

static weir_status open_pipeline(wpg_conn *conn, int64_t deadline,
                                 weir_error *err)
{
    weir_status status = wpg_enter(conn, deadline, err);

    if (status != WEIR_OK)
        return status;
    wpg_running_begin(conn);
    status = wpg_pipeline_begin(conn, err);
    return status == WEIR_OK ? wpg_send_prelude(conn, &conn->ahead, err)
                             : status;
}

/* Only before the first there is room for preparing. */
static weir_status
send_submitted(wpg_stmt *stmt, const weir_execution *execution, weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    bool first = !conn->pipeline;
    weir_status status = first ? wpg_need_prepared(stmt, err) : WEIR_OK;

    if (status == WEIR_OK)
        status = wpg_params_encode(&stmt->params, conn, execution->values, err);
    if (status == WEIR_OK && first)
        status = open_pipeline(conn, execution->deadline, err);
    if (status == WEIR_OK)
        status = wpg_send_stmt(stmt, err);
    if (status != WEIR_OK || conn->in_tx)
        return status;
    return wpg_pipeline_sync(conn, err);
}

weir_status wpg_submit(void *memory, const weir_execution *execution,
                       weir_error *err)
{
    wpg_stmt *stmt = memory;
    wpg_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;

    stmt->outcome = (weir_outcome){.affected = -1};
    if (!wpg_has_submitted(conn))
        status = wpg_enter(conn, execution->deadline, err);
    else
        wpg_resume(conn, execution->deadline);
    if (status == WEIR_OK &&
        weir_buffer_reserve(conn->services, &conn->submitted,
                            conn->submitted.size + sizeof stmt) != WEIR_OK)
        return wpg_nomem(err);
    if (status == WEIR_OK)
        status = send_submitted(stmt, execution, err);
    if (status != WEIR_OK)
        return status;
    conn->unsynced = conn->in_tx;
    return weir_buffer_add(conn->services, &conn->submitted, &stmt,
                           sizeof stmt);
}

/* The syncs of those before it may stand in the way. */
static weir_status next_answer(wpg_conn *conn, PGresult **out, weir_error *err)
{
    while (wpg_next(conn, out, err) == WEIR_OK) {
        if (!conn->busy || PQresultStatus(*out) != PGRES_PIPELINE_SYNC)
            return WEIR_OK;
        PQclear(*out);
    }
    return err->status;
}

static weir_status read_submitted(wpg_stmt *stmt, weir_error *err)
{
    PGresult *result;
    weir_error later;
    weir_status status = next_answer(stmt->conn, &result, err);

    if (status == WEIR_OK)
        status = wpg_take_result(stmt, result, err);
    if (stmt->conn->lost)
        return err->status;
    while (wpg_next(stmt->conn, &result, &later) == WEIR_OK && result)
        PQclear(result);
    return status;
}

static const wpg_stmt *oldest(const wpg_conn *conn)
{
    const wpg_stmt *stmt = NULL;

    if (wpg_has_submitted(conn))
        memcpy(&stmt, conn->submitted.data + conn->collected * sizeof stmt,
               sizeof stmt);
    return stmt;
}

static void end_pipeline(wpg_conn *conn)
{
    weir_error later;

    conn->submitted.size = 0;
    conn->collected = 0;
    if (!conn->lost)
        (void)wpg_receive(conn, &later);
    wpg_running_end(conn);
}

/* The server answers when it likes, so the wish to stop may come while an
 * earlier answer is awaited than that of the execution which it reaches. It is
 * on its way until one was stopped. */
static void pop(wpg_conn *conn, const weir_error *err)
{
    if (err && strcmp(err->sqlstate, "57014") == 0)
        conn->stopped = false;
    conn->collected++;
    if (!wpg_has_submitted(conn))
        end_pipeline(conn);
    else if (!conn->stopped && !conn->lost)
        wpg_running_next(conn);
}

/* Only BEGIN can fail before it, and takes all along. */
static weir_status read_answer(wpg_stmt *stmt, weir_error *err)
{
    wpg_conn *conn = stmt->conn;
    weir_status begun = WEIR_OK, status;
    weir_error later;

    if (conn->ahead > 0)
        begun = wpg_read_prelude(conn, conn->ahead, err);
    conn->ahead = 0;
    if (conn->lost)
        return begun;
    status = read_submitted(stmt, begun == WEIR_OK ? err : &later);
    return begun == WEIR_OK ? status : begun;
}

weir_status wpg_collect(void *memory, int64_t deadline, weir_error *err)
{
    wpg_stmt *stmt = memory;
    wpg_conn *conn = stmt->conn;
    weir_status status = WEIR_OK;

    if (oldest(conn) != stmt)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the execution is not the oldest submitted");
    if (!conn->stopped)
        wpg_resume(conn, deadline);
    if (conn->unsynced)
        status = wpg_pipeline_sync(conn, err);
    conn->unsynced = false;
    if (status == WEIR_OK)
        status = read_answer(stmt, err);
    if (status != WEIR_OK && !conn->lost)
        wpg_note_stale(stmt, err);
    pop(conn, status == WEIR_OK ? NULL : err);
    if (status != WEIR_OK)
        wpg_judge(stmt, err);
    return status;
}
