/* SPDX-License-Identifier: MIT */
/*
 * Percentiles of waits.
 */
#include "waits.h"

enum { SUB_BITS = 5, SUBS = 1 << SUB_BITS };

static unsigned bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < SUBS)
        return (unsigned)ns;
    shift = 63u - (unsigned)__builtin_clzll(ns) - SUB_BITS;
    return (shift + 1) * SUBS + (unsigned)((ns >> shift) & (SUBS - 1));
}

/* The middle of a bucket. */
static double middle_ns(unsigned bucket)
{
    unsigned shift;

    if (bucket < SUBS)
        return bucket;
    shift = bucket / SUBS - 1;
    return ((double)(SUBS + bucket % SUBS) + 0.5) *
           (double)(UINT64_C(1) << shift);
}

void waits_add(waits *all, int64_t ns)
{
    unsigned bucket = bucket_of((uint64_t)(ns > 0 ? ns : 0));

    all->counts[bucket < WAIT_BUCKETS ? bucket : WAIT_BUCKETS - 1]++;
    all->total++;
    if (ns > all->longest_ns)
        all->longest_ns = ns;
}

void waits_merge(waits *all, const waits *more)
{
    for (unsigned i = 0; i < WAIT_BUCKETS; i++)
        all->counts[i] += more->counts[i];
    all->total += more->total;
    if (more->longest_ns > all->longest_ns)
        all->longest_ns = more->longest_ns;
}

double waits_percentile_us(const waits *all, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)all->total);
    uint64_t seen = 0;

    if (all->total == 0)
        return 0;
    for (unsigned i = 0; i < WAIT_BUCKETS; i++) {
        seen += all->counts[i];
        if (seen > wanted || seen == all->total)
            return middle_ns(i) / 1e3;
    }
    return 0;
}
