/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing connections, and the table of all operations.
 */
#include "stmt.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* What never can work is refused before anything connects. */
static weir_status attach(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    wpg_transport transport;

    (void)instance;
    (void)profile;
    if (PQisthreadsafe() == 0)
        return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                              "this libpq was built without threads");
    return wpg_transport_of(spec->url, spec->options, &transport, err);
}

static weir_status open_conn(void *memory, const weir_open_spec *spec,
                             weir_error *err)
{
    wpg_conn *conn = memory;

    conn->services = spec->services;
    conn->url = spec->url;
    conn->options = spec->options;
    if (getrandom(&conn->nonce, sizeof conn->nonce, GRND_NONBLOCK) !=
        (ssize_t)sizeof conn->nonce)
        conn->nonce = (uint64_t)weir_services_now(spec->services) ^
                      (uint64_t)(uintptr_t)conn;
    conn->unnamed = !spec->options[WPG_PREPARED].boolean;
    return wpg_dial(conn, spec, err);
}

static void free_parts(wpg_conn *conn)
{
    if (!conn->services)
        return;
    PQfreemem(conn->notify);
    wpg_ears_close(&conn->ears);
    weir_buffer_clear(conn->services, &conn->closing);
    weir_buffer_clear(conn->services, &conn->submitted);
    conn->notify = NULL;
}

/* libpq's goodbye does not wait. */
static void close_conn(void *memory)
{
    wpg_conn *conn = memory;

    PQfinish(conn->pg);
    conn->pg = NULL;
    free_parts(conn);
}

/* The goodbye goes where nobody listens. */
static void abandon(void *memory)
{
    wpg_conn *conn = memory;
    int fd = conn->pg ? PQsocket(conn->pg) : -1;
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd >= 0 && nowhere >= 0)
        (void)dup2(nowhere, fd);
    if (nowhere >= 0)
        close(nowhere);
    if (nowhere >= 0 || fd < 0)
        PQfinish(conn->pg);
    conn->pg = NULL;
    free_parts(conn);
}

/* An empty query is answered without anything being done. */
static weir_status ping(void *memory, int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    weir_status status = wpg_enter(conn, deadline, err);

    if (status == WEIR_OK)
        status = wpg_run(conn, "", NULL, err);
    if (status != WEIR_OK)
        err->fate = WEIR_FATE_RETRY;
    return status;
}

static int socket_of(void *memory)
{
    const wpg_conn *conn = memory;

    return conn->pg ? PQsocket(conn->pg) : -1;
}

static void *native(void *memory, const char *name)
{
    wpg_conn *conn = memory;

    if (strcmp(name, "libpq") != 0)
        return NULL;
    conn->escaped = true;
    return conn->pg;
}

static void settle(void *memory)
{
    wpg_conn *conn = memory;

    conn->dirty = conn->escaped = false;
}

const weir_driver wpg_driver = {
    .size = sizeof(weir_driver),
    .conn_size = sizeof(wpg_conn),
    .stmt_size = sizeof(wpg_stmt),
    .attach = attach,
    .open = open_conn,
    .close = close_conn,
    .abandon = abandon,
    .ping = ping,
    .state = wpg_state,
    .reset = wpg_reset,
    .settle = settle,
    .cancel = wpg_cancel,
    .socket = socket_of,
    .native = native,
    .begin = wpg_begin,
    .commit = wpg_commit,
    .rollback = wpg_rollback,
    .prepare_tx = wpg_prepare_tx,
    .commit_prepared = wpg_commit_prepared,
    .rollback_prepared = wpg_rollback_prepared,
    .list_prepared = wpg_list_prepared,
    .tx_id = wpg_tx_id,
    .tx_outcome = wpg_tx_outcome,
    .prepare = wpg_prepare,
    .execute = wpg_execute,
    .fetch = wpg_fetch,
    .outcome = wpg_outcome,
    .end = wpg_end,
    .finish = wpg_finish,
    .execute_many = wpg_execute_many,
    .submit = wpg_submit,
    .collect = wpg_collect,
    .bulk_load = wpg_bulk_load,
    .listen = wpg_listen,
    .notification = wpg_notification,
    .classify = wpg_classify,
    .refresh = wpg_refresh,
};
