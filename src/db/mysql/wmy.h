/* SPDX-License-Identifier: MIT */
/*
 * What the files of the MariaDB and MySQL driver share.
 *
 * libmariadb speaks the protocol: it connects, authenticates, encrypts, frames
 * packets, prepares and reads answers. It waits through our hook (wait.c), so
 * every deadline holds, also in the middle of a packet or a TLS handshake.
 * Parameters and rows are our own business: encode.c writes a statement's
 * execution, rows.c takes in packets, decode.c reads values out of them. That
 * needs no buffers bound beforehand and cuts nothing off.
 */
#ifndef WMY_H
#define WMY_H

#include <mariadb/mysql.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/sys/backend.h>
#include <weir/sys/driver.h>

#include "codec.h"
#include "dial.h"
#include "errors.h"

/* -------------------------------------------------------------- options */

/* The URL's options, in the order of wmy_options. */
enum wmy_option {
    WMY_UNIX_SOCKET,
    WMY_CHARSET,
    WMY_TLS,
    WMY_SSL_CA,
    WMY_SSL_CAPATH,
    WMY_SSL_CERT,
    WMY_SSL_KEY,
    WMY_SSL_CIPHER,
    WMY_TLS_VERSION,
    WMY_SSL_MODE,
    WMY_SSL_DISABLED,
    WMY_SSL_VERIFY_CERT,
    WMY_SSL_VERIFY_IDENTITY,
    WMY_SSL,
    WMY_GET_PUBLIC_KEY,
    WMY_SQL_MODE,
    WMY_INIT_COMMAND,
    WMY_LOCAL_INFILE,
    WMY_MAX_ALLOWED_PACKET,
    WMY_PROGRAM_NAME,
    WMY_BIND_ADDRESS,
    WMY_OPTION_COUNT,
};

extern const weir_option_spec wmy_options[];

/* -------------------------------------------------------------- waiting */

/* Whoever waits: libmariadb's hook knows nothing but a descriptor, so each
 * call into the library says first on whose behalf (wmy_wait_begin). */
typedef struct wmy_wait {
    const weir_services *services;
    int64_t deadline;
    /* How the wait failed: TIMEOUT, CANCELLED, CONNECTION; else OK. */
    weir_status failure;
    struct wmy_wait *outer; /* of a call within a call: see cancel.c */
    /* At the deadline: asks the server to stop. NULL: there is nothing to
     * stop. True if waiting on for `grace_ns` makes sense. */
    bool (*stop)(struct wmy_wait *wait);
    int64_t grace_ns;
    bool stopped;   /* stop() has been called */
    bool connected; /* the descriptor does not block */
} wmy_wait;

void wmy_wait_begin(wmy_wait *wait, int64_t deadline);
void wmy_wait_end(wmy_wait *wait);
/* For work that never has to wait: false once the deadline is over, and the
 * grace after stop(). */
bool wmy_wait_go_on(wmy_wait *wait);
/* libmariadb's MARIADB_OPT_IO_WAIT. */
int wmy_wait_hook(my_socket fd, my_bool is_read, int timeout_ms);

/* ----------------------------------------------------------- connections */

/* Where a running statement is, as cancel() sees it from another thread. */
typedef enum wmy_running {
    WMY_IDLE = 0,
    WMY_RUNNING,
    WMY_STOPPING, /* somebody asks the server to stop it */
    WMY_STOPPED,  /* … and has done so; it may be asked again */
    WMY_LAST,     /* as STOPPING, and it must not be asked again */
    WMY_SPENT,    /* as STOPPED, and … */
    WMY_OFF,      /* as LAST, and nobody waits for it any more */
} wmy_running;

typedef struct wmy_conn {
    wmy_wait wait; /* first: the hook finds the connection by it */
    MYSQL *mysql;
    const weir_services *services;
    const weir_url *url;
    const weir_option_value *options;
    char *init_sql;           /* what every session begins with */
    weir_buffer out;          /* a command that is being written */
    _Atomic int running;      /* a wmy_running */
    bool stray_kill;          /* a kill may have missed its statement */
    struct wmy_stmt *reading; /* its rows are still in the protocol */

    /* The session at the server, as far as it is known. */
    size_t packet_max; /* bytes of the largest command */
    bool autocommit;
    weir_isolation isolation;
    bool dirty;    /* has settings, locks or tables of its own */
    bool escaped;  /* the program has the native handle */
    unsigned owed; /* answers that nobody has read yet */

    /* The transaction. */
    bool in_tx;   /* begin() was called, or the server says so */
    bool touched; /* … and a statement was sent since */
    bool wrote;   /* … that may have changed something */
    bool lost;    /* the protocol is out of step */
    bool unsure;  /* an error has hidden the server's state */
    bool read_only;
    weir_isolation wanted;
    bool prepared; /* an XA transaction blocks the session */
    char xid[65];  /* "" for an ordinary transaction */
} wmy_conn;

/* Begins and ends an operation on the connection. */
void wmy_enter(wmy_conn *conn, int64_t deadline);
void wmy_leave(wmy_conn *conn);
/* The part of an operation in which a statement runs at the server. */
void wmy_running_begin(wmy_conn *conn);
void wmy_running_end(wmy_conn *conn);
weir_status wmy_cancel(void *conn, weir_error *err);

/* -------------------------------------------------------------- sessions */

unsigned wmy_state(void *conn);
weir_status wmy_reset(void *conn, int64_t deadline, bool *statements_lost,
                      weir_error *err);
weir_status wmy_begin(void *conn, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err);
weir_status wmy_commit(void *conn, int64_t deadline, weir_error *err);
weir_status wmy_rollback(void *conn, int64_t deadline, weir_error *err);

/* After a command that makes work lasting has failed: if the answer is lost,
 * or says nothing, nobody can know, and COMMIT_UNKNOWN it is. */
weir_status wmy_doubt(const wmy_conn *conn, weir_error *err);
/* Reads what is owed from before. Nothing new has been sent if it fails. */
weir_status wmy_settle(wmy_conn *conn, weir_error *err);
/* Sends a command without reading its answer. */
weir_status wmy_send(wmy_conn *conn, const char *sql, weir_error *err);
/* Reads the answer to a command that returns no rows. */
weir_status wmy_receive(wmy_conn *conn, weir_error *err);
/* Both; rows that come are dropped. */
weir_status wmy_run(wmy_conn *conn, const char *sql, weir_error *err);
/* Brings the session into the state that the next statement needs: sends what
 * is missing and leaves the answers owed. */
weir_status wmy_prelude(wmy_conn *conn, weir_effect effect, weir_error *err);
/* Sets up a new session, or one that was reset. */
weir_status wmy_start_session(wmy_conn *conn, weir_error *err);
/* Notes what the answer just read says about the session. */
void wmy_note_status(wmy_conn *conn);
void wmy_forget_tx(wmy_conn *conn);
/* What every session begins with; [owned] by the services. */
char *wmy_init_sql(const weir_services *services,
                   const weir_option_value *options);

weir_status wmy_prepare_tx(void *conn, const char *xid, int64_t deadline,
                           weir_error *err);
weir_status wmy_commit_prepared(void *conn, const char *xid, int64_t deadline,
                                weir_error *err);
weir_status wmy_rollback_prepared(void *conn, const char *xid, int64_t deadline,
                                  weir_error *err);
weir_status wmy_list_prepared(void *conn,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err);
/* "<verb> X'…'<tail>" in `out`, which has WMY_XA_SIZE bytes. */
enum { WMY_XID_MAX = 64, WMY_XA_SIZE = 64 + 2 * WMY_XID_MAX };
void wmy_xa_command(const char *verb, const char *xid, const char *tail,
                    char *out);
weir_status wmy_check_xid(const char *xid, weir_error *err);
/* Ends the open XA transaction as a whole: one phase, or rolled back. */
weir_status wmy_end_xa(wmy_conn *conn, const char *verb, const char *tail,
                       weir_error *err);

/* --------------------------------------------------------- what SQL does */

typedef struct wmy_scan {
    weir_effect effect;
    bool inserts; /* INSERT or REPLACE: a key may be generated */
    /* It calls functions which may do anything: a reader then counts as a
     * write if its answer is lost, and the session is no longer known. */
    bool calls;
    /* It may leave something in the session that the server does not report:
     * a named lock, a variable, a setting. */
    bool marks_session;
} wmy_scan;

/* `backslashes`: they escape in strings, as usual. */
wmy_scan wmy_scan_sql(weir_text sql, bool backslashes);

/* -------------------------------------------------------------- statements */

typedef struct wmy_stmt {
    wmy_conn *conn;
    MYSQL_STMT *handle; /* NULL: the server prepares no such statement */
    char *text;         /* to send then, or to prepare again */
    wmy_scan scan;
    weir_stmt_info info;
    wmy_columns columns;
    wmy_cell *cells;
    weir_outcome outcome;
    /* Rows taken in: each is its size in four bytes and its packet. */
    weir_buffer rows;
    size_t rows_at;
    bool has_rows; /* an execution with rows is under way */
    int64_t row_count;
} wmy_stmt;

weir_status wmy_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
weir_status wmy_execute(void *stmt, const weir_execution *execution,
                        weir_error *err);
WEIR_HOT weir_step wmy_fetch(void *stmt, weir_value *row, int64_t deadline,
                             weir_error *err);
void wmy_outcome(void *stmt, weir_outcome *out);
void wmy_end(void *stmt);
void wmy_finish(void *stmt);

/* The answer to what was sent for a statement: takes in the columns, or what
 * it did. */
weir_status wmy_answer(wmy_stmt *stmt, weir_error *err);
/* Sends the statement's body that stands in conn->out. */
weir_status wmy_send_command(wmy_stmt *stmt, enum enum_server_command command,
                             weir_error *err);

/* Rows, as packets. */
typedef enum wmy_packet {
    WMY_PACKET_ERROR = -1,
    WMY_PACKET_END = 0, /* the result set is over */
    WMY_PACKET_ROW = 1,
} wmy_packet;

/* The next packet of the result set, borrowed until the next one. */
wmy_packet wmy_next_packet(wmy_conn *conn, wmy_span *out);
/* Takes in all rows of the statement, and drops the result sets after it. */
weir_status wmy_take_rows(wmy_stmt *stmt, weir_error *err);
/* Reads on to the end of the rows, for as long as the call may take; else the
 * connection is lost. */
void wmy_drop_rows(wmy_stmt *stmt);
/* Drops result sets as long as the server says that there are more. */
weir_status wmy_drop_results(wmy_conn *conn, weir_error *err);
/* The protocol is idle again. */
void wmy_rows_over(wmy_stmt *stmt);

weir_status wmy_execute_many(void *stmt, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err);

extern const weir_driver wmy_driver;

#endif
