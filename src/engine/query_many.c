/* SPDX-License-Identifier: MIT */
/*
 * Several statements in one call. A driver that can is given a window of them
 * before the first answer is asked for; to another driver the window is one
 * statement. All else is the same for both.
 *
 * Statements of one text share one prepared statement. It can have the rows of
 * one execution only, so a result that still reads from it is gathered before
 * the next answer is taken.
 */
#include <stdio.h>
#include <string.h>

#include <weir/many.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "engine/run.h"
#include "engine/tx.h"

/* Statements that are sent ahead: what the client library and the server hold
 * in their buffers stays bounded. */
enum { WINDOW = 256 };

typedef enum progress {
    WAITING = 0,
    SENT, /* what has become of it only its answer tells */
    DONE,
} progress;

typedef struct item {
    wi_stmt *stmt;            /* of the batch; void once the link is lost */
    const weir_value *values; /* in the driver's order */
    weir_effect effect;
    progress progress;
    int64_t began_ns; /* 0: nobody listens */
} item;

typedef struct failure {
    size_t query; /* counted from 1; 0: none */
    weir_error error;
} failure;

typedef struct batch {
    weir_conn *conn;
    const weir_statement *statements;
    weir_result **results;
    item *items;
    size_t count;
    size_t window;
    int64_t deadline;
    int64_t began_ns;
    bool alone;       /* each stands for itself: there is no transaction */
    bool begins;      /* the transaction begins with the batch */
    bool cancelled;   /* those that were sent are asked to stop as well */
    failure first;    /* what the call returns */
    failure stopping; /* after it nothing more is begun */
} batch;

/* ---------------------------------------------------------------- failures */

static bool sends_ahead(const batch *b)
{
    return b->window > 1;
}

/* Statement `i` has failed, for the reason in the connection's error. */
static void fail(batch *b, size_t i)
{
    const failure found = {i + 1, b->conn->error};

    wi_result_end(b->results[i]);
    b->items[i].progress = DONE;
    b->results[i]->error = found.error;
    if (b->first.query == 0)
        b->first = found;
    if (b->stopping.query == 0 && !b->conn->link)
        b->stopping = found;
}

/* The same, and nothing may come after it: always in a transaction, and when
 * the time is over. */
static void fail_last(batch *b, size_t i)
{
    weir_status status = b->conn->error.status;

    if (b->stopping.query == 0 && (!b->alone || status == WEIR_ERR_TIMEOUT ||
                                   status == WEIR_ERR_CANCELLED))
        b->stopping = (failure){i + 1, b->conn->error};
    fail(b, i);
}

static void tell(const batch *b, size_t i)
{
    const item *it = &b->items[i];
    wi_run r = {.sql = b->statements[i].sql,
                .began_ns = it->began_ns,
                .stmt = b->conn->link ? it->stmt : NULL,
                .values = it->values};

    wi_run_tell(b->conn, &r);
    b->conn->error.status = WEIR_OK;
}

/* A statement that has no answer and will have none. One that was sent and
 * writes may have done so, if no transaction took it back. */
static void leave(batch *b, size_t i)
{
    item *it = &b->items[i];
    weir_error *err = &b->conn->error;
    const weir_error *why = &b->stopping.error;
    bool sent = it->progress == SENT && sends_ahead(b);

    weir_error_set(err,
                   why->status == WEIR_ERR_COMMIT_UNKNOWN ? WEIR_ERR_CONNECTION
                                                          : why->status,
                   sent && b->alone ? "no answer: query %zu has failed: %.240s"
                                    : "not run: query %zu has failed: %.240s",
                   b->stopping.query, why->message);
    err->fate = why->fate;
    if (sent && err->fate == WEIR_FATE_RETRY)
        err->fate = WEIR_FATE_DISCARD;
    if (sent)
        wi_conn_doubt(b->conn, it->effect);
    it->progress = DONE;
    b->results[i]->error = *err;
    if (sent)
        tell(b, i);
    err->status = WEIR_OK;
}

static void leave_rest(batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->items[i].progress != DONE)
            leave(b, i);
    }
}

/* ------------------------------------------------------------- preparation */

/* Without memory for all handles the rest are a constant that says so. */
static weir_status need_results(batch *b)
{
    bool whole = true;

    for (size_t i = 0; i < b->count; i++) {
        weir_result *result = whole ? wi_result_new(b->conn) : NULL;

        whole = result != NULL;
        b->results[i] = result ? result : wi_result_of_nomem();
    }
    if (whole && b->count > 0)
        b->items =
            wi_alloc_zero(b->conn->engine->allocator, b->count, sizeof(item));
    return b->items || b->count == 0 ? WEIR_OK
                                     : wi_error_nomem(&b->conn->error);
}

static wi_stmt *find_at_work(const weir_conn *conn, const char *sql)
{
    size_t size = strlen(sql);
    uint64_t hash = wi_hash_bytes(sql, size);
    wi_stmt *stmt = conn->at_work;

    while (stmt && (stmt->hash != hash || stmt->text_size != size ||
                    memcmp(stmt->text, sql, size) != 0))
        stmt = stmt->beside;
    return stmt;
}

/* A text that the batch has already shares its statement. */
static weir_status take(batch *b, size_t i)
{
    weir_conn *conn = b->conn;
    const char *sql = b->statements[i].sql;
    item *it = &b->items[i];

    if (!sql)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "the statement is NULL");
    it->stmt = i > 0 && sql == b->statements[i - 1].sql
                   ? it[-1].stmt
                   : find_at_work(conn, sql);
    if (!it->stmt) {
        if (wi_stmt_cache_take(&conn->link->stmts, sql, b->deadline, &it->stmt,
                               &conn->error) != WEIR_OK)
            return wi_conn_failed(conn, sql, WEIR_EFFECT_READ);
        it->stmt->beside = conn->at_work;
        conn->at_work = it->stmt;
    }
    it->effect = it->stmt->info->effect;
    return wi_run_check(conn, it->stmt);
}

static weir_status put_in_order(batch *b, size_t i)
{
    const weir_statement *from = &b->statements[i];
    const wi_sql_plan *plan = b->items[i].stmt->plan;
    weir_error *err = &b->conn->error;
    weir_value *room;

    b->items[i].values = from->args;
    if (plan->identity)
        return wi_sql_plan_check(plan, from->args, from->arg_count, err);
    room = wi_arena_alloc(&b->results[i]->keep,
                          plan->driver_count * sizeof(weir_value));
    if (!room)
        return wi_error_nomem(err);
    b->items[i].values = room;
    return wi_sql_plan_bind(plan, from->args, from->arg_count, room, err);
}

/* Values live as long as the result if its rows are read later. */
static weir_status bind(batch *b, size_t i)
{
    item *it = &b->items[i];
    weir_status status = put_in_order(b, i);

    if (status != WEIR_OK)
        it->values = NULL;
    if (status != WEIR_OK ||
        !wi_engine_can(b->conn->engine, WEIR_CAN_INTERLEAVE))
        return status;
    return wi_result_keep_values(b->results[i], &it->values,
                                 it->stmt->plan->driver_count);
}

/* Between the statements that are sent ahead none can be prepared, so the
 * server must know them all before. */
static weir_status refresh(batch *b, size_t i)
{
    weir_conn *conn = b->conn;
    const item *it = &b->items[i];

    if (!sends_ahead(b) || !conn->driver->refresh ||
        (i > 0 && it->stmt == it[-1].stmt) ||
        conn->driver->refresh(it->stmt->driver_stmt, b->deadline,
                              &conn->error) == WEIR_OK)
        return WEIR_OK;
    return wi_conn_failed(conn, it->stmt->text, WEIR_EFFECT_READ);
}

/* One that cannot be run keeps all from running. */
static bool each(batch *b, weir_status (*step)(batch *, size_t))
{
    for (size_t i = 0; i < b->count; i++) {
        if (step(b, i) == WEIR_OK)
            continue;
        b->items[i].began_ns = b->began_ns;
        b->stopping = (failure){i + 1, b->conn->error};
        fail(b, i);
        tell(b, i);
        return false;
    }
    return true;
}

/* ----------------------------------------------------------------- running */

static weir_execution execution_of(const batch *b, const item *it)
{
    return (weir_execution){.values = it->values,
                            .value_count = it->stmt->plan->driver_count,
                            .mode = WEIR_FETCH_BUFFER,
                            .deadline = b->deadline};
}

static void start(batch *b, size_t i)
{
    weir_conn *conn = b->conn;
    item *it = &b->items[i];
    weir_execution execution = execution_of(b, it);
    weir_status status;

    if (b->began_ns)
        it->began_ns = wi_now_ns();
    status = wi_tx_before(conn, it->effect, b->deadline);
    if (status == WEIR_OK && sends_ahead(b)) {
        status = conn->driver->submit(it->stmt->driver_stmt, &execution,
                                      &conn->error);
        if (status != WEIR_OK)
            wi_conn_failed(conn, b->statements[i].sql, it->effect);
    }
    it->progress = SENT;
    if (status == WEIR_OK)
        return;
    fail_last(b, i);
    tell(b, i);
}

/* The rows of an earlier execution make way for those of the next. It has run,
 * whatever becomes of its rows. */
static void make_way(batch *b, const wi_stmt *stmt)
{
    weir_result *reader = stmt->reader;
    size_t i = 0;

    if (!reader || wi_result_gather(reader) == WEIR_OK)
        return;
    while (b->results[i] != reader)
        i++;
    fail(b, i);
    b->conn->error.status = WEIR_OK;
}

/* Those that were sent are asked to stop as they come up. */
static void note_cancelled(batch *b)
{
    weir_error *err = &b->conn->error;

    if (b->cancelled && err->status == WEIR_ERR_TIMEOUT)
        err->status = WEIR_ERR_CANCELLED;
    if (err->status != WEIR_ERR_CANCELLED || b->cancelled)
        return;
    b->cancelled = true;
    b->deadline = wi_now_ns();
}

static weir_status take_answer(batch *b, size_t i)
{
    weir_conn *conn = b->conn;
    item *it = &b->items[i];
    weir_execution execution = execution_of(b, it);
    weir_status status = sends_ahead(b)
                             ? conn->driver->collect(it->stmt->driver_stmt,
                                                     b->deadline, &conn->error)
                             : conn->driver->execute(it->stmt->driver_stmt,
                                                     &execution, &conn->error);

    if (status == WEIR_OK) {
        wi_stmt_share(it->stmt);
        return wi_result_begin(b->results[i], it->stmt, WEIR_FETCH_BUFFER);
    }
    conn->driver->end(it->stmt->driver_stmt);
    wi_conn_failed(conn, b->statements[i].sql, it->effect);
    note_cancelled(b);
    return conn->error.status;
}

/* What a transaction has taken along was sent, and not run. */
static void answer(batch *b, size_t i)
{
    item *it = &b->items[i];

    make_way(b, it->stmt);
    if (!b->conn->link)
        return;
    if (take_answer(b, i) == WEIR_OK)
        it->progress = DONE;
    else if (b->stopping.query && !b->alone)
        it->progress = WAITING;
    else
        fail_last(b, i);
    if (it->progress == DONE)
        tell(b, i);
    b->conn->error.status = WEIR_OK;
}

/* While they are sent nothing else may be asked of the driver. */
static void make_way_for_all(batch *b, size_t from, size_t until)
{
    bool writes = false;

    for (size_t i = from; i < until && b->conn->link; i++) {
        make_way(b, b->items[i].stmt);
        writes |= b->items[i].effect == WEIR_EFFECT_WRITE;
    }
    if (writes && b->conn->link && wi_results_gather(b->conn) != WEIR_OK)
        fail_last(b, from);
}

static void run(batch *b)
{
    for (size_t from = 0; from < b->count && !b->stopping.query;
         from += b->window) {
        size_t left = b->count - from;
        size_t until = from + (left < b->window ? left : b->window);

        if (sends_ahead(b))
            make_way_for_all(b, from, until);
        for (size_t i = from; i < until && !b->stopping.query; i++) {
            if (b->items[i].progress == WAITING)
                start(b, i);
        }
        for (size_t i = from; i < until && b->conn->link; i++) {
            if (b->items[i].progress == SENT)
                answer(b, i);
        }
    }
}

/* ------------------------------------------------------------------- again */

/* The transaction began here and has to be run again. */
static void run_again(batch *b)
{
    weir_conn *conn = b->conn;

    if (b->first.error.status != WEIR_ERR_SERIALIZATION || !b->begins ||
        b->first.query == 0 || !conn->link)
        return;
    for (size_t i = 0; i < b->count; i++) {
        wi_result_reset(b->results[i]);
        b->items[i].progress = WAITING;
    }
    b->first.query = b->stopping.query = 0;
    if (wi_tx_restart(conn) != WEIR_OK)
        fail_last(b, 0);
    else if (each(b, bind) && each(b, refresh))
        run(b);
}

static bool only_reads(const batch *b)
{
    size_t i = 0;

    while (i < b->count && b->items[i].effect == WEIR_EFFECT_READ)
        i++;
    return i == b->count;
}

/* Those that stand for themselves, write nothing and came too late for a table
 * that has changed are run as weir_query() would have run them. */
static void read_again(batch *b)
{
    if (!b->alone || !sends_ahead(b) || b->stopping.query || !only_reads(b))
        return;
    b->window = 1;
    b->first.query = 0;
    for (size_t i = 0; i < b->count && !b->stopping.query; i++) {
        const weir_error *err = &b->results[i]->error;

        if (err->status == WEIR_ERR_SERIALIZATION) {
            wi_result_reset(b->results[i]);
            if (bind(b, i) == WEIR_OK)
                start(b, i);
            else
                fail_last(b, i);
            if (b->items[i].progress == SENT)
                answer(b, i);
        } else if (err->status != WEIR_OK && b->first.query == 0) {
            b->first = (failure){i + 1, *err};
        }
    }
}

/* --------------------------------------------------------------- the whole */

static weir_status refuse_all(batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (!b->results[i]->constant)
            b->results[i]->error = b->conn->error;
    }
    return b->conn->error.status;
}

static weir_status say(batch *b)
{
    weir_error *err = &b->conn->error;

    if (b->first.query == 0)
        return WEIR_OK;
    *err = b->first.error;
    snprintf(err->message, sizeof err->message, "query %zu: %.280s",
             b->first.query, b->first.error.message);
    return err->status;
}

static weir_status query_many(batch *b)
{
    weir_conn *conn = b->conn;
    weir_status status = need_results(b);
    wi_run r;

    wi_run_begin(conn, &r, NULL);
    if (status == WEIR_OK)
        status = wi_run_ready(conn, &r);
    if (status != WEIR_OK)
        return refuse_all(b);
    b->deadline = r.deadline;
    b->began_ns = r.began_ns;
    b->alone = wi_tx_stands_alone(conn);
    b->begins = !b->alone && !conn->tx.begun;
    b->window = wi_engine_can(conn->engine, WEIR_CAN_SUBMIT) ? WINDOW : 1;
    if (each(b, take) && each(b, bind) && each(b, refresh)) {
        run(b);
        run_again(b);
        read_again(b);
    }
    leave_rest(b);
    if (conn->link)
        wi_conn_give_work(conn);
    wi_tx_after(conn);
    return say(b);
}

static weir_status refuse_entry(const weir_conn *conn, size_t count,
                                weir_result **results)
{
    for (size_t i = 0; results && i < count; i++)
        results[i] = wi_result_of_entry(conn);
    return WEIR_ERR_MISUSE;
}

weir_status weir_query_many(weir_conn *conn, const weir_statement *statements,
                            size_t count, weir_result **results)
{
    batch b = {.conn = conn,
               .statements = statements,
               .results = results,
               .count = count};
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK)
        return refuse_entry(conn, count, results);
    if (count > 0 && !results)
        return wi_conn_leave(
            conn, weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                                 "there is no room for the results"));
    if (count > 0 && !statements) {
        status = need_results(&b);
        if (status == WEIR_OK)
            status = weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                                    "the statements are missing");
        refuse_all(&b);
    } else {
        status = query_many(&b);
    }
    wi_free(conn->engine->allocator, b.items);
    return wi_conn_leave(conn, status);
}
