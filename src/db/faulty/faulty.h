/* SPDX-License-Identifier: MIT */
/*
 * Inside the wrapper. Every operation has the same shape: wfa_before() counts
 * the call and decides; unless it has decided all, the inner driver is called;
 * wfa_after() may lose or delay what it answered.
 *
 * A connection is dead when calls do not get through any more, and lost when
 * the core has been told so: using it after that is a breach of the contract,
 * which is written down.
 */
#ifndef WFA_FAULTY_H
#define WFA_FAULTY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/sys/backend.h>
#include <weir/sys/faulty.h>

/* One for each engine. */
struct weir_faulty {
    const weir_services *services;
    const weir_backend *inner;
    const weir_option_value *inner_options;
    void *inner_instance;
    const weir_driver *inner_driver; /* as the inner attach() left it */
    /* The wrapper's operations, without those that the inner driver lacks. */
    weir_driver operations;
    bool is_attached; /* the inner attach() was called */
    bool has_lock;
    const char *name; /* NULL, or for weir_faulty_find() */
    weir_faulty *next_name;

    pthread_mutex_t lock; /* guards what follows; never held in a call */
    weir_fault fault;
    uint64_t matched; /* calls that the fault has counted */
    uint64_t hits;
    uint64_t calls[WEIR_FAULT_OP_COUNT];
    const char *breach;
};

typedef struct wfa_conn {
    weir_faulty *faulty;
    const weir_driver *driver; /* the inner one, as is what follows */
    void *inner;
    bool is_opened; /* its open() was called: close() has to be */
    bool is_dead;
    bool is_lost;
    size_t stmt_count; /* not finished */
    int wake[2];       /* a pipe on which a hang waits */
    bool is_hanging;   /* these two are guarded by the lock of `faulty` */
    bool is_woken;
} wfa_conn;

typedef struct wfa_stmt {
    wfa_conn *conn;
    void *inner;
    weir_stmt_info nothing; /* of a prepare() that was not made */
    bool is_prepared; /* the inner prepare() was called: finish() follows */
    bool is_running;  /* seen from outside: end() is owed */
    bool is_inner_running; /* the inner execute() was called: end() follows */
    size_t submits_lied;   /* and have nothing to collect */
} wfa_stmt;

/* A call on its way. */
typedef struct wfa_call {
    weir_fault_op op;
    int64_t deadline;
    weir_status status; /* what wfa_before() has decided */
    weir_fault fault;   /* for wfa_after(); `at` is 0: none */
} wfa_call;

/* ------------------------------------------------------------ fault.c */

/* Counts a call; true and a copy of the fault if this is one for it. */
bool wfa_strikes(weir_faulty *faulty, weir_fault_op op, weir_fault *out);
/* Counts a call. True: it is decided, `call->status` is the answer and `err`
 * is filled if that is a failure; OK is a lie. */
bool wfa_before(wfa_conn *conn, wfa_call *call, weir_error *err);
/* The answer to hand on: the inner driver's `status`, unless that is lost. */
weir_status wfa_after(wfa_conn *conn, const wfa_call *call, weir_status status,
                      weir_error *err);
/* For operations that cannot fail: counts the call and tells what is to
 * happen. With DIES_AFTER the connection is dead by then; KIND_COUNT: all is
 * as it should be. */
weir_fault_kind wfa_silent(wfa_conn *conn, weir_fault_op op);
/* Fills `err` with the failure that a fault asks for. */
weir_status wfa_fail(weir_error *err, const weir_fault *fault,
                     weir_fault_op op);
/* Writes down the first breach. */
void wfa_breach(weir_faulty *faulty, const char *what);

/* ------------------------------------------------------------- hang.c */

/* Memory for waiting; wake[] is -1 before and after. */
weir_status wfa_hang_init(wfa_conn *conn, weir_error *err);
void wfa_hang_clear(wfa_conn *conn);
/* Waits as the fault says. WEIR_OK: long enough, go on with the call; else
 * TIMEOUT, CANCELLED or what the wait hook said. */
weir_status wfa_hang(wfa_conn *conn, const weir_fault *fault, int64_t deadline,
                     weir_error *err);
/* Ends a hang as cancelled. Threads: any. */
void wfa_wake(wfa_conn *conn);

/* ------------------------------------------------------------ names.c */

/* Known to weir_faulty_find() from here on, until wfa_forget(). */
void wfa_remember(weir_faulty *faulty);
void wfa_forget(weir_faulty *faulty);

/* ---------------------------------------------------------- options.c */

extern const weir_option_spec wfa_options[];

/* The fault that a URL asks for, and the name for its engine. */
void wfa_read_options(const weir_option_value *values, weir_fault *fault,
                      const char **name);

/* ----------------------------------------- driver.c, tx.c, stmt.c, many.c */

extern const weir_backend weir_backend_faulty;
extern const weir_driver wfa_driver;

/* Zeroed memory from the engine; NULL if there is none. */
void *wfa_alloc(const weir_services *services, size_t size);
weir_status wfa_no_memory(weir_error *err);

weir_status wfa_begin(void *conn, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err);
weir_status wfa_commit(void *conn, int64_t deadline, weir_error *err);
weir_status wfa_rollback(void *conn, int64_t deadline, weir_error *err);
weir_status wfa_prepare_tx(void *conn, const char *xid, int64_t deadline,
                           weir_error *err);
weir_status wfa_commit_prepared(void *conn, const char *xid, int64_t deadline,
                                weir_error *err);
weir_status wfa_rollback_prepared(void *conn, const char *xid, int64_t deadline,
                                  weir_error *err);
weir_status wfa_list_prepared(void *conn,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err);
weir_status wfa_tx_id(void *conn, char *out, size_t size, int64_t deadline,
                      weir_error *err);
weir_status wfa_tx_outcome(void *conn, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err);

weir_status wfa_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
weir_status wfa_execute(void *stmt, const weir_execution *execution,
                        weir_error *err);
weir_step wfa_fetch(void *stmt, weir_value *row, int64_t deadline,
                    weir_error *err);
void wfa_outcome(void *stmt, weir_outcome *out);
void wfa_end(void *stmt);
void wfa_finish(void *stmt);

weir_status wfa_execute_many(void *stmt, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err);
weir_status wfa_refresh(void *stmt, int64_t deadline, weir_error *err);
weir_status wfa_submit(void *stmt, const weir_execution *execution,
                       weir_error *err);
weir_status wfa_collect(void *stmt, int64_t deadline, weir_error *err);
weir_status wfa_bulk_load(void *conn, const weir_bulk_source *source,
                          int64_t deadline, int64_t *rows, weir_error *err);

#endif
