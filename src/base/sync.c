/* SPDX-License-Identifier: MIT */
/*
 * POSIX threads, with conditions on the monotonic clock.
 */
#include "base/sync.h"

#include <time.h>

#include "base/check.h"
#include "base/clock.h"

/* In debug builds a thread that locks what it has locked is asserted instead of
 * hanging: so does a signal handler that calls the library. */
#ifdef NDEBUG
enum { MUTEX_KIND = PTHREAD_MUTEX_NORMAL };
#else
enum { MUTEX_KIND = PTHREAD_MUTEX_ERRORCHECK };
#endif

bool wi_mutex_init(wi_mutex *mutex)
{
    pthread_mutexattr_t attributes;
    bool made;

    if (pthread_mutexattr_init(&attributes) != 0)
        return false;
    made = pthread_mutexattr_settype(&attributes, MUTEX_KIND) == 0 &&
           pthread_mutex_init(&mutex->native, &attributes) == 0;
    pthread_mutexattr_destroy(&attributes);
    return made;
}

void wi_mutex_clear(wi_mutex *mutex)
{
    pthread_mutex_destroy(&mutex->native);
}

void wi_mutex_lock(wi_mutex *mutex)
{
    int failed = pthread_mutex_lock(&mutex->native);

    WI_ASSERT(failed == 0);
}

bool wi_mutex_try_lock(wi_mutex *mutex)
{
    return pthread_mutex_trylock(&mutex->native) == 0;
}

void wi_mutex_unlock(wi_mutex *mutex)
{
    int failed = pthread_mutex_unlock(&mutex->native);

    WI_ASSERT(failed == 0);
}

bool wi_cond_init(wi_cond *cond)
{
    pthread_condattr_t attributes;
    bool made;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(&cond->native, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return made;
}

void wi_cond_clear(wi_cond *cond)
{
    pthread_cond_destroy(&cond->native);
}

void wi_cond_signal(wi_cond *cond)
{
    pthread_cond_signal(&cond->native);
}

bool wi_cond_wait_until(wi_cond *cond, wi_mutex *mutex, int64_t deadline_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(deadline_ns / 1000000000),
        .tv_nsec = (long)(deadline_ns % 1000000000),
    };

    if (deadline_ns == WI_NO_DEADLINE)
        return pthread_cond_wait(&cond->native, &mutex->native) == 0;
    return pthread_cond_timedwait(&cond->native, &mutex->native, &until) == 0;
}
