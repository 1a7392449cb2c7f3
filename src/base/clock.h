/* SPDX-License-Identifier: MIT */
/*
 * Time that only goes forward, in nanoseconds. Every wait in the library has
 * an absolute deadline on this clock.
 */
#ifndef WI_BASE_CLOCK_H
#define WI_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define WI_NO_DEADLINE INT64_MAX

int64_t wi_now_ns(void);
/* The same by a clock that may be a few milliseconds behind and costs next to
 * nothing, where the system has one. */
static inline int64_t wi_coarse_ns(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
#else
    return wi_now_ns();
#endif
}
/* The time `ns` from now, at most WI_NO_DEADLINE. */
int64_t wi_deadline_in_ns(int64_t ns);
bool wi_deadline_passed(int64_t deadline_ns);
/* Seconds as nanoseconds, rounded up, at most WI_NO_DEADLINE. */
int64_t wi_ns_from_seconds(double seconds);

#endif
