/* SPDX-License-Identifier: MIT */
/*
 * Inside the mock.
 *
 * Reading order for whoever adds a database: backend.c (what it is), driver.c
 * and stmt.c (the operations), errors.c (what its errors mean). These are what
 * every database has. The rest is the script that stands in for a server:
 * script.c holds the steps, call.c finds the one for a call and lets it
 * happen, wire.c waits, log.c writes down.
 *
 * Locks: `lock` of a mock guards what stands below it there and what a
 * wmk_conn says it guards. It is never held while waiting. The names of all
 * mocks and their references have a lock of their own in script.c.
 */
#ifndef WMK_MOCK_H
#define WMK_MOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/sys/backend.h>
#include <weir/sys/mock.h>

/* ------------------------------------------------------------------- types */

/* A step of the script. What was said never changes, and it stays until the
 * mock is freed: rows are read from it long after it was used up. */
typedef struct wmk_step {
    struct wmk_step *next;
    weir_mock_step said; /* its pointers lead to the end of this block */
    int skip;            /* calls that still go by */
    int left;            /* calls that it still answers; negative: all */
    bool has_answered;
} wmk_step;

/* A line of the log. */
typedef struct wmk_line {
    struct wmk_line *next;
    int connection;
    char text[];
} wmk_line;

/* A notification that was sent. */
typedef struct wmk_note {
    struct wmk_note *next;
    uint64_t serial;
    const char *channel;
    const char *payload;
} wmk_note;

/* What became of a transaction whose id was asked for, and of one that was
 * prepared: `xid` is "" for the former. */
typedef struct wmk_tx {
    struct wmk_tx *next;
    uint64_t serial;
    weir_tx_outcome outcome;
    char xid[];
} wmk_tx;

struct weir_mock {
    weir_mock *next_name;
    size_t references;
    char *name;
    weir_mock_options options;

    pthread_mutex_t lock; /* guards what follows */
    wmk_step *steps;      /* oldest first */
    wmk_step *retired;
    struct wmk_conn *connections;
    int connection_serial;
    wmk_line *lines;
    wmk_line **lines_end;
    char *log_text; /* what was handed out last */
    size_t round_trips;
    const char *breach;
    size_t hanging;
    uint64_t resumed; /* how often weir_mock_resume() was called */
    wmk_note *notes;  /* newest first */
    wmk_tx *txs;
    uint64_t tx_serial;
};

typedef struct wmk_conn {
    const weir_services *services;
    weir_mock *mock;
    int number;
    int wire[2];        /* ours and the server's end; guarded once open */
    unsigned state;     /* weir_session_state, as far as the client knows */
    bool travelled;     /* something was sent since begin */
    bool has_submitted; /* … and nothing collected since */
    size_t stmt_count;  /* prepared and not finished */
    struct wmk_stmt *streaming;
    const wmk_step *step; /* of the call that is being made; NULL: none */
    uint64_t tx_serial;   /* 0: nobody asked for the transaction's id */
    weir_buffer channels; /* names that are listened to, each with its NUL */
    uint64_t heard;       /* serial of the last notification looked at */

    /* Guarded by the mock's lock. */
    struct wmk_conn *next;
    bool inside;    /* a call is being made */
    bool waiting;   /* … and it hangs or is delayed */
    bool cancelled; /* … and is to end */
    bool dropped;   /* the server has hung up */
} wmk_conn;

typedef struct wmk_stmt {
    wmk_conn *conn;
    char *sql;
    weir_stmt_info info;
    const wmk_step *step; /* answers the execution; NULL: nothing in it */
    size_t next_row;
    void *row;        /* what the current row's values point to */
    size_t submitted; /* and not collected */
    bool is_prepared;
    bool is_executing; /* end() has to come */
} wmk_stmt;

/* One call of the driver. */
typedef struct wmk_call {
    weir_mock_op op;
    const char *word;  /* in the log */
    const char *shown; /* behind it; NULL: nothing */
    const char *text;  /* what steps are compared with; NULL: nothing */
    bool is_free;      /* no round trip */
    int64_t deadline;
} wmk_call;

/* ------------------------------------------------------------- call.c */

/*
 * Records a call and lets happen what the script says, up to the point where
 * the server has got it. On WEIR_OK the operation does its work and then ends
 * with wmk_after(), which tells whether its answer arrived.
 */
weir_status wmk_before(wmk_conn *conn, const wmk_call *call, weir_error *err);
weir_status wmk_after(wmk_conn *conn, weir_error *err);

/* For operations that do nothing but being called. */
weir_status wmk_only(wmk_conn *conn, const wmk_call *call, weir_error *err);

/* Records a call and takes its step, if there is one; for operations that come
 * from another thread than the connection's. */
const wmk_step *wmk_take(wmk_conn *conn, const wmk_call *call);

/* The connection is lost from now on. Returns WEIR_ERR_CONNECTION. */
weir_status wmk_cancelled(weir_error *err);
weir_status wmk_lost(wmk_conn *conn, weir_fate fate, weir_error *err);

/* The step that the next call would take, without taking it. */
const wmk_step *wmk_peek(wmk_conn *conn, weir_mock_op op, const char *text);

/* -------------------------------------------------------------- log.c */

/* Writes a line down; the lock is held. Without memory it is left out. */
void wmk_record(weir_mock *mock, int connection, const wmk_call *call);
/* The core broke the contract; takes the lock itself. */
void wmk_breach(wmk_conn *conn, const char *what);
/* Appends `[i64 7, null]`. */
weir_status wmk_add_values(const weir_services *services, weir_buffer *to,
                           const weir_execution *execution);
void wmk_lines_free(weir_mock *mock);

/* ------------------------------------------------------------- wire.c */

weir_status wmk_wire_open(wmk_conn *conn, weir_error *err);
void wmk_wire_close(wmk_conn *conn);
/* Wakes a call that waits, or hangs up; the lock is held. */
void wmk_wire_wake(wmk_conn *conn);
void wmk_wire_drop(wmk_conn *conn);
/* Waits until something was done to the connection or the time has come. The
 * answer is that of weir_services_wait(). */
weir_status wmk_wire_wait(wmk_conn *conn, int64_t until, weir_error *err);

/* ------------------------------------------------------------- pack.c */

/* Many small things in one block. Without `base` it only measures. */
typedef struct wmk_pack {
    char *base;
    size_t used;
} wmk_pack;

void *wmk_pack_room(wmk_pack *pack, size_t size);
const char *wmk_pack_text(wmk_pack *pack, const char *text);
/* Copies values and what they point to; `out` has room for them. */
void wmk_pack_values(wmk_pack *pack, const weir_value *values, size_t count,
                     weir_value *out);

/* ----------------------------------------------------------- script.c */

void *wmk_alloc(size_t size);
void wmk_free(void *memory);
/* Another user of the mock of that name; NULL if there is none. */
weir_mock *wmk_attach(const char *name);
void wmk_detach(weir_mock *mock);

/* ----------------------------------------- notify.c, two_phase.c, errors.c */

weir_status wmk_listen(void *conn, const char *channel, int64_t deadline,
                       weir_error *err);
weir_status wmk_notification(void *conn, weir_notification *out,
                             int64_t deadline, weir_error *err);
void wmk_notes_free(weir_mock *mock);

weir_status wmk_prepare_tx(void *conn, const char *xid, int64_t deadline,
                           weir_error *err);
weir_status wmk_commit_prepared(void *conn, const char *xid, int64_t deadline,
                                weir_error *err);
weir_status wmk_rollback_prepared(void *conn, const char *xid, int64_t deadline,
                                  weir_error *err);
weir_status wmk_list_prepared(void *conn,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err);
weir_status wmk_tx_id(void *conn, char *out, size_t size, int64_t deadline,
                      weir_error *err);
weir_status wmk_tx_outcome(void *conn, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err);
/* The transaction of a connection has ended. */
void wmk_tx_end(wmk_conn *conn, weir_tx_outcome outcome);
void wmk_txs_free(weir_mock *mock);

void wmk_classify(int native_code, const char *sqlstate, weir_error *err);

/* --------------------------------------------- backend.c, driver.c, stmt.c */

extern const weir_backend weir_backend_mock;
extern const weir_driver wmk_driver;

/* The dialect with that kind of placeholder. */
const weir_dialect *wmk_dialect(weir_placeholder placeholder);

weir_status wmk_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
weir_status wmk_execute(void *stmt, const weir_execution *execution,
                        weir_error *err);
weir_step wmk_fetch(void *stmt, weir_value *row, int64_t deadline,
                    weir_error *err);
void wmk_outcome(void *stmt, weir_outcome *out);
void wmk_end(void *stmt);
void wmk_finish(void *stmt);
weir_status wmk_refresh(void *stmt, int64_t deadline, weir_error *err);
weir_status wmk_submit(void *stmt, const weir_execution *execution,
                       weir_error *err);
weir_status wmk_collect(void *stmt, int64_t deadline, weir_error *err);

#endif
