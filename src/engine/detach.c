/* SPDX-License-Identifier: MIT */
/*
 * How a borrower sees to it that nobody gets his connection after him: it is
 * closed when it comes back, or leaves the pool with him. Its place in the
 * pool stays his until then, so the limit holds.
 */
#include "engine/conn.h"

#include "base/error.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/log.h"
#include "engine/reclaim.h"

static void tell(const weir_conn *conn, const char *message)
{
    wi_log_message(&conn->engine->services.log, WEIR_LOG_CONNECTION,
                   conn->link->id, message);
}

weir_status weir_conn_invalidate_soft(weir_conn *conn)
{
    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    if (conn->link && !conn->link->is_spent) {
        conn->link->is_spent = true;
        tell(conn, "is closed when it comes back");
        wi_events_tell(conn->engine, WEIR_EVENT_SOFT_INVALIDATE, conn->link,
                       NULL);
    }
    return wi_conn_leave(conn, WEIR_OK);
}

static weir_status refuse_detach(weir_conn *conn)
{
    weir_error *err = &conn->error;

    if (conn->is_detached)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the connection is detached already");
    if (wi_conn_is_overdue(conn))
        return wi_reclaim_refuse(conn, err);
    if (!conn->link)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the connection is invalidated: there is nothing "
                              "to detach before it is used again");
    if (conn->engine->settings.pool_kind == WEIR_POOL_STATIC ||
        conn->engine->settings.pool_kind == WEIR_POOL_PER_THREAD)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a pool of the kinds static and thread shares "
                              "its connections: none can leave it");
    if (conn->is_with_hooks)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a hook cannot detach the connection that it is "
                              "told of");
    return WEIR_OK;
}

/* The record is the pool's; what the program keeps of the connection itself
 * goes with it. */
static void detach(weir_conn *conn)
{
    wi_link *link = conn->link;
    wi_record *record = link->record;

    conn->is_detached = link->is_detached = true;
    atomic_fetch_add(&conn->engine->detached_count, 1);
    wi_pool_detach(conn->engine->pool, conn->lease);
    tell(conn, "detached");
    wi_events_tell(conn->engine, WEIR_EVENT_DETACH, link, NULL);
    link->record = NULL;
    wi_record_give(conn->engine, record);
}

weir_status weir_conn_detach(weir_conn *conn)
{
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = refuse_detach(conn);
    if (status == WEIR_OK)
        detach(conn);
    return wi_conn_leave(conn, status);
}

bool weir_conn_is_detached(const weir_conn *conn)
{
    return conn && atomic_load(&conn->state) != WI_CONN_CLOSED &&
           conn->is_detached;
}
