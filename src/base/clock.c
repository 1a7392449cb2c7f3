/* SPDX-License-Identifier: MIT */
/*
 * CLOCK_MONOTONIC.
 */
#include "base/clock.h"

#include <math.h>
#include <time.h>

int64_t wi_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t wi_deadline_in_ns(int64_t ns)
{
    int64_t now = wi_now_ns();

    return ns > WI_NO_DEADLINE - now ? WI_NO_DEADLINE : now + ns;
}

bool wi_deadline_passed(int64_t deadline_ns)
{
    return deadline_ns != WI_NO_DEADLINE && wi_now_ns() >= deadline_ns;
}

int64_t wi_ns_from_seconds(double seconds)
{
    double ns = ceil(seconds * 1e9);

    if (!(ns > 0))
        return 0;
    return ns >= 9.2e18 ? WI_NO_DEADLINE : (int64_t)ns;
}
