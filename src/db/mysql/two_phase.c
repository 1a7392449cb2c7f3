/* SPDX-License-Identifier: MIT */
/*
 * Two-phase transactions are XA transactions: XA START before the first
 * statement, XA END and XA PREPARE at the first phase. A session with a
 * prepared transaction can do nothing else until that is ended, so a
 * connection that comes back so is not lent again.
 */
#include "wmy.h"

#include <stdio.h>
#include <string.h>

weir_status wmy_check_xid(const char *xid, weir_error *err)
{
    size_t size = strlen(xid);

    if (size > 0 && size <= WMY_XID_MAX)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "the name of a two-phase transaction has 1 to %d "
                          "bytes here, not %zu",
                          (int)WMY_XID_MAX, size);
}

/* In hexadecimal digits nothing needs quoting. */
void wmy_xa_command(const char *verb, const char *xid, const char *tail,
                    char *out)
{
    int size = snprintf(out, WMY_XA_SIZE, "%s X'", verb);

    for (; *xid; xid++)
        size += snprintf(out + size, (size_t)(WMY_XA_SIZE - size), "%02X",
                         (unsigned)(unsigned char)*xid);
    snprintf(out + size, (size_t)(WMY_XA_SIZE - size), "'%s", tail);
}

/* Two commands, one round trip. The first answer that fails is told; the
 * other is read all the same. */
static weir_status run_both(wmy_conn *conn, const char *first,
                            const char *second, weir_error *err)
{
    weir_status status = wmy_send(conn, first, err);
    weir_status after;
    weir_error later;

    if (status == WEIR_OK)
        status = wmy_send(conn, second, err);
    if (status != WEIR_OK)
        return status;
    status = wmy_receive(conn, err);
    if (status != WEIR_OK && conn->mysql->net.pvio == NULL)
        return status;
    after = wmy_receive(conn, status == WEIR_OK ? err : &later);
    return status == WEIR_OK ? after : status;
}

weir_status wmy_end_xa(wmy_conn *conn, const char *verb, const char *tail,
                       weir_error *err)
{
    char end[WMY_XA_SIZE];
    char last[WMY_XA_SIZE];
    weir_status status;

    wmy_xa_command("XA END", conn->xid, "", end);
    wmy_xa_command(verb, conn->xid, tail, last);
    status = run_both(conn, end, last, err);
    if (status != WEIR_OK && strcmp(verb, "XA ROLLBACK") != 0)
        status = wmy_doubt(conn, err);
    return status;
}

weir_status wmy_prepare_tx(void *memory, const char *xid, int64_t deadline,
                           weir_error *err)
{
    wmy_conn *conn = memory;
    weir_status status;

    if (wmy_check_xid(xid, err) != WEIR_OK)
        return err->status;
    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    /* Nothing may have been done in it, but it has to be there. */
    if (status == WEIR_OK)
        status = wmy_prelude(conn, WEIR_EFFECT_WRITE, err);
    while (status == WEIR_OK && conn->owed > 0)
        status = wmy_receive(conn, err);
    if (status == WEIR_OK)
        status = wmy_end_xa(conn, "XA PREPARE", "", err);
    if (status == WEIR_OK) {
        wmy_forget_tx(conn);
        conn->prepared = true;
    }
    wmy_leave(conn);
    return status;
}

/* Somebody else's transaction is ended by a session that could not have one
 * of its own open: with autocommit on. The own one needs nothing. */
static weir_status step_outside(wmy_conn *conn, weir_error *err)
{
    weir_status status;

    if (conn->prepared || conn->autocommit)
        return WEIR_OK;
    status = wmy_run(conn, "SET autocommit=1", err);
    if (status == WEIR_OK)
        conn->autocommit = true;
    return status;
}

static weir_status second_phase(wmy_conn *conn, const char *verb,
                                const char *xid, int64_t deadline,
                                weir_error *err)
{
    char sql[WMY_XA_SIZE];
    weir_status status;

    if (wmy_check_xid(xid, err) != WEIR_OK)
        return err->status;
    wmy_xa_command(verb, xid, "", sql);
    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    if (status == WEIR_OK)
        status = step_outside(conn, err);
    if (status == WEIR_OK)
        status = wmy_run(conn, sql, err);
    if (status == WEIR_OK)
        wmy_forget_tx(conn);
    wmy_leave(conn);
    return status;
}

weir_status wmy_commit_prepared(void *memory, const char *xid, int64_t deadline,
                                weir_error *err)
{
    weir_status status = second_phase(memory, "XA COMMIT", xid, deadline, err);

    return status == WEIR_OK ? status : wmy_doubt(memory, err);
}

weir_status wmy_rollback_prepared(void *memory, const char *xid,
                                  int64_t deadline, weir_error *err)
{
    return second_phase(memory, "XA ROLLBACK", xid, deadline, err);
}

/* A row: format, length of the first part, of the second, both parts. Names
 * with a second part are other programs'. */
static void tell_name(MYSQL_RES *rows, MYSQL_ROW row,
                      void (*each)(void *context, const char *xid),
                      void *context)
{
    const unsigned long *sizes = mysql_fetch_lengths(rows);
    char xid[WMY_XID_MAX + 1];

    if (!row[2] || !row[3] || strcmp(row[2], "0") != 0 ||
        sizes[3] > WMY_XID_MAX || memchr(row[3], '\0', sizes[3]))
        return;
    memcpy(xid, row[3], sizes[3]);
    xid[sizes[3]] = '\0';
    each(context, xid);
}

weir_status wmy_list_prepared(void *memory,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err)
{
    wmy_conn *conn = memory;
    MYSQL_RES *rows = NULL;
    MYSQL_ROW row;
    weir_status status;

    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    if (status == WEIR_OK) {
        if (mysql_query(conn->mysql, "XA RECOVER") == 0)
            rows = mysql_store_result(conn->mysql);
        if (!rows)
            status = wmy_fail(conn, err);
    }
    while (rows && (row = mysql_fetch_row(rows)) != NULL)
        tell_name(rows, row, each, context);
    mysql_free_result(rows);
    wmy_leave(conn);
    return status;
}
