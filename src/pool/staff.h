/* SPDX-License-Identifier: MIT */
/*
 * The threads of the library. They are for all pools and engines: named, with
 * all signals blocked but those of their own faults, started when they are
 * first needed. One that has nothing to do waits for the next task, and ends
 * after half a minute.
 *
 * They may be inside a client library when the process exits, while others
 * clean up behind them (OpenSSL frees its locks and tables). So a thread that
 * is about to sleep says so: when the process exits those who are awake are
 * waited for, a moment each, and who sleeps is never let awake again.
 */
#ifndef WI_POOL_STAFF_H
#define WI_POOL_STAFF_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wi_staff_task {
    const char *name; /* of the thread; a constant of 15 characters at most */
    void (*run)(void *argument);
    /* NULL, or: the process exits and run() is awake; makes it come to an end
     * soon. Called by another thread; must not wait. */
    void (*stop)(void *argument);
    void *argument;
} wi_staff_task;

/* Sees to it that what cleans up at exit does so behind the staff, not before
 * it. Once is enough; to be called as early as may be. */
void wi_staff_prepare(void);

/* Runs a task on a thread of the library; false if there can be no other. */
bool wi_staff_start(const wi_staff_task *task);

/* The calling thread is about to sleep, or to do what harms nobody while the
 * process exits; and it is back. Nothing on threads that are not the staff's.
 * wi_staff_wake() does not return once the process exits. */
void wi_staff_rest(void);
void wi_staff_wake(void);

/* How long a thread waits for its next task from now on. */
void wi_staff_wait_for_tasks(int64_t ns);

/* In a forked child: there are no other threads. */
void wi_staff_forget(void);

#endif
