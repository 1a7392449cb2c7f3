/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <stdlib.h>
#include <time.h>

#include "bench.h"

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_block(const block *one, uint64_t *sum)
{
    double began = now_ns(), took;

    *sum = one->run(one->context);
    took = now_ns() - began;
    if (one->after)
        one->after(one->context);
    return took / one->units;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Sorts; `part` of 0.5 is the median. */
static double quantile(double *values, int count, double part)
{
    double at = part * (count - 1);
    int low = (int)at;
    int high = low + 1 < count ? low + 1 : low;

    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[low] + (at - low) * (values[high] - values[low]);
}

pairs pairs_run(const block *first, const block *second, int count)
{
    enum { WARM_UP = 2 };
    double firsts[PAIR_MAX], seconds[PAIR_MAX], ratios[PAIR_MAX];
    uint64_t one = 0, other = 0;
    pairs out;

    for (int i = -WARM_UP; i < count; i++) {
        int at = i < 0 ? 0 : i;

        if (i % 2 == 0) {
            firsts[at] = time_block(first, &one);
            seconds[at] = time_block(second, &other);
        } else {
            seconds[at] = time_block(second, &other);
            firsts[at] = time_block(first, &one);
        }
        if (one != other)
            bench_die("bench", "the two sides did not do the same work");
        ratios[at] = firsts[at] / seconds[at];
    }
    out.ratio = quantile(ratios, count, 0.5);
    out.q1 = quantile(ratios, count, 0.25);
    out.q3 = quantile(ratios, count, 0.75);
    out.first_ns = quantile(firsts, count, 0.5);
    out.second_ns = quantile(seconds, count, 0.5);
    return out;
}
