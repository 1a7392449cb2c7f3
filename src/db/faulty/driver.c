/* SPDX-License-Identifier: MIT */
/*
 * The wrapper's engine and connections, and the table of operations.
 *
 * The inner connection lives in memory of its own, since its size is known
 * only when the engine is opened.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "faulty.h"

void *wfa_alloc(const weir_services *services, size_t size)
{
    void *memory = weir_services_alloc(services, size ? size : 1);

    if (memory)
        memset(memory, 0, size);
    return memory;
}

static weir_status no_memory(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

/* ------------------------------------------------------------------ engine */

static weir_status attach_inner(weir_faulty *faulty,
                                const weir_attach_spec *spec,
                                weir_profile *profile, weir_error *err)
{
    const weir_driver *driver = faulty->inner->driver;
    weir_attach_spec inner_spec = {
        .services = spec->services,
        .url = spec->url,
        .options = spec->inner_options,
    };

    *profile = (weir_profile){
        .dialect = faulty->inner->dialect,
        .capabilities = faulty->inner->capabilities,
        .default_isolation = faulty->inner->default_isolation,
    };
    faulty->inner_instance = wfa_alloc(spec->services, driver->instance_size);
    if (!faulty->inner_instance)
        return no_memory(err);
    faulty->is_attached = true;
    return driver->attach ? driver->attach(faulty->inner_instance, &inner_spec,
                                           profile, err)
                          : WEIR_OK;
}

static weir_status attach(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    weir_faulty *faulty = instance;

    faulty->services = spec->services;
    faulty->inner = spec->inner;
    faulty->inner_options = spec->inner_options;
    if (pthread_mutex_init(&faulty->lock, NULL) != 0)
        return no_memory(err);
    faulty->has_lock = true;
    wfa_read_options(spec->options, &faulty->fault, &faulty->name);
    wfa_remember(faulty);
    return attach_inner(faulty, spec, profile, err);
}

static void detach(void *instance)
{
    weir_faulty *faulty = instance;

    wfa_forget(faulty);
    if (faulty->is_attached && faulty->inner->driver->detach)
        faulty->inner->driver->detach(faulty->inner_instance);
    if (faulty->has_lock)
        pthread_mutex_destroy(&faulty->lock);
    if (faulty->services)
        weir_services_free(faulty->services, faulty->inner_instance);
}

/* -------------------------------------------------------------- open, close */

static weir_status make_inner(wfa_conn *conn, weir_error *err)
{
    conn->inner = wfa_alloc(conn->faulty->services, conn->driver->conn_size);
    if (!conn->inner)
        return no_memory(err);
    if (pipe2(conn->wake, O_CLOEXEC) != 0) {
        conn->wake[0] = conn->wake[1] = -1;
        return weir_error_set(err, WEIR_ERR_RESOURCE,
                              "no descriptors for a connection");
    }
    return WEIR_OK;
}

static weir_status open_conn(void *at, const weir_open_spec *spec,
                             weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_OPEN, .deadline = spec->deadline};
    weir_open_spec inner_spec = *spec;
    wfa_conn *conn = at;
    weir_status status;

    conn->wake[0] = conn->wake[1] = -1;
    conn->faulty = spec->instance;
    conn->driver = conn->faulty->inner->driver;
    status = make_inner(conn, err);
    if (status != WEIR_OK)
        return status;
    if (wfa_before(conn, &call, err)) {
        /* One that was never opened cannot work, whatever it says. */
        conn->is_dead = true;
        return call.status;
    }
    inner_spec.instance = conn->faulty->inner_instance;
    inner_spec.options = conn->faulty->inner_options;
    conn->is_opened = true;
    status = conn->driver->open(conn->inner, &inner_spec, err);
    return wfa_after(conn, &call, status, err);
}

static void drop(wfa_conn *conn)
{
    if (conn->wake[0] >= 0)
        close(conn->wake[0]);
    if (conn->wake[1] >= 0)
        close(conn->wake[1]);
    weir_services_free(conn->faulty->services, conn->inner);
    conn->faulty = NULL;
}

static void close_conn(void *at)
{
    wfa_conn *conn = at;

    if (!conn->faulty)
        return;
    if (conn->is_opened)
        conn->driver->close(conn->inner);
    drop(conn);
}

static void abandon(void *at)
{
    wfa_conn *conn = at;

    if (!conn->faulty)
        return;
    if (conn->is_opened && conn->driver->abandon)
        conn->driver->abandon(conn->inner);
    drop(conn);
}

/* ------------------------------------------------------------------- while */

/* What the core does for a driver without ping(). The calls are made through
 * the wrapper, so that faults find them. */
static weir_status select_1(wfa_conn *conn, int64_t deadline, weir_error *err)
{
    weir_execution execution = {.deadline = deadline};
    wfa_stmt stmt = {.conn = NULL};
    const weir_stmt_info *info;
    weir_step step = WEIR_STEP_ROW;
    weir_value row;
    weir_status status;

    status = wfa_prepare(conn, weir_text_of("SELECT 1"), &stmt, &info, deadline,
                         err);
    if (status == WEIR_OK) {
        status = wfa_execute(&stmt, &execution, err);
        while (status == WEIR_OK && info->column_count == 1 &&
               step == WEIR_STEP_ROW)
            step = wfa_fetch(&stmt, &row, deadline, err);
        if (step == WEIR_STEP_ERROR)
            status = err->status;
        wfa_end(&stmt);
    }
    wfa_finish(&stmt);
    return status;
}

static weir_status ping(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_PING, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    status = conn->driver->ping ? conn->driver->ping(conn->inner, deadline, err)
                                : select_1(conn, deadline, err);
    return wfa_after(conn, &call, status, err);
}

static unsigned state(void *at)
{
    wfa_conn *conn = at;

    if (wfa_lies_about_state(conn->faulty))
        return 0;
    if (!conn->is_opened)
        return 0;
    return conn->is_dead ? WEIR_STATE_DEAD : conn->driver->state(conn->inner);
}

static weir_status reset(void *at, int64_t deadline, bool *statements_lost,
                         weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_RESET, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    status = conn->driver->reset(conn->inner, deadline, statements_lost, err);
    return wfa_after(conn, &call, status, err);
}

/* Comes from any thread: of the connection it touches what never changes. */
static weir_status cancel(void *at, weir_error *err)
{
    wfa_conn *conn = at;
    weir_status status = WEIR_OK;

    if (wfa_cancel_is_decided(conn->faulty, &status, err))
        return status;
    wfa_wake(conn);
    if (!conn->is_opened || !conn->driver->cancel)
        return WEIR_OK;
    return conn->driver->cancel(conn->inner, err);
}

static int socket_of(void *at)
{
    wfa_conn *conn = at;

    return conn->is_opened && conn->driver->socket
               ? conn->driver->socket(conn->inner)
               : -1;
}

static void *native(void *at, const char *name)
{
    wfa_conn *conn = at;

    if (strcmp(name, "faulty") == 0)
        return conn->faulty;
    return conn->is_opened && conn->driver->native
               ? conn->driver->native(conn->inner, name)
               : NULL;
}

/* ----------------------------------------------------------- notifications */

static weir_status listen_to(void *at, const char *channel, int64_t deadline,
                             weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_LISTEN, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err))
        return call.status;
    status = conn->driver->listen(conn->inner, channel, deadline, err);
    return wfa_after(conn, &call, status, err);
}

static weir_status notification(void *at, weir_notification *out,
                                int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_NOTIFICATION, .deadline = deadline};
    wfa_conn *conn = at;
    weir_status status;

    if (wfa_before(conn, &call, err)) {
        if (call.status == WEIR_OK)
            *out = (weir_notification){"", "", 0};
        return call.status;
    }
    status = conn->driver->notification(conn->inner, out, deadline, err);
    return wfa_after(conn, &call, status, err);
}

/* The contract gives this operation nothing by which the inner driver could be
 * known. What comes from inside has been classified there. */
static void classify(int native_code, const char *sqlstate, weir_error *err)
{
    (void)native_code;
    (void)sqlstate;
    err->status = WEIR_ERR_SQL;
    err->fate = WEIR_FATE_KEEP;
    err->constraint_kind = WEIR_CONSTRAINT_NONE;
    err->sqlstate[0] = '\0';
}

/* --------------------------------------------------------------- the table */

const weir_driver wfa_driver = {
    .size = sizeof(weir_driver),
    .instance_size = sizeof(weir_faulty),
    .conn_size = sizeof(wfa_conn),
    .stmt_size = sizeof(wfa_stmt),

    .attach = attach,
    .detach = detach,

    .open = open_conn,
    .close = close_conn,
    .abandon = abandon,
    .ping = ping,
    .state = state,
    .reset = reset,
    .cancel = cancel,
    .socket = socket_of,
    .native = native,

    .begin = wfa_begin,
    .commit = wfa_commit,
    .rollback = wfa_rollback,

    .prepare_tx = wfa_prepare_tx,
    .commit_prepared = wfa_commit_prepared,
    .rollback_prepared = wfa_rollback_prepared,
    .list_prepared = wfa_list_prepared,
    .tx_id = wfa_tx_id,
    .tx_outcome = wfa_tx_outcome,

    .prepare = wfa_prepare,
    .execute = wfa_execute,
    .fetch = wfa_fetch,
    .outcome = wfa_outcome,
    .end = wfa_end,
    .finish = wfa_finish,
    .execute_many = wfa_execute_many,
    .submit = wfa_submit,
    .collect = wfa_collect,

    .listen = listen_to,
    .notification = notification,

    .classify = classify,
};
