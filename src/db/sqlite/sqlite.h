/* SPDX-License-Identifier: MIT */
/*
 * What the files of the SQLite driver share. Connections are opened without
 * SQLite's own mutex: Weir lets one thread in at a time, and cancelling goes
 * through sqlite3_interrupt(), which is made for other threads.
 */
#ifndef WSQ_SQLITE_H
#define WSQ_SQLITE_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <weir/sys/backend.h>
#include <weir/sys/driver.h>

/* The URL's options, in the order of wsq_options. */
enum wsq_option {
    WSQ_TIMEOUT,
    WSQ_MODE,
    WSQ_FOREIGN_KEYS,
    WSQ_JOURNAL_MODE,
    WSQ_SYNCHRONOUS,
};

typedef struct wsq_conn {
    sqlite3 *db;
    const weir_services *services;
    int64_t deadline;   /* of the operation under way */
    int64_t busy_ns;    /* how long locks are waited for without a deadline */
    int64_t busy_since; /* when the current wait for a lock began; 0: none */
    bool timed_out;
    _Atomic bool cancelled;
    bool dirty; /* a PRAGMA or a temporary object: settings may have changed */
    bool read_only_tx;
} wsq_conn;

typedef struct wsq_stmt {
    wsq_conn *conn;
    sqlite3_stmt *handle;
    weir_stmt_info info;
    weir_column *columns;
    int prepared;     /* how often SQLite prepared anew: names move then */
    bool has_pending; /* execute() has stepped to a row already */
    bool inserts;
    int64_t changes_before;
    weir_outcome outcome;
} wsq_stmt;

extern const weir_option_spec wsq_options[];
extern const weir_driver wsq_driver;

/* Begins an operation: deadline, cancel flag. */
void wsq_begin_op(wsq_conn *conn, int64_t deadline);

/* Fills the error from SQLite's last one. @return its status */
weir_status wsq_fail(wsq_conn *conn, int code, weir_error *err);
void wsq_classify(int native_code, const char *sqlstate, weir_error *err);

/* Binds one value; an SQLite code, or SQLITE_MISMATCH with `err` filled. */
int wsq_bind(sqlite3_stmt *handle, int index, const weir_value *value,
             weir_error *err);
/* The type that a declared type name promises. */
weir_type wsq_declared_type(const char *name);

weir_status wsq_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
weir_status wsq_execute(void *stmt, const weir_execution *execution,
                        weir_error *err);
weir_step wsq_fetch(void *stmt, weir_value *row, int64_t deadline,
                    weir_error *err);
void wsq_outcome(void *stmt, weir_outcome *out);
void wsq_end(void *stmt);
void wsq_finish(void *stmt);

#endif
