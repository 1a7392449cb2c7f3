/* SPDX-License-Identifier: MIT */
/*
 * From what happens to a link to the event that a hook is given.
 */
#include "engine/events.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/conn.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/link.h"
#include "engine/log.h"
#include "engine/tx.h"

bool wi_events_init(wi_events *events, const weir_allocator *allocator)
{
    if (!wi_hooks_init(&events->hooks, allocator))
        return false;
    if (!wi_mutex_init(&events->lock)) {
        wi_hooks_clear(&events->hooks);
        return false;
    }
    wi_permit_init(&events->first, "the turn of the first_connect hooks",
                   allocator);
    return true;
}

static void call(weir_engine *engine, const weir_event *event)
{
    weir_error err;

    if (wi_hooks_call(&engine->events.hooks, event, &err) != WEIR_OK)
        wi_log_message(&engine->services.log, WEIR_LOG_WARNING,
                       event->connection_id, err.message);
}

/* ----------------------------------------------------------------- records */

wi_record *wi_record_take(weir_engine *engine)
{
    wi_events *events = &engine->events;
    wi_record *record;

    wi_mutex_lock(&events->lock);
    record = events->free_records;
    if (record)
        events->free_records = record->next_free;
    wi_mutex_unlock(&events->lock);
    if (record)
        return record;
    record = wi_alloc_zero(engine->allocator, 1, sizeof *record);
    if (!record)
        return NULL;
    wi_mutex_lock(&events->lock);
    record->next = events->records;
    events->records = record;
    wi_mutex_unlock(&events->lock);
    return record;
}

void wi_record_give(weir_engine *engine, wi_record *record)
{
    wi_events *events = &engine->events;

    if (!record)
        return;
    wi_mutex_lock(&events->lock);
    record->next_free = events->free_records;
    events->free_records = record;
    wi_mutex_unlock(&events->lock);
}

void wi_events_clear(weir_engine *engine)
{
    wi_events *events = &engine->events;
    wi_record *record;

    while ((record = events->records)) {
        weir_event event = {.kind = WEIR_EVENT_FORGET,
                            .engine = engine,
                            .record_info = &record->info};

        events->records = record->next;
        if (wi_hooks_listen(&events->hooks, WEIR_EVENT_FORGET))
            call(engine, &event);
        wi_free(engine->allocator, record);
    }
    wi_permit_clear(&events->first);
    wi_mutex_clear(&events->lock);
    wi_hooks_clear(&events->hooks);
}

/* ------------------------------------------------------------------ events */

static weir_event event_of(weir_event_kind kind, weir_engine *engine,
                           const wi_link *link)
{
    weir_event event = {.kind = kind, .engine = engine};

    if (!link)
        return event;
    event.connection_id = link->id;
    event.tag = link->tag;
    event.info = (void **)(uintptr_t)&link->info;
    event.record_info = link->record ? &link->record->info : NULL;
    return event;
}

void wi_events_tell(weir_engine *engine, weir_event_kind kind,
                    const wi_link *link, const weir_error *reason)
{
    weir_event event;

    if (!wi_hooks_listen(&engine->events.hooks, kind))
        return;
    event = event_of(kind, engine, link);
    event.reason = reason;
    call(engine, &event);
}

/* While hooks have a handle, which is entered, it can be used and not
 * closed. */
static weir_status lend_to_hooks(weir_conn *conn, weir_event *event,
                                 weir_error *err)
{
    weir_status status;

    event->conn = conn;
    conn->is_with_hooks = true;
    wi_conn_leave(conn, WEIR_OK);
    status = wi_hooks_call(&conn->engine->events.hooks, event, err);
    /* A thread that got it from a hook may still be in a call. */
    while (wi_conn_enter(conn) != WEIR_OK)
        sched_yield();
    conn->is_with_hooks = false;
    return status;
}

/* Hooks may invalidate a connection, or find out that it is dead. */
static weir_status check_alive(const weir_conn *conn, weir_error *err)
{
    if (conn->link)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the connection was lost in a hook");
}

weir_status wi_events_checkout(weir_conn *conn, weir_error *err)
{
    weir_event event = event_of(WEIR_EVENT_CHECKOUT, conn->engine, conn->link);
    weir_status status = lend_to_hooks(conn, &event, err);

    return status == WEIR_OK ? check_alive(conn, err) : status;
}

void wi_events_reset(weir_conn *conn, const weir_reset_state *state)
{
    weir_event event = event_of(WEIR_EVENT_RESET, conn->engine, conn->link);
    weir_error err;

    event.reset = state;
    if (lend_to_hooks(conn, &event, &err) != WEIR_OK)
        wi_log_message(&conn->engine->services.log, WEIR_LOG_WARNING,
                       event.connection_id, err.message);
}

/* ----------------------------------------------------------------- connect */

/* A handle over a link that is in no place yet: the link cannot be replaced,
 * and statements stand for themselves. */
static weir_conn *open_handle(wi_link *link, int64_t deadline)
{
    weir_engine *engine = link->engine;
    weir_conn *conn = wi_handle_take(engine);
    int64_t timeout_ns = atomic_load(&engine->statement_timeout_ns);
    int64_t left_ns = deadline - wi_now_ns();

    if (!conn)
        return NULL;
    wi_conn_begin(conn, link);
    conn->isolation = WEIR_AUTOCOMMIT;
    if (deadline != WI_NO_DEADLINE && (timeout_ns == 0 || left_ns < timeout_ns))
        timeout_ns = left_ns > 0 ? left_ns : 1;
    conn->timeout_ns = timeout_ns;
    return conn;
}

static void close_handle(weir_conn *conn)
{
    wi_conn_end_results(conn, "the hook has ended");
    if (conn->tx.state != WI_TX_NONE)
        wi_tx_rollback(conn);
    wi_tx_drop_permit(conn);
    wi_mutex_lock(&conn->link_lock);
    conn->link = NULL;
    wi_mutex_unlock(&conn->link_lock);
    atomic_store_explicit(&conn->state, WI_CONN_CLOSED, memory_order_release);
    wi_handle_give(conn);
}

static weir_status tell_connect(wi_link *link, weir_event_kind kind,
                                int64_t deadline, weir_error *err)
{
    weir_event event = event_of(kind, link->engine, link);
    weir_status status;
    weir_conn *conn;

    if (!wi_hooks_listen(&link->engine->events.hooks, kind))
        return WEIR_OK;
    conn = open_handle(link, deadline);
    if (!conn)
        return wi_error_nomem(err);
    status = lend_to_hooks(conn, &event, err);
    if (status == WEIR_OK)
        status = check_alive(conn, err);
    close_handle(conn);
    return status;
}

static uint64_t this_thread(void)
{
    return (uint64_t)(uintptr_t)pthread_self();
}

weir_status wi_events_refuse_first(const weir_engine *engine, weir_error *err)
{
    if (atomic_load_explicit(&engine->events.first_thread,
                             memory_order_relaxed) != this_thread())
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "a first_connect hook cannot borrow a connection: "
                          "none is lent before it has ended");
}

/* With the permit. */
static weir_status run_first(wi_link *link, int64_t deadline, weir_error *err)
{
    wi_events *events = &link->engine->events;
    weir_status status = WEIR_OK;

    if (atomic_load(&events->first_is_done))
        return WEIR_OK;
    atomic_store(&events->first_thread, this_thread());
    status = tell_connect(link, WEIR_EVENT_FIRST_CONNECT, deadline, err);
    atomic_store(&events->first_thread, 0);
    if (status == WEIR_OK)
        atomic_store(&events->first_is_done, true);
    return status;
}

static weir_status tell_first(wi_link *link, int64_t deadline, weir_error *err)
{
    wi_events *events = &link->engine->events;
    wi_request request = {
        .deadline_ns = deadline, .tag = "first_connect", .may_move = true};
    weir_status status;

    if (atomic_load(&events->first_is_done))
        return WEIR_OK;
    status = wi_events_refuse_first(link->engine, err);
    if (status != WEIR_OK)
        return status;
    status = wi_permit_acquire(&events->first, &request, err);
    if (status == WEIR_ERR_TIMEOUT)
        return weir_error_set(err, status,
                              "the first_connect hooks of another connection "
                              "have not ended in time");
    if (status != WEIR_OK)
        return status;
    status = run_first(link, deadline, err);
    wi_permit_release(&events->first);
    return status;
}

weir_status wi_events_connect(wi_link *link, int64_t deadline, weir_error *err)
{
    weir_status status;

    link->is_announced = true;
    status = tell_first(link, deadline, err);
    return status == WEIR_OK
               ? tell_connect(link, WEIR_EVENT_CONNECT, deadline, err)
               : status;
}

/* --------------------------------------------------------------- the public */

static weir_status no_engine(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE, "the engine is NULL or closed");
}

weir_status weir_hook_add(weir_engine *engine, const weir_hook *hook,
                          weir_error *err)
{
    if (!wi_engine_is(engine))
        return no_engine(err);
    return wi_hooks_add(&engine->events.hooks, hook, err);
}

weir_status weir_hook_remove(weir_engine *engine, const weir_hook *hook,
                             weir_error *err)
{
    if (!wi_engine_is(engine))
        return no_engine(err);
    return wi_hooks_remove(&engine->events.hooks, hook, err);
}
