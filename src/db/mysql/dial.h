/* SPDX-License-Identifier: MIT */
/* The way to the server, and connecting to it. */
#ifndef WMY_DIAL_H
#define WMY_DIAL_H

#include <mariadb/mysql.h>
#include <stdbool.h>

#include <weir/error.h>
#include <weir/sys/options.h>
#include <weir/url.h>

struct wmy_conn;

/* How a server is reached. Borrows from the URL and its options. */
typedef struct wmy_transport {
    const char *host; /* NULL: by the socket */
    unsigned port;
    const char *socket; /* NULL: by TCP */
    bool tls;           /* encrypted, and the server's name verified */
    const char *auth;   /* the ways of logging in that may be used */
} wmy_transport;

/* What the URL says, or why it cannot be. */
weir_status wmy_transport_of(const weir_url *url,
                             const weir_option_value *options,
                             wmy_transport *out, weir_error *err);

/* Connects `conn->mysql`; used for cancelling as well. The credentials are
 * borrowed for the call. */
typedef struct wmy_credentials {
    const char *user;
    const char *password;
    const char *program_name;
} wmy_credentials;

/* Where to and as whom, as libmariadb wants to hear it. */
typedef struct wmy_target {
    const char *host; /* NULL: by the socket */
    const char *socket;
    const char *user;
    const char *password;
    const char *database;
    unsigned port;
} wmy_target;

/* Connects in this thread, or in another one that is waited for until the
 * deadline of `conn`; then conn->mysql is NULL. */
bool wmy_connect_here(MYSQL *mysql, const wmy_target *target);
bool wmy_connect_aside(struct wmy_conn *conn, const wmy_target *target);
weir_status wmy_dial(struct wmy_conn *conn, const wmy_credentials *credentials,
                     weir_error *err);
/* Gives the library's handle up without a word to the server. */
void wmy_hang_up(struct wmy_conn *conn);

#endif
