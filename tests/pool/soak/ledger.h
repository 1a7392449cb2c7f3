/* SPDX-License-Identifier: MIT */
/*
 * What borrowers were told of their transactions, to be held against what the
 * database has: committed is there, whole; failed is not; only of what is
 * unknown either may be true.
 */
#ifndef WEIR_TESTS_POOL_SOAK_LEDGER_H
#define WEIR_TESTS_POOL_SOAK_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/conn.h>

enum { LEDGER_PAGES = 32 }; /* one for a borrower */

typedef enum told { TOLD_FAILED = 0, TOLD_COMMITTED, TOLD_UNKNOWN } told;

typedef struct ledger_sums {
    int64_t of[TOLD_UNKNOWN + 1];
    int64_t unknown_and_there;
} ledger_sums;

/* The next pair of this borrower, which has failed so far; -1: the page is
 * full. One thread at a time has a page. */
int64_t ledger_next(int page);
void ledger_tell(int64_t id, told what);
told ledger_told_of(weir_status status);
/* Nobody writes. Looks, then empties the pages and the table. @return false:
 * the database did not answer */
bool ledger_compare(weir_conn *conn, ledger_sums *out);

#endif
