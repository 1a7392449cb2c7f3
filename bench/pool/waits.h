/* SPDX-License-Identifier: MIT */
/*
 * How long threads waited: counters on a logarithmic scale, 32 to each power
 * of two, so a percentile is exact within 3 %. The maximum is kept exactly.
 */
#ifndef BENCH_POOL_WAITS_H
#define BENCH_POOL_WAITS_H

#include <stdint.h>

enum { WAIT_BUCKETS = 60 * 32 };

typedef struct waits {
    uint64_t counts[WAIT_BUCKETS];
    uint64_t total;
    int64_t longest_ns;
} waits;

void waits_add(waits *all, int64_t ns);
void waits_merge(waits *all, const waits *more);
/* In microseconds; 0 if nothing was counted. `share` is 0 to 1. */
double waits_percentile_us(const waits *all, double share);

#endif
