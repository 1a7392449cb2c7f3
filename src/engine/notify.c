/* SPDX-License-Identifier: MIT */
/*
 * Notifications from other sessions.
 */
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/tx.h"

static weir_status need(weir_conn *conn)
{
    if (!wi_engine_can(conn->engine, WEIR_CAN_NOTIFY))
        return weir_error_set(&conn->error, WEIR_ERR_UNSUPPORTED,
                              "%s has no notifications",
                              conn->engine->backend->name);
    if (conn->stream)
        return wi_conn_refuse_stream(conn);
    return wi_conn_need_link(conn, wi_conn_deadline(conn));
}

static weir_status listen_to(weir_conn *conn, const char *channel)
{
    weir_status status = need(conn);

    if (status != WEIR_OK)
        return status;
    status = conn->driver->listen(conn->link->driver_conn, channel,
                                  wi_conn_deadline(conn), &conn->error);
    return status == WEIR_OK ? WEIR_OK
                             : wi_conn_failed(conn, "LISTEN", WEIR_EFFECT_READ);
}

weir_status weir_listen(weir_conn *conn, const char *channel)
{
    if (!channel || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, listen_to(conn, channel));
}

weir_status weir_unlisten(weir_conn *conn)
{
    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, listen_to(conn, NULL));
}

static weir_status next(weir_conn *conn, double timeout_s,
                        weir_notification *out)
{
    weir_status status;

    if (!(timeout_s >= 0))
        return weir_error_set(&conn->error, WEIR_ERR_CONFIG,
                              "a timeout is 0 or more seconds");
    status = need(conn);
    if (status != WEIR_OK)
        return status;
    status = conn->driver->notification(
        conn->link->driver_conn, out,
        wi_deadline_in_ns(wi_ns_from_seconds(timeout_s)), &conn->error);
    /* That nothing came is an answer, not a failure of the connection. */
    if (status == WEIR_OK ||
        ((status == WEIR_ERR_TIMEOUT || status == WEIR_ERR_CANCELLED) &&
         conn->error.fate == WEIR_FATE_KEEP))
        return status;
    return wi_conn_failed(conn, NULL, WEIR_EFFECT_READ);
}

weir_status weir_next_notification(weir_conn *conn, double timeout_s,
                                   weir_notification *out)
{
    if (!out || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    return wi_conn_leave(conn, next(conn, timeout_s, out));
}
