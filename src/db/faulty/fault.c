/* SPDX-License-Identifier: MIT */
/*
 * Counting calls, and deciding which of them go wrong and how.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "faulty.h"

/* ---------------------------------------------------------------- counting */

/* Counts a call; true and a copy of the fault if this is one for it. */
static bool strikes(weir_faulty *faulty, weir_fault_op op, weir_fault *out)
{
    weir_fault *fault = &faulty->fault;
    bool counts, hit;

    pthread_mutex_lock(&faulty->lock);
    faulty->calls[op]++;
    if (op != WEIR_FAULT_STATE)
        faulty->calls[WEIR_FAULT_ANY]++;
    counts = fault->op == op ||
             (fault->op == WEIR_FAULT_ANY && op != WEIR_FAULT_STATE);
    if (counts)
        faulty->matched++;
    hit = counts && fault->at > 0 &&
          (faulty->matched == fault->at ||
           (fault->repeat && faulty->matched > fault->at));
    if (hit)
        faulty->hits++;
    *out = *fault;
    pthread_mutex_unlock(&faulty->lock);
    return hit;
}

void weir_faulty_arm(weir_faulty *faulty, const weir_fault *fault)
{
    if (!faulty)
        return;
    pthread_mutex_lock(&faulty->lock);
    faulty->fault = fault ? *fault : (weir_fault){.at = 0};
    faulty->matched = 0;
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

bool wfa_lies_about_state(weir_faulty *faulty)
{
    weir_fault fault;

    return strikes(faulty, WEIR_FAULT_STATE, &fault) &&
           fault.kind == WEIR_FAULT_LIE;
}

/* ------------------------------------------------------------------- names */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static weir_faulty *names;

void wfa_remember(weir_faulty *faulty)
{
    if (!faulty->name)
        return;
    pthread_mutex_lock(&names_lock);
    faulty->next_name = names;
    names = faulty;
    pthread_mutex_unlock(&names_lock);
}

void wfa_forget(weir_faulty *faulty)
{
    weir_faulty **link = &names;

    pthread_mutex_lock(&names_lock);
    while (*link && *link != faulty)
        link = &(*link)->next_name;
    if (*link)
        *link = faulty->next_name;
    pthread_mutex_unlock(&names_lock);
}

weir_faulty *weir_faulty_find(const char *name)
{
    weir_faulty *found;

    pthread_mutex_lock(&names_lock);
    found = names;
    while (found && (!name || strcmp(found->name, name) != 0))
        found = found->next_name;
    pthread_mutex_unlock(&names_lock);
    return found;
}

/* -------------------------------------------------------------- going wrong */

static weir_status fail(weir_error *err, const weir_fault *fault,
                        weir_fault_op op)
{
    weir_status status =
        fault->status == WEIR_OK ? WEIR_ERR_SQL : fault->status;

    weir_error_set(err, status, "a fault was made in %s",
                   weir_fault_op_name(op));
    err->fate = fault->fate;
    return status;
}

static bool is_commit(weir_fault_op op)
{
    return op == WEIR_FAULT_COMMIT || op == WEIR_FAULT_COMMIT_PREPARED;
}

static weir_status lose(wfa_conn *conn, weir_fault_op op, weir_error *err)
{
    weir_status status =
        is_commit(op) ? WEIR_ERR_COMMIT_UNKNOWN : WEIR_ERR_CONNECTION;

    conn->is_dead = true;
    weir_error_set(err, status, "a fault lost the connection in %s",
                   weir_fault_op_name(op));
    err->fate = WEIR_FATE_DISCARD;
    memcpy(err->sqlstate, "08006", sizeof "08006");
    return status;
}

static void set_hanging(wfa_conn *conn, bool hanging)
{
    pthread_mutex_lock(&conn->faulty->lock);
    conn->is_hanging = hanging;
    pthread_mutex_unlock(&conn->faulty->lock);
}

void wfa_wake(wfa_conn *conn)
{
    ssize_t ignored;

    pthread_mutex_lock(&conn->faulty->lock);
    if (conn->is_hanging) {
        do
            ignored = write(conn->wake[1], "", 1);
        while (ignored < 0 && errno == EINTR);
    }
    pthread_mutex_unlock(&conn->faulty->lock);
}

/* Reads the byte of wfa_wake(), if it is there: waiting may end early. */
static bool was_woken(const wfa_conn *conn)
{
    struct pollfd look = {.fd = conn->wake[0], .events = POLLIN};
    char byte;

    return poll(&look, 1, 0) == 1 && read(conn->wake[0], &byte, 1) == 1;
}

static weir_status wait_until(wfa_conn *conn, int64_t until, weir_error *err)
{
    const weir_services *services = conn->faulty->services;
    weir_status status = WEIR_OK;

    set_hanging(conn, true);
    while (status == WEIR_OK && !was_woken(conn)) {
        status = weir_services_wait(services, conn->wake[0], WEIR_WAIT_READ,
                                    until, err);
        /* It may answer early: only the clock decides. */
        if (status == WEIR_ERR_TIMEOUT && weir_services_now(services) < until)
            status = WEIR_OK;
    }
    set_hanging(conn, false);
    return status == WEIR_OK
               ? weir_error_set(err, WEIR_ERR_CANCELLED, "cancelled")
               : status;
}

/* WEIR_OK: it has hung long enough and the call is to be made. */
static weir_status hang(wfa_conn *conn, const weir_fault *fault,
                        int64_t deadline, weir_error *err)
{
    int64_t until = deadline;
    weir_status status;

    if (fault->hang_s > 0) {
        int64_t own = weir_services_now(conn->faulty->services) +
                      (int64_t)(fault->hang_s * 1e9);

        until = own < deadline ? own : deadline;
    }
    status = wait_until(conn, until, err);
    if (status == WEIR_ERR_TIMEOUT && until != deadline)
        return WEIR_OK;
    /* Nobody knows what the server is doing now. */
    err->fate = WEIR_FATE_DISCARD;
    return status;
}

/* ------------------------------------------------------------------- calls */

static bool decide(wfa_conn *conn, wfa_call *call, const weir_fault *fault,
                   weir_error *err)
{
    switch (fault->kind) {
    case WEIR_FAULT_FAIL:
        call->status = fail(err, fault, call->op);
        return true;
    case WEIR_FAULT_HANG:
        call->status = hang(conn, fault, call->deadline, err);
        return call->status != WEIR_OK;
    case WEIR_FAULT_LOST_BEFORE:
        call->status = lose(conn, call->op, err);
        return true;
    case WEIR_FAULT_LOST_AFTER:
        call->loses_answer = true;
        return false;
    case WEIR_FAULT_LIE:
        call->status = WEIR_OK;
        return true;
    }
    return false;
}

bool wfa_before(wfa_conn *conn, wfa_call *call, weir_error *err)
{
    weir_fault fault;
    bool hit = strikes(conn->faulty, call->op, &fault);

    if (conn->is_dead) {
        weir_error_set(err, WEIR_ERR_CONNECTION, "the connection is lost");
        err->fate = WEIR_FATE_DISCARD;
        call->status = WEIR_ERR_CONNECTION;
        return true;
    }
    return hit && decide(conn, call, &fault, err);
}

/* It can fail or lie; a connection is not lost by it, and it does not hang. */
bool wfa_cancel_is_decided(weir_faulty *faulty, weir_status *status,
                           weir_error *err)
{
    weir_fault fault;

    if (!strikes(faulty, WEIR_FAULT_CANCEL, &fault))
        return false;
    *status = fault.kind == WEIR_FAULT_LIE
                  ? WEIR_OK
                  : fail(err, &fault, WEIR_FAULT_CANCEL);
    return true;
}

weir_status wfa_after(wfa_conn *conn, const wfa_call *call, weir_status status,
                      weir_error *err)
{
    if (status != WEIR_OK || !call->loses_answer)
        return status;
    return lose(conn, call->op, err);
}
