/* SPDX-License-Identifier: MIT */
/*
 * What the database must hold, by what the library has said: a row for each
 * number, that is there, is not there, or is one of a group of which nobody
 * knows whether all or none of it is there (COMMIT_UNKNOWN).
 */
#ifndef WEIR_TESTS_LEDGER_H
#define WEIR_TESTS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/error.h>

enum { LEDGER_SIZE = 40 };

typedef enum entry {
    ABSENT = 0,
    PRESENT,
    EITHER, /* all or none of its group */
} entry;

typedef struct ledger {
    entry rows[LEDGER_SIZE];
    int group[LEDGER_SIZE];
    int group_count;
    /* Of the open transaction: rows it has written, in order, and rows of
     * which it is not known whether it has. */
    int pending[LEDGER_SIZE];
    size_t pending_count;
    int unsure[LEDGER_SIZE];
    size_t unsure_count;
} ledger;

/* The open transaction has written a row. */
void ledger_write(ledger *l, int number);
/* A row that was committed by itself, with this answer. */
void ledger_write_alone(ledger *l, int number, weir_status status);
/* The transaction has rolled back to where so many rows were pending. */
void ledger_back_to(ledger *l, size_t mark);
/* … or has it? */
void ledger_doubt_since(ledger *l, size_t mark);
/* The transaction was committed with this answer. */
void ledger_commit(ledger *l, weir_status status);
void ledger_roll_back(ledger *l);

/* What is wrong with these rows, for somebody who sees (or does not see) the
 * open transaction; NULL: nothing. What was not known before is known then. */
const char *ledger_judge(ledger *l, const bool *seen, bool inside);

#endif
