/* SPDX-License-Identifier: MIT */
/*
 * The workload that every pool gets: threads that acquire, hold and release,
 * for a while. A pool that is measured is a process of its own, so that none
 * inherits another's heap or threads; it reads cells from its standard input
 * and answers each with a line:
 *
 *   cell    threads size hold_us milliseconds
 *   answer  ns_per_op min_ops max_ops p50 p99 p999 max switches
 *
 * ns_per_op is wall time by operations of all threads; min_ops and max_ops are
 * those of the slowest and the fastest thread; waits are in microseconds;
 * switches are context switches per operation. Peers in other languages speak
 * the same lines, so the program that compares knows nothing else of a pool.
 *
 * A hold of up to 100 us keeps the processor busy, as a query inside the
 * process would; a longer one sleeps, as one that waits for a server does.
 * Waits are timed at each acquire, but without a hold only at one in 64: two
 * readings of the clock would cost more than what is measured.
 */
#ifndef BENCH_POOL_WORKLOAD_H
#define BENCH_POOL_WORKLOAD_H

#include <stdint.h>

enum {
    THREADS_MAX = 256,
    BUSY_HOLD_MAX_US = 100,
    WAITS_TIMED_ONE_IN = 64, /* without a hold */
};

/* A pool to be measured. A failure ends the process with a message. */
typedef struct subject {
    const char *name;
    void (*open)(int size, int threads);
    void *(*acquire)(void);
    void (*release)(void *loan);
    void (*close)(void);
} subject;

/* Answers cells until the input ends. */
void workload_serve(const subject *pool);

/* Ends the process. */
_Noreturn void workload_die(const char *what, const char *why);

int64_t workload_now_ns(void);

#endif
