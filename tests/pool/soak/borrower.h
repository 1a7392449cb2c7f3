/* SPDX-License-Identifier: MIT */
/*
 * One who borrows: what it is at, and the calls that it makes, each of which is
 * judged when it has ended.
 */
#ifndef WEIR_TESTS_POOL_SOAK_BORROWER_H
#define WEIR_TESTS_POOL_SOAK_BORROWER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crowd.h"
#include "ground.h"

typedef struct borrower {
    pthread_t thread;
    bool has_thread;
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
    ground *here;
    double won_s;
    bool must_succeed;
    bool has_failed;
    double limit_s; /* of its statements; 0: none */
} borrower;

/* Calls on the connection. The first ones: whether they succeeded. */
bool borrower_execute(borrower *self, const char *what, const char *sql,
                      const weir_value *args, size_t arg_count);
/* Also tells the ledger what has become of `id`, unless it is negative. */
bool borrower_commit(borrower *self, int64_t id);
/* The only cell of a query; -1: it failed. */
int64_t borrower_ask(borrower *self, const char *what, const char *sql);
void borrower_roll_back(borrower *self);
/* Judges any other call that was begun at `began_s`. */
bool borrower_judge(borrower *self, weir_status status, double began_s);

/* Some loan or none; `options` say how. */
weir_conn *borrower_borrow(borrower *self, weir_connect_options *options);
/* Gives `conn` back; nobody can cancel it any more. */
void borrower_give_back(borrower *self);

/* Some of what one does with a connection. */
void borrower_work(borrower *self);

#endif
