/* SPDX-License-Identifier: MIT */
/*
 * Counting calls, and deciding which of them go wrong and how.
 */
#include <string.h>

#include "faulty.h"

/* ------------------------------------------------------- what can go wrong */

enum {
    FAILS = 1u << WEIR_FAULT_FAIL,
    LIES = 1u << WEIR_FAULT_LIE,
    DIES = 1u << WEIR_FAULT_DIES_AFTER,
    ALL_KINDS = (1u << WEIR_FAULT_KIND_COUNT) - 1,
};

static unsigned kinds_of(weir_fault_op op)
{
    switch (op) {
    case WEIR_FAULT_CLOSE:
    case WEIR_FAULT_NATIVE:
        return 0;
    case WEIR_FAULT_ATTACH:
        return FAILS;
    case WEIR_FAULT_CANCEL:
        return FAILS | LIES;
    case WEIR_FAULT_STATE:
    case WEIR_FAULT_SOCKET:
        return LIES;
    case WEIR_FAULT_OUTCOME:
        return LIES | DIES;
    case WEIR_FAULT_END:
    case WEIR_FAULT_FINISH:
        return DIES;
    default:
        return ALL_KINDS;
    }
}

bool weir_fault_applies(weir_fault_kind kind, weir_fault_op op)
{
    return (unsigned)kind < WEIR_FAULT_KIND_COUNT &&
           (unsigned)op < WEIR_FAULT_OP_COUNT &&
           (kinds_of(op) & 1u << kind) != 0;
}

/* ---------------------------------------------------------------- counting */

/* The lock is held. */
static void count(weir_faulty *faulty, weir_fault_op op)
{
    faulty->calls[op]++;
    faulty->calls[WEIR_FAULT_ANY]++;
}

bool wfa_strikes(weir_faulty *faulty, weir_fault_op op, weir_fault *out)
{
    weir_fault *fault = &faulty->fault;
    bool hit = false;

    pthread_mutex_lock(&faulty->lock);
    count(faulty, op);
    if ((fault->op == op || fault->op == WEIR_FAULT_ANY) && fault->at > 0 &&
        weir_fault_applies(fault->kind, op)) {
        faulty->matched++;
        hit = faulty->matched == fault->at ||
              (fault->repeat && faulty->matched > fault->at);
    }
    if (hit) {
        faulty->hits++;
        *out = *fault;
    }
    pthread_mutex_unlock(&faulty->lock);
    return hit;
}

void wfa_breach(weir_faulty *faulty, const char *what)
{
    pthread_mutex_lock(&faulty->lock);
    if (!faulty->breach)
        faulty->breach = what;
    pthread_mutex_unlock(&faulty->lock);
}

void weir_faulty_arm(weir_faulty *faulty, const weir_fault *fault)
{
    if (!faulty)
        return;
    pthread_mutex_lock(&faulty->lock);
    faulty->fault = fault ? *fault : (weir_fault){.at = 0};
    faulty->matched = 0;
    faulty->hits = 0;
    pthread_mutex_unlock(&faulty->lock);
}

uint64_t weir_faulty_calls(weir_faulty *faulty, weir_fault_op op)
{
    uint64_t calls;

    if (!faulty || (unsigned)op >= WEIR_FAULT_OP_COUNT)
        return 0;
    pthread_mutex_lock(&faulty->lock);
    calls = faulty->calls[op];
    pthread_mutex_unlock(&faulty->lock);
    return calls;
}

uint64_t weir_faulty_hits(weir_faulty *faulty)
{
    uint64_t hits;

    if (!faulty)
        return 0;
    pthread_mutex_lock(&faulty->lock);
    hits = faulty->hits;
    pthread_mutex_unlock(&faulty->lock);
    return hits;
}

const char *weir_faulty_breach(weir_faulty *faulty)
{
    const char *breach;

    if (!faulty)
        return NULL;
    pthread_mutex_lock(&faulty->lock);
    breach = faulty->breach;
    pthread_mutex_unlock(&faulty->lock);
    return breach;
}

/* -------------------------------------------------------------- going wrong */

static void set_sqlstate(weir_error *err, const char *sqlstate)
{
    memcpy(err->sqlstate, sqlstate, sizeof err->sqlstate);
}

weir_status wfa_fail(weir_error *err, const weir_fault *fault, weir_fault_op op)
{
    weir_status status = fault->status;

    if (status == WEIR_OK)
        status =
            fault->fate == WEIR_FATE_KEEP ? WEIR_ERR_SQL : WEIR_ERR_CONNECTION;
    weir_error_set(err, status, "a fault was made in %s",
                   weir_fault_op_name(op));
    err->fate = fault->fate;
    return status;
}

static bool is_commit(weir_fault_op op)
{
    return op == WEIR_FAULT_COMMIT || op == WEIR_FAULT_COMMIT_PREPARED;
}

/* The core is told that the connection is lost. */
static void lose(wfa_conn *conn)
{
    conn->is_dead = true;
    conn->is_lost = true;
}

static weir_status lose_answer(wfa_conn *conn, weir_fault_op op,
                               weir_error *err)
{
    lose(conn);
    weir_error_set(
        err, is_commit(op) ? WEIR_ERR_COMMIT_UNKNOWN : WEIR_ERR_CONNECTION,
        "a fault lost the connection in %s", weir_fault_op_name(op));
    err->fate = WEIR_FATE_DISCARD;
    set_sqlstate(err, "08006");
    return err->status;
}

/* Nobody knows what the server is doing now; of a commit not even whether it
 * is to be. */
static weir_status hang(wfa_conn *conn, const wfa_call *call, weir_error *err)
{
    weir_status status = wfa_hang(conn, &call->fault, call->deadline, err);

    if (status == WEIR_OK)
        return WEIR_OK;
    if (is_commit(call->op))
        status = weir_error_set(err, WEIR_ERR_COMMIT_UNKNOWN,
                                "a fault held back the answer to %s",
                                weir_fault_op_name(call->op));
    err->fate = WEIR_FATE_DISCARD;
    lose(conn);
    return status;
}

/* ------------------------------------------------------------------- calls */

static bool decide(wfa_conn *conn, wfa_call *call, weir_error *err)
{
    switch (call->fault.kind) {
    case WEIR_FAULT_FAIL:
        call->status = wfa_fail(err, &call->fault, call->op);
        if (err->fate != WEIR_FATE_KEEP)
            lose(conn);
        return true;
    case WEIR_FAULT_HANG:
        call->status = hang(conn, call, err);
        return call->status != WEIR_OK;
    case WEIR_FAULT_LOST_BEFORE:
        call->status = lose_answer(conn, call->op, err);
        return true;
    case WEIR_FAULT_LIE:
        call->status = WEIR_OK;
        return true;
    default:
        return false; /* what comes after: wfa_after() */
    }
}

/* Nothing gets through: the first to find out is told, and whoever comes then
 * ought to have known. */
static weir_status is_dead(wfa_conn *conn, weir_error *err)
{
    if (conn->is_lost)
        wfa_breach(conn->faulty, "a call on a connection that was lost");
    lose(conn);
    weir_error_set(err, WEIR_ERR_CONNECTION, "the connection is lost");
    err->fate = WEIR_FATE_RETRY;
    set_sqlstate(err, "08003");
    return WEIR_ERR_CONNECTION;
}

bool wfa_before(wfa_conn *conn, wfa_call *call, weir_error *err)
{
    if (conn->is_dead) {
        pthread_mutex_lock(&conn->faulty->lock);
        count(conn->faulty, call->op);
        pthread_mutex_unlock(&conn->faulty->lock);
        call->status = is_dead(conn, err);
        return true;
    }
    return wfa_strikes(conn->faulty, call->op, &call->fault) &&
           decide(conn, call, err);
}

weir_status wfa_after(wfa_conn *conn, const wfa_call *call, weir_status status,
                      weir_error *err)
{
    if (status != WEIR_OK) {
        if (err->fate != WEIR_FATE_KEEP)
            lose(conn);
        return status;
    }
    if (call->fault.at == 0)
        return WEIR_OK;
    switch (call->fault.kind) {
    case WEIR_FAULT_LOST_AFTER:
        return lose_answer(conn, call->op, err);
    case WEIR_FAULT_HANG_AFTER:
        return hang(conn, call, err);
    case WEIR_FAULT_DIES_AFTER:
        conn->is_dead = true;
        return WEIR_OK;
    default:
        return WEIR_OK;
    }
}

weir_fault_kind wfa_silent(wfa_conn *conn, weir_fault_op op)
{
    weir_fault fault;

    if (!wfa_strikes(conn->faulty, op, &fault))
        return WEIR_FAULT_KIND_COUNT;
    if (fault.kind == WEIR_FAULT_DIES_AFTER)
        conn->is_dead = true;
    return fault.kind;
}
