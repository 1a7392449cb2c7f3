/* SPDX-License-Identifier: MIT */
/*
 * LISTEN and NOTIFY. The server sends notifications between answers; libpq
 * keeps them in a list that has no limit, so what nobody asked for is dropped.
 */
#include "wpg.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

/* ------------------------------------------------------------------ waiting */

static bool watch(const wpg_ears *ears, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(ears->both, EPOLL_CTL_ADD, fd, &event) == 0;
}

static weir_status need_ears(wpg_conn *conn, weir_error *err)
{
    wpg_ears *ears = &conn->ears;

    if (ears->made)
        return WEIR_OK;
    ears->made = true;
    ears->both = epoll_create1(EPOLL_CLOEXEC);
    ears->word = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (ears->both >= 0 && ears->word >= 0 && watch(ears, ears->word) &&
        watch(ears, PQsocket(conn->pg)))
        return WEIR_OK;
    wpg_ears_close(ears);
    return weir_error_set(err, WEIR_ERR_RESOURCE,
                          "no descriptors are left to wait for notifications");
}

void wpg_ears_close(wpg_ears *ears)
{
    if (ears->made && ears->both >= 0)
        close(ears->both);
    if (ears->made && ears->word >= 0)
        close(ears->word);
    ears->made = false;
}

/* The state is what counts; the word only wakes. */
void wpg_hush(wpg_conn *conn)
{
    int expected = WPG_HEARING;

    if (atomic_compare_exchange_strong(&conn->running, &expected, WPG_HUSHED))
        (void)eventfd_write(conn->ears.word, 1);
}

static weir_status listen_once(wpg_conn *conn, weir_error *err)
{
    weir_status status = weir_services_wait(
        conn->services, conn->ears.both, WEIR_WAIT_READ, conn->deadline, err);
    eventfd_t words;

    (void)eventfd_read(conn->ears.word, &words);
    if (atomic_load(&conn->running) == WPG_HUSHED) {
        weir_error_set(err, WEIR_ERR_CANCELLED, "the wait was cancelled");
        wpg_set_state(err, "57014");
        return err->status;
    }
    if (status == WEIR_ERR_CONNECTION)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    if (status != WEIR_OK)
        return status;
    if (PQconsumeInput(conn->pg) == 0 || PQstatus(conn->pg) != CONNECTION_OK)
        return wpg_lose(conn, WEIR_FATE_RETRY, err);
    conn->notify = PQnotifies(conn->pg);
    return WEIR_OK;
}

static weir_status wait_for_one(wpg_conn *conn, weir_error *err)
{
    weir_status status = need_ears(conn, err);

    if (status != WEIR_OK)
        return status;
    atomic_store(&conn->running, WPG_HEARING);
    while (status == WEIR_OK && !conn->notify)
        status = listen_once(conn, err);
    atomic_store(&conn->running, WPG_IDLE);
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
