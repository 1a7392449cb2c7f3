/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing connections, and the table of all operations.
 */
#include "wmy.h"

#include <string.h>

/* How long an answer to "stop" is waited for: a kill over the network takes
 * about as long as opening has. */
#define GRACE_MIN_NS INT64_C(15000000)
#define GRACE_MAX_NS INT64_C(200000000)

/* What never can work is refused before anything connects. */
static weir_status attach(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    const char *mode = spec->options[WMY_SQL_MODE].text;
    wmy_transport transport;

    (void)instance;
    (void)profile;
    if (mode && mode[strspn(mode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_,"
                                  "abcdefghijklmnopqrstuvwxyz")] != '\0')
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option sql_mode: names with commas between "
                              "them, not \"%.60s\"",
                              mode);
    return wmy_transport_of(spec->url, spec->options, &transport, err);
}

static void set_grace(wmy_conn *conn, int64_t opened_in_ns)
{
    int64_t grace = 2 * opened_in_ns;

    conn->wait.grace_ns = grace < GRACE_MIN_NS   ? GRACE_MIN_NS
                          : grace > GRACE_MAX_NS ? GRACE_MAX_NS
                                                 : grace;
}

static weir_status connect_and_start(wmy_conn *conn, const weir_open_spec *spec,
                                     weir_error *err)
{
    const wmy_credentials credentials = {
        .user = spec->user,
        .password = spec->password,
        .program_name = spec->application_name
                            ? spec->application_name
                            : spec->options[WMY_PROGRAM_NAME].text,
    };
    weir_status status = wmy_dial(conn, &credentials, err);

    if (status == WEIR_OK)
        status = wmy_start_session(conn, err);
    if (status != WEIR_OK && err->fate == WEIR_FATE_KEEP)
        err->fate = WEIR_FATE_DISCARD;
    return status;
}

static weir_status open_conn(void *memory, const weir_open_spec *spec,
                             weir_error *err)
{
    wmy_conn *conn = memory;
    int64_t began = weir_services_now(spec->services);
    weir_status status;

    conn->services = spec->services;
    conn->wait.services = spec->services;
    conn->url = spec->url;
    conn->options = spec->options;
    conn->init_sql = wmy_init_sql(spec->services, spec->options);
    if (!conn->init_sql)
        return wmy_nomem(err);
    wmy_enter(conn, spec->deadline);
    status = connect_and_start(conn, spec, err);
    wmy_leave(conn);
    set_grace(conn, weir_services_now(spec->services) - began);
    return status;
}

static void free_parts(wmy_conn *conn)
{
    if (!conn->services)
        return;
    weir_services_free(conn->services, conn->init_sql);
    weir_buffer_clear(conn->services, &conn->out);
    conn->init_sql = NULL;
}

/* The goodbye is sent if that costs no waiting. */
static void close_conn(void *memory)
{
    wmy_conn *conn = memory;

    if (conn->mysql) {
        wmy_enter(conn, 0);
        mysql_close(conn->mysql);
        wmy_leave(conn);
    }
    conn->mysql = NULL;
    free_parts(conn);
}

static void abandon(void *memory)
{
    wmy_conn *conn = memory;

    wmy_hang_up(conn);
    free_parts(conn);
}

static weir_status ping(void *memory, int64_t deadline, weir_error *err)
{
    wmy_conn *conn = memory;
    weir_status status;

    wmy_enter(conn, deadline);
    status = wmy_settle(conn, err);
    if (status == WEIR_OK && mysql_ping(conn->mysql) != 0) {
        status = wmy_fail(conn, err);
        err->fate = WEIR_FATE_RETRY;
    }
    wmy_leave(conn);
    return status;
}

static int socket_of(void *memory)
{
    const wmy_conn *conn = memory;

    return conn->mysql ? mysql_get_socket(conn->mysql) : -1;
}

static void *native(void *memory, const char *name)
{
    wmy_conn *conn = memory;

    if (strcmp(name, "libmariadb") != 0 && strcmp(name, "mysql") != 0)
        return NULL;
    conn->escaped = true;
    conn->dirty = true;
    return conn->mysql;
}

static void settle(void *memory)
{
    wmy_conn *conn = memory;

    conn->dirty = conn->escaped = false;
}

const weir_driver wmy_driver = {
    .size = sizeof(weir_driver),
    .conn_size = sizeof(wmy_conn),
    .stmt_size = sizeof(wmy_stmt),
    .attach = attach,
    .open = open_conn,
    .close = close_conn,
    .abandon = abandon,
    .ping = ping,
    .state = wmy_state,
    .reset = wmy_reset,
    .settle = settle,
    .cancel = wmy_cancel,
    .socket = socket_of,
    .native = native,
    .begin = wmy_begin,
    .commit = wmy_commit,
    .rollback = wmy_rollback,
    .prepare_tx = wmy_prepare_tx,
    .commit_prepared = wmy_commit_prepared,
    .rollback_prepared = wmy_rollback_prepared,
    .list_prepared = wmy_list_prepared,
    .prepare = wmy_prepare,
    .execute = wmy_execute,
    .fetch = wmy_fetch,
    .outcome = wmy_outcome,
    .end = wmy_end,
    .finish = wmy_finish,
    .execute_many = wmy_execute_many,
    .classify = wmy_classify,
};
