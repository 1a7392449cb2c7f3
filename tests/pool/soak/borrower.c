/* SPDX-License-Identifier: MIT */
#include "borrower.h"

#include <weir/short.h>

#include "findings.h"
#include "ledger.h"

#define GRACE_S 0.5       /* beyond the limit of a statement: for stopping it */
#define CLOSE_MOST_S 11.0 /* a rollback and a reset, of 5 s each */
#define ROUNDING_S 0.000001 /* of a deadline from seconds */

/* --------------------------------------------------------------- judgement */

static bool may_fail_so(const borrower *self, weir_status status)
{
    switch (status) {
    case WEIR_ERR_CONNECTION:
    case WEIR_ERR_RESOURCE:
    case WEIR_ERR_UNAVAILABLE:
    case WEIR_ERR_POOL_TIMEOUT:
    case WEIR_ERR_TIMEOUT:
    case WEIR_ERR_SERIALIZATION:
    case WEIR_ERR_ROLLBACK_FIRST:
    case WEIR_ERR_COMMIT_UNKNOWN:
    case WEIR_ERR_POOL_DEADLOCK:
        return true;
    case WEIR_ERR_CANCELLED:
        return atomic_load(&self->is_disturbed);
    default:
        return false;
    }
}

static void count(uint64_t counts[STATUSES], weir_status status)
{
    int index = -(int)status;

    if (index >= 0 && index < STATUSES)
        counts[index]++;
}

static void judge_time(const borrower *self, double began_s)
{
    double took_s = clock_s() - began_s;

    if (self->limit_s > 0 && !self->has_failed &&
        took_s > self->limit_s + GRACE_S + slack_s())
        finding("%s took %.3f s, with a limit of %.3f s",
                atomic_load(&self->at), took_s, self->limit_s);
}

/* How a call on the connection ended that was begun at `began_s`. */
bool borrower_judge(borrower *self, weir_status status, double began_s)
{
    const char *what = atomic_load(&self->at);
    const char *message = weir_conn_error(self->conn)->message;

    judge_time(self, began_s);
    if (status == WEIR_OK)
        return true;
    count(self->sums.failed, status);
    self->has_failed = true;
    if (self->must_succeed)
        finding("%s failed while nothing was broken: %s: %s", what,
                weir_status_name(status), message);
    else if (!may_fail_so(self, status))
        finding("%s ended with %s: %s", what, weir_status_name(status),
                message);
    return false;
}

/* ------------------------------------------------------------------- calls */

bool borrower_execute(borrower *self, const char *what, const char *sql,
                      const weir_value *args, size_t arg_count)
{
    double began_s = clock_s();

    atomic_store(&self->at, what);
    return borrower_judge(self, weir_exec(self->conn, sql, args, arg_count),
                          began_s);
}

bool borrower_commit(borrower *self, int64_t id)
{
    double began_s = clock_s();
    weir_status status;

    atomic_store(&self->at, "committing");
    status = weir_commit(self->conn);
    if (id >= 0)
        ledger_tell(id, ledger_told_of(status));
    return borrower_judge(self, status, began_s);
}

/* Always works. */
void borrower_roll_back(borrower *self)
{
    weir_status status;

    atomic_store(&self->at, "rolling back");
    status = weir_rollback(self->conn);
    if (status != WEIR_OK && status != WEIR_ERR_CONNECTION)
        finding("rolling back ended with %s: %s", weir_status_name(status),
                weir_conn_error(self->conn)->message);
}

/* The only cell of a query; -1: it failed. Running it and fetching from it have
 * the limit each. */
int64_t borrower_ask(borrower *self, const char *what, const char *sql)
{
    double began_s = clock_s();
    weir_result *rows;
    int64_t answer = -1;

    atomic_store(&self->at, what);
    rows = weir_query(self->conn, sql, NOARGS);
    if (borrower_judge(self, weir_result_status(rows), began_s)) {
        bool found;

        began_s = clock_s();
        found = weir_next(rows);
        if (borrower_judge(self, weir_result_status(rows), began_s) && found)
            answer = weir_get_i64(rows, 0);
    }
    weir_result_close(&rows);
    return answer;
}

/* --------------------------------------------------------------- borrowing */

static void judge_wait(borrower *self, double timeout_s, double took_s,
                       weir_status status)
{
    double late_s;

    if (timeout_s < 0)
        timeout_s = POOL_TIMEOUT_S;
    late_s = took_s - timeout_s;
    if (took_s > self->sums.longest_wait_s)
        self->sums.longest_wait_s = took_s;
    if (late_s > self->sums.latest_s)
        self->sums.latest_s = late_s;
    if (late_s > slack_s())
        finding("borrowing took %.3f s, with a deadline of %.3f s (%s)", took_s,
                timeout_s, weir_status_name(status));
    if (status == WEIR_ERR_POOL_TIMEOUT && late_s < -ROUNDING_S)
        finding("POOL_TIMEOUT after %.6f of %.6f s", took_s, timeout_s);
}

static void judge_refusal(borrower *self, const weir_connect_options *options,
                          bool drained, const weir_error *err)
{
    bool cancelled = weir_cancel_token_is_cancelled(options->cancel);

    count(self->sums.refused, err->status);
    self->has_failed = true;
    if (err->status == WEIR_ERR_POOL_TIMEOUT)
        self->sums.timeouts++;
    if (self->must_succeed)
        finding("borrowing failed while nothing was broken: %s: %s",
                weir_status_name(err->status), err->message);
    else if (!may_fail_so(self, err->status) &&
             !(err->status == WEIR_ERR_CANCELLED && cancelled) &&
             !(err->status == WEIR_ERR_CLOSED && drained))
        finding("borrowing ended with %s: %s", weir_status_name(err->status),
                err->message);
}

weir_conn *borrower_borrow(borrower *self, weir_connect_options *options)
{
    int ended = crowd_drains_ended();
    double began_s = clock_s(), took_s;
    weir_conn *conn;
    weir_error err = {.status = WEIR_OK};

    atomic_store(&self->at, "borrowing");
    self->sums.tried++;
    conn = weir_connect_with(self->here->tried, options, &err);
    took_s = clock_s() - began_s;
    judge_wait(self, options->timeout_s, took_s, err.status);
    if (conn)
        self->sums.acquired++;
    else
        judge_refusal(self, options, crowd_drains_begun() > ended, &err);
    return conn;
}

void borrower_give_back(borrower *self)
{
    weir_conn *conn = self->conn;
    double began_s, took_s;

    atomic_store(&self->at, "waiting for who cancels");
    pthread_mutex_lock(&self->lock);
    self->conn = NULL;
    pthread_mutex_unlock(&self->lock);
    atomic_store(&self->at, "giving back");
    began_s = clock_s();
    weir_conn_close(&conn);
    took_s = clock_s() - began_s;
    if (took_s > self->sums.longest_close_s)
        self->sums.longest_close_s = took_s;
    if (took_s > CLOSE_MOST_S + slack_s())
        finding("giving back took %.1f s", took_s);
}
