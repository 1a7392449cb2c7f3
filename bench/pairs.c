/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <stdlib.h>
#include <time.h>

enum { WARM_UP = 2 };

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_slice(const job *one, slice part, uint64_t *sum)
{
    double began = now_ns();

    *sum += one->run(one->context, part);
    return (now_ns() - began) / part.count;
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

/* The times of all pairs, and their ratios. */
typedef struct times {
    double *first, *second, *ratio;
} times;

/* One round: pair `at` and those that follow. */
static void run_round(const job *first, const job *second, const plan *how,
                      const times *out, int at)
{
    uint64_t one = 0, other = 0;

    for (int i = 0; i < how->slices; i++) {
        int begin = (int)((int64_t)how->units * i / how->slices);
        int end = (int)((int64_t)how->units * (i + 1) / how->slices);
        slice part = {begin, end - begin, i == 0, i == how->slices - 1};

        if ((at + i) % 2 == 0) {
            out->first[at + i] = time_slice(first, part, &one);
            out->second[at + i] = time_slice(second, part, &other);
        } else {
            out->second[at + i] = time_slice(second, part, &other);
            out->first[at + i] = time_slice(first, part, &one);
        }
        out->ratio[at + i] = out->first[at + i] / out->second[at + i];
    }
    if (one != other)
        bench_die("bench", "the two sides did not do the same work");
    if (first->after)
        first->after(first->context);
    if (second->after)
        second->after(second->context);
}

pairs pairs_run(const job *first, const job *second, const plan *how)
{
    int count = how->rounds * how->slices;
    double *memory = calloc((size_t)count * 3, sizeof *memory);
    times all = {memory, memory + count, memory + 2 * count};
    pairs out = {.count = count};

    if (!memory)
        bench_die("bench", "out of memory");
    for (int i = -WARM_UP; i < how->rounds; i++)
        run_round(first, second, how, &all, i < 0 ? 0 : i * how->slices);
    out.ratio = quantile(all.ratio, count, 0.5);
    out.q1 = quantile(all.ratio, count, 0.25);
    out.q3 = quantile(all.ratio, count, 0.75);
    out.first_ns = quantile(all.first, count, 0.5);
    out.second_ns = quantile(all.second, count, 0.5);
    free(memory);
    return out;
}
