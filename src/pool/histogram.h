/* SPDX-License-Identifier: MIT */
/*
 * Durations, counted in buckets that grow: two for each doubling, from 256 ns
 * to 18 minutes. One thread at a time adds, or all of them share; anybody may
 * read meanwhile.
 */
#ifndef WI_POOL_HISTOGRAM_H
#define WI_POOL_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    WI_BUCKETS = 64,
    WI_BUCKET_SHIFT = 8, /* the first one ends at 2^8 ns */
};

/* 0 only in a benchmark, of what it costs to measure (bench/pool): then no
 * duration is taken or counted, and nobody signs his place. */
#ifndef WI_POOL_MEASURES
#define WI_POOL_MEASURES 1
#endif

typedef struct wi_histogram {
    _Atomic uint64_t counts[WI_BUCKETS];
} wi_histogram;

/* Sums of many, for reading. */
typedef struct wi_histogram_sum {
    uint64_t counts[WI_BUCKETS];
    uint64_t total;
} wi_histogram_sum;

static inline int wi_bucket_of(int64_t ns)
{
    int doublings;
    int bucket;

    if (ns < INT64_C(1) << WI_BUCKET_SHIFT)
        return 0;
    doublings = 63 - __builtin_clzll((uint64_t)ns);
    bucket = 2 * (doublings - WI_BUCKET_SHIFT) +
             (int)((ns >> (doublings - 1)) & 1) + 1;
    return bucket < WI_BUCKETS ? bucket : WI_BUCKETS - 1;
}

static inline void wi_histogram_add(wi_histogram *histogram, int64_t ns,
                                    uint64_t weight)
{
    _Atomic uint64_t *count;

    if (!WI_POOL_MEASURES)
        return;
    count = &histogram->counts[wi_bucket_of(ns)];
    atomic_store_explicit(
        count, atomic_load_explicit(count, memory_order_relaxed) + weight,
        memory_order_relaxed);
}

/* The same, by anybody at any time. */
static inline void wi_histogram_share(wi_histogram *histogram, int64_t ns)
{
    if (WI_POOL_MEASURES)
        atomic_fetch_add_explicit(&histogram->counts[wi_bucket_of(ns)], 1,
                                  memory_order_relaxed);
}

void wi_histogram_sum_up(wi_histogram_sum *sum, const wi_histogram *one);
/* Below which so large a part (0 to 1) of all is; 0 if there is nothing. */
int64_t wi_histogram_quantile(const wi_histogram_sum *sum, double part);
/* Where a bucket ends: what is in it was shorter. The last one has no end. */
int64_t wi_bucket_end_ns(int bucket);
/* All of them together in seconds, each taken for the middle of its bucket. */
double wi_histogram_seconds(const wi_histogram_sum *sum);

#endif
