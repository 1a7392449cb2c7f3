/* SPDX-License-Identifier: MIT */
/*
 * Sessions and transactions. With autocommit off the server begins by itself
 * at the first statement, so beginning costs nothing. What a transaction
 * needs beyond that (another isolation, read only, an XA name) is sent right
 * before its first statement, without waiting for the answer in between.
 *
 * Ending one that has only read is sent and not waited for, either: it cannot
 * fail. Such answers are "owed" and read before the next command.
 */
#include "wmy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_SIZE = 512 };

static const char *const levels[] = {
    [WEIR_ISOLATION_DEFAULT] = "REPEATABLE-READ",
    [WEIR_READ_UNCOMMITTED] = "READ-UNCOMMITTED",
    [WEIR_READ_COMMITTED] = "READ-COMMITTED",
    [WEIR_REPEATABLE_READ] = "REPEATABLE-READ",
    [WEIR_SERIALIZABLE] = "SERIALIZABLE",
};

/* MySQL has renamed the variable; MariaDB has kept the old name. */
static const char *level_variable(const wmy_conn *conn)
{
    return mariadb_connection(conn->mysql) ? "tx_isolation"
                                           : "transaction_isolation";
}

/* ------------------------------------------------------------- operations */

/* Of a statement that was stopped, only the error is to come. */
void wmy_enter(wmy_conn *conn, int64_t deadline)
{
    wmy_wait *wait = &conn->wait;
    bool stopped = conn->reading && wait->stopped;
    weir_status why = wait->failure;

    wmy_wait_begin(wait, deadline);
    if (!stopped)
        return;
    wait->stopped = true;
    wait->failure = why;
    wait->deadline = weir_services_now(wait->services) + wait->grace_ns;
}

void wmy_leave(wmy_conn *conn)
{
    wmy_wait_end(&conn->wait);
}

weir_status wmy_send(wmy_conn *conn, const char *sql, weir_error *err)
{
    if (mysql_send_query(conn->mysql, sql, strlen(sql)) != 0)
        return wmy_fail(conn, err);
    conn->owed++;
    return WEIR_OK;
}

weir_status wmy_receive(wmy_conn *conn, weir_error *err)
{
    conn->owed--;
    if (mysql_read_query_result(conn->mysql) != 0)
        return wmy_fail(conn, err);
    if (conn->mysql->field_count == 0)
        return wmy_drop_results(conn, err);
    mysql_free_result(mysql_use_result(conn->mysql));
    return WEIR_OK;
}

/* A kill that came too late waits in the server for the next command. */
static weir_status absorb_kill(wmy_conn *conn, weir_error *err)
{
    conn->stray_kill = false;
    if (mysql_query(conn->mysql, "DO 0") == 0 ||
        mysql_errno(conn->mysql) == 1317)
        return WEIR_OK;
    return wmy_fail(conn, err);
}

weir_status wmy_settle(wmy_conn *conn, weir_error *err)
{
    weir_status status = WEIR_OK;

    while (conn->owed > 0 && status == WEIR_OK)
        status = wmy_receive(conn, err);
    if (status == WEIR_OK && conn->stray_kill)
        status = absorb_kill(conn, err);
    if (status == WEIR_OK)
        return WEIR_OK;
    conn->lost = true;
    err->fate = WEIR_FATE_RETRY;
    return status;
}

weir_status wmy_run(wmy_conn *conn, const char *sql, weir_error *err)
{
    weir_status status = wmy_send(conn, sql, err);

    while (status == WEIR_OK && conn->owed > 0)
        status = wmy_receive(conn, err);
    return status;
}

void wmy_note_status(wmy_conn *conn)
{
    const char *data;
    size_t size;

    conn->unsure = false;
    if ((conn->mysql->server_status & SERVER_SESSION_STATE_CHANGED) == 0)
        return;
    if (mysql_session_track_get_first(conn->mysql, SESSION_TRACK_STATE_CHANGE,
                                      &data, &size) == 0)
        conn->dirty = true;
}

/* ---------------------------------------------------------------- the start */

/* Strict in any case: a value that does not fit is an error, never cut. The
 * statements' scanner counts on backslashes. */
char *wmy_init_sql(const weir_services *services,
                   const weir_option_value *options)
{
    const char *mode = options[WMY_SQL_MODE].text;
    size_t room = SQL_SIZE + (mode ? strlen(mode) : 0);
    char *sql = weir_services_alloc(services, room);

    if (!sql)
        return NULL;
    snprintf(sql, room,
             "SET NAMES utf8mb4, time_zone='+00:00', autocommit=0, "
             "session_track_state_change=1, "
             "sql_mode=CONCAT(REPLACE(%s%s%s,'NO_BACKSLASH_ESCAPES',''),"
             "',STRICT_ALL_TABLES')",
             mode ? "'" : "", mode ? mode : "@@sql_mode", mode ? "'" : "");
    return sql;
}

/* The server hangs up on a larger packet; so it is not sent. A server that
 * does not say is taken to allow what the URL does. */
static weir_status learn_packet_max(wmy_conn *conn, weir_error *err)
{
    size_t own = (size_t)conn->options[WMY_MAX_ALLOWED_PACKET].integer;
    MYSQL_RES *rows = NULL;
    MYSQL_ROW row = NULL;
    size_t servers;

    conn->owed--;
    if (mysql_read_query_result(conn->mysql) != 0)
        return wmy_fail(conn, err);
    if (conn->mysql->field_count > 0)
        rows = mysql_store_result(conn->mysql);
    if (rows)
        row = mysql_fetch_row(rows);
    servers = row && row[0] ? (size_t)strtoull(row[0], NULL, 10) : 0;
    mysql_free_result(rows);
    conn->packet_max = servers > 0 && servers < own ? servers : own;
    return WEIR_OK;
}

static weir_status begin_session(wmy_conn *conn, weir_error *err)
{
    char sql[128];
    weir_status status = wmy_send(conn, conn->init_sql, err);

    snprintf(sql, sizeof sql, "SET %s='%s'", level_variable(conn),
             levels[WEIR_REPEATABLE_READ]);
    if (status == WEIR_OK)
        status = wmy_send(conn, sql, err);
    if (status == WEIR_OK)
        status = wmy_send(conn, "SELECT @@max_allowed_packet", err);
    while (status == WEIR_OK && conn->owed > 1)
        status = wmy_receive(conn, err);
    return status == WEIR_OK ? learn_packet_max(conn, err) : status;
}

weir_status wmy_start_session(wmy_conn *conn, weir_error *err)
{
    const char *extra = conn->options[WMY_INIT_COMMAND].text;
    weir_status status = begin_session(conn, err);

    if (status == WEIR_OK && extra && extra[0] != '\0')
        status = wmy_run(conn, extra, err);
    conn->autocommit = false;
    conn->isolation = WEIR_REPEATABLE_READ;
    conn->dirty = false;
    conn->escaped = false;
    wmy_forget_tx(conn);
    return status;
}

/* ------------------------------------------------------------ transactions */

void wmy_forget_tx(wmy_conn *conn)
{
    conn->in_tx = false;
    conn->touched = false;
    conn->wrote = false;
    conn->unsure = false;
    conn->read_only = false;
    conn->prepared = false;
    conn->xid[0] = '\0';
    if (conn->mysql)
        conn->mysql->server_status &= ~(unsigned)SERVER_STATUS_IN_TRANS;
}

weir_status wmy_begin(void *memory, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err)
{
    wmy_conn *conn = memory;

    (void)deadline;
    if (spec->xid && wmy_check_xid(spec->xid, err) != WEIR_OK)
        return err->status;
    wmy_forget_tx(conn);
    conn->in_tx = true;
    conn->read_only = spec->access == WEIR_READ_ONLY;
    conn->wanted = spec->isolation == WEIR_ISOLATION_DEFAULT
                       ? WEIR_REPEATABLE_READ
                       : spec->isolation;
    if (spec->xid)
        snprintf(conn->xid, sizeof conn->xid, "%s", spec->xid);
    return WEIR_OK;
}

/* The settings that the next statement needs and the session has not. "" if
 * it has them all. */
static void missing_settings(const wmy_conn *conn, char out[SQL_SIZE])
{
    bool starts = conn->in_tx && !conn->touched;
    bool autocommit = !conn->in_tx;
    int size = 0;

    out[0] = '\0';
    if (autocommit != conn->autocommit)
        size = snprintf(out, SQL_SIZE, "SET autocommit=%d", autocommit);
    if (starts && conn->wanted != conn->isolation)
        snprintf(out + size, (size_t)(SQL_SIZE - size), "%s %s='%s'",
                 size > 0 ? "," : "SET", level_variable(conn),
                 levels[conn->wanted]);
}

/* Turning autocommit off must have worked before a statement that writes is
 * sent: it would be lasting at once otherwise. All else that fails leaves it
 * inside a transaction that is then given up. */
static weir_status settings(wmy_conn *conn, weir_effect effect, weir_error *err)
{
    char sql[SQL_SIZE];
    bool careful =
        conn->in_tx && conn->autocommit && effect == WEIR_EFFECT_WRITE;
    weir_status status;

    missing_settings(conn, sql);
    if (sql[0] == '\0')
        return WEIR_OK;
    status = careful ? wmy_run(conn, sql, err) : wmy_send(conn, sql, err);
    if (status != WEIR_OK)
        return status;
    conn->autocommit = !conn->in_tx;
    if (conn->in_tx && !conn->touched)
        conn->isolation = conn->wanted;
    return WEIR_OK;
}

weir_status wmy_prelude(wmy_conn *conn, weir_effect effect, weir_error *err)
{
    char xa[WMY_XA_SIZE];
    weir_status status = settings(conn, effect, err);

    if (status == WEIR_OK && conn->in_tx && !conn->touched) {
        if (conn->xid[0] != '\0') {
            wmy_xa_command("XA START", conn->xid, "", xa);
            status = wmy_send(conn, xa, err);
        } else if (conn->read_only) {
            status = wmy_send(conn, "START TRANSACTION READ ONLY", err);
        }
    }
    if (status != WEIR_OK) {
        conn->lost = true;
        return status;
    }
    conn->touched = true;
    if (effect == WEIR_EFFECT_WRITE)
        conn->wrote = true;
    return WEIR_OK;
}

/* Whether the server has nothing to end. */
static bool is_nothing(const wmy_conn *conn)
{
    return !conn->touched ||
           (!conn->wrote && !conn->unsure && !conn->read_only &&
            conn->xid[0] == '\0' &&
            (conn->mysql->server_status & SERVER_STATUS_IN_TRANS) == 0);
}

weir_status wmy_doubt(const wmy_conn *conn, weir_error *err)
{
    bool silent = conn->mysql->net.pvio == NULL || conn->lost ||
                  err->status == WEIR_ERR_CONNECTION;

    if ((silent && err->fate != WEIR_FATE_RETRY) ||
        err->native_code == WMY_CLUSTER_GONE) {
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
        err->fate = WEIR_FATE_DISCARD;
    }
    return err->status;
}

static weir_status commit(wmy_conn *conn, weir_error *err)
{
    weir_status status;

    if (conn->xid[0] != '\0')
        return wmy_end_xa(conn, "XA COMMIT", " ONE PHASE", err);
    status = wmy_send(conn, "COMMIT", err);
    if (status != WEIR_OK || (conn->read_only && !conn->wrote))
        return status;
    status = wmy_receive(conn, err);
    return status == WEIR_OK ? WEIR_OK : wmy_doubt(conn, err);
}

weir_status wmy_commit(void *memory, int64_t deadline, weir_error *err)
{
    wmy_conn *conn = memory;
    weir_status status = WEIR_OK;

    if (!is_nothing(conn)) {
        wmy_enter(conn, deadline);
        status = wmy_settle(conn, err);
        if (status == WEIR_OK)
            status = commit(conn, err);
        wmy_leave(conn);
    }
    if (status == WEIR_OK)
        wmy_forget_tx(conn);
    return status;
}

weir_status wmy_rollback(void *memory, int64_t deadline, weir_error *err)
{
    wmy_conn *conn = memory;
    weir_status status = WEIR_OK;

    if (!is_nothing(conn)) {
        wmy_enter(conn, deadline);
        status = wmy_settle(conn, err);
        if (status == WEIR_OK && conn->xid[0] != '\0')
            status = wmy_end_xa(conn, "XA ROLLBACK", "", err);
        else if (status == WEIR_OK && conn->wrote)
            status = wmy_run(conn, "ROLLBACK", err);
        else if (status == WEIR_OK)
            status = wmy_send(conn, "ROLLBACK", err);
        wmy_leave(conn);
    }
    if (status == WEIR_OK)
        wmy_forget_tx(conn);
    return status;
}

/* ------------------------------------------------------------ state, reset */

unsigned wmy_state(void *memory)
{
    const wmy_conn *conn = memory;
    unsigned bits = 0;

    if (!conn->mysql || !conn->mysql->net.pvio || conn->lost)
        return WEIR_STATE_DEAD;
    if (conn->in_tx ||
        (conn->mysql->server_status & SERVER_STATUS_IN_TRANS) != 0)
        bits |= WEIR_STATE_IN_TX;
    if (conn->dirty)
        bits |= WEIR_STATE_DIRTY;
    if (conn->reading || conn->prepared)
        bits |= WEIR_STATE_BUSY;
    return bits;
}

/* A reset leaves the session in whatever database it is. There is no way back
 * to none. */
static weir_status go_home(wmy_conn *conn, weir_error *err)
{
    const char *home = weir_url_get(conn->url).database;
    char sql[SQL_SIZE] = "USE `";
    size_t size = strlen(sql);

    if (!home || home[0] == '\0')
        return !conn->mysql->db || conn->mysql->db[0] == '\0'
                   ? WEIR_OK
                   : weir_error_set(err, WEIR_ERR_CONNECTION,
                                    "the session cannot leave the database it "
                                    "has chosen");
    for (; *home && size < sizeof sql - 3; home++) {
        if (*home == '`')
            sql[size++] = '`';
        sql[size++] = *home;
    }
    sql[size] = '`';
    sql[size + 1] = '\0';
    return wmy_send(conn, sql, err);
}

static weir_status start_anew(wmy_conn *conn, weir_error *err)
{
    if (mysql_reset_connection(conn->mysql) != 0)
        return wmy_fail(conn, err);
    return go_home(conn, err) == WEIR_OK ? wmy_start_session(conn, err)
                                         : err->status;
}

weir_status wmy_reset(void *memory, int64_t deadline, bool *statements_lost,
                      weir_error *err)
{
    wmy_conn *conn = memory;
    bool whole =
        conn->dirty || conn->escaped || conn->prepared || conn->xid[0] != '\0';
    weir_status status;

    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    if (status == WEIR_OK)
        status = whole ? start_anew(conn, err) : wmy_run(conn, "ROLLBACK", err);
    wmy_leave(conn);
    if (status != WEIR_OK) {
        err->fate = WEIR_FATE_DISCARD;
        return status;
    }
    wmy_forget_tx(conn);
    *statements_lost = whole;
    return WEIR_OK;
}
