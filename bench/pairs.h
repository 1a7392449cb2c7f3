/* SPDX-License-Identifier: MIT */
/*
 * Pairs of blocks: the two sides take turns, who begins alternates, and the
 * ratio is the median of the pairs' ratios. What disturbs the machine for
 * longer than a block then disturbs both sides alike.
 */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include <stdint.h>

enum { PAIR_MAX = 400 };

/* One block: does the work once and returns its checksum. */
typedef struct block {
    uint64_t (*run)(void *context);
    void (*after)(void *context); /* not measured; may be NULL */
    void *context;
    double units; /* that one run does, for the figures per unit */
} block;

/* Medians over all pairs; times in nanoseconds per unit. */
typedef struct pairs {
    double first_ns, second_ns;
    double ratio, q1, q3; /* first to second */
} pairs;

/* Runs `count` pairs (PAIR_MAX at most) after two unmeasured ones. Ends the
 * process if the checksums differ. */
pairs pairs_run(const block *first, const block *second, int count);

#endif
