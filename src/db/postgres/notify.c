/* SPDX-License-Identifier: MIT */
/*
 * LISTEN and NOTIFY. The server sends notifications between answers; libpq
 * keeps them in a list that has no limit, so what nobody asked for is dropped.
 */
#include "wpg.h"

#include <string.h>

enum { CHANNEL_MAX = 63 };

void wpg_drop_notifications(wpg_conn *conn)
{
    PGnotify *found;

    if (conn->listens)
        return;
    while ((found = PQnotifies(conn->pg)) != NULL)
        PQfreemem(found);
}

static weir_status write_listen(const char *channel, char *sql, weir_error *err)
{
    size_t size = strlen(channel), at = 0;

    if (size == 0 || size > CHANNEL_MAX ||
        !weir_utf8_is_valid(weir_text_of(channel)))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a channel's name is UTF-8 of 1 to %d bytes",
                              (int)CHANNEL_MAX);
    at = (size_t)snprintf(sql, 16, "LISTEN \"");
    for (; *channel; channel++) {
        if (*channel == '"')
            sql[at++] = '"';
        sql[at++] = *channel;
    }
    sql[at++] = '"';
    sql[at] = '\0';
    return WEIR_OK;
}

weir_status wpg_listen(void *memory, const char *channel, int64_t deadline,
                       weir_error *err)
{
    wpg_conn *conn = memory;
    char sql[2 * CHANNEL_MAX + 16] = "UNLISTEN *";
    weir_status status;

    if (channel && write_listen(channel, sql, err) != WEIR_OK)
        return err->status;
    status = wpg_enter(conn, deadline, err);
    if (status != WEIR_OK)
        return status;
    wpg_running_begin(conn);
    status = wpg_run(conn, sql, NULL, err);
    wpg_running_end(conn);
    if (status != WEIR_OK)
        return status;
    conn->listens = channel != NULL;
    conn->dirty = true;
    wpg_drop_notifications(conn);
    return WEIR_OK;
}

static weir_status wait_for_one(wpg_conn *conn, weir_error *err)
{
    weir_status status = WEIR_OK;

    conn->pausing = true;
    while (status == WEIR_OK && !conn->notify) {
        status = wpg_wait(conn, err);
        if (status == WEIR_OK && PQstatus(conn->pg) != CONNECTION_OK)
            status = wpg_lose(conn, WEIR_FATE_RETRY, err);
        else if (status == WEIR_OK)
            conn->notify = PQnotifies(conn->pg);
    }
    conn->pausing = false;
    return status;
}

weir_status wpg_notification(void *memory, weir_notification *out,
                             int64_t deadline, weir_error *err)
{
    wpg_conn *conn = memory;
    weir_status status = wpg_enter(conn, deadline, err);

    if (status != WEIR_OK)
        return status;
    PQfreemem(conn->notify);
    conn->notify = PQnotifies(conn->pg);
    if (!conn->notify)
        status = wait_for_one(conn, err);
    if (status != WEIR_OK)
        return status;
    *out = (weir_notification){.channel = conn->notify->relname,
                               .payload = conn->notify->extra,
                               .sender = conn->notify->be_pid};
    return WEIR_OK;
}
