/* SPDX-License-Identifier: MIT */
/*
 * Inside the SQLite driver.
 *
 * Invariants:
 * - A sqlite3 handle is opened without its mutex: the core lets one thread at
 *   a time into a connection. The exception is cancel(), which sets our flag
 *   and SQLite's own; `db_lock` keeps reset() from closing the handle below it.
 * - wsq_enter() begins every operation that runs SQL: it sets the deadline
 *   and forgets why the last operation was ended early.
 * - SQLite's callbacks (wsq_wait_for_lock, on_progress, wsq_authorize) write
 *   only to the connection that they were registered with.
 */
#ifndef WSQ_SQLITE_H
#define WSQ_SQLITE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include <weir/sys/backend.h>
#include <weir/sys/driver.h>

/* --------------------------------------------------------------- options */

/* Index into wsq_options and into the values that a URL gave. */
typedef enum wsq_option {
    WSQ_MODE = 0,
    WSQ_CACHE,
    WSQ_IMMUTABLE,
    WSQ_JOURNAL_MODE,
    WSQ_SYNCHRONOUS,
    WSQ_FOREIGN_KEYS,
    WSQ_BUSY_TIMEOUT,
    WSQ_TIMEOUT,
    WSQ_CACHE_SIZE,
    WSQ_MMAP_SIZE,
    WSQ_PAGE_SIZE,
    WSQ_MAX_PAGE_COUNT,
    WSQ_TEMP_STORE,
    WSQ_WAL_AUTOCHECKPOINT,
    WSQ_JOURNAL_SIZE_LIMIT,
    WSQ_SECURE_DELETE,
    WSQ_RECURSIVE_TRIGGERS,
    WSQ_TRUSTED_SCHEMA,
    WSQ_CELL_SIZE_CHECK,
    WSQ_ATTACH,
    WSQ_OPTION_IGNORED, /* the first of those without meaning here */
} wsq_option;

/* Index into the choices of `mode`, `cache`, `journal_mode`. */
enum { WSQ_MODE_RWC = 0, WSQ_MODE_RW, WSQ_MODE_RO, WSQ_MODE_MEMORY };
enum { WSQ_CACHE_PRIVATE = 0, WSQ_CACHE_SHARED };
enum { WSQ_JOURNAL_WAL = 0 };

extern const weir_option_spec wsq_options[];

/* How long a lock is waited for where the operation has no deadline, or the
 * URL says so; in nanoseconds. */
int64_t wsq_lock_wait(const weir_option_value *options);

/* -------------------------------------------------------------- instance */

/* Where the databases in memory are: a file system and a folder of ours. */
#define WSQ_MEMORY_VFS "weir"
#define WSQ_MEMORY_ROOT "/weir-memory/"

/* What the connections of one engine share. */
typedef struct wsq_instance {
    const weir_services *services;
    char *path;      /* for messages: the file, or ":memory:" */
    char *name;      /* for sqlite3_open_v2(), with everything escaped */
    const char *vfs; /* NULL: the system's */
    int flags;       /* SQLITE_OPEN_…, of the mode */
    bool memory;
    struct wsq_store *store; /* holds a database in memory */
} wsq_instance;

/* location.c: where the data are, from the URL. */
weir_status wsq_locate(wsq_instance *instance, const weir_attach_spec *spec,
                       weir_error *err);
weir_status wsq_check_url(const weir_url *url, weir_error *err);
/* Why the file could not be opened, as far as a look at it tells. */
weir_status wsq_explain_open(const wsq_instance *instance, int code,
                             int system_errno, weir_error *err);

weir_status wsq_copy_text(const wsq_instance *instance, const char *text,
                          char **out, weir_error *err);

/* memory.c: a database in memory; of that name, or one that nobody shares. */
weir_status wsq_memory_keep(wsq_instance *instance, const char *shared,
                            weir_error *err);
void wsq_memory_drop(wsq_instance *instance);

/* vfs.c: makes the file system known to SQLite. A code of SQLite. */
int wsq_vfs_register(void);

/* ------------------------------------------------------------ connection */

/* Statements of the driver's own, prepared once. */
typedef enum wsq_fixed {
    WSQ_BEGIN = 0,
    WSQ_BEGIN_IMMEDIATE,
    WSQ_COMMIT,
    WSQ_ROLLBACK,
    WSQ_LOOK, /* reads from the file, which also takes the snapshot */
    WSQ_FIXED_COUNT,
} wsq_fixed;

/* Why a callback of ours ended the work. */
typedef enum wsq_ending {
    WSQ_ENDED_NOT = 0,
    WSQ_ENDED_LATE,
    WSQ_ENDED_CANCELLED,
} wsq_ending;

struct wsq_facts;

typedef struct wsq_conn {
    sqlite3 *db;
    wsq_instance *instance;
    const weir_services *services;
    const weir_option_value *options;
    sqlite3_stmt *fixed[WSQ_FIXED_COUNT];

    int64_t deadline;      /* of the operation */
    int64_t wait_until;    /* of the lock that wsq_wait_for_lock() waits for */
    wsq_ending ending;     /* of the operation */
    sqlite3_stmt *running; /* what on_progress() may end */
    unsigned executions;   /* begun and not ended */

    bool read_only;      /* the open transaction refuses to write */
    bool dirty;          /* settings or temporary objects were left behind */
    bool dead;           /* a write was lost when its statement ended */
    bool escaped;        /* the program has the sqlite3 handle */
    bool reprepared;     /* SQLite has compiled something again */
    const char *refused; /* why authorize() said no */
    struct wsq_facts *facts; /* of the statement being prepared, or NULL */

    atomic_bool cancelled;
    pthread_mutex_t db_lock; /* cancel() against reset(): guards `db` there */
    bool has_lock;
} wsq_conn;

/* Begins an operation. Its deadline ends waiting for locks, and the statement
 * that step() runs. */
WEIR_HOT void wsq_enter(wsq_conn *conn, int64_t deadline);

/* SQLite's busy handler: waits a little for the lock, which was asked for
 * `count` times before. 0: no longer. */
int wsq_wait_for_lock(void *conn, int count);

/* options.c: sets all that the options ask for on a fresh handle. A code of
 * SQLite. */
int wsq_options_apply(sqlite3 *db, wsq_conn *conn);

/* driver.c */
weir_status wsq_attach(void *instance, const weir_attach_spec *spec,
                       weir_profile *profile, weir_error *err);
void wsq_detach(void *instance);
weir_status wsq_open(void *conn, const weir_open_spec *spec, weir_error *err);
void wsq_close(void *conn);
void wsq_abandon(void *conn);
weir_status wsq_ping(void *conn, int64_t deadline, weir_error *err);
unsigned wsq_state(void *conn);
weir_status wsq_reset(void *conn, int64_t deadline, bool *statements_lost,
                      weir_error *err);
void wsq_settle(void *conn);
weir_status wsq_cancel(void *conn, weir_error *err);
void *wsq_native(void *conn, const char *name);

/* handle.c: a sqlite3 handle with our settings and callbacks. */
weir_status wsq_handle_open(wsq_conn *conn, int64_t deadline, sqlite3 **out,
                            weir_error *err);

/* tx.c */
int wsq_run_fixed(wsq_conn *conn, wsq_fixed which);
void wsq_drop_fixed(wsq_conn *conn);
weir_status wsq_begin(void *conn, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err);
weir_status wsq_commit(void *conn, int64_t deadline, weir_error *err);
weir_status wsq_rollback(void *conn, int64_t deadline, weir_error *err);

/* ------------------------------------------------------------- statement */

/* What authorize() learns while a statement is prepared. */
typedef struct wsq_facts {
    bool inserts;    /* rows into a table or view, by itself, no trigger */
    bool alters;     /* rows by UPDATE or DELETE, by itself */
    bool defines;    /* schema: SQLite counts no rows then */
    bool dirties;    /* settings, temporary objects, attached files */
    char schema[32]; /* of the table that it inserts into */
    char table[128];
} wsq_facts;

typedef struct wsq_stmt {
    sqlite3_stmt *handle;
    wsq_conn *conn;
    bool executing;
    bool pending; /* a row was stepped to and not yet fetched */
    bool done;
    bool failed;   /* the execution's failure was told */
    bool borrowed; /* values of the caller's are bound */
    bool alone;    /* the execution is its own transaction, and writes */
    bool writes;
    bool counts; /* SQLite counts the rows that it changes */
    bool keyed;  /* an INSERT into a table with rowids */
    int reprepared;
    weir_outcome outcome;
    weir_stmt_info info;
    weir_column *columns;
    size_t column_capacity;
    wsq_facts facts;
} wsq_stmt;

/* prepare.c */
int wsq_authorize(void *context, int action, const char *first,
                  const char *second, const char *schema, const char *trigger);
weir_status wsq_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
void wsq_finish(void *stmt);
/* Reads the columns again after SQLite has prepared anew. */
weir_status wsq_columns_read(wsq_stmt *stmt, weir_error *err);

/* stmt.c */
WEIR_HOT weir_status wsq_execute(void *stmt, const weir_execution *execution,
                                 weir_error *err);
WEIR_HOT weir_step wsq_fetch(void *stmt, weir_value *row, int64_t deadline,
                             weir_error *err);
WEIR_HOT void wsq_outcome(void *stmt, weir_outcome *out);
WEIR_HOT void wsq_end(void *stmt);
weir_status wsq_execute_many(void *stmt, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err);

/* types.c */
WEIR_HOT weir_status wsq_bind(wsq_stmt *stmt, const weir_value *values,
                              size_t count, weir_error *err);
/* The type that a declaration stands for; NULL type: none of ours. */
weir_type wsq_declared_type(const char *declaration);

/* errors.c */
void wsq_classify(int native_code, const char *sqlstate, weir_error *err);
/* Fills `err` for a code that an operation of `conn` has just got. */
WEIR_COLD weir_status wsq_fail(wsq_conn *conn, int code, weir_error *err);
/* As wsq_fail(), for work that ends in a commit: a failing disk leaves it
 * open whether it took effect. */
WEIR_COLD weir_status wsq_fail_commit(wsq_conn *conn, int code,
                                      weir_error *err);
/* As weir_error_set(), with a SQLSTATE. */
WEIR_COLD weir_status wsq_refuse(weir_error *err, weir_status status,
                                 const char *sqlstate, const char *message);

#endif
