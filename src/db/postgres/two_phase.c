/* SPDX-License-Identifier: MIT */
/*
 * Two-phase transactions, and what has become of one: the server keeps both
 * beyond the connection.
 */
#include "wpg.h"

#include <stdlib.h>
#include <string.h>

enum { XID_MAX = 199, SQL_SIZE = 2 * XID_MAX + 64 };

weir_status wpg_check_xid(const char *xid, weir_error *err)
{
    size_t size = strlen(xid);

    if (size == 0 || size > XID_MAX)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the name of a two-phase transaction has 1 to %d "
                              "bytes here, not %zu",
                              (int)XID_MAX, size);
    if (!weir_utf8_is_valid(weir_text_of(xid)))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the name of a two-phase transaction is not "
                              "UTF-8");
    return WEIR_OK;
}

/* "<verb> '<xid>'": quotes are doubled, and nothing else needs it. */
static void write_command(const char *verb, const char *xid, char *out)
{
    size_t size = (size_t)snprintf(out, SQL_SIZE, "%s '", verb);

    for (; *xid; xid++) {
        if (*xid == '\'')
            out[size++] = '\'';
        out[size++] = *xid;
    }
    out[size++] = '\'';
    out[size] = '\0';
}

/* A transaction that nothing was done in has not begun at the server. */
static weir_status begin_now(wpg_conn *conn, weir_error *err)
{
    if (conn->begun || !conn->in_tx)
        return WEIR_OK;
    conn->begun = true;
    return wpg_run(conn, conn->begin, NULL, err);
}

weir_status wpg_prepare_tx(void *memory, const char *xid, int64_t deadline,
                           weir_error *err)
{
    wpg_conn *conn = memory;
    char sql[SQL_SIZE];
    char tag[64] = "";
    weir_status status = wpg_check_xid(xid, err);

    if (status == WEIR_OK)
        status = wpg_enter(conn, deadline, err);
    if (status == WEIR_OK)
        status = begin_now(conn, err);
    if (status != WEIR_OK)
        return status;
    write_command("PREPARE TRANSACTION", xid, sql);
    wpg_running_begin(conn);
    status = wpg_run(conn, sql, tag, err);
    wpg_running_end(conn);
    if (status != WEIR_OK)
        return status;
    wpg_forget_tx(conn);
    if (strcmp(tag, "ROLLBACK") != 0)
        return WEIR_OK;
    weir_error_set(err, WEIR_ERR_ROLLBACK_FIRST,
                   "the transaction has failed; nothing of it is kept");
    wpg_set_state(err, "25P02");
    return err->status;
}

static weir_status second_phase(wpg_conn *conn, const char *sql,
                                int64_t deadline, weir_error *err)
{
    weir_status status = wpg_enter(conn, deadline, err);

    if (status != WEIR_OK)
        return status;
    wpg_running_begin(conn);
    status = wpg_run(conn, sql, NULL, err);
    wpg_running_end(conn);
    return status;
}

weir_status wpg_commit_prepared(void *conn, const char *xid, int64_t deadline,
                                weir_error *err)
{
    char sql[SQL_SIZE];
    weir_status status = wpg_check_xid(xid, err);

    if (status != WEIR_OK)
        return status;
    write_command("COMMIT PREPARED", xid, sql);
    status = second_phase(conn, sql, deadline, err);
    if (status != WEIR_OK && err->fate == WEIR_FATE_DISCARD)
        err->status = status = WEIR_ERR_COMMIT_UNKNOWN;
    return status;
}

weir_status wpg_rollback_prepared(void *conn, const char *xid, int64_t deadline,
                                  weir_error *err)
{
    char sql[SQL_SIZE];
    weir_status status = wpg_check_xid(xid, err);

    if (status != WEIR_OK)
        return status;
    write_command("ROLLBACK PREPARED", xid, sql);
    return second_phase(conn, sql, deadline, err);
}

weir_status wpg_list_prepared(void *memory,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    PGresult *rows = NULL;
    weir_status status = wpg_enter(conn, deadline, err);

    if (status == WEIR_OK)
        status = wpg_ask(conn,
                         "SELECT gid FROM pg_catalog.pg_prepared_xacts "
                         "WHERE database = pg_catalog.current_database() "
                         "ORDER BY prepared",
                         &rows, err);
    for (int i = 0; status == WEIR_OK && i < PQntuples(rows); i++)
        each(context, PQgetvalue(rows, i, 0));
    PQclear(rows);
    return status;
}

/* ---------------------------------------------------------------- outcome */

typedef struct room {
    char *text;
    size_t size;
} room;

/* The only cell; "" for NULL. */
static weir_status ask_cell(wpg_conn *conn, const char *sql, room out,
                            weir_error *err)
{
    PGresult *rows = NULL;
    weir_status status = wpg_ask(conn, sql, &rows, err);

    if (status != WEIR_OK)
        return status;
    if (PQntuples(rows) != 1 || PQnfields(rows) != 1)
        status = wpg_malformed(conn, err);
    else if ((size_t)PQgetlength(rows, 0, 0) >= out.size)
        status = weir_error_set(err, WEIR_ERR_LIMIT,
                                "the transaction's id needs more than %zu "
                                "bytes",
                                out.size);
    else
        memcpy(out.text, PQgetvalue(rows, 0, 0),
               (size_t)PQgetlength(rows, 0, 0) + 1);
    PQclear(rows);
    return status;
}

weir_status wpg_tx_id(void *memory, char *out, size_t size, int64_t deadline,
                      weir_error *err)
{
    wpg_conn *conn = memory;
    room cell = {out, size};
    weir_status status = wpg_enter(conn, deadline, err);

    if (status == WEIR_OK)
        status = begin_now(conn, err);
    if (status == WEIR_OK)
        status = ask_cell(conn, "SELECT pg_catalog.txid_current()", cell, err);
    return status;
}

weir_status wpg_tx_outcome(void *memory, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    char found[32] = "", sql[96];
    room cell = {found, sizeof found};
    weir_status status;

    if (id[0] == '\0' || strlen(id) > 19 ||
        strspn(id, "0123456789") != strlen(id))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "\"%.40s\" is not a transaction's id", id);
    snprintf(sql, sizeof sql, "SELECT pg_catalog.txid_status(%s)", id);
    status = wpg_enter(conn, deadline, err);
    if (status == WEIR_OK)
        status = ask_cell(conn, sql, cell, err);
    if (status != WEIR_OK)
        return status;
    *out = strcmp(found, "committed") == 0     ? WEIR_TX_COMMITTED
           : strcmp(found, "aborted") == 0     ? WEIR_TX_ROLLED_BACK
           : strcmp(found, "in progress") == 0 ? WEIR_TX_IN_PROGRESS
                                               : WEIR_TX_UNKNOWN;
    return WEIR_OK;
}
