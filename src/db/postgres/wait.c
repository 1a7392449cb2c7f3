/* SPDX-License-Identifier: MIT */
/*
 * The one place where the driver waits: libpq sends and reads without
 * blocking, and what is between goes through the engine's wait hook.
 *
 * At the deadline the server is asked to stop first: an answer that comes
 * within the grace period saves the connection and says for certain what has
 * become of the statement.
 */
#include "wpg.h"

void wpg_resume(wpg_conn *conn, int64_t deadline)
{
    conn->deadline = deadline;
    conn->growing = false;
    conn->wait_end = WEIR_OK;
    conn->stopped = false;
    conn->notices = 0;
}

weir_status wpg_enter(wpg_conn *conn, int64_t deadline, weir_error *err)
{
    wpg_resume(conn, deadline);
    if (wpg_has_submitted(conn))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "executions were submitted and not collected");
    if (!conn->pg || conn->lost || PQstatus(conn->pg) != CONNECTION_OK)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    return conn->busy ? wpg_drain(conn, err) : WEIR_OK;
}

static bool may_go_on(wpg_conn *conn, weir_status status)
{
    if (status != WEIR_ERR_TIMEOUT && status != WEIR_ERR_CANCELLED)
        return false;
    if (conn->stopped || atomic_load(&conn->running) == WPG_IDLE)
        return false;
    conn->stopped = true;
    conn->wait_end = status;
    if (!wpg_stop_own(conn))
        return false;
    conn->deadline = weir_services_now(conn->services) + conn->grace_ns;
    return true;
}

bool wpg_go_on(wpg_conn *conn)
{
    return conn->deadline == WEIR_NO_DEADLINE ||
           weir_services_now(conn->services) < conn->deadline ||
           may_go_on(conn, WEIR_ERR_TIMEOUT);
}

/* An answer is owed and nobody waits for it any more. */
static weir_status give_up(wpg_conn *conn, weir_status status, weir_error *err)
{
    conn->lost = true;
    if (status == WEIR_ERR_CONNECTION)
        return wpg_lose(conn, WEIR_FATE_DISCARD, err);
    if (conn->wait_end != WEIR_OK)
        status = conn->wait_end;
    weir_error_set(err, status, "%s",
                   status == WEIR_ERR_TIMEOUT
                       ? "the deadline passed and the server did not answer"
                       : "the wait was cancelled and the server did not "
                         "answer");
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, "57014");
    return status;
}

/* An answer without end is there whenever one looks, so the socket alone does
 * not notice that its time is over. */
static bool is_over(wpg_conn *conn)
{
    enum { LOOK = 16 };

    return conn->deadline != WEIR_NO_DEADLINE && ++conn->waits % LOOK == 0 &&
           weir_services_now(conn->services) >= conn->deadline;
}

/* If it fails there may still be a last word of the server to read. */
static weir_status take_in(wpg_conn *conn, weir_error *err)
{
    if (PQconsumeInput(conn->pg) == 1 || PQstatus(conn->pg) != CONNECTION_OK)
        return WEIR_OK;
    conn->lost = true;
    return wpg_lose(conn, WEIR_FATE_DISCARD, err);
}

weir_status wpg_wait(wpg_conn *conn, weir_error *err)
{
    unsigned events = WEIR_WAIT_READ;
    weir_status status;

    if (PQflush(conn->pg) == 1)
        events |= WEIR_WAIT_WRITE;
    do
        status = is_over(conn)
                     ? WEIR_ERR_TIMEOUT
                     : weir_services_wait(conn->services, PQsocket(conn->pg),
                                          events, conn->deadline, err);
    while (status != WEIR_OK && may_go_on(conn, status));
    if (status != WEIR_OK)
        return give_up(conn, status, err);
    return take_in(conn, err);
}

static void note_sync(wpg_conn *conn)
{
    conn->syncs--;
    if (conn->syncs > 0 || conn->growing)
        return;
    conn->busy = false;
    if (PQexitPipelineMode(conn->pg) == 1)
        conn->pipeline = false;
    else
        conn->lost = true;
}

weir_status wpg_next(wpg_conn *conn, PGresult **out, weir_error *err)
{
    bool ready = false;
    PGresult *result;

    /* Of a long answer there is mostly more than was taken in: every other
     * time nobody asks for it first. */
    for (; PQisBusy(conn->pg); ready = !ready) {
        if ((ready ? take_in(conn, err) : wpg_wait(conn, err)) != WEIR_OK)
            return err->status;
    }
    result = PQgetResult(conn->pg);
    if (!result && PQstatus(conn->pg) != CONNECTION_OK) {
        conn->lost = true;
        return wpg_lose(conn, WEIR_FATE_DISCARD, err);
    }
    if (!result && !conn->pipeline)
        conn->busy = false;
    if (conn->pipeline && PQresultStatus(result) == PGRES_PIPELINE_SYNC)
        note_sync(conn);
    *out = result;
    return WEIR_OK;
}

/* The server waits for rows that nobody will send. */
static void end_copy(wpg_conn *conn, const PGresult *result)
{
    if (PQresultStatus(result) == PGRES_COPY_IN)
        (void)PQputCopyEnd(conn->pg, "not wanted");
    else if (PQresultStatus(result) == PGRES_COPY_OUT ||
             PQresultStatus(result) == PGRES_COPY_BOTH)
        conn->lost = true;
}

weir_status wpg_drain(wpg_conn *conn, weir_error *err)
{
    PGresult *result = NULL;

    while (conn->busy && !conn->lost) {
        if (wpg_next(conn, &result, err) != WEIR_OK)
            return err->status;
        end_copy(conn, result);
        PQclear(result);
    }
    return conn->lost ? wpg_lose(conn, WEIR_FATE_DISCARD, err) : WEIR_OK;
}

void wpg_pause(wpg_conn *conn, int64_t ns)
{
    int64_t until = weir_services_now(conn->services) + ns;
    weir_error ignored;

    /* Nothing is expected on the socket. */
    if (weir_services_wait(conn->services, PQsocket(conn->pg), 0, until,
                           &ignored) != WEIR_OK)
        return;
}

/* --------------------------------------------------------------- sending */

static weir_status could_not_send(wpg_conn *conn, weir_error *err)
{
    conn->lost = true;
    return wpg_lose(conn, WEIR_FATE_RETRY, err);
}

weir_status wpg_send_query(wpg_conn *conn, const char *sql, weir_error *err)
{
    if (PQsendQuery(conn->pg, sql) != 1)
        return could_not_send(conn, err);
    conn->busy = true;
    return WEIR_OK;
}

weir_status wpg_pipeline_begin(wpg_conn *conn, weir_error *err)
{
    if (PQenterPipelineMode(conn->pg) != 1)
        return could_not_send(conn, err);
    conn->pipeline = true;
    conn->busy = true;
    return WEIR_OK;
}

weir_status wpg_pipeline_sync(wpg_conn *conn, weir_error *err)
{
    if (PQpipelineSync(conn->pg) != 1)
        return could_not_send(conn, err);
    conn->syncs++;
    return WEIR_OK;
}

/* ------------------------------------------------------------- receiving */

weir_status wpg_receive(wpg_conn *conn, weir_error *err)
{
    weir_status status = WEIR_OK;
    weir_error later, *to = err;
    PGresult *result;

    while (conn->busy) {
        if (wpg_next(conn, &result, to) != WEIR_OK)
            return status == WEIR_OK ? err->status : status;
        if (wpg_is_failure(result) && to == err) {
            status = wpg_fail(conn, result, err);
            to = &later;
        }
        end_copy(conn, result);
        PQclear(result);
        if (conn->lost)
            return status == WEIR_OK ? wpg_lose(conn, WEIR_FATE_DISCARD, err)
                                     : status;
    }
    return status;
}

weir_status wpg_run(wpg_conn *conn, const char *sql, char *tag, weir_error *err)
{
    weir_status status = wpg_send_query(conn, sql, err);
    PGresult *result = NULL;
    weir_error later;

    while (status == WEIR_OK && conn->busy) {
        status = wpg_next(conn, &result, err);
        if (status != WEIR_OK || !result)
            break;
        if (tag)
            snprintf(tag, 64, "%s", PQcmdStatus(result));
        if (wpg_is_failure(result))
            status = wpg_fail(conn, result, err);
        PQclear(result);
    }
    if (status != WEIR_OK && !conn->lost)
        (void)wpg_drain(conn, &later);
    return status;
}

weir_status wpg_ask(wpg_conn *conn, const char *sql, PGresult **out,
                    weir_error *err)
{
    weir_status status = wpg_send_query(conn, sql, err);
    weir_error later;

    if (status != WEIR_OK || wpg_next(conn, out, err) != WEIR_OK)
        return err->status;
    if (PQresultStatus(*out) != PGRES_TUPLES_OK) {
        status = *out ? wpg_fail(conn, *out, err) : wpg_malformed(conn, err);
        PQclear(*out);
        *out = NULL;
    }
    if (!conn->lost)
        (void)wpg_drain(conn, &later);
    return status;
}
