/* SPDX-License-Identifier: MIT */
/*
 * One call of the driver and what the script makes of it:
 *
 *   written down -> its step is found -> it waits, if the step says so
 *   -> lost before / refused / done by the operation -> lost after
 *
 * wmk_before() goes as far as "refused"; wmk_after() does the rest.
 */
#include <string.h>

#include "mock.h"

/* ------------------------------------------------------------------ finding */

static bool fits(const wmk_step *step, weir_mock_op op, const char *text)
{
    if (step->said.op != op || step->left == 0)
        return false;
    return !step->said.text || (text && strcmp(step->said.text, text) == 0);
}

/* The oldest that fits and names the text, else the oldest for any text. Those
 * that are to let calls go by are not ready; `skip_of` counts them down. */
static wmk_step *find(weir_mock *mock, weir_mock_op op, const char *text,
                      int skip_of)
{
    wmk_step *named = NULL, *any = NULL;

    for (wmk_step *step = mock->steps; step; step = step->next) {
        wmk_step **slot = step->said.text ? &named : &any;

        if (!fits(step, op, text))
            continue;
        if (step->skip > 0)
            step->skip -= skip_of;
        else if (!*slot)
            *slot = step;
    }
    return named ? named : any;
}

const wmk_step *wmk_peek(wmk_conn *conn, weir_mock_op op, const char *text)
{
    const wmk_step *step;

    pthread_mutex_lock(&conn->mock->lock);
    step = find(conn->mock, op, text, 0);
    pthread_mutex_unlock(&conn->mock->lock);
    return step;
}

static const wmk_step *take(weir_mock *mock, const wmk_call *call)
{
    wmk_step *step = find(mock, call->op, call->text, 1);

    if (!step)
        return NULL;
    step->has_answered = true;
    if (step->left > 0)
        step->left--;
    return step;
}

const wmk_step *wmk_take(wmk_conn *conn, const wmk_call *call)
{
    const wmk_step *step;

    pthread_mutex_lock(&conn->mock->lock);
    wmk_record(conn->mock, conn->number, call);
    conn->mock->round_trips++;
    step = take(conn->mock, call);
    pthread_mutex_unlock(&conn->mock->lock);
    return step;
}

/* ------------------------------------------------------------------ waiting */

weir_status wmk_lost(wmk_conn *conn, weir_fate fate, weir_error *err)
{
    conn->state |= WEIR_STATE_DEAD;
    weir_error_set(err, WEIR_ERR_CONNECTION, "the connection is lost");
    err->fate = fate;
    memcpy(err->sqlstate, "08006", sizeof "08006");
    return WEIR_ERR_CONNECTION;
}

/* The server that has CAN_DEADLINE ends a slow statement itself and goes on;
 * one that hangs does not even do that. */
static weir_status timed_out(wmk_conn *conn, weir_error *err)
{
    bool ends = (conn->mock->options.capabilities & WEIR_CAN_DEADLINE) != 0 &&
                conn->step->said.fault != WEIR_MOCK_HANG;

    if (!ends)
        conn->state |= WEIR_STATE_BUSY;
    weir_error_set(err, WEIR_ERR_TIMEOUT, "the deadline passed");
    err->fate = ends ? WEIR_FATE_KEEP : WEIR_FATE_DISCARD;
    return WEIR_ERR_TIMEOUT;
}

weir_status wmk_cancelled(weir_error *err)
{
    weir_error_set(err, WEIR_ERR_CANCELLED, "the statement was cancelled");
    memcpy(err->sqlstate, "57014", sizeof "57014");
    return WEIR_ERR_CANCELLED;
}

/* What a call waits for, and what may end that. */
typedef struct linger {
    int64_t until; /* goes on then */
    int64_t deadline;
    uint64_t resumed; /* goes on when that changes */
} linger;

/* The lock is held. False: nothing has happened, wait on. */
static bool has_ended(wmk_conn *conn, const linger *wait, weir_status *status,
                      weir_error *err)
{
    int64_t now = weir_services_now(conn->services);

    if (conn->dropped)
        *status = wmk_lost(conn, WEIR_FATE_DISCARD, err);
    else if (conn->cancelled)
        *status = wmk_cancelled(err);
    else if (conn->mock->resumed != wait->resumed ||
             (now >= wait->until && wait->until <= wait->deadline))
        *status = WEIR_OK; /* who looks late sees what was due first */
    else if (now >= wait->deadline)
        *status = timed_out(conn, err);
    else
        return false;
    return true;
}

/* Waits with the lock held but for the waiting itself. */
static weir_status stay(wmk_conn *conn, const linger *wait, weir_error *err)
{
    int64_t wake = wait->until < wait->deadline ? wait->until : wait->deadline;
    weir_status status = WEIR_OK, woken;

    while (!has_ended(conn, wait, &status, err)) {
        pthread_mutex_unlock(&conn->mock->lock);
        woken = wmk_wire_wait(conn, wake, err);
        pthread_mutex_lock(&conn->mock->lock);
        if (woken == WEIR_OK || woken == WEIR_ERR_TIMEOUT)
            continue;
        /* The wait hook's wish, or its failure: the server works on. */
        conn->state |= WEIR_STATE_BUSY;
        err->fate = WEIR_FATE_DISCARD;
        return woken;
    }
    return status;
}

static int64_t later(const weir_services *services, double seconds)
{
    int64_t now = weir_services_now(services);
    double ns = seconds * 1e9;

    return ns < (double)(WEIR_NO_DEADLINE - now) ? now + (int64_t)ns
                                                 : WEIR_NO_DEADLINE;
}

static weir_status wait_as_said(wmk_conn *conn, int64_t deadline,
                                weir_error *err)
{
    const weir_mock_step *said = &conn->step->said;
    linger wait = {.until = WEIR_NO_DEADLINE, .deadline = deadline};
    weir_status status;

    if (said->fault != WEIR_MOCK_HANG) {
        if (said->delay_s <= 0)
            return WEIR_OK;
        wait.until = later(conn->services, said->delay_s);
    }
    pthread_mutex_lock(&conn->mock->lock);
    wait.resumed = conn->mock->resumed;
    conn->waiting = true;
    conn->cancelled = false;
    conn->mock->hanging++;
    status = stay(conn, &wait, err);
    conn->mock->hanging--;
    conn->waiting = false;
    pthread_mutex_unlock(&conn->mock->lock);
    return status;
}

/* ------------------------------------------------------------------ calling */

typedef enum beginning {
    BEGUN,
    HUNG_UP, /* the server is not there any more */
    TWICE,   /* another thread is inside: the core broke the contract */
} beginning;

/* Written down, paid for and matched, all in one moment. */
static beginning begin_call(wmk_conn *conn, const wmk_call *call)
{
    weir_mock *mock = conn->mock;
    beginning begun = BEGUN;

    pthread_mutex_lock(&mock->lock);
    wmk_record(mock, conn->number, call);
    if (conn->inside) {
        pthread_mutex_unlock(&mock->lock);
        return TWICE;
    }
    conn->inside = true;
    if (conn->dropped || (conn->state & WEIR_STATE_DEAD))
        begun = HUNG_UP;
    conn->step = begun == BEGUN ? take(mock, call) : NULL;
    if (begun == BEGUN && !call->is_free)
        mock->round_trips++;
    pthread_mutex_unlock(&mock->lock);
    if (!call->is_free)
        conn->travelled = true;
    return begun;
}

static void end_call(wmk_conn *conn)
{
    if (conn->step) {
        conn->state |= conn->step->said.set_state;
        conn->state &= ~conn->step->said.clear_state;
    }
    pthread_mutex_lock(&conn->mock->lock);
    conn->inside = false;
    pthread_mutex_unlock(&conn->mock->lock);
}

static weir_status refuse_unknown(const wmk_conn *conn, const wmk_call *call,
                                  weir_error *err)
{
    bool is_strict =
        conn->mock->options.strict && call->op == WEIR_MOCK_EXECUTE;

    if (conn->step || !is_strict)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_SQL, "no step fits the statement");
}

static weir_status as_said(wmk_conn *conn, const wmk_call *call,
                           weir_error *err)
{
    const weir_mock_step *said;
    weir_status status;

    if (!conn->step)
        return refuse_unknown(conn, call, err);
    said = &conn->step->said;
    status = wait_as_said(conn, call->deadline, err);
    if (status != WEIR_OK)
        return status;
    if (said->fault == WEIR_MOCK_LOSE_BEFORE)
        return wmk_lost(conn, WEIR_FATE_RETRY, err);
    if (said->error.status == WEIR_OK)
        return WEIR_OK;
    *err = said->error;
    if (said->error.status == WEIR_ERR_CONNECTION)
        conn->state |= WEIR_STATE_DEAD;
    return said->error.status;
}

weir_status wmk_before(wmk_conn *conn, const wmk_call *call, weir_error *err)
{
    beginning begun = begin_call(conn, call);
    weir_status status;

    if (begun == TWICE) {
        wmk_breach(conn, "two threads in one connection");
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "two threads in one connection");
    }
    status = begun == BEGUN ? as_said(conn, call, err)
                            : wmk_lost(conn, WEIR_FATE_RETRY, err);
    if (status != WEIR_OK)
        end_call(conn);
    return status;
}

weir_status wmk_after(wmk_conn *conn, weir_error *err)
{
    const wmk_step *step = conn->step;

    end_call(conn);
    if (!step || step->said.fault != WEIR_MOCK_LOSE_AFTER)
        return WEIR_OK;
    wmk_lost(conn, WEIR_FATE_DISCARD, err);
    if (step->said.op == WEIR_MOCK_COMMIT ||
        step->said.op == WEIR_MOCK_COMMIT_PREPARED)
        err->status = WEIR_ERR_COMMIT_UNKNOWN;
    return err->status;
}

weir_status wmk_only(wmk_conn *conn, const wmk_call *call, weir_error *err)
{
    weir_status status = wmk_before(conn, call, err);

    return status == WEIR_OK ? wmk_after(conn, err) : status;
}
