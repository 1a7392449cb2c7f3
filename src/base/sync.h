/* SPDX-License-Identifier: MIT */
/*
 * A mutex, and a condition that is waited for until an absolute deadline of
 * wi_now_ns(). A wi_cond has one sleeper: glibc's condition variables can lose
 * a signal among several (bug 25847).
 */
#ifndef WI_BASE_SYNC_H
#define WI_BASE_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct wi_mutex {
    pthread_mutex_t native;
} wi_mutex;

typedef struct wi_cond {
    pthread_cond_t native;
} wi_cond;

/* False: the system has no room for another. */
bool wi_mutex_init(wi_mutex *mutex);
void wi_mutex_clear(wi_mutex *mutex);
void wi_mutex_lock(wi_mutex *mutex);
void wi_mutex_unlock(wi_mutex *mutex);
/* False: somebody has it. */
bool wi_mutex_try_lock(wi_mutex *mutex);

bool wi_cond_init(wi_cond *cond);
void wi_cond_clear(wi_cond *cond);
void wi_cond_signal(wi_cond *cond);
/* False at the deadline. May wake early: look at the state again. */
bool wi_cond_wait_until(wi_cond *cond, wi_mutex *mutex, int64_t deadline_ns);

#endif
