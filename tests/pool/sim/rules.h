/* SPDX-License-Identifier: MIT */
/*
 * The rules of a story.
 */
#ifndef SIM_RULES_H
#define SIM_RULES_H

#include "book.h"

/* So many may be open. */
int book_limit(const wi_pool_options *options);
/* What was seen, when, of whom. */
void book_record(int number, uint64_t what, uint64_t detail);
/* A borrower begins to acquire: who is ahead of him. */
void book_who_waits(borrower *self);

/* After every step; when nobody can run. */
void rules_step(void *context);
void rules_idle(void *context);
/* Somebody was served. */
void rules_order(const borrower *self);
/* Somebody was told that nothing is out. */
void rules_told(const char *by);
void rules_told_by_thread(void);
/* An acquire has timed out: at its deadline, which may be the pool's own. */
void rules_timeout(const borrower *self, int64_t began_ns, int64_t deadline_ns);
/* So has a wait for the end. */
void rules_late(int64_t began_ns, int64_t deadline_ns);

#endif
