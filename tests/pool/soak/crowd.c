/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "borrower.h"
#include "findings.h"

#define HANG_S 90.0

static borrower crowd[CROWD_MAX];
static int crowd_count;
static atomic_bool over, strict;
static atomic_int drains_begun, drains_ended;
static _Atomic double wanted_since_s, success_s;

/* ------------------------------------------------------------------- loans */

static double some_timeout_s(borrower *self)
{
    static const double timeouts[] = {-1, -1, 0, 0.005, 0.05, 0.5};

    if (self->must_succeed)
        return 30;
    return timeouts[roll(&self->dice, sizeof timeouts / sizeof timeouts[0])];
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
    conn = borrower_borrow(self, &options);
    pthread_mutex_lock(&self->lock);
    self->token = NULL;
    self->conn = conn;
    atomic_store(&self->is_disturbed, false);
    pthread_mutex_unlock(&self->lock);
    weir_cancel_token_free(&token);
    return conn;
}

static void look_for_leftovers(borrower *self)
{
    if (borrower_ask(self, "looking for leftovers",
                     self->here->tongue->is_clean) == 0)
        finding("a session had something of who used it before");
    borrower_roll_back(self);
}

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
    self->must_succeed = atomic_load(&strict);
    self->has_failed = false;
    if (!borrow_some(self))
        return false;
    self->won_s = clock_s();
    set_limit(self);
    if (roll(&self->dice, 4) == 0)
        look_for_leftovers(self);
    borrower_work(self);
    if (self->conn)
        borrower_give_back(self);
    if (!self->has_failed)
        note_success(self->won_s);
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
    crowd_count = borrowers;
    atomic_store(&over, false);
    atomic_store(&strict, false);
    for (int i = 0; i < crowd_count; i++) {
        borrower *self = &crowd[i];

        memset(self, 0, sizeof *self);
        self->number = i;
        self->here = where;
        self->dice = dice_of(seed, (uint64_t)i);
        snprintf(self->tag, sizeof self->tag, "borrower %d", i);
        atomic_store(&self->at, "nothing");
        pthread_mutex_init(&self->lock, NULL);
        self->has_thread = pthread_create(&self->thread, NULL, run, self) == 0;
        if (self->has_thread)
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

int crowd_drains_begun(void)
{
    return atomic_load(&drains_begun);
}

int crowd_drains_ended(void)
{
    return atomic_load(&drains_ended);
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
        if (crowd[i].has_thread)
            pthread_join(crowd[i].thread, NULL);
        pthread_mutex_destroy(&crowd[i].lock);
        add_up(sums, &crowd[i].sums);
    }
    return true;
}
