/* SPDX-License-Identifier: MIT */
/*
 * The scheduler and its clock. A task is ready, sleeps until a time, waits for
 * a lock, or sleeps on an address until it is woken or a time has come. By
 * seams.h what is called wi_mutex_lock() here is not the library's.
 */
#include "seams.h"

#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apart.h"
#include "base/check.h"
#include "base/clock.h"
#include "fiber.h"
#include "trust.h"

enum {
    FIRST_NOW_NS = 1000000000,
    TICK_NS = 4000000, /* of the coarse clock */
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

/* Where the one who keeps house sleeps, and what he waits for. */
static wi_house house;
static bool is_rung;
static struct {
    uint64_t key; /* 0: nobody watches it, or he was told */
    bool is_told;
    uint64_t seen; /* he was told, and has rested since; in events */
} sockets[SOCKETS_MAX];

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

uint64_t world_seen(int socket)
{
    return sockets[socket].seen;
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
    is_rung = false;
    wi_house_forget(&house);
    memset(sockets, 0, sizeof sockets);
    for (int i = 0; i < TASKS_MAX; i++) {
        fiber *kept = tasks[i].fiber;

        memset(&tasks[i], 0, sizeof tasks[i]);
        tasks[i].fiber = kept;
    }
}

static bool spawn(const char *name, void (*run)(void *), void *argument,
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
    bool spawned = spawn(name, run, argument, true);

    WI_ASSERT(spawned);
}

/* ------------------------------------------------------- inside, by a task */

static void pause_task(void)
{
    fiber_pause(tasks[current].fiber);
}

void world_point(void)
{
    if (current >= 0 && plan.interrupts && world_random(8) == 0)
        pause_task();
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

/* True: it was woken; false: the time has come. */
static bool sleep_at(const void *address, int64_t until_ns)
{
    task *self = &tasks[current];

    self->state = TASK_ASLEEP;
    self->address = address;
    self->until_ns = until_ns;
    self->timed_out = false;
    pause_task();
    return !self->timed_out;
}

void world_sleep_until(int64_t time_ns)
{
    if (time_ns > now_ns)
        (void)sleep_at(NULL, time_ns);
}

static void lie_down(void)
{
    tasks[current].waits = true;
    tasks[current].lay_down = ++events;
}

static void hand_to(const void *address)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].address != address)
            continue;
        tasks[i].waits = false;
        tasks[i].served++;
        tasks[i].handed = ++events;
    }
}

static void wake_at(const void *address)
{
    if (world_has_fault == WORLD_LOSES_WAKES && world_random(8) == 0)
        return;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].address == address)
            tasks[i].state = TASK_READY;
    }
}

/* Deadlines as the fault has them. */
static int64_t skewed(int64_t deadline_ns)
{
    if (deadline_ns == SIM_NEVER)
        return deadline_ns;
    if (world_has_fault == WORLD_WAKES_LATE)
        return deadline_ns + TICK_NS;
    if (world_has_fault == WORLD_WAKES_EARLY)
        return deadline_ns - 1000;
    return deadline_ns;
}

/* ------------------------------------------------------------------ seams */

/* The lock's first byte is all of it: 1 while somebody has it. */
static char *flag_of(wi_mutex *mutex)
{
    return (char *)mutex;
}

bool wi_mutex_init(wi_mutex *mutex)
{
    memset(mutex, 0, sizeof *mutex);
    return true;
}

void wi_mutex_clear(wi_mutex *mutex)
{
    if (*flag_of(mutex))
        world_fail("a lock is freed while somebody has it");
}

void wi_mutex_lock(wi_mutex *mutex)
{
    world_point();
    while (*flag_of(mutex) && world_has_fault != WORLD_LOCK_IS_NONE) {
        if (current < 0) {
            world_fail("somebody sleeps with a lock");
            return;
        }
        tasks[current].state = TASK_BLOCKED;
        tasks[current].lock = mutex;
        pause_task();
    }
    *flag_of(mutex) = 1;
}

void wi_mutex_unlock(wi_mutex *mutex)
{
    *flag_of(mutex) = 0;
    if (current >= 0)
        tasks[current].unlocks++;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_BLOCKED && tasks[i].lock == mutex)
            tasks[i].state = TASK_READY;
    }
    world_point();
}

bool wi_cond_init(wi_cond *cond)
{
    memset(cond, 0, sizeof *cond);
    return true;
}

void wi_cond_clear(wi_cond *cond)
{
    (void)cond;
}

void wi_cond_signal(wi_cond *cond)
{
    hand_to(cond);
    wake_at(cond);
}

bool wi_cond_wait_until(wi_cond *cond, wi_mutex *mutex, int64_t deadline_ns)
{
    bool woken;

    lie_down();
    *flag_of(mutex) = 0;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_BLOCKED && tasks[i].lock == mutex)
            tasks[i].state = TASK_READY;
    }
    woken = sleep_at(cond, skewed(deadline_ns));
    wi_mutex_lock(mutex);
    tasks[current].waits = false;
    tasks[current].address = NULL;
    return woken;
}

pthread_t pthread_self(void)
{
    /* An address: the lowest bit is 0. */
    return (pthread_t)((uintptr_t)(current + 2) * 16);
}

int64_t wi_now_ns(void)
{
    return now_ns;
}

int64_t wi_deadline_in_ns(int64_t ns)
{
    return ns > SIM_NEVER - now_ns ? SIM_NEVER : now_ns + ns;
}

bool wi_deadline_passed(int64_t deadline_ns)
{
    return deadline_ns <= now_ns ||
           (world_has_fault == WORLD_WAKES_EARLY && deadline_ns != SIM_NEVER &&
            deadline_ns - 1000 <= now_ns);
}

/* ------------------------------------------------------------------- port */

static int64_t port_now(void *context)
{
    (void)context;
    return now_ns;
}

static int64_t port_coarse(void *context)
{
    (void)context;
    return plan.interrupts ? now_ns / TICK_NS * TICK_NS : now_ns;
}

static bool port_parker_init(void *context, wi_parker *parker)
{
    (void)context;
    memset(parker, 0, sizeof *parker);
    return true;
}

static void port_parker_clear(void *context, wi_parker *parker)
{
    (void)context;
    (void)parker;
}

static uint32_t port_park(void *context, wi_parker *parker, uint32_t seen,
                          int64_t deadline_ns)
{
    uint32_t word;

    (void)context;
    world_point();
    word = atomic_load(&parker->word);
    if (word != seen)
        return word;
    lie_down();
    if (plan.interrupts && world_random(16) == 0)
        pause_task(); /* comes back for no reason */
    else
        (void)sleep_at(parker, skewed(deadline_ns));
    tasks[current].waits = false;
    tasks[current].address = NULL;
    return atomic_load(&parker->word);
}

static void port_publish(void *context, wi_parker *parker, uint32_t word)
{
    (void)context;
    hand_to(parker);
    atomic_store(&parker->word, word);
}

static void port_wake(void *context, wi_parker *parker)
{
    (void)context;
    world_point();
    wake_at(parker);
}

static bool port_start(void *context, const char *name,
                       void (*run)(void *argument), void *argument)
{
    (void)context;
    /* The system may have no thread left. */
    if (world_random(20) == 0)
        return false;
    return spawn(name, run, argument, false);
}

/* ----------------------------------------------------------- housekeeping */

static int64_t next_hang_up(void)
{
    int64_t next = SIM_NEVER;

    for (int i = 0; i < SOCKETS_MAX; i++) {
        int64_t time =
            sockets[i].key ? plan.hang_up_ns(plan.context, i) : SIM_NEVER;

        if (time < next)
            next = time;
    }
    return next;
}

/* Each is told once. */
static int take_hang_ups(uint64_t *keys, int most)
{
    int count = 0;

    for (int i = 0; i < SOCKETS_MAX && count < most; i++) {
        if (!sockets[i].key || plan.hang_up_ns(plan.context, i) > now_ns)
            continue;
        keys[count++] = sockets[i].key;
        sockets[i].key = 0;
        sockets[i].is_told = true;
    }
    return count;
}

static int port_rest(void *context, int64_t until_ns, uint64_t *keys, int most)
{
    int64_t hang_up_ns = next_hang_up();

    (void)context;
    for (int i = 0; i < SOCKETS_MAX; i++) {
        if (sockets[i].is_told && !sockets[i].seen)
            sockets[i].seen = ++events;
    }
    world_point();
    if (!is_rung && hang_up_ns > now_ns) {
        lie_down();
        tasks[current].rests = true;
        (void)sleep_at(&house,
                       skewed(until_ns < hang_up_ns ? until_ns : hang_up_ns));
        tasks[current].rests = tasks[current].waits = false;
        tasks[current].address = NULL;
    }
    is_rung = false;
    return take_hang_ups(keys, most);
}

static void port_ring(void *context)
{
    (void)context;
    is_rung = true;
    hand_to(&house);
    wake_at(&house);
}

static bool port_watch(void *context, int fd, uint64_t key)
{
    (void)context;
    /* The system may have no room for another. */
    if (fd >= SOCKETS_MAX || world_random(20) == 0)
        return false;
    sockets[fd].key = key;
    for (int i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].state == TASK_ASLEEP && tasks[i].rests &&
            tasks[i].until_ns > plan.hang_up_ns(plan.context, fd))
            tasks[i].until_ns = plan.hang_up_ns(plan.context, fd);
    }
    return true;
}

static uint64_t port_random(void *context)
{
    (void)context;
    return plan.interrupts ? world_random(UINT64_MAX) : 0;
}

const wi_port world_port = {
    .now_ns = port_now,
    .coarse_ns = port_coarse,
    .suspended_ns = trust_suspended_ns,
    .parker_init = port_parker_init,
    .parker_clear = port_parker_clear,
    .park = port_park,
    .publish = port_publish,
    .wake = port_wake,
    .start = port_start,
    .random = port_random,
    .house = &house,
    .rest = port_rest,
    .ring = port_ring,
    .watch = port_watch,
};

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
