/* SPDX-License-Identifier: MIT */
/*
 * The wrapper's engine and connections, and the table of operations.
 *
 * The inner connection lives in memory of its own, since its size is known
 * only when the engine is opened.
 */
#include <string.h>

#include "faulty.h"

void *wfa_alloc(const weir_services *services, size_t size)
{
    void *memory = weir_services_alloc(services, size ? size : 1);

    if (memory)
        memset(memory, 0, size);
    return memory;
}

weir_status wfa_no_memory(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

/* ------------------------------------------------------------------ engine */

/* One that the inner driver leaves out is left out. */
#define AS_INNER(operation_)                                                   \
    outer->operation_ = inner->operation_ ? wfa_driver.operation_ : NULL

/* classify() is given nothing by which the inner driver could be found, and
 * needs nothing: it is the inner one itself. */
static void make_operations(weir_driver *outer, const weir_driver *inner)
{
    *outer = wfa_driver;
    AS_INNER(abandon);
    AS_INNER(ping);
    AS_INNER(settle);
    AS_INNER(cancel);
    AS_INNER(socket);
    AS_INNER(native);
    AS_INNER(begin);
    AS_INNER(commit);
    AS_INNER(rollback);
    AS_INNER(prepare_tx);
    AS_INNER(commit_prepared);
    AS_INNER(rollback_prepared);
    AS_INNER(list_prepared);
    AS_INNER(tx_id);
    AS_INNER(tx_outcome);
    AS_INNER(execute_many);
    AS_INNER(submit);
    AS_INNER(collect);
    AS_INNER(bulk_load);
    AS_INNER(listen);
    AS_INNER(notification);
    AS_INNER(refresh);
    outer->classify = inner->classify;
}

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
    weir_status status = WEIR_OK;

    *profile = (weir_profile){
        .dialect = faulty->inner->dialect,
        .driver = driver,
        .capabilities = faulty->inner->capabilities,
        .default_isolation = faulty->inner->default_isolation,
    };
    faulty->inner_instance = wfa_alloc(spec->services, driver->instance_size);
    if (!faulty->inner_instance)
        return wfa_no_memory(err);
    faulty->is_attached = true;
    if (driver->attach)
        status =
            driver->attach(faulty->inner_instance, &inner_spec, profile, err);
    if (status != WEIR_OK)
        return status;
    faulty->inner_driver = profile->driver;
    make_operations(&faulty->operations, profile->driver);
    profile->driver = &faulty->operations;
    return WEIR_OK;
}

static weir_status attach(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    weir_faulty *faulty = instance;
    weir_fault fault;

    faulty->services = spec->services;
    faulty->inner = spec->inner;
    faulty->inner_options = spec->inner_options;
    if (pthread_mutex_init(&faulty->lock, NULL) != 0)
        return wfa_no_memory(err);
    faulty->has_lock = true;
    wfa_read_options(spec->options, &faulty->fault, &faulty->name);
    wfa_remember(faulty);
    if (wfa_strikes(faulty, WEIR_FAULT_ATTACH, &fault))
        return wfa_fail(err, &fault, WEIR_FAULT_ATTACH);
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

static weir_status open_inner(wfa_conn *conn, const weir_open_spec *spec,
                              weir_error *err)
{
    weir_open_spec inner_spec = *spec;

    inner_spec.instance = conn->faulty->inner_instance;
    inner_spec.options = conn->faulty->inner_options;
    conn->is_opened = true;
    return conn->driver->open(conn->inner, &inner_spec, err);
}

static weir_status open_conn(void *at, const weir_open_spec *spec,
                             weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_OPEN, .deadline = spec->deadline};
    wfa_conn *conn = at;
    weir_status status;

    conn->wake[0] = conn->wake[1] = -1;
    conn->faulty = spec->instance;
    conn->driver = conn->faulty->inner_driver;
    conn->inner = wfa_alloc(spec->services, conn->driver->conn_size);
    if (!conn->inner)
        return wfa_no_memory(err);
    status = wfa_hang_init(conn, err);
    if (status != WEIR_OK)
        return status;
    if (wfa_before(conn, &call, err)) {
        /* One that was never opened cannot work, whatever it says. */
        conn->is_dead = true;
        return call.status;
    }
    return wfa_after(conn, &call, open_inner(conn, spec, err), err);
}

static void drop(wfa_conn *conn)
{
    wfa_hang_clear(conn);
    weir_services_free(conn->faulty->services, conn->inner);
    conn->faulty = NULL;
}

static void close_conn(void *at)
{
    wfa_conn *conn = at;

    if (!conn->faulty)
        return;
    (void)wfa_silent(conn, WEIR_FAULT_CLOSE);
    if (conn->stmt_count > 0)
        wfa_breach(conn->faulty, "close with statements that are not finished");
    if (conn->is_opened)
        conn->driver->close(conn->inner);
    drop(conn);
}

/* In a forked child the lock may be held by a thread that is not there: this
 * is not counted. */
static void abandon(void *at)
{
    wfa_conn *conn = at;

    if (!conn->faulty)
        return;
    if (conn->is_opened)
        conn->driver->abandon(conn->inner);
    drop(conn);
}

/* ------------------------------------------------------------------- while */

static weir_status ping(void *at, int64_t deadline, weir_error *err)
{
    wfa_call call = {.op = WEIR_FAULT_PING, .deadline = deadline};
    wfa_conn *conn = at;

    if (wfa_before(conn, &call, err))
        return call.status;
    return wfa_after(conn, &call,
                     conn->driver->ping(conn->inner, deadline, err), err);
}

/* Of a death that nobody has noticed yet nobody knows. */
static unsigned state(void *at)
{
    wfa_conn *conn = at;
    bool lies = wfa_silent(conn, WEIR_FAULT_STATE) == WEIR_FAULT_LIE;

    if (lies)
        return 0;
    if (conn->is_lost)
        return WEIR_STATE_DEAD;
    return conn->is_opened ? conn->driver->state(conn->inner) : 0;
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

/* It cannot fail, and nobody waits for it. */
static void settle(void *at)
{
    wfa_conn *conn = at;

    if (conn->is_opened)
        conn->driver->settle(conn->inner);
}

/* Comes from any thread: of the connection it touches what never changes. */
static weir_status cancel(void *at, weir_error *err)
{
    wfa_conn *conn = at;
    weir_fault fault;

    if (wfa_strikes(conn->faulty, WEIR_FAULT_CANCEL, &fault))
        return fault.kind == WEIR_FAULT_LIE
                   ? WEIR_OK
                   : wfa_fail(err, &fault, WEIR_FAULT_CANCEL);
    wfa_wake(conn);
    return conn->is_opened ? conn->driver->cancel(conn->inner, err) : WEIR_OK;
}

static int socket_of(void *at)
{
    wfa_conn *conn = at;

    if (wfa_silent(conn, WEIR_FAULT_SOCKET) == WEIR_FAULT_LIE)
        return -1;
    return conn->is_opened ? conn->driver->socket(conn->inner) : -1;
}

static void *native(void *at, const char *name)
{
    wfa_conn *conn = at;

    (void)wfa_silent(conn, WEIR_FAULT_NATIVE);
    return conn->is_opened ? conn->driver->native(conn->inner, name) : NULL;
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
            *out = (weir_notification){.channel = "", .payload = ""};
        return call.status;
    }
    status = conn->driver->notification(conn->inner, out, deadline, err);
    return wfa_after(conn, &call, status, err);
}

/* Stands in the table of the backend; attach() puts the inner one's in its
 * place. */
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
    .settle = settle,
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
    .refresh = wfa_refresh,
    .bulk_load = wfa_bulk_load,

    .listen = listen_to,
    .notification = notification,

    .classify = classify,
};
