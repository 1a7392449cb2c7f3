/* SPDX-License-Identifier: MIT */
/*
 * Pairs of blocks: the two sides take turns, who begins alternates, and the
 * ratio is the median of the pairs' ratios. Blocks are short, a fraction of a
 * millisecond where a job can be cut into slices: what disturbs the machine
 * for longer disturbs both sides alike, and what disturbs it for less spoils
 * few pairs.
 */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include <stdint.h>

#include "bench.h"

/* One side's job. */
typedef struct job {
    uint64_t (*run)(void *context, slice part); /* returns its checksum */
    void (*after)(void *context); /* after a whole job, not measured; or NULL */
    void *context;
} job;

/* How a job is measured. */
typedef struct plan {
    int units;  /* rows or keys of the job */
    int slices; /* that it is cut into */
    int rounds; /* how often it is done */
} plan;

/* Medians over all pairs; times in nanoseconds per unit. */
typedef struct pairs {
    double first_ns, second_ns;
    double ratio, q1, q3; /* first to second */
    int count;
} pairs;

/* Runs the job of both sides, after two unmeasured rounds. Ends the process
 * if the checksums differ. */
pairs pairs_run(const job *first, const job *second, const plan *how);

#endif
