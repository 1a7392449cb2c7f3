/* SPDX-License-Identifier: MIT */
/*
 * What the buckets say.
 */
#include "pool/histogram.h"

void wi_histogram_sum_up(wi_histogram_sum *sum, const wi_histogram *one)
{
    for (int i = 0; i < WI_BUCKETS; i++) {
        uint64_t count =
            atomic_load_explicit(&one->counts[i], memory_order_relaxed);

        sum->counts[i] += count;
        sum->total += count;
    }
}

int64_t wi_bucket_end_ns(int bucket)
{
    int doublings = bucket / 2 + WI_BUCKET_SHIFT;
    int64_t end = INT64_C(1) << doublings;

    return bucket % 2 ? end + end / 2 : end;
}

int64_t wi_histogram_quantile(const wi_histogram_sum *sum, double part)
{
    double wanted = part * (double)sum->total;
    double seen = 0;

    if (sum->total == 0)
        return 0;
    for (int i = 0; i < WI_BUCKETS; i++) {
        seen += (double)sum->counts[i];
        if (seen >= wanted)
            return wi_bucket_end_ns(i);
    }
    return wi_bucket_end_ns(WI_BUCKETS - 1);
}

double wi_histogram_seconds(const wi_histogram_sum *sum)
{
    double total_ns = 0;

    for (int i = 0; i < WI_BUCKETS; i++)
        total_ns += (double)sum->counts[i] *
                    (double)(wi_bucket_end_ns(i) +
                             (i > 0 ? wi_bucket_end_ns(i - 1) : 0)) /
                    2;
    return total_ns / 1e9;
}
