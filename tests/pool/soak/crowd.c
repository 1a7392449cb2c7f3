/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <weir/short.h>

#include "findings.h"
#include "ledger.h"

#define HANG_S 90.0
#define GRACE_S 0.5
#define CANCEL_S 2.0      /* that weir_cancel() may take in a silent network */
#define CLOSE_MOST_S 11.0 /* a rollback and a reset, of 5 s each */
#define ROUNDING_S 0.000001 /* of a deadline from seconds */

typedef struct borrower {
    pthread_t thread;
    int number;
    uint64_t dice;
    char tag[24];
    const char *_Atomic at; /* for those who hang */
    atomic_bool done;
    pthread_mutex_t lock; /* the next two: who cancels finds them alive */
    weir_cancel_token *token;
    weir_conn *conn;
    atomic_bool is_disturbed; /* its statements, in this loan */
    crowd_sums sums;
    /* Of the loan under way: */
    bool must_succeed;
    bool has_failed;
    double limit_s; /* of its statements; 0: none */
} borrower;

static ground *here;
static borrower crowd[CROWD_MAX];
static int crowd_count;
static atomic_bool over, strict;
static atomic_int drains_begun, drains_ended;
static _Atomic double wanted_since_s, success_s;

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

/* Beyond the limit of a statement: for stopping it. One that somebody cancels
 * ends no sooner than weir_cancel() does. */
static double grace_s(const borrower *self)
{
    return atomic_load(&self->is_disturbed) ? GRACE_S + CANCEL_S : GRACE_S;
}

static void judge_time(const borrower *self, double began_s)
{
    double took_s = clock_s() - began_s;

    if (self->limit_s > 0 && !self->has_failed &&
        took_s > self->limit_s + grace_s(self) + slack_s())
        finding("%s took %.3f s, with a limit of %.3f s",
                atomic_load(&self->at), took_s, self->limit_s);
}

/* How a call on the connection ended that was begun at `began_s`. */
static bool judge(borrower *self, weir_status status, double began_s)
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

static bool execute(borrower *self, const char *what, const char *sql,
                    const weir_value *args, size_t arg_count)
{
    double began_s = clock_s();

    atomic_store(&self->at, what);
    return judge(self, weir_exec(self->conn, sql, args, arg_count), began_s);
}

static bool commit(borrower *self, int64_t id)
{
    double began_s = clock_s();
    weir_status status;

    atomic_store(&self->at, "committing");
    status = weir_commit(self->conn);
    if (id >= 0)
        ledger_tell(id, ledger_told_of(status));
    return judge(self, status, began_s);
}

/* Always works. */
static void roll_back(borrower *self)
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
static int64_t ask(borrower *self, const char *what, const char *sql)
{
    double began_s = clock_s();
    weir_result *rows;
    int64_t answer = -1;

    atomic_store(&self->at, what);
    rows = weir_query(self->conn, sql, NOARGS);
    if (judge(self, weir_result_status(rows), began_s)) {
        bool found;

        began_s = clock_s();
        found = weir_next(rows);
        if (judge(self, weir_result_status(rows), began_s) && found)
            answer = weir_get_i64(rows, 0);
    }
    weir_result_close(&rows);
    return answer;
}

/* --------------------------------------------------------------- borrowing */

static double some_timeout_s(borrower *self)
{
    static const double timeouts[] = {-1, -1, 0, 0.005, 0.05, 0.5};

    if (self->must_succeed)
        return 30;
    return timeouts[roll(&self->dice, sizeof timeouts / sizeof timeouts[0])];
}

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

static weir_conn *borrow(borrower *self, weir_connect_options *options)
{
    int ended = atomic_load(&drains_ended);
    double began_s = clock_s(), took_s;
    weir_conn *conn;
    weir_error err = {.status = WEIR_OK};

    atomic_store(&self->at, "borrowing");
    self->sums.tried++;
    conn = weir_connect_with(here->tried, options, &err);
    took_s = clock_s() - began_s;
    judge_wait(self, options->timeout_s, took_s, err.status);
    if (conn)
        self->sums.acquired++;
    else
        judge_refusal(self, options, atomic_load(&drains_begun) > ended, &err);
    return conn;
}

/* With a token that another may cancel, or without. */
static weir_conn *borrow_some(borrower *self)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_cancel_token *token = NULL;
    weir_conn *conn;

    options.timeout_s = some_timeout_s(self);
    options.tag = self->tag;
    options.may_move = roll(&self->dice, 4) == 0;
    if (!self->must_succeed && roll(&self->dice, 2) == 0)
        token = weir_cancel_token_new(NULL);
    options.cancel = token;
    pthread_mutex_lock(&self->lock);
    self->token = token;
    pthread_mutex_unlock(&self->lock);
    conn = borrow(self, &options);
    pthread_mutex_lock(&self->lock);
    self->token = NULL;
    self->conn = conn;
    atomic_store(&self->is_disturbed, false);
    pthread_mutex_unlock(&self->lock);
    weir_cancel_token_free(&token);
    return conn;
}

static void give_back(borrower *self)
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

/* -------------------------------------------------------------------- work */

static void write_pair(borrower *self)
{
    int64_t id = ledger_next(self->number);

    if (id < 0)
        return;
    if (execute(self, "writing", INSERT_PART, ARGS(id, 0)) &&
        execute(self, "writing", INSERT_PART, ARGS(id, 1)))
        (void)commit(self, id);
    if (self->has_failed)
        roll_back(self);
}

/* What was lost in the first is no reason for the handle not to go on. */
static void write_twice(borrower *self)
{
    write_pair(self);
    write_pair(self);
}

static void write_alone(borrower *self)
{
    int64_t id = ledger_next(self->number);
    double began_s = clock_s();
    weir_status status;

    if (id < 0 || weir_set_isolation(self->conn, WEIR_AUTOCOMMIT) != WEIR_OK)
        return;
    atomic_store(&self->at, "writing by itself");
    status = weir_exec(self->conn, INSERT_PAIR, ARGS(id, id));
    ledger_tell(id, ledger_told_of(status));
    (void)judge(self, status, began_s);
}

static void write_and_leave(borrower *self)
{
    int64_t id = ledger_next(self->number);

    if (id >= 0)
        (void)execute(self, "writing", INSERT_PART, ARGS(id, 0));
}

static void read_some(borrower *self)
{
    (void)ask(self, "reading", "SELECT count(*) FROM soak WHERE id < 100");
}

static void read_half(borrower *self)
{
    weir_result *rows;
    int64_t left = 1 + (int64_t)roll(&self->dice, 200);

    atomic_store(&self->at, "streaming");
    rows = weir_stream(self->conn, here->tongue->many_rows, NOARGS);
    while (left > 0 && weir_next(rows))
        left--;
    if (left > 0) {
        double now_s = clock_s();

        if (judge(self, weir_result_status(rows), now_s))
            finding("a stream of 20000 rows has ended early");
    }
    if (roll(&self->dice, 2) == 0)
        weir_result_close(&rows);
    give_back(self);
    weir_result_close(&rows);
}

static void leave_something(borrower *self)
{
    if (execute(self, "setting", here->tongue->leave_behind, NOARGS))
        (void)commit(self, -1);
}

static void detach(borrower *self)
{
    double began_s = clock_s();

    if (!execute(self, "reading", "SELECT 1", NOARGS))
        return;
    roll_back(self);
    atomic_store(&self->at, "detaching");
    if (weir_conn_is_invalidated(self->conn))
        return;
    began_s = clock_s();
    if (judge(self, weir_conn_detach(self->conn), began_s))
        write_pair(self);
}

static void invalidate(borrower *self)
{
    bool softly = roll(&self->dice, 2) == 0;

    if (softly)
        (void)weir_conn_invalidate_soft(self->conn);
    else
        (void)weir_conn_invalidate(self->conn);
    write_pair(self);
}

/* Longer than pool_reclaim_after, where that is set. */
static void keep(borrower *self)
{
    if (roll(&self->dice, 2) == 0)
        write_and_leave(self);
    atomic_store(&self->at, "keeping");
    nap_s(0.3 + 0.1 * (double)roll(&self->dice, 8));
    if (roll(&self->dice, 2) == 0)
        read_some(self);
}

static void borrow_another(borrower *self)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_conn *second;

    options.timeout_s = 0.05;
    options.tag = "another";
    second = borrow(self, &options);
    weir_conn_close(&second);
}

static void linger(borrower *self)
{
    (void)ask(self, "lingering", here->tongue->takes_long);
}

static const struct {
    void (*run)(borrower *self);
    unsigned weight;
    unsigned weight_in_peace;
} work[] = {
    {write_pair, 20, 20},    {write_twice, 4, 4},
    {write_alone, 6, 6},     {write_and_leave, 4, 4},
    {read_some, 8, 8},       {read_half, 4, 4},
    {leave_something, 2, 2}, {detach, 1, 1},
    {invalidate, 2, 1},      {keep, 2, 0},
    {borrow_another, 2, 0},  {linger, 3, 0},
};
enum { WORKS = sizeof work / sizeof work[0] };

static void do_some_work(borrower *self)
{
    unsigned sum = 0, drawn;

    for (int i = 0; i < WORKS; i++)
        sum += self->must_succeed ? work[i].weight_in_peace : work[i].weight;
    drawn = (unsigned)roll(&self->dice, sum);
    for (int i = 0; i < WORKS; i++) {
        unsigned weight =
            self->must_succeed ? work[i].weight_in_peace : work[i].weight;

        if (drawn < weight) {
            work[i].run(self);
            return;
        }
        drawn -= weight;
    }
}

static void look_for_leftovers(borrower *self)
{
    if (ask(self, "looking for leftovers", here->tongue->is_clean) == 0)
        finding("a session had something of who used it before");
    roll_back(self);
}

/* ------------------------------------------------------------------- loans */

static void set_limit(borrower *self)
{
    static const double limits[] = {0, 0.02, 0.2, 1, 1, 3};

    self->limit_s =
        self->must_succeed
            ? 30
            : limits[roll(&self->dice, sizeof limits / sizeof limits[0])];
    (void)weir_set_timeout(self->conn, self->limit_s);
}

static void note_success(double won_s)
{
    if (won_s > atomic_load(&wanted_since_s) && atomic_load(&success_s) < 0)
        atomic_store(&success_s, clock_s());
}

/* Whether it was lent one. */
static bool make_loan(borrower *self)
{
    double won_s;

    self->must_succeed = atomic_load(&strict);
    self->has_failed = false;
    if (!borrow_some(self))
        return false;
    won_s = clock_s();
    set_limit(self);
    if (roll(&self->dice, 4) == 0)
        look_for_leftovers(self);
    do_some_work(self);
    if (self->conn)
        give_back(self);
    if (!self->has_failed)
        note_success(won_s);
    return true;
}

static void *run(void *memory)
{
    borrower *self = memory;

    while (!atomic_load(&over)) {
        bool was_served = make_loan(self);

        atomic_store(&self->at, "between loans");
        nap_s((double)roll(&self->dice, was_served ? 10 : 100) / 1e3);
    }
    atomic_store(&self->done, true);
    return NULL;
}

/* -------------------------------------------------------------- all of them */

void crowd_begin(ground *where, int borrowers, uint64_t seed)
{
    here = where;
    crowd_count = borrowers;
    atomic_store(&over, false);
    atomic_store(&strict, false);
    for (int i = 0; i < crowd_count; i++) {
        borrower *self = &crowd[i];

        memset(self, 0, sizeof *self);
        self->number = i;
        self->dice = dice_of(seed, (uint64_t)i);
        snprintf(self->tag, sizeof self->tag, "borrower %d", i);
        atomic_store(&self->at, "nothing");
        pthread_mutex_init(&self->lock, NULL);
        if (pthread_create(&self->thread, NULL, run, self) == 0)
            continue;
        finding("borrower %d got no thread", i);
        atomic_store(&self->done, true);
    }
}

void crowd_expect_success(void)
{
    atomic_store(&strict, true);
}

void crowd_await_success_since(double since_s)
{
    atomic_store(&success_s, -1);
    atomic_store(&wanted_since_s, since_s);
}

double crowd_success_s(void)
{
    return atomic_load(&success_s);
}

void crowd_disturb(uint64_t *dice)
{
    borrower *victim = &crowd[roll(dice, (uint64_t)crowd_count)];

    pthread_mutex_lock(&victim->lock);
    if (victim->token) {
        weir_cancel_token_cancel(victim->token);
    } else if (victim->conn) {
        atomic_store(&victim->is_disturbed, true);
        (void)weir_cancel(victim->conn);
    }
    pthread_mutex_unlock(&victim->lock);
}

void crowd_note_drain(bool begins)
{
    atomic_fetch_add(begins ? &drains_begun : &drains_ended, 1);
}

static void add_up(crowd_sums *sums, const crowd_sums *of)
{
    sums->tried += of->tried;
    sums->acquired += of->acquired;
    sums->timeouts += of->timeouts;
    for (int i = 0; i < STATUSES; i++) {
        sums->refused[i] += of->refused[i];
        sums->failed[i] += of->failed[i];
    }
    if (of->longest_wait_s > sums->longest_wait_s)
        sums->longest_wait_s = of->longest_wait_s;
    if (of->latest_s > sums->latest_s)
        sums->latest_s = of->latest_s;
    if (of->longest_close_s > sums->longest_close_s)
        sums->longest_close_s = of->longest_close_s;
}

static bool await_all(void)
{
    double until_s = clock_s() + HANG_S;
    bool hangs = false;

    for (int i = 0; i < crowd_count; i++) {
        while (!atomic_load(&crowd[i].done) && clock_s() < until_s)
            nap_s(0.002);
        if (atomic_load(&crowd[i].done))
            continue;
        hangs = true;
        finding("borrower %d hangs: %s", i, atomic_load(&crowd[i].at));
    }
    return !hangs;
}

bool crowd_end(crowd_sums *sums)
{
    atomic_store(&over, true);
    if (!await_all())
        return false;
    for (int i = 0; i < crowd_count; i++) {
        pthread_join(crowd[i].thread, NULL);
        pthread_mutex_destroy(&crowd[i].lock);
        add_up(sums, &crowd[i].sums);
    }
    return true;
}
