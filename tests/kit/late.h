/* SPDX-License-Identifier: MIT */
/*
 * How late a deadline may be met on a machine that is busy with other things.
 * A thread beside the test sleeps for moments and notes by how much each was
 * too long: what a bare sleep is late, nobody can be blamed for. Included by
 * a test's one file; the thread begins before main().
 */
#ifndef TESTS_KIT_LATE_H
#define TESTS_KIT_LATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define KIT_LATE_S 0.25 /* on a machine that has nothing else to do */
#define KIT_LATE_TICK_NS INT64_C(5000000)

static _Atomic int64_t kit_late_due;   /* when the sleeper should wake */
static _Atomic int64_t kit_late_worst; /* halves in about a second */

static inline int64_t kit_late_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline int64_t kit_late_look(void)
{
    int64_t late = kit_late_now() - atomic_load(&kit_late_due);
    int64_t worst = atomic_load(&kit_late_worst);

    return late > worst ? late : worst;
}

static inline void *kit_late_sleeper(void *ignored)
{
    const struct timespec tick = {.tv_nsec = KIT_LATE_TICK_NS};

    (void)ignored;
    for (;;) {
        atomic_store(&kit_late_due, kit_late_now() + KIT_LATE_TICK_NS);
        nanosleep(&tick, NULL);
        atomic_store(&kit_late_worst, kit_late_look() / 256 * 255);
    }
    return NULL;
}

__attribute__((constructor)) static inline void kit_late_begin(void)
{
    pthread_t thread;

    atomic_store(&kit_late_due, kit_late_now() + KIT_LATE_TICK_NS);
    if (pthread_create(&thread, NULL, kit_late_sleeper, NULL) == 0)
        pthread_detach(thread);
}

/* The seconds that a deadline which has just been met may be late. Between it
 * and whoever measures there may be three that had to be woken. */
static inline double kit_late_s(void)
{
    return KIT_LATE_S + 3 * (double)kit_late_look() / 1e9;
}

#endif
