/* SPDX-License-Identifier: MIT */
/*
 * How the threads of the world sleep and wake, for those who stand between
 * them and the pool: seams.c. All of it is about the thread that runs, unless
 * it says otherwise.
 */
#ifndef SIM_TASKS_H
#define SIM_TASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

/* Another may run now, and it goes on some time. */
void task_pause(void);
/* True: it was woken; false: the time has come. */
bool task_sleep_at(const void *address, int64_t until_ns);
/* It is about to sleep in the pool, there; in order to keep house; it is up
 * again. */
void task_lie_down(const void *address);
void task_rest(void);
void task_get_up(void);
/* Whoever keeps house rests until then, and no longer. */
void task_rest_at_most(int64_t until_ns);
/* Those who sleep there, or have just got up, are handed something; are
 * woken. */
void task_hand_to(const void *address);
void task_wake_at(const void *address);

/* Sleeps until the lock may be free. Outside of all threads: false. */
bool task_block_on(const void *lock);
/* Those who sleep for the lock look again. */
void task_unblock(const void *lock);
/* It has given a lock back. */
void task_count_unlock(void);

/* A thread of the test, or of the pool. False: there can be no other. */
bool task_spawn(const char *name, void (*run)(void *argument), void *argument,
                bool is_of_test);

/* By the world, at its beginning. */
void seams_begin(const world_plan *plan);

#endif
