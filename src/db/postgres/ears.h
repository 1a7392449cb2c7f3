/* SPDX-License-Identifier: MIT */
/*
 * LISTEN, NOTIFY and the wait for it, which another thread can end although
 * the server is asked nothing: it is for the socket and a word at once.
 */
#ifndef WPG_EARS_H
#define WPG_EARS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/sys/driver.h>

struct wpg_conn;

/* Made for the first wait. */
typedef struct wpg_ears {
    bool made;
    int both; /* an epoll of the socket and of `word` */
    int word; /* an eventfd */
} wpg_ears;

weir_status wpg_listen(void *conn, const char *channel, int64_t deadline,
                       weir_error *err);
weir_status wpg_notification(void *conn, weir_notification *out,
                             int64_t deadline, weir_error *err);
/* Drops notifications that nobody asked for, or too many of them. */
void wpg_drop_notifications(struct wpg_conn *conn);

/* Ends the wait of another thread; harmless if there is none. */
void wpg_hush(struct wpg_conn *conn);
void wpg_ears_close(wpg_ears *ears);

#endif
