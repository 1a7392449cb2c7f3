/* SPDX-License-Identifier: MIT */
/*
 * A world of its own: threads that are stepped one at a time by a scheduler
 * with a seed, and a clock that goes on only when nobody can run. What happens
 * in it depends on the seed alone, so whatever went wrong can be seen again,
 * and a minute of waiting takes no time.
 *
 * The pool is compiled for it with seams.h, which gives it the locks and the
 * clock of this world; the fast core asks wi_port besides. A thread may be
 * interrupted wherever it takes a lock and at every WI_PORT_POINT().
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/port.h"

enum { TASKS_MAX = 24, SOCKETS_MAX = 512 };

#define SIM_MS INT64_C(1000000)
#define SIM_NEVER INT64_MAX

/* How a seed is run. */
typedef struct world_plan {
    uint64_t seed;
    bool interrupts;              /* else a thread runs until it sleeps */
    bool trace;                   /* prints each event */
    void (*check)(void *context); /* called after every step */
    void (*idle)(void *context);  /* called when nobody can run */
    /* When the other end of a socket hangs up, which the one that keeps house
     * is told; SIM_NEVER if it does not. */
    int64_t (*hang_up_ns)(void *context, int socket);
    void *context;
} world_plan;

/* Begins at a time that is not 0, so that 0 shows up where it is wrong. */
void world_begin(const world_plan *plan);
/* A thread of the test: the world runs until all of them have ended. */
void world_spawn(const char *name, void (*run)(void *argument), void *argument);
/* Runs everything. False: something was found, world_finding() says what. */
bool world_run(void);
const char *world_finding(void);
/* A number that tells who ran when, and what chance said. */
uint64_t world_course(void);

/* Whether a thread holds a lock of this world. */
bool world_is_locked(const wi_mutex *mutex);

/* Inside the world. */
int64_t world_now(void);
void world_sleep_until(int64_t time_ns);
/* Another thread may run now. */
void world_point(void);
/* From 0 to bound - 1. */
uint64_t world_random(uint64_t bound);
/* Notes what must not be, the first of it. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void world_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The thread that runs: a number, and how it sleeps. */
int world_self(void);
/* Whether the thread sleeps in the pool and has been handed nothing yet. */
bool world_is_waiting(int task);

/* How often something was handed to the thread while it slept. */
int world_served(int task);
/* A number that grows from event to event. */
uint64_t world_event(void);
/* How many threads the pool itself has that are at something. */
int world_helpers(void);
/* When it last lay down in the pool, and when something was handed to it, in
 * events. */
uint64_t world_lay_down(int task);
uint64_t world_handed(int task);
/* Until when whoever keeps house rests; 0: nobody does. */
int64_t world_rests_until(void);
/* Whether there once was no thread for the pool that it asked for. */
bool world_has_refused(void);
/* When whoever keeps house was done with the news that this socket has hung
 * up, in events; 0: not yet. */
uint64_t world_seen(int socket);
/* How often the thread has given a lock back. */
int world_unlocks(int task);

extern const wi_port world_port;

/* Faults of the world, seeded to see that they are noticed. */
typedef enum world_fault {
    WORLD_SOUND = 0,
    WORLD_LOSES_WAKES,  /* a wake-up in 8 does not arrive */
    WORLD_WAKES_LATE,   /* deadlines are a tick late */
    WORLD_WAKES_EARLY,  /* a deadline has come before its time */
    WORLD_LOCK_IS_NONE, /* the lock keeps nobody out */
} world_fault;
extern world_fault world_has_fault;

#endif
