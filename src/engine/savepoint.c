/* SPDX-License-Identifier: MIT */
/*
 * Savepoints: a stack of serial numbers. Their names are ours and sequential,
 * so that no program can collide with them; a savepoint that is not on the
 * stack any more has been ended, with an outer one or with the transaction.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "engine/stmt_cache.h"
#include "engine/tx.h"

/* Runs one of our own statements; it never returns rows. */
weir_status wi_tx_run(weir_conn *conn, const char *sql, int64_t deadline)
{
    const weir_driver *driver = conn->driver;
    weir_execution execution = {.deadline = deadline};
    wi_stmt *stmt = NULL;
    weir_status status;

    status = wi_stmt_cache_take_own(&conn->link->stmts, sql, deadline, &stmt,
                                    &conn->error);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, sql, WEIR_EFFECT_READ);
    status = driver->execute(stmt->driver_stmt, &execution, &conn->error);
    driver->end(stmt->driver_stmt);
    wi_stmt_cache_give(&conn->link->stmts, stmt);
    if (status != WEIR_OK)
        return wi_conn_failed(conn, sql, WEIR_EFFECT_READ);
    wi_tx_tell(conn, sql, 0);
    return WEIR_OK;
}

void wi_tx_forget_savepoints(weir_conn *conn)
{
    conn->tx.savepoint_count = 0;
}

static weir_status push(weir_conn *conn, uint64_t serial)
{
    wi_tx *tx = &conn->tx;

    if (tx->savepoint_count == tx->savepoint_capacity) {
        size_t capacity =
            tx->savepoint_capacity ? tx->savepoint_capacity * 2 : 8;
        uint64_t *larger = wi_resize(conn->engine->allocator, tx->savepoints,
                                     capacity * sizeof *larger);
        if (!larger)
            return wi_error_nomem(&conn->error);
        tx->savepoints = larger;
        tx->savepoint_capacity = capacity;
    }
    tx->savepoints[tx->savepoint_count++] = serial;
    return WEIR_OK;
}

/* Where the savepoint stands in the stack; -1: it has been ended. */
static int find(const weir_conn *conn, const weir_savepoint *savepoint)
{
    for (size_t i = conn->tx.savepoint_count; savepoint && i > 0; i--) {
        if (conn->tx.savepoints[i - 1] == savepoint->serial)
            return (int)(i - 1);
    }
    return -1;
}

static weir_status not_open(weir_conn *conn)
{
    return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                          "the savepoint is no longer open: it, one around it "
                          "or the transaction has ended");
}

static weir_status begin(weir_conn *conn, weir_savepoint *out)
{
    int64_t deadline = wi_conn_deadline(conn);
    char sql[48];
    weir_status status = wi_tx_refuse_failed(conn);

    if (status != WEIR_OK)
        return status;
    if (!wi_engine_can(conn->engine, WEIR_CAN_SAVEPOINT))
        return weir_error_set(&conn->error, WEIR_ERR_UNSUPPORTED,
                              "%s has no savepoints",
                              conn->engine->backend->name);
    if (conn->tx.state == WI_TX_NONE && conn->isolation == WEIR_AUTOCOMMIT)
        return weir_error_set(&conn->error, WEIR_ERR_MISUSE,
                              "the connection is in AUTOCOMMIT; a savepoint "
                              "needs a transaction");
    status = wi_conn_need_link(conn, deadline);
    /* A savepoint counts as the transaction's first write, so that it stands
     * in a transaction that is really there; unless that one only reads. */
    if (status == WEIR_OK)
        status = wi_tx_before_savepoint(conn, deadline);
    if (status != WEIR_OK)
        return status;
    status = push(conn, conn->savepoint_serial + 1);
    if (status != WEIR_OK)
        return status;
    conn->savepoint_serial++;
    snprintf(sql, sizeof sql, "SAVEPOINT weir_%" PRIu64,
             (uint64_t)conn->tx.savepoint_count);
    status = wi_tx_run(conn, sql, deadline);
    if (status != WEIR_OK) {
        if (conn->tx.savepoint_count > 0)
            conn->tx.savepoint_count--;
        return status;
    }
    out->serial = conn->savepoint_serial;
    return WEIR_OK;
}

weir_status weir_savepoint_begin(weir_conn *conn, weir_savepoint *out)
{
    weir_status status;

    if (!out || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = conn->stream ? wi_conn_refuse_stream(conn) : begin(conn, out);
    return wi_conn_leave(conn, status);
}

/* Names go by depth: the statements stay in the cache however many
 * savepoints a connection sees. */
static weir_status end(weir_conn *conn, weir_savepoint *savepoint,
                       const char *verb)
{
    int at = find(conn, savepoint);
    char sql[64];
    weir_status status;

    if (conn->stream)
        return wi_conn_refuse_stream(conn);
    status = wi_tx_refuse_failed(conn);
    if (status != WEIR_OK)
        return status;
    if (at < 0)
        return not_open(conn);
    status = wi_results_gather(conn);
    if (status != WEIR_OK)
        return status;
    snprintf(sql, sizeof sql, "%s SAVEPOINT weir_%d", verb, at + 1);
    return wi_tx_run(conn, sql, wi_conn_deadline(conn));
}

static void pop(weir_conn *conn, weir_savepoint *savepoint)
{
    int at = find(conn, savepoint);

    if (at >= 0)
        conn->tx.savepoint_count = (size_t)at;
    savepoint->serial = 0;
}

weir_status weir_savepoint_release(weir_conn *conn, weir_savepoint *savepoint)
{
    weir_status status;

    if (!savepoint || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = end(conn, savepoint, "RELEASE");
    if (status == WEIR_OK)
        pop(conn, savepoint);
    return wi_conn_leave(conn, status);
}

/* ROLLBACK TO keeps the savepoint itself; it is released as well, so that
 * one call ends it. */
static weir_status roll_back(weir_conn *conn, weir_savepoint *savepoint)
{
    weir_status status = end(conn, savepoint, "ROLLBACK TO");

    if (status != WEIR_OK)
        return status;
    return end(conn, savepoint, "RELEASE");
}

weir_status weir_savepoint_rollback(weir_conn *conn, weir_savepoint *savepoint)
{
    weir_status status;

    if (!savepoint || wi_conn_enter(conn) != WEIR_OK)
        return WEIR_ERR_MISUSE;
    status = roll_back(conn, savepoint);
    if (status == WEIR_OK)
        pop(conn, savepoint);
    return wi_conn_leave(conn, status);
}

bool weir_in_savepoint(const weir_conn *conn)
{
    return conn && atomic_load(&conn->state) != WI_CONN_CLOSED &&
           conn->tx.savepoint_count > 0;
}
