/* SPDX-License-Identifier: MIT */
/* What codes mean, and the errors that are made of them. */
#ifndef WMY_ERRORS_H
#define WMY_ERRORS_H

#include <mariadb/mysql.h>
#include <stddef.h>

#include <weir/error.h>

struct wmy_conn;

/* Galera: the node has lost its cluster while it committed. */
enum { WMY_CLUSTER_GONE = 1180 };

void wmy_classify(int native_code, const char *sqlstate, weir_error *err);

/* What a server or the library said. */
typedef struct wmy_failure {
    unsigned code;
    const char *sqlstate;
    const char *message;
} wmy_failure;

/* Fills the error from a failure: meaning, names, a message without values. */
weir_status wmy_explain(const wmy_failure *failure, weir_error *err);
/* The same for the last failure of the connection, or of a statement, with
 * what the connection knows: deadline, cancellation, whether it is alive. */
weir_status wmy_fail(struct wmy_conn *conn, weir_error *err);
weir_status wmy_fail_stmt(struct wmy_conn *conn, MYSQL_STMT *stmt,
                          weir_error *err);
/* A wait of the connection has failed: deadline, cancellation. */
weir_status wmy_explain_wait(const struct wmy_conn *conn, weir_error *err);
weir_status wmy_nomem(weir_error *err);
/* LIMIT if the server would not take a command of `size` bytes. */
weir_status wmy_check_size(const struct wmy_conn *conn, size_t size,
                           weir_error *err);
/* Bytes that break the protocol: the connection is given up. */
weir_status wmy_malformed(struct wmy_conn *conn, weir_error *err);

#endif
