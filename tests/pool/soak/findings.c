/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "kit/late.h"

/* Who opens a session with a password hashes it some thousand times, and no
 * deadline reaches into that. In each step OpenSSL takes locks, which the
 * thread sanitizer makes dear: several at once take half a second. */
#ifdef __SANITIZE_THREAD__
#define HASHING_S 1.0
#else
#define HASHING_S 0.0
#endif

enum { SHOWN_MAX = 100, LINE_SIZE = 600 };

static const char *who = "";
static uint64_t seed_of_all;
static int64_t begun_ns;
static atomic_int count;

void findings_begin(const char *name, uint64_t seed)
{
    who = name;
    seed_of_all = seed;
    begun_ns = kit_late_now();
}

/* One call of the library for a line, so that those of several programs do not
 * mix. */
void finding(const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;

    if (atomic_fetch_add(&count, 1) >= SHOWN_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    printf("%s: finding: WEIR_SEED=%llu, after %.2f s: %s\n", who,
           (unsigned long long)seed_of_all, clock_s(), line);
    fflush(stdout);
}

int findings_count(void)
{
    return atomic_load(&count);
}

double clock_s(void)
{
    return (double)(kit_late_now() - begun_ns) / 1e9;
}

void nap_s(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};

    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

double slack_s(void)
{
    return kit_late_s() + HASHING_S;
}
