/* SPDX-License-Identifier: MIT */
/*
 * Opening, checking, cleaning and closing one connection of the driver.
 */
#include "engine/link.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

#include "backend/defaults.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/conn.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/leaks.h"
#include "engine/log.h"
#include "engine/reclaim.h"

static void tell(const wi_link *link, const char *message)
{
    wi_log_message(&link->engine->services.log, WEIR_LOG_CONNECTION, link->id,
                   message);
}

/* ------------------------------------------------------------------- open */

static wi_link *make_link(weir_engine *engine)
{
    wi_link *link = wi_alloc_zero(engine->allocator, 1, sizeof *link);

    if (!link)
        return NULL;
    link->driver_conn =
        wi_alloc_zero(engine->allocator, 1, engine->driver->conn_size);
    link->record = link->driver_conn ? wi_record_take(engine) : NULL;
    if (!link->record) {
        wi_free(engine->allocator, link->driver_conn);
        wi_free(engine->allocator, link);
        return NULL;
    }
    link->engine = engine;
    link->driver = engine->driver;
    link->id = atomic_fetch_add(&engine->link_count, 1) + 1;
    wi_stmt_cache_init(&link->stmts, engine->allocator,
                       (size_t)engine->settings.statement_cache_size);
    link->stmts.driver = engine->driver;
    link->stmts.dialect = engine->profile.dialect;
    link->stmts.driver_conn = link->driver_conn;
    return link;
}

static void free_link(wi_link *link)
{
    const weir_allocator *allocator = link->engine->allocator;

    if (link->is_announced)
        wi_events_tell(link->engine,
                       link->is_detached ? WEIR_EVENT_CLOSE_DETACHED
                                         : WEIR_EVENT_CLOSE,
                       link, NULL);
    if (link->is_detached)
        atomic_fetch_sub(&link->engine->detached_count, 1);
    wi_record_give(link->engine, link->record);
    wi_stmt_cache_end(&link->stmts);
    link->driver->close(link->driver_conn);
    wi_free(allocator, link->driver_conn);
    wi_free(allocator, link);
}

static void close_link(void *context, void *resource)
{
    wi_link *link = resource;

    (void)context;
    tell(link, "closed");
    free_link(link);
}

/* What was changed until now is the connection's own. */
static void settle(wi_link *link)
{
    if (link->driver->settle)
        link->driver->settle(link->driver_conn);
    link->escaped = false;
}

/* The URL's user and password, or what the credentials hook says. */
static weir_status find_credentials(weir_engine *engine, int attempt,
                                    weir_open_spec *spec, weir_error *err)
{
    weir_url_parts parts = weir_url_get(engine->url);
    weir_credentials found = {.user = parts.user, .password = parts.password};
    weir_status status = WEIR_OK;

    if (engine->settings.credentials)
        status = engine->settings.credentials(
            engine->settings.credentials_context, attempt, &found, err);
    if (status != WEIR_OK && err->status == WEIR_OK)
        weir_error_set(err, status, "the credentials hook has failed");
    spec->user = found.user;
    spec->password = found.password;
    return status;
}

static weir_status open_once(wi_link *link, int attempt, int64_t deadline,
                             weir_error *err)
{
    weir_engine *engine = link->engine;
    weir_open_spec spec = {
        .instance = engine->instance,
        .services = &engine->services,
        .url = engine->url,
        .options = engine->driver_values,
        .application_name = engine->settings.application_name,
        .deadline = deadline,
    };
    weir_status status = find_credentials(engine, attempt, &spec, err);

    if (status != WEIR_OK)
        return status;
    return engine->driver->open(link->driver_conn, &spec, err);
}

/* connect_timeout counts from here, within the caller's deadline. */
static int64_t connect_deadline(const weir_engine *engine, int64_t deadline)
{
    int64_t limit_ns = atomic_load(&engine->connect_timeout_ns);
    int64_t own;

    if (limit_ns <= 0)
        return deadline;
    own = wi_deadline_in_ns(limit_ns);
    return own < deadline ? own : deadline;
}

/* What hooks change in the session, a reset would lose. */
static weir_status dress(wi_link *link, weir_error *err)
{
    unsigned state = link->driver->state(link->driver_conn);

    if (state & (WEIR_STATE_DEAD | WEIR_STATE_BUSY))
        return weir_error_set(err, WEIR_ERR_CONNECTION,
                              "a connect hook has left the connection %s",
                              state & WEIR_STATE_DEAD ? "dead" : "busy");
    if (!link->escaped && (state & WEIR_STATE_DIRTY) == 0)
        return WEIR_OK;
    link->is_dressed = true;
    settle(link);
    return WEIR_OK;
}

/* What stands between opening and the first loan. */
static weir_status prepare_link(wi_link *link, int64_t deadline,
                                weir_error *err)
{
    weir_status status = wi_on_connect_run(link, deadline, err);

    if (status != WEIR_OK)
        return status;
    settle(link);
    status = wi_events_connect(link, deadline, err);
    return status == WEIR_OK ? dress(link, err) : status;
}

/* Only a refused password is worth asking the hook for another. */
static weir_status dial(weir_engine *engine, int64_t deadline, wi_link **out,
                        weir_error *err)
{
    int attempts = engine->settings.credentials ? 2 : 1;
    weir_status status;
    int attempt = 0;

    do {
        wi_link *link = make_link(engine);

        if (!link)
            return wi_error_nomem(err);
        wi_error_clear(err);
        status = open_once(link, ++attempt, deadline, err);
        if (status == WEIR_OK)
            *out = link;
        else
            free_link(link);
    } while (status == WEIR_ERR_AUTH && attempt < attempts);
    return status;
}

static int socket_of_link(void *context, void *resource)
{
    const wi_link *link = resource;

    (void)context;
    return link->driver->socket ? link->driver->socket(link->driver_conn) : -1;
}

static weir_status open_link(void *context, int64_t deadline_ns, void **out,
                             weir_error *err)
{
    weir_engine *engine = context;
    int64_t deadline = connect_deadline(engine, deadline_ns);
    wi_link *link = NULL;
    weir_status status = dial(engine, deadline, &link, err);

    if (status != WEIR_OK)
        return status;
    link->opened = true;
    link->fd = socket_of_link(context, link);
    tell(link, "opened");
    status = prepare_link(link, deadline, err);
    if (status == WEIR_OK)
        *out = link;
    else
        close_link(context, link);
    return status;
}

/* ------------------------------------------------------------------ while */

weir_status wi_link_ping(wi_link *link, int64_t deadline, weir_error *err)
{
    return wi_driver_ping(link->driver, link->driver_conn, deadline,
                          link->engine->allocator, err);
}

static weir_status check_link(void *context, void *resource,
                              int64_t deadline_ns, weir_error *err)
{
    wi_link *link = resource;
    weir_status status = wi_link_ping(link, deadline_ns, err);

    if (status != WEIR_OK)
        wi_events_tell(context, WEIR_EVENT_INVALIDATE, link, err);
    return status;
}

/* What a reset may take when a connection comes back, so that a server which
 * hangs cannot hold up the borrower who is done. */
#define RESET_LIMIT_NS INT64_C(5000000000)

/* What on_connect did is forgotten with all else that was done to the
 * session. */
static weir_status reset_session(wi_link *link, weir_error *err)
{
    unsigned before = link->driver->state(link->driver_conn);
    int64_t deadline = wi_deadline_in_ns(RESET_LIMIT_NS);
    bool statements_lost = false;
    weir_status status =
        link->driver->reset(link->driver_conn, deadline, &statements_lost, err);

    if (status != WEIR_OK)
        return status;
    if (statements_lost)
        wi_stmt_cache_clear(&link->stmts);
    if (!statements_lost && !link->escaped && (before & WEIR_STATE_DIRTY) == 0)
        return WEIR_OK;
    status = wi_on_connect_run(link, deadline, err);
    if (status == WEIR_OK)
        settle(link);
    return status;
}

static weir_fate reset_link(wi_link *link, weir_error *err)
{
    if (link->is_dressed) {
        tell(link, "not reset, since that would lose what connect hooks set");
        return WEIR_FATE_DISCARD;
    }
    if (reset_session(link, err) != WEIR_OK) {
        tell(link, err->message);
        return WEIR_FATE_DISCARD;
    }
    link->escaped = false;
    tell(link, "reset");
    return WEIR_FATE_KEEP;
}

static bool has_to_be_reset(const wi_link *link, unsigned state)
{
    bool is_off = atomic_load(&link->engine->pool_reset) == WEIR_RESET_NONE;

    return link->escaped || (state != 0 && !is_off);
}

/* A clean connection costs nothing here. */
static weir_fate clean(wi_link *link, weir_error *err)
{
    unsigned state = link->driver->state(link->driver_conn);

    if (state & (WEIR_STATE_DEAD | WEIR_STATE_BUSY)) {
        weir_error_set(err, WEIR_ERR_CONNECTION,
                       state & WEIR_STATE_DEAD
                           ? "the connection came back dead"
                           : "the connection came back in the middle of an "
                             "answer");
        return WEIR_FATE_DISCARD;
    }
    return has_to_be_reset(link, state) ? reset_link(link, err)
                                        : WEIR_FATE_KEEP;
}

/* One that may not stay needs no cleaning. */
static weir_fate clean_link(void *context, void *resource)
{
    wi_link *link = resource;
    weir_engine *engine = context;
    weir_fate fate = WEIR_FATE_DISCARD;
    weir_error err;

    wi_error_clear(&err);
    if (!link->is_spent)
        fate = clean(link, &err);
    if (err.status != WEIR_OK)
        wi_events_tell(engine, WEIR_EVENT_INVALIDATE, link, &err);
    wi_events_tell(engine, WEIR_EVENT_CHECKIN,
                   err.status == WEIR_OK ? link : NULL, NULL);
    link->tag = NULL;
    return fate;
}

/* Nothing is to be read from a connection that is idle: a server that says
 * something, or hangs up, is worth a question. */
static bool peek_link(void *context, void *resource)
{
    int fd = socket_of_link(context, resource);
    char byte;

    return fd < 0 || (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
                      (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* In a forked child: not a byte to the parent's server. What the statement
 * cache holds is left alone, since finishing it would speak. */
static void abandon_link(void *context, void *resource)
{
    const wi_link *link = resource;

    (void)context;
    if (link->driver->abandon)
        link->driver->abandon(link->driver_conn);
}

/* In a forked child: nobody holds a lock, nor waits. */
static void engine_forked(void *context)
{
    weir_engine *engine = context;

    wi_handles_forget(&engine->handles);
    (void)wi_mutex_init(&engine->lock);
    (void)wi_waits_init(&engine->waits);
}

/* In a forked child: its handle is of no use any more. */
static void inherited_link(void *context, void *resource)
{
    wi_link *link = resource;

    (void)context;
    if (link->holder)
        atomic_store(&link->holder->state, WI_CONN_FORKED);
}

static void engine_ended(void *context)
{
    wi_engine_end(context);
}

/* The time of a closed engine is over. Servers are asked to end what they are
 * at, which would go on without us; one that does not answer is asked no
 * more. */
static void abort_all(void *context)
{
    weir_engine *engine = context;
    weir_status status = WEIR_OK;
    weir_conn *conn;

    wi_waits_end(&engine->waits);
    wi_permit_end(&engine->write_permit);
    while (status == WEIR_OK && (conn = wi_handle_to_end(engine)))
        status = wi_conn_cancel(conn);
    wi_waits_shut(&engine->waits);
}

const wi_resource_kind wi_link_kind = {
    .overdue = abort_all,
    .leaked = wi_leak_tell,
    .reclaim = wi_reclaim_loan,
    .peek = peek_link,
    .socket = socket_of_link,
    .abandon = abandon_link,
    .inherited = inherited_link,
    .forked = engine_forked,
    .ended = engine_ended,
    .open = open_link,
    .check = check_link,
    .returned = clean_link,
    .close = close_link,
};
