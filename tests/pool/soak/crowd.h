/* SPDX-License-Identifier: MIT */
/*
 * Those who borrow. Each is a thread that lasts for a round: it borrows, works,
 * is told how it ended, writes that down, and judges it at once: whether it may
 * have ended so, and in time.
 */
#ifndef WEIR_TESTS_POOL_SOAK_CROWD_H
#define WEIR_TESTS_POOL_SOAK_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "ground.h"

enum { CROWD_MAX = 24, STATUSES = 25 };

typedef struct crowd_sums {
    uint64_t tried;
    uint64_t acquired;
    uint64_t timeouts;          /* POOL_TIMEOUT of an acquire */
    uint64_t refused[STATUSES]; /* acquires, by how they failed */
    uint64_t failed[STATUSES];  /* statements, the same */
    double longest_wait_s;      /* of all acquires */
    double latest_s;            /* beyond an acquire's own deadline */
    double longest_close_s;
} crowd_sums;

void crowd_begin(ground *where, int count, uint64_t seed);
/* From now on nothing is broken: whatever a loan that begins after this comes
 * to, but success, is a finding. */
void crowd_expect_success(void);
/* When a loan last succeeded wholly that was won after `since_s`; negative: it
 * has not happened. Counts from the call before. */
void crowd_await_success_since(double since_s);
double crowd_success_s(void);
/* Somebody's wait or statement is cancelled. */
void crowd_disturb(uint64_t *dice);
/* Around weir_engine_drain() and weir_pool_resume(): CLOSED is an answer. */
void crowd_note_drain(bool begins);
int crowd_drains_begun(void);
int crowd_drains_ended(void);
/* Ends all and adds up what they counted. @return false: one of them hangs,
 * and what it is at was said */
bool crowd_end(crowd_sums *sums);

#endif
