/* SPDX-License-Identifier: MIT */
/*
 * What the files of the PostgreSQL driver share.
 *
 * libpq speaks the protocol and never waits here: what it has to send goes
 * out, and answers come in, in wait.c, through the engine's wait hook, so
 * every deadline holds. What belongs together travels together: BEGIN and
 * the closing of old statements go in one pipeline with the statement that
 * follows them.
 */
#ifndef WPG_H
#define WPG_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <weir/sys/backend.h>
#include <weir/sys/driver.h>

#include "codec.h"
#include "ears.h"

/* -------------------------------------------------------------- options */

/* The URL's options, in the order of wpg_options. */
enum wpg_option {
    WPG_HOST,
    WPG_HOSTADDR,
    WPG_PORT,
    WPG_TLS,
    WPG_SSLMODE,
    WPG_SSLROOTCERT,
    WPG_SSLCRL,
    WPG_SSLCERT,
    WPG_SSLKEY,
    WPG_SSLPASSWORD,
    WPG_SSL_MIN_VERSION,
    WPG_SSL_MAX_VERSION,
    WPG_CHANNEL_BINDING,
    WPG_REQUIREPEER,
    WPG_TARGET,
    WPG_OPTIONS,
    WPG_PASSFILE,
    WPG_KEEPALIVES,
    WPG_KEEPALIVES_IDLE,
    WPG_KEEPALIVES_INTERVAL,
    WPG_KEEPALIVES_COUNT,
    WPG_TCP_USER_TIMEOUT,
    WPG_FALLBACK_NAME,
    WPG_PREPARED,
    WPG_CLIENT_ENCODING,
    WPG_OPTION_COUNT,
};

extern const weir_option_spec wpg_options[];

/* One parameter of libpq. */
typedef struct wpg_setting {
    const char *name;
    const char *value;
} wpg_setting;

enum { WPG_SETTING_MAX = 40, WPG_HOSTS_SIZE = 1024 };

/* How a server is reached, as libpq wants it said; ends with a name NULL.
 * Borrows from the URL and its options. */
typedef struct wpg_transport {
    wpg_setting settings[WPG_SETTING_MAX];
    size_t count;
    char hosts[WPG_HOSTS_SIZE];
    char ports[WPG_HOSTS_SIZE];
    bool tls; /* encrypted, and the server verified */
} wpg_transport;

/* What the URL says, or why it cannot be. */
weir_status wpg_transport_of(const weir_url *url,
                             const weir_option_value *options,
                             wpg_transport *out, weir_error *err);

/* ----------------------------------------------------------- connections */

/* Where a running statement is, as cancel() sees it from another thread. */
typedef enum wpg_running {
    WPG_IDLE = 0,
    WPG_RUNNING,
    WPG_STOPPING, /* somebody asks the server to stop it */
    WPG_STOPPED,  /* … and has done so; it may be asked again */
    WPG_LAST,     /* as STOPPING, and it must not be asked again */
    WPG_SPENT,    /* as STOPPED, and … */
    WPG_STRAY,    /* … and when it will arrive is not known */
    WPG_OFF,      /* as LAST, and nobody waits for it any more */
    WPG_HEARING,  /* nothing runs: a notification is waited for */
    WPG_HUSHED,   /* … no longer */
} wpg_running;

/* What the server accepts as a wish to stop. */
typedef struct wpg_key {
    bool known;
    uint32_t pid;
    uint32_t secret;
} wpg_key;

/* Listens to libpq while it connects; see guard.c. */
typedef struct wpg_guard {
    PGconn *pg;
    FILE *trace;
    char line[128]; /* of the trace, as far as it was heard */
    size_t line_size;
    bool refused; /* the server wanted the password as it is */
    bool led;     /* what libpq sends is led aside */
    int aside[3];
    wpg_key key;
} wpg_guard;

typedef struct wpg_conn {
    PGconn *pg;
    const weir_services *services;
    const weir_url *url;
    const weir_option_value *options;
    bool unnamed; /* prepared_statements=off */

    /* Waiting. */
    int64_t deadline;
    int64_t grace_ns;     /* for an answer to "stop" */
    weir_status wait_end; /* TIMEOUT or CANCELLED once a wait ended so */
    bool stopped;         /* this operation has asked the server to stop */
    unsigned waits;
    wpg_ears ears;
    _Atomic int running; /* a wpg_running */
    wpg_key key;
    struct sockaddr_storage peer; /* where a wish to stop goes */
    socklen_t peer_size;

    /* The protocol. */
    bool busy;      /* answers are to come */
    bool pipeline;  /* … in libpq's pipeline mode */
    unsigned syncs; /* of the pipeline, unanswered */
    bool growing;   /* more is to be sent in the pipeline */
    bool lost;      /* out of step, or given up */
    struct wpg_stmt *reading;

    /* The session at the server. */
    bool dirty;
    bool named;   /* PREPARE was used: it takes reset() more to undo */
    bool escaped; /* the program has the native handle */
    bool listens;
    unsigned notices;   /* of this operation */
    uint64_t nonce;     /* in the names of its statements: nobody else's */
    uint64_t last_name; /* of a prepared statement */
    /* Raised when the server has forgotten all prepared statements. */
    unsigned epoch;
    /* Raised when tables may have changed: statements are prepared anew. */
    unsigned schema;
    bool schema_in_tx;   /* … by the open transaction, and may change back */
    weir_buffer closing; /* numbers of statements to close: uint64_t each */
    PGnotify *notify;    /* the one handed out last */

    /* The transaction. */
    bool in_tx;     /* begin() was called */
    bool begun;     /* … and BEGIN has been sent */
    bool begins;    /* … right now, before the statement under way */
    bool preparing; /* it ends by PREPARE TRANSACTION */
    char begin[96]; /* the words of BEGIN */

    /* Executions that were submitted and not collected, in order. */
    unsigned ahead; /* commands before them whose answers are to come */
    bool unsynced;
    weir_buffer submitted; /* wpg_stmt * each */
    size_t collected;      /* … of which so many were answered */
} wpg_conn;

/* Whether there are executions that were submitted and not collected. */
static inline bool wpg_has_submitted(const wpg_conn *conn)
{
    return conn->submitted.size > conn->collected * sizeof(void *);
}

weir_status wpg_dial(wpg_conn *conn, const weir_open_spec *spec,
                     weir_error *err);

weir_status wpg_guard_start(wpg_guard *guard, PGconn *pg, weir_error *err);
/* Sends on what was led aside. @return false: it may not be, or cannot */
bool wpg_guard_pass(wpg_guard *guard);
void wpg_guard_stop(wpg_guard *guard);

/* -------------------------------------------------------------- waiting */

/* Begins an operation on the connection. Fails if it is lost already. */
weir_status wpg_enter(wpg_conn *conn, int64_t deadline, weir_error *err);
/* The same in the middle of an answer. */
void wpg_resume(wpg_conn *conn, int64_t deadline);
/* For work that never has to wait: false once the deadline is over, and the
 * grace after "stop". */
bool wpg_go_on(wpg_conn *conn);
/* Waits for the socket: to be read, and written if libpq has more to send. */
weir_status wpg_wait(wpg_conn *conn, weir_error *err);
/* The next result, waiting for it; NULL at the end of one command's. */
weir_status wpg_next(wpg_conn *conn, PGresult **out, weir_error *err);
/* Reads on until the protocol is idle; what comes is dropped. */
weir_status wpg_drain(wpg_conn *conn, weir_error *err);
/* Waits a moment, whatever comes. */
void wpg_pause(wpg_conn *conn, int64_t ns);

/* The part of an operation in which a statement runs at the server. */
void wpg_running_begin(wpg_conn *conn);
void wpg_running_end(wpg_conn *conn);
/* The next statement of a pipeline runs. */
void wpg_running_next(wpg_conn *conn);
weir_status wpg_cancel(void *conn, weir_error *err);
/* From the thread that waits: asks the server to stop. Whether waiting on for
 * an answer makes sense. */
bool wpg_stop_own(wpg_conn *conn);

/* --------------------------------------------------------------- sending */

/* Each sends, or says why not; answers are busy then. */
weir_status wpg_send_query(wpg_conn *conn, const char *sql, weir_error *err);
weir_status wpg_pipeline_begin(wpg_conn *conn, weir_error *err);
weir_status wpg_pipeline_sync(wpg_conn *conn, weir_error *err);
/* Reads until the protocol is idle; the first failure is told. */
weir_status wpg_receive(wpg_conn *conn, weir_error *err);
/* A command by itself, from sending to idle; the command tag is copied if
 * `tag` (64 bytes) is not NULL. */
weir_status wpg_run(wpg_conn *conn, const char *sql, char *tag,
                    weir_error *err);
/* A query by itself; its rows in text format. [owned] by the caller */
weir_status wpg_ask(wpg_conn *conn, const char *sql, PGresult **out,
                    weir_error *err);

/* --------------------------------------------------------------- errors */

/* libpq's own function calls no result a failure. */
static inline bool wpg_is_failure(const PGresult *result)
{
    return result && PQresultStatus(result) == PGRES_FATAL_ERROR;
}
void wpg_classify(int native_code, const char *sqlstate, weir_error *err);
/* Fills the error from a result that is one. */
weir_status wpg_fail(wpg_conn *conn, const PGresult *result, weir_error *err);
/* The connection is gone, or what libpq was asked for could not be sent. */
weir_status wpg_lose(wpg_conn *conn, weir_fate fate, weir_error *err);
/* Why connecting failed. */
weir_status wpg_fail_open(wpg_conn *conn, weir_error *err);
weir_status wpg_nomem(weir_error *err);
weir_status wpg_malformed(wpg_conn *conn, weir_error *err);
void wpg_set_state(weir_error *err, const char *sqlstate);
void wpg_notice(void *conn, const PGresult *result);

/* -------------------------------------------------------------- sessions */

unsigned wpg_state(void *conn);
weir_status wpg_reset(void *conn, int64_t deadline, bool *statements_lost,
                      weir_error *err);
weir_status wpg_begin(void *conn, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err);
weir_status wpg_commit(void *conn, int64_t deadline, weir_error *err);
weir_status wpg_rollback(void *conn, int64_t deadline, weir_error *err);
void wpg_forget_tx(wpg_conn *conn);
/* Whether something has to be sent before the next statement. */
bool wpg_has_prelude(const wpg_conn *conn);
/* Sends what closes statements, if there are any and it may be done. */
weir_status wpg_send_closing(wpg_conn *conn, unsigned *ahead, weir_error *err);
/* Sends it within a pipeline; `*ahead` commands are to be answered first. */
weir_status wpg_send_prelude(wpg_conn *conn, unsigned *ahead, weir_error *err);
/* Reads their answers. Only BEGIN can fail. */
weir_status wpg_read_prelude(wpg_conn *conn, unsigned ahead, weir_error *err);
/* Tables may have changed, or changed back. */
void wpg_note_rollback(wpg_conn *conn);
/* What a command tag says about the session. */
void wpg_note_tag(wpg_conn *conn, const char *tag);

weir_status wpg_check_xid(const char *xid, weir_error *err);
weir_status wpg_prepare_tx(void *conn, const char *xid, int64_t deadline,
                           weir_error *err);
weir_status wpg_commit_prepared(void *conn, const char *xid, int64_t deadline,
                                weir_error *err);
weir_status wpg_rollback_prepared(void *conn, const char *xid, int64_t deadline,
                                  weir_error *err);
weir_status wpg_list_prepared(void *conn,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err);
weir_status wpg_tx_id(void *conn, char *out, size_t size, int64_t deadline,
                      weir_error *err);
weir_status wpg_tx_outcome(void *conn, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err);

extern const weir_driver wpg_driver;

#endif
