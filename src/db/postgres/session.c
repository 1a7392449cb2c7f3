/* SPDX-License-Identifier: MIT */
/*
 * Sessions and transactions. BEGIN has no round trip of its own: it goes in
 * one pipeline with the statement after it. The closing of statements that
 * nobody uses any more travels there, too, outside of transactions only,
 * since a failure would spoil one.
 */
#include "stmt.h"

#include <string.h>

/* Statements closed at once. */
enum { CLOSING_MAX = 32 };

static const char *const levels[] = {
    [WEIR_ISOLATION_DEFAULT] = "",
    [WEIR_READ_UNCOMMITTED] = " ISOLATION LEVEL READ UNCOMMITTED",
    [WEIR_READ_COMMITTED] = " ISOLATION LEVEL READ COMMITTED",
    [WEIR_REPEATABLE_READ] = " ISOLATION LEVEL REPEATABLE READ",
    [WEIR_SERIALIZABLE] = " ISOLATION LEVEL SERIALIZABLE",
};

/* ------------------------------------------------------------------- begin */

void wpg_forget_tx(wpg_conn *conn)
{
    conn->in_tx = false;
    conn->begun = false;
    conn->preparing = false;
    conn->schema_in_tx = false;
}

weir_status wpg_begin(void *memory, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err)
{
    wpg_conn *conn = memory;

    (void)deadline;
    if (spec->xid && wpg_check_xid(spec->xid, err) != WEIR_OK)
        return err->status;
    wpg_forget_tx(conn);
    conn->in_tx = true;
    conn->preparing = spec->xid != NULL;
    snprintf(conn->begin, sizeof conn->begin, "BEGIN%s%s%s",
             levels[spec->isolation],
             spec->access == WEIR_READ_ONLY ? " READ ONLY" : "",
             spec->deferrable ? " DEFERRABLE" : "");
    return WEIR_OK;
}

static bool may_close(const wpg_conn *conn)
{
    return conn->closing.size > 0 &&
           PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
}

bool wpg_has_prelude(const wpg_conn *conn)
{
    return (conn->in_tx && !conn->begun) || may_close(conn);
}

static weir_status send_words(wpg_conn *conn, const char *sql, weir_error *err)
{
    if (PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1)
        return WEIR_OK;
    return wpg_lose(conn, WEIR_FATE_RETRY, err);
}

/* A failure is ignored: the sync after it keeps it from what follows. */
weir_status wpg_send_closing(wpg_conn *conn, unsigned *ahead, weir_error *err)
{
    weir_status status = WEIR_OK;
    char name[WPG_NAME_SIZE], sql[WPG_NAME_SIZE + 16];

    if (!may_close(conn))
        return WEIR_OK;

    for (unsigned i = 0;
         i < CLOSING_MAX && conn->closing.size > 0 && status == WEIR_OK; i++) {
        uint64_t number;

        conn->closing.size -= sizeof number;
        memcpy(&number, conn->closing.data + conn->closing.size, sizeof number);
        wpg_name(conn, number, name);
        snprintf(sql, sizeof sql, "DEALLOCATE %s", name);
        status = send_words(conn, sql, err);
        ++*ahead;
    }
    ++*ahead; /* the sync is answered, too */
    return status == WEIR_OK ? wpg_pipeline_sync(conn, err) : status;
}

weir_status wpg_send_prelude(wpg_conn *conn, unsigned *ahead, weir_error *err)
{
    bool begins = conn->in_tx && !conn->begun;
    weir_status status;

    *ahead = 0;
    status = wpg_send_closing(conn, ahead, err);
    if (status == WEIR_OK && begins) {
        status = send_words(conn, conn->begin, err);
        conn->begun = true;
        ++*ahead;
    }
    conn->begins = begins;
    return status;
}

weir_status wpg_read_prelude(wpg_conn *conn, unsigned ahead, weir_error *err)
{
    weir_status status = WEIR_OK;
    PGresult *result;
    weir_error later;

    while (ahead > 0) {
        if (wpg_next(conn, &result, status == WEIR_OK ? err : &later) !=
            WEIR_OK)
            return status == WEIR_OK ? err->status : status;
        if (!result || PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            ahead--;
        else if (ahead == 1 && conn->begins && status == WEIR_OK &&
                 wpg_is_failure(result))
            status = wpg_fail(conn, result, err);
        PQclear(result);
        if (conn->lost)
            return status == WEIR_OK ? wpg_lose(conn, WEIR_FATE_DISCARD, err)
                                     : status;
    }
    return status;
}

/* ------------------------------------------------------------ command tags */

static void forget_statements(wpg_conn *conn)
{
    conn->epoch++;
    conn->closing.size = 0;
}

static void note_schema(wpg_conn *conn)
{
    conn->schema++;
    conn->schema_in_tx = conn->begun;
}

void wpg_note_rollback(wpg_conn *conn)
{
    if (conn->schema_in_tx)
        conn->schema++;
}

static bool starts(const char *tag, const char *word)
{
    return strncmp(tag, word, strlen(word)) == 0;
}

/* Tags of settings and the like: what is not undone by ending a
 * transaction. */
static void note_session(wpg_conn *conn, const char *tag)
{
    if (strcmp(tag, "SET") == 0 || strcmp(tag, "RESET") == 0 ||
        strcmp(tag, "DECLARE CURSOR") == 0)
        conn->dirty = true;
    else if (strcmp(tag, "LISTEN") == 0)
        conn->dirty = conn->listens = true;
    else if (strcmp(tag, "PREPARE") == 0)
        conn->dirty = conn->named = true;
    else if (strcmp(tag, "DISCARD ALL") == 0 ||
             strcmp(tag, "DEALLOCATE ALL") == 0)
        forget_statements(conn);
}

/* The tags that come all the time are told by their first letters. */
void wpg_note_tag(wpg_conn *conn, const char *tag)
{
    switch (tag[0]) {
    case 'A':
    case 'C':
    case 'D':
        if (starts(tag, "ALTER ") || starts(tag, "CREATE ") ||
            starts(tag, "DROP "))
            note_schema(conn);
        else if (tag[1] != 'E' || tag[2] != 'L') /* DELETE */
            note_session(conn, tag);
        break;
    case 'R':
        if (starts(tag, "ROLLBACK"))
            wpg_note_rollback(conn);
        else
            note_session(conn, tag);
        break;
    case 'S':
        if (tag[2] == 'T')
            note_session(conn, tag);
        break;
    case 'L':
    case 'P':
        note_session(conn, tag);
        break;
    default:
        break;
    }
}

/* --------------------------------------------------------------------- end */

/* COMMIT was sent: only an answer says what has become of it. */
static weir_status judge_commit(weir_error *err)
{
    if (err->fate == WEIR_FATE_DISCARD)
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
    return err->status;
}

static weir_status had_failed(weir_error *err)
{
    weir_error_set(err, WEIR_ERR_ROLLBACK_FIRST,
                   "the transaction has failed; nothing of it is kept");
    wpg_set_state(err, "25P02");
    return err->status;
}

static weir_status commit(wpg_conn *conn, weir_error *err)
{
    char tag[64] = "";
    weir_status status;

    if (PQtransactionStatus(conn->pg) == PQTRANS_INERROR)
        return had_failed(err);
    wpg_running_begin(conn);
    status = wpg_run(conn, "COMMIT", tag, err);
    wpg_running_end(conn);
    if (status != WEIR_OK) {
        wpg_note_rollback(conn);
        return judge_commit(err);
    }
    if (strcmp(tag, "ROLLBACK") == 0)
        wpg_note_rollback(conn);
    wpg_forget_tx(conn);
    return strcmp(tag, "ROLLBACK") == 0 ? had_failed(err) : WEIR_OK;
}

weir_status wpg_commit(void *memory, int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    weir_status status;

    if (!conn->begun) {
        wpg_forget_tx(conn);
        return WEIR_OK;
    }
    status = wpg_enter(conn, deadline, err);
    return status == WEIR_OK ? commit(conn, err) : status;
}

weir_status wpg_rollback(void *memory, int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    weir_status status = WEIR_OK;

    if (conn->begun) {
        status = wpg_enter(conn, deadline, err);
        if (status == WEIR_OK && PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
            status = wpg_run(conn, "ROLLBACK", NULL, err);
    }
    if (status == WEIR_OK) {
        wpg_note_rollback(conn);
        wpg_forget_tx(conn);
    }
    return status;
}

/* ------------------------------------------------------------ state, reset */

unsigned wpg_state(void *memory)
{
    const wpg_conn *conn = memory;
    PGTransactionStatusType at;
    unsigned bits = 0;

    if (!conn->pg || conn->lost || PQstatus(conn->pg) != CONNECTION_OK)
        return WEIR_STATE_DEAD;
    at = PQtransactionStatus(conn->pg);
    if (at != PQTRANS_IDLE || (conn->in_tx && !conn->begun))
        bits |= WEIR_STATE_IN_TX;
    if (at == PQTRANS_INERROR)
        bits |= WEIR_STATE_TX_FAILED;
    if (conn->dirty || conn->escaped)
        bits |= WEIR_STATE_DIRTY;
    if (conn->busy)
        bits |= WEIR_STATE_BUSY;
    return bits;
}

/* What DISCARD ALL does, but for prepared statements and plans. At its end
 * the statements that were prepared by SQL are counted: a function may have
 * done that. */
#define FORGET                                                                 \
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; "    \
    "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; "               \
    "DISCARD SEQUENCES; "                                                      \
    "SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql"

static weir_status forget(wpg_conn *conn, bool *whole, weir_error *err)
{
    char tag[64] = "";

    if (!*whole && wpg_run(conn, FORGET, tag, err) != WEIR_OK)
        return err->status;
    *whole = strcmp(tag, "SELECT 0") != 0;
    return *whole ? wpg_run(conn, "DISCARD ALL", NULL, err) : WEIR_OK;
}

static weir_status reset(wpg_conn *conn, bool *whole, weir_error *err)
{
    bool open = PQtransactionStatus(conn->pg) != PQTRANS_IDLE;
    weir_status status = WEIR_OK;

    if (open)
        status = wpg_run(conn, "ROLLBACK", NULL, err);
    if (status != WEIR_OK || (!conn->dirty && !conn->escaped))
        return status;
    return forget(conn, whole, err);
}

weir_status wpg_reset(void *memory, int64_t deadline, bool *statements_lost,
                      weir_error *err)
{
    wpg_conn *conn = memory;
    bool whole = conn->named || conn->escaped;
    weir_status status = wpg_enter(conn, deadline, err);

    if (status == WEIR_OK)
        status = reset(conn, &whole, err);
    if (status != WEIR_OK) {
        err->fate = WEIR_FATE_DISCARD;
        return status;
    }
    if (whole)
        forget_statements(conn);
    wpg_note_rollback(conn);
    wpg_forget_tx(conn);
    conn->dirty = conn->named = conn->escaped = conn->listens = false;
    wpg_drop_notifications(conn);
    *statements_lost = whole;
    return WEIR_OK;
}
