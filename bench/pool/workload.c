/* SPDX-License-Identifier: MIT */
/*
 * The threads of a cell. The main thread starts them, sleeps and stops them,
 * so also with one of them the process has two threads, and glibc's mutex
 * uses atomic instructions as it does in any program with threads.
 */
#include "workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "waits.h"

typedef struct cell {
    int threads;
    int size;
    int hold_us;
    int run_ms;
} cell;

typedef struct worker {
    _Alignas(128) pthread_t thread;
    const subject *pool;
    int hold_us;
    uint64_t ops;
    waits waited;
} worker;

enum phase { WAITING, RUNNING, STOPPED };

static _Alignas(128) atomic_int phase;
static worker workers[THREADS_MAX];

_Noreturn void workload_die(const char *what, const char *why)
{
    fprintf(stderr, "bench-pool: %s: %s\n", what, why);
    exit(1);
}

int64_t workload_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void nap_us(long us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};

    nanosleep(&time, NULL);
}

static void hold(int us)
{
    int64_t end;

    if (us > BUSY_HOLD_MAX_US) {
        nap_us(us);
        return;
    }
    end = workload_now_ns() + us * INT64_C(1000);
    while (workload_now_ns() < end)
        ;
}

static bool runs(void)
{
    return atomic_load_explicit(&phase, memory_order_relaxed) == RUNNING;
}

static void *timed_acquire(worker *self)
{
    int64_t began = workload_now_ns();
    void *loan = self->pool->acquire();

    waits_add(&self->waited, workload_now_ns() - began);
    return loan;
}

static void run_holding(worker *self)
{
    while (runs()) {
        void *loan = timed_acquire(self);

        hold(self->hold_us);
        self->pool->release(loan);
        self->ops++;
    }
}

static void run_bare(worker *self)
{
    const subject *pool = self->pool;
    uint64_t ops = 0;

    for (; runs(); ops++) {
        if (ops % WAITS_TIMED_ONE_IN == 0)
            pool->release(timed_acquire(self));
        else
            pool->release(pool->acquire());
    }
    self->ops = ops;
}

static void *work(void *argument)
{
    worker *self = argument;

    while (atomic_load(&phase) == WAITING)
        nap_us(200);
    if (self->hold_us > 0)
        run_holding(self);
    else
        run_bare(self);
    return NULL;
}

static void start(worker *self, const subject *pool, int hold_us)
{
    pthread_attr_t small;

    memset(self, 0, sizeof *self);
    self->pool = pool;
    self->hold_us = hold_us;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    if (pthread_create(&self->thread, &small, work, self) != 0)
        workload_die(pool->name, "no thread");
    pthread_attr_destroy(&small);
}

static long switches_now(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return used.ru_nvcsw + used.ru_nivcsw;
}

static void answer(int threads, int64_t took_ns, long switches)
{
    static waits all;
    uint64_t total = 0;
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;

    memset(&all, 0, sizeof all);
    for (int i = 0; i < threads; i++) {
        uint64_t ops = workers[i].ops;

        total += ops;
        least = ops < least ? ops : least;
        most = ops > most ? ops : most;
        waits_merge(&all, &workers[i].waited);
    }
    printf("%.2f %llu %llu %.3f %.3f %.3f %.3f %.5f\n",
           (double)took_ns / (double)(total ? total : 1),
           (unsigned long long)least, (unsigned long long)most,
           waits_percentile_us(&all, 0.5), waits_percentile_us(&all, 0.99),
           waits_percentile_us(&all, 0.999), (double)all.longest_ns / 1e3,
           (double)switches / (double)(total ? total : 1));
    fflush(stdout);
}

static void run(const subject *pool, const cell *wanted)
{
    int64_t began;
    int64_t took;
    long switches;

    atomic_store(&phase, WAITING);
    pool->open(wanted->size, wanted->threads);
    for (int i = 0; i < wanted->threads; i++)
        start(&workers[i], pool, wanted->hold_us);
    nap_us(20000); /* all of them are up */
    switches = switches_now();
    began = workload_now_ns();
    atomic_store(&phase, RUNNING);
    nap_us(wanted->run_ms * 1000L);
    atomic_store(&phase, STOPPED);
    took = workload_now_ns() - began;
    switches = switches_now() - switches;
    for (int i = 0; i < wanted->threads; i++)
        pthread_join(workers[i].thread, NULL);
    pool->close();
    answer(wanted->threads, took, switches);
}

void workload_serve(const subject *pool)
{
    char line[128];

    while (fgets(line, sizeof line, stdin)) {
        cell wanted;

        if (sscanf(line, "%d %d %d %d", &wanted.threads, &wanted.size,
                   &wanted.hold_us, &wanted.run_ms) != 4 ||
            wanted.threads < 1 || wanted.threads > THREADS_MAX ||
            wanted.size < 1)
            workload_die("not a cell", line);
        run(pool, &wanted);
    }
}
