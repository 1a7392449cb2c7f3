/* SPDX-License-Identifier: MIT */
/*
 * Transactions that outlive their connection: prepared ones by their xid, and
 * the outcome of those whose id was asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

void wmk_txs_free(weir_mock *mock)
{
    while (mock->txs) {
        wmk_tx *next = mock->txs->next;

        wmk_free(mock->txs);
        mock->txs = next;
    }
}

static wmk_tx *add_tx(weir_mock *mock, const char *xid)
{
    size_t size = strlen(xid) + 1;
    wmk_tx *tx = wmk_alloc(sizeof *tx + size);

    if (!tx)
        return NULL;
    memcpy(tx->xid, xid, size);
    tx->outcome = WEIR_TX_IN_PROGRESS;
    pthread_mutex_lock(&mock->lock);
    tx->serial = ++mock->tx_serial;
    tx->next = mock->txs;
    mock->txs = tx;
    pthread_mutex_unlock(&mock->lock);
    return tx;
}

void wmk_tx_end(wmk_conn *conn, weir_tx_outcome outcome)
{
    conn->state &= ~(unsigned)(WEIR_STATE_IN_TX | WEIR_STATE_TX_FAILED);
    conn->travelled = false;
    if (conn->tx_serial == 0)
        return;
    pthread_mutex_lock(&conn->mock->lock);
    for (wmk_tx *tx = conn->mock->txs; tx; tx = tx->next) {
        if (tx->serial == conn->tx_serial)
            tx->outcome = outcome;
    }
    pthread_mutex_unlock(&conn->mock->lock);
    conn->tx_serial = 0;
}

/* --------------------------------------------------------------- two phases */

weir_status wmk_prepare_tx(void *at, const char *xid, int64_t deadline,
                           weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_PREPARE_TX,
                           .word = "prepare_tx",
                           .shown = xid,
                           .text = xid,
                           .deadline = deadline};
    wmk_conn *conn = at;
    weir_status status = wmk_before(conn, &call, err);
    weir_status lost;

    if (status != WEIR_OK)
        return status;
    if (add_tx(conn->mock, xid))
        wmk_tx_end(conn, WEIR_TX_IN_PROGRESS);
    else
        status = weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    lost = wmk_after(conn, err);
    return status == WEIR_OK ? lost : status;
}

/* Ends a prepared transaction; false if there is none of that name. */
static bool end_prepared(weir_mock *mock, const char *xid,
                         weir_tx_outcome outcome)
{
    bool found = false;

    pthread_mutex_lock(&mock->lock);
    for (wmk_tx *tx = mock->txs; tx && !found; tx = tx->next) {
        found = tx->outcome == WEIR_TX_IN_PROGRESS && xid[0] != '\0' &&
                strcmp(tx->xid, xid) == 0;
        if (found)
            tx->outcome = outcome;
    }
    pthread_mutex_unlock(&mock->lock);
    return found;
}

static weir_status second_phase(wmk_conn *conn, const wmk_call *call,
                                weir_tx_outcome outcome, weir_error *err)
{
    weir_status status = wmk_before(conn, call, err);
    bool found;

    if (status != WEIR_OK)
        return status;
    found = end_prepared(conn->mock, call->text, outcome);
    status = wmk_after(conn, err);
    if (status != WEIR_OK || found)
        return status;
    weir_error_set(err, WEIR_ERR_SQL,
                   "there is no prepared transaction \"%.60s\"", call->text);
    memcpy(err->sqlstate, "42704", sizeof "42704");
    return WEIR_ERR_SQL;
}

weir_status wmk_commit_prepared(void *at, const char *xid, int64_t deadline,
                                weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_COMMIT_PREPARED,
                           .word = "commit_prepared",
                           .shown = xid,
                           .text = xid,
                           .deadline = deadline};

    return second_phase(at, &call, WEIR_TX_COMMITTED, err);
}

weir_status wmk_rollback_prepared(void *at, const char *xid, int64_t deadline,
                                  weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_ROLLBACK_PREPARED,
                           .word = "rollback_prepared",
                           .shown = xid,
                           .text = xid,
                           .deadline = deadline};

    return second_phase(at, &call, WEIR_TX_ROLLED_BACK, err);
}

/* The next prepared one after `serial`, oldest first; entries are never taken
 * out, so that no lock is held while the caller's function runs. */
static const wmk_tx *next_prepared(weir_mock *mock, uint64_t serial)
{
    const wmk_tx *found = NULL;

    pthread_mutex_lock(&mock->lock);
    for (const wmk_tx *tx = mock->txs; tx && tx->serial > serial;
         tx = tx->next) {
        if (tx->outcome == WEIR_TX_IN_PROGRESS && tx->xid[0] != '\0')
            found = tx;
    }
    pthread_mutex_unlock(&mock->lock);
    return found;
}

weir_status wmk_list_prepared(void *at,
                              void (*each)(void *context, const char *xid),
                              void *context, int64_t deadline, weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_LIST_PREPARED,
                           .word = "list_prepared",
                           .deadline = deadline};
    wmk_conn *conn = at;
    const wmk_tx *tx = NULL;
    weir_status status = wmk_only(conn, &call, err);

    if (status != WEIR_OK)
        return status;
    while ((tx = next_prepared(conn->mock, tx ? tx->serial : 0)))
        each(context, tx->xid);
    return WEIR_OK;
}

/* ------------------------------------------------------------------ outcome */

weir_status wmk_tx_id(void *at, char *out, size_t size, int64_t deadline,
                      weir_error *err)
{
    const wmk_call call = {
        .op = WEIR_MOCK_TX_ID, .word = "tx_id", .deadline = deadline};
    wmk_conn *conn = at;
    wmk_tx *tx;
    weir_status status = wmk_only(conn, &call, err);

    if (status != WEIR_OK)
        return status;
    if (conn->tx_serial == 0) {
        tx = add_tx(conn->mock, "");
        if (!tx)
            return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
        conn->tx_serial = tx->serial;
    }
    snprintf(out, size, "%" PRIu64, conn->tx_serial);
    return WEIR_OK;
}

weir_status wmk_tx_outcome(void *at, const char *id, weir_tx_outcome *out,
                           int64_t deadline, weir_error *err)
{
    const wmk_call call = {.op = WEIR_MOCK_TX_OUTCOME,
                           .word = "tx_outcome",
                           .shown = id,
                           .text = id,
                           .deadline = deadline};
    wmk_conn *conn = at;
    uint64_t serial = strtoull(id, NULL, 10);
    weir_status status = wmk_only(conn, &call, err);

    if (status != WEIR_OK)
        return status;
    *out = WEIR_TX_UNKNOWN;
    pthread_mutex_lock(&conn->mock->lock);
    for (const wmk_tx *tx = conn->mock->txs; tx; tx = tx->next) {
        if (tx->serial == serial)
            *out = tx->outcome;
    }
    pthread_mutex_unlock(&conn->mock->lock);
    return WEIR_OK;
}
