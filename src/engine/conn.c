/* SPDX-License-Identifier: MIT */
/*
 * Borrowing a connection and giving it back; what a failure does to it.
 */
#include "engine/conn.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/handles.h"
#include "engine/isolation.h"
#include "engine/log.h"
#include "engine/options.h"
#include "engine/reclaim.h"
#include "engine/result.h"
#include "engine/tx.h"

/* ----------------------------------------------------------------- errors */

static const weir_error null_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the connection is NULL; weir_connect() has failed or was not "
               "called",
};
static const weir_error closed_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the connection is closed; borrow another with weir_connect()",
};
static const weir_error entered_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "two threads use one connection at once; borrow one for each",
};
static const weir_error forked_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the connection is the parent process's, borrowed before "
               "fork(); borrow another with weir_connect()",
};

const weir_error *wi_conn_entry_error(const weir_conn *conn)
{
    if (!conn)
        return &null_error;
    if (atomic_load_explicit(&conn->state, memory_order_acquire) ==
        WI_CONN_CLOSED)
        return &closed_error;
    if (atomic_load_explicit(&conn->state, memory_order_acquire) ==
        WI_CONN_FORKED)
        return &forked_error;
    return &entered_error;
}

const weir_error *weir_conn_error(const weir_conn *conn)
{
    uint32_t state =
        conn ? atomic_load_explicit(&conn->state, memory_order_acquire)
             : WI_CONN_CLOSED;

    if (state == WI_CONN_CLOSED || state == WI_CONN_FORKED)
        return wi_conn_entry_error(conn);
    return &conn->error;
}

/* -------------------------------------------------------------- borrowing */

static weir_status check_options(const weir_connect_options *options,
                                 weir_error *err)
{
    if (options->timeout_s != options->timeout_s)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "timeout_s is not a number of seconds");
    if ((unsigned)options->access > WEIR_READ_ONLY)
        return weir_error_set(err, WEIR_ERR_MISUSE, "%d is not a weir_access",
                              (int)options->access);
    return WEIR_OK;
}

weir_isolation wi_loan_isolation(const weir_engine *engine, weir_isolation wish)
{
    if (wish != WEIR_ISOLATION_DEFAULT)
        return wish;
    if (engine->settings.isolation != WEIR_ISOLATION_DEFAULT)
        return engine->settings.isolation;
    return engine->profile.default_isolation;
}

void wi_conn_begin(weir_conn *conn, wi_link *link)
{
    atomic_store_explicit(&conn->lease, NULL, memory_order_relaxed);
    conn->link = link;
    conn->taken_lease = NULL;
    atomic_store_explicit(&conn->overdue_ns, 0, memory_order_relaxed);
    conn->access = WEIR_READ_WRITE;
    conn->tag = conn->site = NULL;
    conn->may_move = true;
    atomic_store_explicit(&conn->user, wi_thread_mark(), memory_order_relaxed);
    wi_conn_forget_outcome(conn);
    conn->tx.state = WI_TX_NONE;
    conn->tx.begun = false;
    conn->tx.savepoint_count = 0;
    conn->is_with_hooks = conn->is_detached = false;
    wi_error_clear(&conn->error);
    atomic_store_explicit(&conn->state, WI_CONN_ENTERED, memory_order_relaxed);
}

static void begin_loan(weir_conn *conn, wi_lease *lease,
                       const wi_request *request,
                       const weir_connect_options *options)
{
    weir_engine *engine = conn->engine;

    wi_conn_begin(conn, wi_lease_resource(lease));
    conn->loan = wi_lease_loan(lease);
    atomic_store_explicit(&conn->lease, lease, memory_order_release);
    conn->link->holder = conn;
    conn->link->tag = options->tag;
    conn->isolation = wi_loan_isolation(engine, options->isolation);
    conn->access = options->access;
    conn->first_isolation = conn->isolation;
    conn->first_access = conn->access;
    conn->timeout_ns = atomic_load(&engine->statement_timeout_ns);
    conn->tag = options->tag;
    conn->site = request->site;
    conn->may_move = options->may_move;
}

/* 0, the pool's own timeout: then no clock is asked while one is free. */
static int64_t acquire_deadline(double timeout_s)
{
    return timeout_s < 0 ? 0 : wi_deadline_in_ns(wi_ns_from_seconds(timeout_s));
}

/* Hooks may call a connection dead and are asked about its successor. */
enum { CHECKOUT_TRIES = 3 };

static weir_status ask_hooks(weir_conn *conn, int64_t deadline, weir_error *err)
{
    weir_error last;

    if (deadline == 0)
        deadline =
            wi_deadline_in_ns(atomic_load(&conn->engine->pool_timeout_ns));

    for (int tries = 1;; tries++) {
        weir_status status = wi_events_checkout(conn, err);

        if (status == WEIR_OK)
            return WEIR_OK;
        wi_conn_lose_link(conn, err);
        wi_tx_rollback(conn);
        if (status != WEIR_ERR_CONNECTION)
            return status;
        if (tries == CHECKOUT_TRIES)
            break;
        status = wi_conn_need_link(conn, deadline);
        if (status != WEIR_OK) {
            *err = conn->error;
            return status;
        }
    }
    last = *err;
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "checkout hooks called %d connections dead: %s",
                          CHECKOUT_TRIES, last.message);
}

/* What the pool is asked for, and with what the loan is to begin. */
typedef struct wish {
    wi_request request;
    const weir_connect_options *options;
    weir_error *err;
    weir_status status; /* what hooks said to it */
} wish;

static void begin_wish(wi_request *request, wi_lease *lease)
{
    wish *wanted = WI_CONTAINER(request, wish, request);
    weir_conn *conn = request->holder;

    begin_loan(conn, lease, request, wanted->options);
    if (wi_hooks_listen(&conn->engine->events.hooks, WEIR_EVENT_CHECKOUT))
        wanted->status = ask_hooks(conn, request->deadline_ns, wanted->err);
    wi_conn_leave(conn, WEIR_OK);
}

/* A loan of a kind that shares them was joined: it is as it is. */
static weir_conn *
join_loan(weir_conn *conn, const weir_connect_options *options, weir_error *err)
{
    weir_isolation isolation = wi_loan_isolation(
        conn->engine, options->isolation != WEIR_ISOLATION_DEFAULT
                          ? options->isolation
                          : conn->first_isolation);

    if (isolation == conn->first_isolation &&
        options->access == conn->first_access)
        return conn;
    weir_error_set(err, WEIR_ERR_MISUSE,
                   "the connection is shared and was borrowed with another "
                   "isolation or access; ask for the same, or close it first");
    weir_conn_close(&conn);
    return NULL;
}

/* Whether borrowing makes sense; `whole` are the options then. */
static weir_status check_wish(const weir_engine *engine,
                              const weir_connect_options *options,
                              weir_connect_options *whole, weir_error *err)
{
    weir_status status = WEIR_OK;

    if (!wi_engine_is(engine))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the engine is NULL or closed; "
                              "weir_engine_open() has failed or was not "
                              "called");
    if (options)
        status = wi_options_take(whole, options, "weir_connect_options", err);
    if (status == WEIR_OK)
        status = check_options(whole, err);
    if (status == WEIR_OK)
        status =
            wi_isolation_check(engine->profile.dialect, whole->isolation, err);
    return status == WEIR_OK ? wi_events_refuse_first(engine, err) : status;
}

/* A handle that has begun; NULL if there is no connection for it. */
static weir_conn *borrow(weir_engine *engine, weir_conn *conn, wish *wanted)
{
    wi_lease *lease = NULL;

    wanted->request.holder = conn;
    if (wi_pool_acquire(engine->pool, &wanted->request, &lease, wanted->err) !=
        WEIR_OK) {
        wi_handle_give(conn);
        if (wanted->request.last)
            wi_engine_end(engine);
        return NULL;
    }
    if (engine->settings.pool_kind == WEIR_POOL_QUEUE) {
        begin_wish(&wanted->request, lease);
    } else if (wanted->request.holder != conn) {
        wi_handle_give(conn);
        return join_loan(wanted->request.holder, wanted->options, wanted->err);
    }
    if (wanted->status != WEIR_OK)
        weir_conn_close(&conn);
    return conn;
}

weir_conn *weir_connect_at(weir_engine *engine,
                           const weir_connect_options *options,
                           const char *site, weir_error *err)
{
    weir_connect_options whole = WEIR_CONNECT_OPTIONS;
    weir_error own;
    weir_conn *conn;
    wish wanted = {.request = {.site = site, .begin = begin_wish},
                   .options = &whole,
                   .err = err ? err : &own};

    wi_error_clear(wanted.err);
    if (check_wish(engine, options, &whole, wanted.err) != WEIR_OK)
        return NULL;
    if (weir_cancel_token_is_cancelled(whole.cancel)) {
        weir_error_set(err, WEIR_ERR_CANCELLED,
                       "the token was cancelled before a connection was "
                       "asked for");
        return NULL;
    }
    conn = wi_handle_take(engine);
    if (!conn) {
        wi_error_nomem(wanted.err);
        return NULL;
    }
    wanted.request.tag = whole.tag;
    /* With a wait hook threads are shared by what waits. */
    wanted.request.may_move = whole.may_move || engine->settings.wait;
    wanted.request.cancel = whole.cancel;
    wanted.request.deadline_ns = acquire_deadline(whole.timeout_s);
    return borrow(engine, conn, &wanted);
}

/* The functions behind the macros: for who takes their address, or calls them
 * from where there are no macros. */
weir_conn *(weir_connect)(weir_engine *engine, weir_error *err)
{
    return weir_connect_at(engine, NULL, NULL, err);
}

weir_conn *(weir_connect_with)(weir_engine *engine,
                               const weir_connect_options *options,
                               weir_error *err)
{
    return weir_connect_at(engine, options, NULL, err);
}

weir_engine *weir_conn_engine(const weir_conn *conn)
{
    return conn ? conn->engine : NULL;
}

_Thread_local char wi_thread_has;

void wi_conn_moved(weir_conn *conn)
{
    atomic_store_explicit(&conn->user, wi_thread_mark(), memory_order_relaxed);
    if (conn->may_move)
        return;
    wi_pool_hold(conn->engine->pool, conn->lease);
    if (conn->tx.holds_permit)
        wi_permit_hold(&conn->engine->write_permit);
}

/* --------------------------------------------------------------- the link */

void wi_conn_give_work(weir_conn *conn)
{
    while (conn->at_work) {
        wi_stmt *stmt = conn->at_work;

        conn->at_work = stmt->beside;
        stmt->beside = NULL;
        wi_stmt_cache_give(&conn->link->stmts, stmt);
    }
}

static void drop_link(weir_conn *conn, const weir_error *cause)
{
    wi_link *link;

    wi_conn_end_results(conn, "the connection was lost");
    wi_conn_give_work(conn);
    if (conn->tx.state != WI_TX_NONE)
        wi_tx_fail(conn, cause);
    wi_tx_drop_permit(conn);
    link = conn->link;
    wi_mutex_lock(&conn->link_lock);
    conn->link = NULL;
    wi_mutex_unlock(&conn->link_lock);
    /* Without a lease it is a hook's, and whoever opens it closes it. */
    if (conn->lease)
        wi_pool_lose(conn->engine->pool, conn->lease);
    else if (conn->taken_lease)
        wi_link_kind.close(conn->engine, link);
}

void wi_conn_lose_link(weir_conn *conn, const weir_error *cause)
{
    if (!conn->link)
        return;
    wi_events_tell(conn->engine, WEIR_EVENT_INVALIDATE, conn->link, cause);
    drop_link(conn, cause);
}

void wi_conn_suspect(const weir_conn *conn)
{
    if (conn->lease)
        wi_pool_suspect(conn->engine->pool, conn->lease);
}

/* The time of the closed engine is over: there is no other link, either. */
static weir_status give_up_link(weir_conn *conn)
{
    wi_waits_refuse(&conn->error);
    wi_conn_lose_link(conn, &conn->error);
    return wi_waits_refuse(&conn->error);
}

/* The pool takes it back, or has done so: the loan has no other link. */
static weir_status give_up_loan(weir_conn *conn)
{
    wi_reclaim_refuse(conn, &conn->error);
    wi_conn_lose_link(conn, &conn->error);
    return wi_reclaim_refuse(conn, &conn->error);
}

weir_status wi_conn_need_link(weir_conn *conn, int64_t deadline)
{
    weir_status status;

    if (wi_waits_are_over(&conn->engine->waits))
        return give_up_link(conn);
    if (wi_conn_is_overdue(conn))
        return give_up_loan(conn);
    if (conn->link)
        return WEIR_OK;
    if (!conn->lease || conn->is_detached)
        return weir_error_set(&conn->error, WEIR_ERR_CONNECTION,
                              conn->lease
                                  ? "the detached connection is lost; close "
                                    "it and borrow another"
                                  : "the connection of the hook is lost");
    if (deadline == WI_NO_DEADLINE)
        deadline = 0; /* the pool's own timeout */
    status =
        wi_pool_reopen(conn->engine->pool, conn->lease, deadline, &conn->error);
    if (status != WEIR_OK)
        return status;
    wi_mutex_lock(&conn->link_lock);
    conn->link = wi_lease_resource(conn->lease);
    conn->link->holder = conn;
    conn->link->tag = conn->tag;
    wi_mutex_unlock(&conn->link_lock);
    return WEIR_OK;
}

void wi_conn_doubt(weir_conn *conn, weir_effect effect)
{
    weir_error *err = &conn->error;

    if (effect != WEIR_EFFECT_WRITE || conn->tx.begun ||
        (conn->isolation != WEIR_AUTOCOMMIT &&
         wi_engine_can(conn->engine, WEIR_CAN_TRANSACT)))
        return;
    err->status = WEIR_ERR_COMMIT_UNKNOWN;
    if (err->fate == WEIR_FATE_RETRY)
        err->fate = WEIR_FATE_DISCARD;
}

/* The answer is lost, or was not waited for: what the statement has done
 * nobody here can know. */
static void judge_outcome(weir_conn *conn, weir_effect effect)
{
    const weir_error *err = &conn->error;

    if (err->fate == WEIR_FATE_DISCARD &&
        (err->status == WEIR_ERR_CONNECTION ||
         err->status == WEIR_ERR_TIMEOUT || err->status == WEIR_ERR_CANCELLED))
        wi_conn_doubt(conn, effect);
}

/* Whoever was ended with a closed engine is not told that he was cancelled. */
static void judge_time(weir_conn *conn)
{
    weir_error *err = &conn->error;

    if (!wi_waits_are_over(&conn->engine->waits) ||
        (err->status != WEIR_ERR_CANCELLED && err->status != WEIR_ERR_TIMEOUT))
        return;
    wi_waits_refuse(err);
    err->fate = WEIR_FATE_DISCARD;
}

/* Nor is he whose loan is over, and whatever else he was told comes of that. */
static void judge_loan(weir_conn *conn)
{
    weir_error *err = &conn->error;

    if (!wi_conn_is_overdue(conn) ||
        (err->status != WEIR_ERR_CANCELLED && err->status != WEIR_ERR_TIMEOUT &&
         err->status != WEIR_ERR_CONNECTION))
        return;
    wi_reclaim_refuse(conn, err);
    err->fate = WEIR_FATE_DISCARD;
}

static void note_statement(weir_conn *conn, const char *statement)
{
    weir_error *err = &conn->error;
    size_t size = strlen(statement);

    if (err->statement[0] != '\0')
        return;
    size = wi_utf8_cut(statement, size, sizeof err->statement - 1);
    memcpy(err->statement, statement, size);
    err->statement[size] = '\0';
}

/* A database may roll back by itself (SQLite when the disk is full, a server
 * after a deadlock): then the program's transaction is gone. */
static void judge_transaction(weir_conn *conn)
{
    unsigned state;

    if (!conn->link || !conn->tx.begun)
        return;
    state = conn->driver->state(conn->link->driver_conn);
    if ((state & WEIR_STATE_IN_TX) == 0)
        wi_tx_fail(conn, &conn->error);
}

weir_status wi_conn_failed(weir_conn *conn, const char *statement,
                           weir_effect effect)
{
    weir_error *err = &conn->error;
    bool is_dead = err->status == WEIR_ERR_CONNECTION;
    unsigned state = 0;

    if (err->status == WEIR_OK)
        weir_error_set(err, WEIR_ERR_MISUSE,
                       "the driver failed without saying why");
    if (statement)
        note_statement(conn, statement);
    judge_outcome(conn, effect);
    judge_time(conn);
    judge_loan(conn);
    if (conn->link)
        state = conn->driver->state(conn->link->driver_conn);
    if (err->fate != WEIR_FATE_KEEP || (state & WEIR_STATE_DEAD)) {
        if (err->fate == WEIR_FATE_KEEP)
            err->fate = WEIR_FATE_DISCARD;
        wi_conn_lose_link(conn, err);
        /* What a server took from one it may have taken from all. */
        if ((is_dead || (state & WEIR_STATE_DEAD)) && !wi_conn_is_overdue(conn))
            wi_conn_suspect(conn);
    } else {
        judge_transaction(conn);
    }
    return err->status;
}

weir_status weir_conn_invalidate(weir_conn *conn)
{
    weir_error cause;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    wi_error_clear(&cause);
    weir_error_set(&cause, WEIR_ERR_CONNECTION,
                   "the connection was invalidated by the program");
    if (conn->link) {
        wi_events_tell(conn->engine, WEIR_EVENT_INVALIDATE, conn->link, NULL);
        drop_link(conn, &cause);
    }
    return wi_conn_leave(conn, WEIR_OK);
}

bool weir_conn_is_invalidated(const weir_conn *conn)
{
    return conn && atomic_load(&conn->state) != WI_CONN_CLOSED && !conn->link;
}

void *weir_conn_native(weir_conn *conn, const char *name)
{
    void *handle = NULL;

    if (wi_conn_enter(conn) != WEIR_OK)
        return NULL;
    if (wi_conn_need_link(conn, wi_conn_deadline(conn)) == WEIR_OK) {
        if (name && conn->driver->native)
            handle = conn->driver->native(conn->link->driver_conn, name);
        if (handle)
            conn->link->escaped = true;
        else
            weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                           "%s has no native handle named \"%.40s\"",
                           conn->engine->backend->name, name ? name : "");
    }
    wi_conn_leave(conn, WEIR_OK);
    return handle;
}

weir_status weir_set_timeout(weir_conn *conn, double seconds)
{
    weir_status status = WEIR_OK;

    if (wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    if (seconds >= 0)
        conn->timeout_ns = wi_ns_from_seconds(seconds);
    else
        status = weir_error_set(&conn->error, WEIR_ERR_CONFIG,
                                "a timeout is 0 (none) or more seconds");
    return wi_conn_leave(conn, status);
}

/*
 * Comes from another thread while the connection is entered: it may touch
 * nothing but the link, which cannot go away while link_lock is held. The
 * handle's error belongs to the thread inside, so the status is all it says.
 */
weir_status wi_conn_cancel(weir_conn *conn)
{
    weir_status status;

    wi_mutex_lock(&conn->link_lock);
    status = wi_conn_disturb(conn);
    wi_mutex_unlock(&conn->link_lock);
    return status;
}

weir_status wi_conn_disturb(weir_conn *conn)
{
    weir_error ignored;

    weir_cancel_token_cancel(&conn->turn);
    if (!conn->link || !conn->driver->cancel)
        return WEIR_OK;
    return conn->driver->cancel(conn->link->driver_conn, &ignored);
}

weir_status weir_cancel(weir_conn *conn)
{
    if (!conn || atomic_load(&conn->state) == WI_CONN_CLOSED)
        return WEIR_ERR_MISUSE;
    if (!wi_engine_can(conn->engine, WEIR_CAN_CANCEL) || !conn->driver->cancel)
        return WEIR_ERR_UNSUPPORTED;
    return wi_conn_cancel(conn);
}

/* ----------------------------------------------------------------- results */

weir_status wi_conn_refuse_stream(weir_conn *conn)
{
    return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                          "a stream is open on the connection; close it with "
                          "weir_result_close() first");
}

void wi_conn_end_results(weir_conn *conn, const char *reason)
{
    wi_list_node *node = wi_list_first(&conn->open_results);

    while (node) {
        weir_result *result = WI_CONTAINER(node, weir_result, by_conn);

        node = wi_list_next(&conn->open_results, node);
        if (result->from != WI_ROWS_ENDED && result->error.status == WEIR_OK)
            weir_error_set(&result->error, WEIR_ERR_MISUSE,
                           "the result has ended: %s", reason);
        wi_result_end(result);
    }
    conn->stream = NULL;
}
