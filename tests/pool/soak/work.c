/* SPDX-License-Identifier: MIT */
/*
 * What borrowers do with a connection, drawn by chance: less of it while
 * nothing may fail.
 */
#include <weir/short.h>

#include "borrower.h"
#include "findings.h"
#include "ledger.h"

static void write_pair(borrower *self)
{
    int64_t id = ledger_next(self->number);

    if (id < 0)
        return;
    if (borrower_execute(self, "writing", INSERT_PART, ARGS(id, 0)) &&
        borrower_execute(self, "writing", INSERT_PART, ARGS(id, 1)))
        (void)borrower_commit(self, id);
    if (self->has_failed)
        borrower_roll_back(self);
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
    (void)borrower_judge(self, status, began_s);
}

static void write_and_leave(borrower *self)
{
    int64_t id = ledger_next(self->number);

    if (id >= 0)
        (void)borrower_execute(self, "writing", INSERT_PART, ARGS(id, 0));
}

static void read_some(borrower *self)
{
    (void)borrower_ask(self, "reading",
                       "SELECT count(*) FROM soak WHERE id < 100");
}

static void read_half(borrower *self)
{
    weir_result *rows;
    int64_t left = 1 + (int64_t)roll(&self->dice, 200);

    atomic_store(&self->at, "streaming");
    rows = weir_stream(self->conn, self->here->tongue->many_rows, NOARGS);
    while (left > 0 && weir_next(rows))
        left--;
    if (left > 0) {
        double now_s = clock_s();

        if (borrower_judge(self, weir_result_status(rows), now_s))
            finding("a stream of 20000 rows has ended early");
    }
    if (roll(&self->dice, 2) == 0)
        weir_result_close(&rows);
    borrower_give_back(self);
    weir_result_close(&rows);
}

static void leave_something(borrower *self)
{
    if (borrower_execute(self, "setting", self->here->tongue->leave_behind,
                         NOARGS))
        (void)borrower_commit(self, -1);
}

static void detach(borrower *self)
{
    double began_s;

    if (!borrower_execute(self, "reading", "SELECT 1", NOARGS))
        return;
    borrower_roll_back(self);
    atomic_store(&self->at, "detaching");
    if (weir_conn_is_invalidated(self->conn))
        return;
    began_s = clock_s();
    if (borrower_judge(self, weir_conn_detach(self->conn), began_s))
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
    second = borrower_borrow(self, &options);
    weir_conn_close(&second);
}

static void linger(borrower *self)
{
    (void)borrower_ask(self, "lingering", self->here->tongue->takes_long);
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

void borrower_work(borrower *self)
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
