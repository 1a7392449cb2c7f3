/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The driver contract: what a database must be able to do for Weir.
 *
 * A driver is one constant struct of operations. Those marked MUST are
 * checked when the backend is registered; those marked MAY can be NULL, and
 * what happens then stands beside each. src/db/mock is the smallest complete
 * driver: read it first.
 *
 * Rules for every operation, unless it says otherwise:
 * - It is called by one thread at a time per connection (and its statements),
 *   with no lock held. cancel() is the exception.
 * - `conn`, `stmt` and `instance` point to zeroed memory of the sizes given
 *   here; the core allocates and frees it.
 * - It may block only in weir_services_wait(), until its absolute `deadline`
 *   at most; a library that cannot wait outside keeps the deadline by its own
 *   means (SQLite: the progress handler). At the deadline it answers
 *   WEIR_ERR_TIMEOUT, with the connection's true fate.
 * - On failure it fills `err` (never NULL here): status by reaction, fate,
 *   SQLSTATE and native code, one line of message without values. It leaves
 *   outputs untouched. The core adds the statement's text.
 * - WEIR_FATE_RETRY promises that nothing of the work reached the database.
 */
#ifndef WEIR_SYS_DRIVER_H
#define WEIR_SYS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/conn.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/result.h>
#include <weir/sys/dialect.h>
#include <weir/sys/options.h>
#include <weir/sys/services.h>
#include <weir/url.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** What a database can do. The core looks here and never at its name; the
 *  conformance suite asks for these bits and for nothing else. */
typedef enum weir_capability {
    WEIR_CAN_TRANSACT = 1u << 0,   /* begin, commit, rollback mean something */
    WEIR_CAN_SAVEPOINT = 1u << 1,  /* SAVEPOINT, RELEASE, ROLLBACK TO */
    WEIR_CAN_READ_ONLY = 1u << 2,  /* transactions that refuse to write */
    WEIR_CAN_CANCEL = 1u << 3,     /* cancel() ends a running statement */
    WEIR_CAN_DEADLINE = 1u << 4,   /* a running statement ends in time */
    WEIR_CAN_INTERLEAVE = 1u << 5, /* several statements are read from at
                                      once, row by row */
    WEIR_CAN_TWO_PHASE = 1u << 6,
    WEIR_CAN_NOTIFY = 1u << 7,     /* listen(), notification() */
    WEIR_CAN_TX_OUTCOME = 1u << 8, /* tx_id(), tx_outcome() */
    WEIR_CAN_RETURNING = 1u << 9,  /* INSERT … RETURNING */
    WEIR_CAN_KEYS = 1u << 10,      /* reports the key that INSERT generated */
    WEIR_CAN_SHARE = 1u << 11,     /* several connections see the same data */
    WEIR_CAN_DDL_ROLLBACK = 1u << 12, /* CREATE TABLE can be rolled back */
    /** One writer at a time: the core hands out a permit, first come first
     *  served, before begin() with intent to write (docs/guide/sqlite.md). */
    WEIR_HAS_SINGLE_WRITER = 1u << 13,
    WEIR_HAS_NAN = 1u << 14,           /* NaN comes back as NaN */
    WEIR_HAS_INFINITY = 1u << 15,      /* infinities come back as they are */
    WEIR_HAS_TEXT_NUL = 1u << 16,      /* text may hold a NUL character */
    WEIR_HAS_U64 = 1u << 17,           /* integers above INT64_MAX */
    WEIR_HAS_SQL = 1u << 18,           /* runs SQL, not scripted answers */
    WEIR_HAS_TYPED_COLUMNS = 1u << 19, /* cells have the column's type; else
                                          each value has its own */
    WEIR_CAN_SUBMIT = 1u << 20,        /* submit(), collect() */
    WEIR_HAS_MINUS_ZERO = 1u << 21,    /* -0.0 comes back with its sign */
} weir_capability;

/** What a statement does, as far as the driver can tell. */
typedef enum weir_effect {
    WEIR_EFFECT_READ = 0, /* certainly changes nothing */
    WEIR_EFFECT_WRITE,    /* changes data or schema, or may do so */
} weir_effect;

/** The facts of a prepared statement. Kept by the driver inside its statement
 *  memory; execute() may change them if the schema has changed. */
typedef struct weir_stmt_info {
    size_t param_count;
    /** NULL, or for each parameter the type that the server expects
     *  (WEIR_TYPE_NULL: unknown). */
    const weir_type *param_types;
    size_t column_count; /* 0: the statement returns no rows */
    const weir_column *columns;
    weir_effect effect;
    /** Raised by one whenever the columns have changed. */
    uint32_t generation;
} weir_stmt_info;

/** How rows are wanted. */
typedef enum weir_fetch_mode {
    /** Other statements may run on the connection while rows are read. A
     *  driver without WEIR_CAN_INTERLEAVE takes in all rows in execute(). */
    WEIR_FETCH_BUFFER = 0,
    /** In constant memory. Nothing else runs on the connection meanwhile. */
    WEIR_FETCH_STREAM,
} weir_fetch_mode;

/** One execution. */
typedef struct weir_execution {
    const weir_value *values; /* param_count of them, in order, unnamed */
    size_t value_count;
    weir_fetch_mode mode;
    int64_t deadline;
} weir_execution;

/** What an execution did. */
typedef struct weir_outcome {
    int64_t
        affected; /* rows matched by UPDATE, inserted, deleted; -1 unknown */
    int64_t generated_key;
    bool has_generated_key;
    /** Of execute_many(): how many parameter rows had been done when it
     *  ended or failed. */
    size_t rows_done;
} weir_outcome;

/** What a fetch found. */
typedef enum weir_step {
    WEIR_STEP_ERROR = -1, /* `err` is filled */
    WEIR_STEP_DONE = 0,   /* there was no further row */
    WEIR_STEP_ROW = 1,
} weir_step;

/** Bits of state(). All clear: idle, clean, ready to be lent. */
typedef enum weir_session_state {
    WEIR_STATE_IN_TX = 1,     /* a transaction is open at the server */
    WEIR_STATE_TX_FAILED = 2, /* … and can only be rolled back */
    WEIR_STATE_DIRTY = 4,     /* settings, temporary tables, locks, listens:
                                 reset() must run before somebody else */
    WEIR_STATE_BUSY = 8,      /* the protocol is not provably idle */
    WEIR_STATE_DEAD = 16,     /* the connection is known to be lost */
} weir_session_state;

/** How a transaction is to begin. */
typedef struct weir_tx_spec {
    weir_isolation isolation; /* never AUTOCOMMIT */
    weir_access access;
    bool deferrable;
    /** It will write: take the lock now (single-writer databases). */
    bool intent_write;
    /** NULL, or the name of a two-phase transaction. */
    const char *xid;
} weir_tx_spec;

/** What opening needs. Borrowed for the call, but for `instance`, `services`
 *  and `options`, which outlive the connection. */
typedef struct weir_open_spec {
    void *instance;
    const weir_services *services;
    const weir_url *url;
    /** Parallel to weir_backend::options. */
    const weir_option_value *options;
    /** From the URL or the credentials hook; NULL if there is none. */
    const char *user;
    const char *password;
    /** NULL, or what the server should call this program. */
    const char *application_name;
    int64_t deadline;
} weir_open_spec;

/** What an engine knows of its database; filled from the weir_backend, and
 *  attach() may correct it. What it says then is checked as at
 *  registration. */
typedef struct weir_profile {
    const weir_dialect *dialect;
    /** The operations from here on; of the same sizes as those that attached.
     *  Lives as long as the instance. For a backend that wraps another, whose
     *  operations are there or not as the other's are. */
    const struct weir_driver *driver;
    uint32_t capabilities; /* weir_capability bits */
    weir_isolation default_isolation;
    /** The most connections that may be open at once; 0: no limit. */
    int connection_max;
} weir_profile;

/** What attach() is given. */
typedef struct weir_attach_spec {
    const weir_services *services;
    const weir_url *url;
    const weir_option_value *options;
    /** Of a backend that wraps another (weir_backend::wraps): the other and
     *  the values of its options; else NULL. */
    const struct weir_backend *inner;
    const weir_option_value *inner_options;
} weir_attach_spec;

/** Rows for a bulk load, handed out one by one. */
typedef struct weir_bulk_source {
    const char *table;          /* quoted by the core */
    const char *const *columns; /* quoted by the core */
    size_t column_count;
    /** Fills `row` (column_count values, borrowed until the next call).
     *  @return ROW, DONE, or ERROR with `err` filled */
    weir_step (*next)(void *context, weir_value *row, weir_error *err);
    void *context;
} weir_bulk_source;

/** The operations of a database. */
typedef struct weir_driver {
    /** sizeof(weir_driver), for the ABI. */
    size_t size;
    size_t instance_size; /* one per engine; 0 if none is needed */
    size_t conn_size;
    size_t stmt_size;

    /* --- one per engine -------------------------------------------------- */

    /** MAY. Called once, before the first open(); must not connect to a
     *  server. May correct `profile`. */
    weir_status (*attach)(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err);
    /** MAY. Called once after the last close(), also if attach() failed. */
    void (*detach)(void *instance);

    /* --- connections ------------------------------------------------------ */

    /** MUST. On failure close() is called on what was left. */
    weir_status (*open)(void *conn, const weir_open_spec *spec,
                        weir_error *err);
    /** MUST. Cannot fail, must not wait for an answer. All statements have
     *  been finished before. */
    void (*close)(void *conn);
    /** MAY. In a forked child: gives up descriptors and memory without a word
     *  to the server. Without it the memory is left alone. */
    void (*abandon)(void *conn);
    /** MAY. Proves that the server answers. Without it "SELECT 1" is run. */
    weir_status (*ping)(void *conn, int64_t deadline, weir_error *err);
    /** MUST. weir_session_state bits, from what the client knows: no I/O. */
    unsigned (*state)(void *conn);
    /** MUST. Forgets all that the last borrower left behind, an open
     *  transaction included. Sets `*statements_lost` if prepared statements
     *  did not survive. */
    weir_status (*reset)(void *conn, int64_t deadline, bool *statements_lost,
                         weir_error *err);
    /** MAY. What was changed in the session until now is the connection's own,
     *  set up before it is first lent: state() is not DIRTY for it. A reset()
     *  forgets it all the same. */
    void (*settle)(void *conn);
    /** MAY. Asks the server to end the statement that `conn` is running, and
     *  ends its wait for a notification.
     *  Called by any thread, also while another is inside an operation of
     *  `conn`, and never while it is being opened or closed. No effect if
     *  nothing runs. */
    weir_status (*cancel)(void *conn, weir_error *err);
    /** MAY. The socket to watch for a server that hangs up; -1 for none. */
    int (*socket)(void *conn);
    /** MAY. The client library's own handle by its name ("sqlite3",
     *  "libpq"); NULL for a name it does not know. Marks the connection
     *  dirty. */
    void *(*native)(void *conn, const char *name);

    /* --- transactions: MUST if WEIR_CAN_TRANSACT -------------------------- */

    /** Begins without a round trip of its own: a database with a server
     *  sends it along with the next statement. */
    weir_status (*begin)(void *conn, const weir_tx_spec *spec, int64_t deadline,
                         weir_error *err);
    /** An answer that was lost is WEIR_ERR_COMMIT_UNKNOWN. */
    weir_status (*commit)(void *conn, int64_t deadline, weir_error *err);
    weir_status (*rollback)(void *conn, int64_t deadline, weir_error *err);

    /* --- two-phase, outcome: MUST with their capability ------------------- */

    /** Ends the work of the transaction begun with `xid` and prepares it. */
    weir_status (*prepare_tx)(void *conn, const char *xid, int64_t deadline,
                              weir_error *err);
    weir_status (*commit_prepared)(void *conn, const char *xid,
                                   int64_t deadline, weir_error *err);
    weir_status (*rollback_prepared)(void *conn, const char *xid,
                                     int64_t deadline, weir_error *err);
    /** Calls `each` with the name of every prepared transaction. */
    weir_status (*list_prepared)(void *conn,
                                 void (*each)(void *context, const char *xid),
                                 void *context, int64_t deadline,
                                 weir_error *err);
    /** The open transaction's id as text, at most `size` bytes with NUL. */
    weir_status (*tx_id)(void *conn, char *out, size_t size, int64_t deadline,
                         weir_error *err);
    weir_status (*tx_outcome)(void *conn, const char *id, weir_tx_outcome *out,
                              int64_t deadline, weir_error *err);

    /* --- statements ------------------------------------------------------- */

    /** MUST. `sql` ends with NUL and holds placeholders of the dialect's
     *  style. `*info` points into `stmt` and lives until finish(). On failure
     *  finish() is called all the same. */
    weir_status (*prepare)(void *conn, weir_text sql, void *stmt,
                           const weir_stmt_info **info, int64_t deadline,
                           weir_error *err);
    /** MUST. Binds and runs. All writing is done when it returns; rows follow
     *  by fetch(). The execution is borrowed until it returns; what its
     *  values point to until end(), if the driver has rows to compute
     *  still. */
    weir_status (*execute)(void *stmt, const weir_execution *execution,
                           weir_error *err);
    /** MUST. Fills one value per column, borrowed until the next fetch() or
     *  end() of this statement. Behind each text and JSON stands a NUL that
     *  its size does not count. */
    weir_step (*fetch)(void *stmt, weir_value *row, int64_t deadline,
                       weir_error *err);
    /** MUST. What the execution did: asked after execute() of a statement
     *  without rows, or after fetch() said DONE. */
    void (*outcome)(void *stmt, weir_outcome *out);
    /** MUST. Ends the execution; the statement stays prepared. Drops rows
     *  not fetched. Called exactly once after each execute(), failed ones
     *  included. A failure it finds is the connection's: see state(). */
    void (*end)(void *stmt);
    /** MUST. Ends the statement; without a round trip of its own. */
    void (*finish)(void *stmt);

    /* --- many at once: MAY ------------------------------------------------ */

    /** MAY. Runs the statement once for each of `row_count` rows of
     *  param_count values. Stops at the first failure, with rows_done set.
     *  Without it: execute() again and again. */
    weir_status (*execute_many)(void *stmt, const weir_execution *first,
                                size_t row_count, weir_outcome *out,
                                weir_error *err);
    /** MUST with WEIR_CAN_SUBMIT. Sends one execution, waits for nothing. A
     *  statement may be submitted again before it is collected. Inside a
     *  transaction those after one that fails are not run and fail, too;
     *  outside each stands for itself. */
    weir_status (*submit)(void *stmt, const weir_execution *execution,
                          weir_error *err);
    /** MUST with WEIR_CAN_SUBMIT. Waits for the oldest execution that was
     *  submitted; then fetch(), outcome() and end() as after execute(), also
     *  if it failed. Nothing else is called until all are collected, or the
     *  connection is lost. */
    weir_status (*collect)(void *stmt, int64_t deadline, weir_error *err);
    /** MAY. Loads rows by the fastest way there is. Without it the core runs
     *  INSERT through execute_many(). */
    weir_status (*bulk_load)(void *conn, const weir_bulk_source *source,
                             int64_t deadline, int64_t *rows, weir_error *err);

    /* --- notifications: MUST with WEIR_CAN_NOTIFY ------------------------- */

    /** Starts to listen; with `channel` NULL, stops listening to all. */
    weir_status (*listen)(void *conn, const char *channel, int64_t deadline,
                          weir_error *err);
    /** The next notification, waiting for it; cancel() ends the wait, and
     *  the connection is kept. Borrowed until the next call on `conn`. */
    weir_status (*notification)(void *conn, weir_notification *out,
                                int64_t deadline, weir_error *err);

    /* --- errors ----------------------------------------------------------- */

    /** MUST. What a native code or SQLSTATE means: fills status, fate,
     *  constraint_kind and sqlstate of `err` from the driver's table, nothing
     *  else. The driver's own operations use the same table. */
    void (*classify)(int native_code, const char *sqlstate, weir_error *err);

    /* --- submitting ------------------------------------------------------- */

    /** MAY. Called for each statement before the first submit(), between
     *  which nothing can be prepared: prepares it anew if the server is known
     *  to have forgotten it. */
    weir_status (*refresh)(void *stmt, int64_t deadline, weir_error *err);
} weir_driver;

WEIR_END_DECLS

#endif
