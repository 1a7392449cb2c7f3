/* SPDX-License-Identifier: MIT */
/*
 * The scheduler and its clock. A task is ready, sleeps until a time, waits for
 * a lock, or sleeps on an address until it is woken or a time has come.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apart.h"
#include "base/check.h"
#include "fiber.h"
#include "tasks.h"

enum {
    FIRST_NOW_NS = 1000000000,
    STEPS_MAX = 200000,
};

typedef enum task_state {
    TASK_NONE = 0,
    TASK_READY,
    TASK_ASLEEP,  /* until `until_ns`, or woken at `address` */
    TASK_BLOCKED, /* until `lock` is free */
} task_state;

typedef struct task {
    task_state state;
    const char *name;
    fiber *fiber;
    const void *address; /* where it sleeps, also while it gets up */
    const void *lock;
    int64_t until_ns;
    bool is_of_test;
    bool waits; /* asleep in the pool, nothing published yet */
    bool timed_out;
    bool rests; /* keeps house, and there is nothing to do */
    int unlocks;
    int served;
    uint64_t lay_down; /* these two in events */
    uint64_t handed;
} task;

world_fault world_has_fault = WORLD_SOUND;

static world_plan plan;
static task tasks[TASKS_MAX];
static int current; /* -1 outside */
static int64_t now_ns;
static uint64_t dice;
static uint64_t events;
static uint64_t course;
static char finding[512];

/* -------------------------------------------------------------- the world */

uint64_t world_random(uint64_t bound)
{
    /* splitmix64 */
    uint64_t mixed = (dice += UINT64_C(0x9e3779b97f4a7c15));

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (mixed ^ (mixed >> 31)) % bound;
}

int64_t world_now(void)
{
    return now_ns;
}

int world_self(void)
{
    return current;
}

bool world_is_waiting(int index)
{
    return tasks[index].waits;
}

int world_served(int index)
{
    return tasks[index].served;
}

uint64_t world_event(void)
{
    return ++events;
}

int world_helpers(void)
{
    int count = 0;

    for (int i = 0; i < TASKS_MAX; i++)
        count += tasks[i].state != TASK_NONE && !tasks[i].is_of_test &&
                 !tasks[i].rests;
    return count;
}

uint64_t world_lay_down(int index)
{
    return tasks[index].lay_down;
}

uint64_t world_handed(int index)
{
    return tasks[index].handed;
}

int64_t world_rests_until(void)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].rests)
            return tasks[i].until_ns;
    }
    return 0;
}

int world_unlocks(int index)
{
    return tasks[index].unlocks;
}

const char *world_finding(void)
{
    return finding;
}

uint64_t world_course(void)
{
    return course;
}

void world_fail(const char *format, ...)
{
    va_list arguments;

    if (finding[0])
        return;
    va_start(arguments, format);
    vsnprintf(finding, sizeof finding, format, arguments);
    va_end(arguments);
    world_trace("FOUND: %s", finding);
}

void world_trace(const char *format, ...)
{
    va_list arguments;

    if (!plan.trace)
        return;
    printf("%12.6f %-10s ", (double)(now_ns - FIRST_NOW_NS) / 1e6,
           current >= 0 ? tasks[current].name : "-");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void world_begin(const world_plan *wanted)
{
    plan = *wanted;
    now_ns = FIRST_NOW_NS;
    dice = course = plan.seed;
    events = 0;
    finding[0] = '\0';
    current = -1;
    seams_begin(&plan);
    for (int i = 0; i < TASKS_MAX; i++) {
        fiber *kept = tasks[i].fiber;

        memset(&tasks[i], 0, sizeof tasks[i]);
        tasks[i].fiber = kept;
    }
}

bool task_spawn(const char *name, void (*run)(void *), void *argument,
                bool is_of_test)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        task *one = &tasks[i];

        if (one->state != TASK_NONE)
            continue;
        if (!one->fiber && !(one->fiber = fiber_new()))
            return false;
        fiber_prepare(one->fiber, run, argument);
        one->state = TASK_READY;
        one->name = name;
        one->is_of_test = is_of_test;
        one->waits = one->rests = false;
        return true;
    }
    return false;
}

void world_spawn(const char *name, void (*run)(void *), void *argument)
{
    bool spawned = task_spawn(name, run, argument, true);

    WI_ASSERT(spawned);
}

/* ------------------------------------------------------- inside, by a task */

void task_pause(void)
{
    fiber_pause(tasks[current].fiber);
}

void world_point(void)
{
    if (current >= 0 && plan.interrupts && world_random(8) == 0)
        task_pause();
}

/* The pool is compiled with -finstrument-functions: wherever one of its
 * functions begins or ends a thread may be interrupted, too. */
void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

void __cyg_profile_func_enter(void *function, void *caller)
{
    (void)function;
    (void)caller;
    world_point();
}

void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
    world_point();
}

bool task_sleep_at(const void *address, int64_t until_ns)
{
    task *self = &tasks[current];

    self->state = TASK_ASLEEP;
    self->address = address;
    self->until_ns = until_ns;
    self->timed_out = false;
    task_pause();
    return !self->timed_out;
}

void world_sleep_until(int64_t time_ns)
{
    if (time_ns > now_ns)
        (void)task_sleep_at(NULL, time_ns);
}

void task_lie_down(const void *address)
{
    tasks[current].waits = true;
    tasks[current].address = address;
    tasks[current].lay_down = ++events;
}

void task_hand_to(const void *address)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].address != address)
            continue;
        tasks[i].waits = false;
        tasks[i].served++;
        tasks[i].handed = ++events;
    }
}

void task_wake_at(const void *address)
{
    if (world_has_fault == WORLD_LOSES_WAKES && world_random(8) == 0)
        return;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].address == address)
            tasks[i].state = TASK_READY;
    }
}

/* ------------------------------------------------- the same, for the seams */

void task_rest(void)
{
    tasks[current].rests = true;
}

void task_get_up(void)
{
    tasks[current].waits = tasks[current].rests = false;
    tasks[current].address = NULL;
}

void task_rest_at_most(int64_t until_ns)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].rests &&
            tasks[i].until_ns > until_ns)
            tasks[i].until_ns = until_ns;
    }
}

bool task_block_on(const void *lock)
{
    if (current < 0)
        return false;
    tasks[current].state = TASK_BLOCKED;
    tasks[current].lock = lock;
    task_pause();
    return true;
}

void task_unblock(const void *lock)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_BLOCKED && tasks[i].lock == lock)
            tasks[i].state = TASK_READY;
    }
}

void task_count_unlock(void)
{
    if (current >= 0)
        tasks[current].unlocks++;
}

/* -------------------------------------------------------------- scheduler */

/* When the threads of the test are over, the others finish what they are at. */
static bool test_goes_on(void)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        const task *one = &tasks[i];

        if (one->state != TASK_NONE &&
            (one->is_of_test || one->state != TASK_ASLEEP))
            return true;
    }
    return false;
}

/* One of those that can run, or -1. */
static int pick(void)
{
    int ready[TASKS_MAX];
    int count = 0;

    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_READY)
            ready[count++] = i;
    }
    if (count == 0)
        return -1;
    return ready[plan.interrupts ? world_random((uint64_t)count) : 0];
}

/* The clock goes to the next time that somebody sleeps until. */
static bool advance(void)
{
    int64_t next = SIM_NEVER;

    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].until_ns < next)
            next = tasks[i].until_ns;
    }
    if (next == SIM_NEVER)
        return false;
    if (next > now_ns)
        now_ns = next;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state != TASK_ASLEEP || tasks[i].until_ns > now_ns)
            continue;
        tasks[i].state = TASK_READY;
        tasks[i].timed_out = true;
    }
    return true;
}

static void step(int index)
{
    course = (course ^ dice ^ (uint64_t)now_ns ^ ((uint64_t)index << 56)) *
             UINT64_C(0x100000001b3);
    course ^= course >> 29;
    current = index;
    if (!fiber_resume(tasks[index].fiber))
        tasks[index].state = TASK_NONE;
    current = -1;
    plan.check(plan.context);
}

/* Who was handed something must not go on sleeping until its deadline. */
static void check_wakes(void)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        const task *one = &tasks[i];

        if (one->state == TASK_ASLEEP && one->address && !one->waits)
            world_fail("\"%s\" was handed something and sleeps on", one->name);
    }
}

static void say_who_is_stuck(void)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state != TASK_NONE && tasks[i].is_of_test)
            world_fail("\"%s\" sleeps for ever", tasks[i].name);
    }
}

static void run_all(void)
{
    for (int steps = 0; test_goes_on() && !finding[0]; steps++) {
        int next = pick();

        if (next >= 0) {
            step(next);
        } else {
            check_wakes();
            plan.idle(plan.context);
            if (!advance())
                say_who_is_stuck();
        }
        if (steps > STEPS_MAX)
            world_fail("it never ends");
    }
}

bool world_run(void)
{
    apart_run(run_all);
    return !finding[0];
}
