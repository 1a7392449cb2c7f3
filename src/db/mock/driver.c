/* SPDX-License-Identifier: MIT */
/*
 * The operations of an engine and of its connections, and the table of all
 * operations at the end. Each has the same shape: say which call it is, let
 * the script decide whether it gets through, do the work, hear whether the
 * answer came back. With a real server the two middle lines are its client
 * library.
 */
#include <stdio.h>
#include <string.h>

#include "mock.h"

/* One for each engine. */
typedef struct instance {
    weir_mock *mock;
} instance;

/* ------------------------------------------------------------------ engine */

static weir_status attach(void *at, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    instance *self = at;
    weir_url_parts parts = weir_url_get(spec->url);
    const char *name = parts.host ? parts.host : parts.database;
    const weir_mock_options *options;

    self->mock = wmk_attach(name);
    if (!self->mock)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "there is no mock named \"%.60s\"; make it with "
                              "weir_mock_new() first",
                              name);
    options = &self->mock->options;
    profile->dialect = wmk_dialect(options->placeholder);
    profile->capabilities = options->capabilities;
    profile->default_isolation = options->default_isolation;
    profile->connection_max = options->connection_max;
    return WEIR_OK;
}

static void detach(void *at)
{
    instance *self = at;

    if (self->mock)
        wmk_detach(self->mock);
}

/* -------------------------------------------------------------- open, close */

static void enlist(wmk_conn *conn)
{
    weir_mock *mock = conn->mock;

    pthread_mutex_lock(&mock->lock);
    conn->number = ++mock->connection_serial;
    conn->next = mock->connections;
    conn->heard = mock->notes ? mock->notes->serial : 0;
    mock->connections = conn;
    pthread_mutex_unlock(&mock->lock);
}

static void delist(wmk_conn *conn)
{
    weir_mock *mock = conn->mock;
    wmk_conn **link = &mock->connections;
    const wmk_call call = {.word = "close"};

    pthread_mutex_lock(&mock->lock);
    wmk_record(mock, conn->number, &call);
    while (*link != conn)
        link = &(*link)->next;
    *link = conn->next;
    pthread_mutex_unlock(&mock->lock);
}

static weir_status open_conn(void *at, const weir_open_spec *spec,
                             weir_error *err)
{
    const wmk_call call = {
        .op = WEIR_MOCK_OPEN, .word = "open", .deadline = spec->deadline};
    const instance *self = spec->instance;
    wmk_conn *conn = at;
    weir_status status;

    conn->services = spec->services;
    status = wmk_wire_open(conn, err);
    if (status != WEIR_OK)
        return status;
    conn->mock = self->mock;
    enlist(conn);
    return wmk_only(conn, &call, err);
}

/* Also called on what a failed open() left, and on zeroed memory. */
static void close_conn(void *at)
{
    wmk_conn *conn = at;

    if (!conn->mock)
        return;
    if (conn->stmt_count > 0)
        wmk_breach(conn, "close with statements that are not finished");
    wmk_tx_end(conn, WEIR_TX_ROLLED_BACK);
    delist(conn);
    wmk_wire_close(conn);
    weir_buffer_clear(conn->services, &conn->channels);
    conn->mock = NULL;
}

/* In a forked child the lock may be held by a thread that is not there. */
static void abandon(void *at)
{
    wmk_conn *conn = at;

    if (!conn->mock)
        return;
    wmk_wire_close(conn);
    weir_buffer_clear(conn->services, &conn->channels);
    conn->mock = NULL;
}

/* ------------------------------------------------------------------- while */

static weir_status ping(void *at, int64_t deadline, weir_error *err)
{
    const wmk_call call = {
        .op = WEIR_MOCK_PING, .word = "ping", .deadline = deadline};

    return wmk_only(at, &call, err);
}

static unsigned state(void *at)
{
    const wmk_conn *conn = at;

    return conn->state;
}

static weir_status reset(void *at, int64_t deadline, bool *statements_lost,
                         weir_error *err)
{
    const wmk_call call = {
        .op = WEIR_MOCK_RESET, .word = "reset", .deadline = deadline};
    wmk_conn *conn = at;
    weir_status status = wmk_before(conn, &call, err);

    if (status != WEIR_OK)
        return status;
    if (conn->step && conn->step->said.statements_lost)
        *statements_lost = true;
    wmk_tx_end(conn, WEIR_TX_ROLLED_BACK);
    weir_buffer_clear(conn->services, &conn->channels);
    conn->state = 0;
    conn->has_submitted = false;
    return wmk_after(conn, err);
}

/* Comes from any thread: it touches nothing that the lock does not guard. */
static weir_status cancel(void *at, weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_CANCEL, .word = "cancel"};
    wmk_conn *conn = at;
    const wmk_step *step = wmk_take(conn, &call);

    if (step && step->said.error.status != WEIR_OK) {
        *err = step->said.error;
        return err->status;
    }
    pthread_mutex_lock(&conn->mock->lock);
    conn->cancelled = true;
    wmk_wire_wake(conn);
    pthread_mutex_unlock(&conn->mock->lock);
    return WEIR_OK;
}

static int socket_of(void *at)
{
    const wmk_conn *conn = at;

    return conn->wire[0];
}

static void *native(void *at, const char *name)
{
    const wmk_conn *conn = at;

    return strcmp(name, "mock") == 0 ? conn->mock : NULL;
}

/* ------------------------------------------------------------ transactions */

static void describe_begin(const weir_tx_spec *spec, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s%s", weir_isolation_name(spec->isolation),
             spec->access == WEIR_READ_ONLY ? " READ ONLY" : "",
             spec->deferrable ? " DEFERRABLE" : "",
             spec->intent_write ? " FOR WRITING" : "", spec->xid ? " XID " : "",
             spec->xid ? spec->xid : "");
}

static weir_status begin(void *at, const weir_tx_spec *spec, int64_t deadline,
                         weir_error *err)
{
    char text[160];
    const wmk_call call = {.op = WEIR_MOCK_BEGIN,
                           .word = "begin",
                           .shown = text,
                           .text = text,
                           .is_free = true,
                           .deadline = deadline};
    wmk_conn *conn = at;
    weir_status status;

    describe_begin(spec, text, sizeof text);
    if (conn->state & WEIR_STATE_IN_TX)
        wmk_breach(conn, "begin inside a transaction");
    status = wmk_before(conn, &call, err);
    if (status != WEIR_OK)
        return status;
    conn->state |= WEIR_STATE_IN_TX;
    conn->travelled = false;
    return wmk_after(conn, err);
}

/* A transaction of which nothing was sent yet ends without a word. */
static weir_status commit(void *at, int64_t deadline, weir_error *err)
{
    wmk_conn *conn = at;
    const wmk_call call = {.op = WEIR_MOCK_COMMIT,
                           .word = "commit",
                           .is_free = !conn->travelled,
                           .deadline = deadline};
    weir_status status;

    if ((conn->state & (WEIR_STATE_IN_TX | WEIR_STATE_DEAD)) == 0)
        wmk_breach(conn, "commit outside a transaction");
    status = wmk_before(conn, &call, err);
    if (status != WEIR_OK)
        return status;
    wmk_tx_end(conn, WEIR_TX_COMMITTED);
    return wmk_after(conn, err);
}

static weir_status rollback(void *at, int64_t deadline, weir_error *err)
{
    wmk_conn *conn = at;
    const wmk_call call = {.op = WEIR_MOCK_ROLLBACK,
                           .word = "rollback",
                           .is_free = !conn->travelled,
                           .deadline = deadline};
    weir_status status = wmk_before(conn, &call, err);

    if (status != WEIR_OK)
        return status;
    wmk_tx_end(conn, WEIR_TX_ROLLED_BACK);
    return wmk_after(conn, err);
}

/* From its own memory: not written down. */
static void settle(void *at)
{
    wmk_conn *conn = at;

    conn->state &= ~(unsigned)WEIR_STATE_DIRTY;
}

/* --------------------------------------------------------------- the table */

/* Left out, though a database that has something faster should not:
 * execute_many and bulk_load. The core does them with what is here. */
const weir_driver wmk_driver = {
    .size = sizeof(weir_driver),
    .instance_size = sizeof(instance),
    .conn_size = sizeof(wmk_conn),
    .stmt_size = sizeof(wmk_stmt),

    .attach = attach,
    .detach = detach,

    .open = open_conn,
    .close = close_conn,
    .abandon = abandon,
    .ping = ping,
    .state = state,
    .reset = reset,
    .settle = settle,
    .cancel = cancel,
    .socket = socket_of,
    .native = native,

    .begin = begin,
    .commit = commit,
    .rollback = rollback,

    .prepare_tx = wmk_prepare_tx,
    .commit_prepared = wmk_commit_prepared,
    .rollback_prepared = wmk_rollback_prepared,
    .list_prepared = wmk_list_prepared,
    .tx_id = wmk_tx_id,
    .tx_outcome = wmk_tx_outcome,

    .prepare = wmk_prepare,
    .execute = wmk_execute,
    .fetch = wmk_fetch,
    .outcome = wmk_outcome,
    .end = wmk_end,
    .finish = wmk_finish,
    .submit = wmk_submit,
    .collect = wmk_collect,
    .refresh = wmk_refresh,

    .listen = wmk_listen,
    .notification = wmk_notification,

    .classify = wmk_classify,
};
