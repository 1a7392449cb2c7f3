/* SPDX-License-Identifier: MIT */
/*
 * Notifications: a list in the mock, newest first; each connection knows the
 * last one that it has looked at.
 */
#include <string.h>

#include "mock.h"

void wmk_notes_free(weir_mock *mock)
{
    while (mock->notes) {
        wmk_note *next = mock->notes->next;

        wmk_free(mock->notes);
        mock->notes = next;
    }
}

/* The channels are names in a row, each with its NUL. */
static bool listens(const wmk_conn *conn, const char *channel)
{
    const char *at = conn->channels.data;
    const char *end = at ? at + conn->channels.size : NULL;

    for (; at != end; at += strlen(at) + 1) {
        if (strcmp(at, channel) == 0)
            return true;
    }
    return false;
}

static weir_status set_channels(wmk_conn *conn, const char *channel,
                                weir_error *err)
{
    if (!channel) {
        weir_buffer_clear(conn->services, &conn->channels);
        return WEIR_OK;
    }
    if (listens(conn, channel))
        return WEIR_OK;
    if (weir_buffer_add(conn->services, &conn->channels, channel,
                        strlen(channel) + 1) != WEIR_OK)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    /* The next borrower must not hear it: reset() comes first. */
    conn->state |= WEIR_STATE_DIRTY;
    return WEIR_OK;
}

weir_status wmk_listen(void *at, const char *channel, int64_t deadline,
                       weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_LISTEN,
                           .word = channel ? "listen" : "unlisten",
                           .shown = channel,
                           .text = channel,
                           .deadline = deadline};
    wmk_conn *conn = at;
    weir_status status = wmk_before(conn, &call, err);
    weir_status lost;

    if (status != WEIR_OK)
        return status;
    status = set_channels(conn, channel, err);
    lost = wmk_after(conn, err);
    return status == WEIR_OK ? lost : status;
}

/* The oldest that was not looked at and is for this connection; the lock is
 * held. */
static const wmk_note *find_note(wmk_conn *conn)
{
    const wmk_note *found = NULL;

    for (const wmk_note *note = conn->mock->notes;
         note && note->serial > conn->heard; note = note->next) {
        if (listens(conn, note->channel))
            found = note;
    }
    return found;
}

/* One look; TIMEOUT if the deadline has passed and nothing is there. */
static weir_status look(wmk_conn *conn, weir_notification *out, bool *found,
                        weir_error *err)
{
    const wmk_note *note;
    weir_status status = WEIR_OK;

    pthread_mutex_lock(&conn->mock->lock);
    note = find_note(conn);
    *found = note != NULL;
    conn->waiting = !note;
    if (conn->dropped)
        status = WEIR_ERR_CONNECTION;
    else if (conn->cancelled)
        status = WEIR_ERR_CANCELLED;
    pthread_mutex_unlock(&conn->mock->lock);
    if (note) {
        conn->heard = note->serial;
        *out = (weir_notification){note->channel, note->payload, 1};
        return WEIR_OK;
    }
    if (status == WEIR_ERR_CANCELLED)
        return wmk_cancelled(err);
    return status == WEIR_OK ? WEIR_OK : wmk_lost(conn, WEIR_FATE_DISCARD, err);
}

static weir_status wait_for_note(wmk_conn *conn, weir_notification *out,
                                 int64_t deadline, weir_error *err)
{
    weir_status status = WEIR_OK, waited = WEIR_OK;
    bool found = false;

    while (status == WEIR_OK && !found) {
        status = look(conn, out, &found, err);
        if (status != WEIR_OK || found)
            break;
        /* After the last wait one more look: it may have come with it. */
        status = waited;
        if (status == WEIR_OK)
            waited = wmk_wire_wait(conn, deadline, err);
    }
    pthread_mutex_lock(&conn->mock->lock);
    conn->waiting = false;
    pthread_mutex_unlock(&conn->mock->lock);
    return status;
}

weir_status wmk_notification(void *at, weir_notification *out, int64_t deadline,
                             weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_NOTIFICATION,
                           .word = "notification",
                           .is_free = true,
                           .deadline = deadline};
    wmk_conn *conn = at;
    weir_status status = wmk_before(conn, &call, err);
    weir_status lost;

    if (status != WEIR_OK)
        return status;
    pthread_mutex_lock(&conn->mock->lock);
    conn->cancelled = false;
    pthread_mutex_unlock(&conn->mock->lock);
    status = wait_for_note(conn, out, deadline, err);
    if (status != WEIR_OK) {
        (void)wmk_after(conn, err);
        return status;
    }
    lost = wmk_after(conn, err);
    return lost;
}

/* ----------------------------------------------------------------- sending */

static wmk_note *pack_note(wmk_pack *pack, const char *channel,
                           const char *payload)
{
    wmk_note *note = wmk_pack_room(pack, sizeof *note);
    const char *channel_copy = wmk_pack_text(pack, channel);
    const char *payload_copy = wmk_pack_text(pack, payload);

    if (note)
        *note = (wmk_note){.channel = channel_copy, .payload = payload_copy};
    return note;
}

weir_status weir_mock_notify(weir_mock *mock, const char *channel,
                             const char *payload, weir_error *err)
{
    wmk_pack pack = {NULL, 0};
    wmk_note *note;

    if (!mock || !channel || !payload)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a notification needs a mock, a channel and a "
                              "payload");
    pack_note(&pack, channel, payload);
    pack.base = wmk_alloc(pack.used);
    if (!pack.base)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    pack.used = 0;
    note = pack_note(&pack, channel, payload);
    pthread_mutex_lock(&mock->lock);
    note->serial = mock->notes ? mock->notes->serial + 1 : 1;
    note->next = mock->notes;
    mock->notes = note;
    for (wmk_conn *conn = mock->connections; conn; conn = conn->next)
        wmk_wire_wake(conn);
    pthread_mutex_unlock(&mock->lock);
    return WEIR_OK;
}
