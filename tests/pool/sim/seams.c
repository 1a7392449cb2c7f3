/* SPDX-License-Identifier: MIT */
/*
 * What the pool finds in this world where it would find the system: locks,
 * conditions and the clock, by seams.h, by which what is called wi_mutex_lock()
 * here is not the library's; and the port of the fast core, with its threads,
 * its chance and the sleep of the one who keeps house.
 */
#include "seams.h"

#include "tasks.h"

#include <string.h>

#include "base/clock.h"
#include "trust.h"

enum { TICK_NS = 4000000 /* of the coarse clock */ };

static world_plan plan;
static bool refused; /* a thread to the pool */

/* Where the one who keeps house sleeps, and what he waits for. */
static wi_house house;
static bool is_rung;
static struct {
    uint64_t key; /* 0: nobody watches it, or he was told */
    bool is_told;
    uint64_t seen; /* he was told, and has rested since; in events */
} sockets[SOCKETS_MAX];

void seams_begin(const world_plan *wanted)
{
    plan = *wanted;
    is_rung = refused = false;
    wi_house_forget(&house);
    memset(sockets, 0, sizeof sockets);
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

/* ------------------------------------------------------- locks and clock */

/* The lock's first byte is all of it: 1 while somebody has it. */
static char *flag_of(wi_mutex *mutex)
{
    return (char *)mutex;
}

bool world_is_locked(const wi_mutex *mutex)
{
    return *(const char *)mutex != 0;
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
        if (!task_block_on(mutex)) {
            world_fail("somebody sleeps with a lock");
            return;
        }
    }
    *flag_of(mutex) = 1;
}

void wi_mutex_unlock(wi_mutex *mutex)
{
    *flag_of(mutex) = 0;
    task_count_unlock();
    task_unblock(mutex);
    world_point();
}

/* All zero, as one that nobody has here. */
int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    wi_mutex_lock((wi_mutex *)mutex);
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    wi_mutex_unlock((wi_mutex *)mutex);
    return 0;
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
    task_hand_to(cond);
    task_wake_at(cond);
}

bool wi_cond_wait_until(wi_cond *cond, wi_mutex *mutex, int64_t deadline_ns)
{
    bool woken;

    task_lie_down(cond);
    *flag_of(mutex) = 0;
    task_unblock(mutex);
    woken = task_sleep_at(cond, skewed(deadline_ns));
    wi_mutex_lock(mutex);
    task_get_up();
    return woken;
}

pthread_t pthread_self(void)
{
    /* An address: the lowest bit is 0. */
    return (pthread_t)((uintptr_t)(world_self() + 2) * 16);
}

int64_t wi_now_ns(void)
{
    return world_now();
}

int64_t wi_deadline_in_ns(int64_t ns)
{
    return ns > SIM_NEVER - world_now() ? SIM_NEVER : world_now() + ns;
}

bool wi_deadline_passed(int64_t deadline_ns)
{
    return deadline_ns <= world_now() ||
           (world_has_fault == WORLD_WAKES_EARLY && deadline_ns != SIM_NEVER &&
            deadline_ns - 1000 <= world_now());
}

/* ------------------------------------------------------------------- port */

static int64_t port_now(void *context)
{
    (void)context;
    return world_now();
}

static int64_t port_coarse(void *context)
{
    (void)context;
    return plan.interrupts ? world_now() / TICK_NS * TICK_NS : world_now();
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
    task_lie_down(parker);
    if (plan.interrupts && world_random(16) == 0)
        task_pause(); /* comes back for no reason */
    else
        (void)task_sleep_at(parker, skewed(deadline_ns));
    task_get_up();
    return atomic_load(&parker->word);
}

static void port_publish(void *context, wi_parker *parker, uint32_t word)
{
    (void)context;
    task_hand_to(parker);
    atomic_store(&parker->word, word);
}

static void port_wake(void *context, wi_parker *parker)
{
    (void)context;
    world_point();
    task_wake_at(parker);
}

static bool port_start(void *context, const char *name,
                       void (*run)(void *argument), void *argument)
{
    (void)context;
    /* The system may have no thread left. */
    if (world_random(20) == 0 || !task_spawn(name, run, argument, false)) {
        refused = true;
        return false;
    }
    return true;
}

bool world_has_refused(void)
{
    return refused;
}

/* ----------------------------------------------------------- housekeeping */

uint64_t world_seen(int socket)
{
    return sockets[socket].seen;
}

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
        if (!sockets[i].key || plan.hang_up_ns(plan.context, i) > world_now())
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
            sockets[i].seen = world_event();
    }
    world_point();
    if (!is_rung && hang_up_ns > world_now()) {
        task_lie_down(&house);
        task_rest();
        (void)task_sleep_at(
            &house, skewed(until_ns < hang_up_ns ? until_ns : hang_up_ns));
        task_get_up();
    }
    is_rung = false;
    return take_hang_ups(keys, most);
}

static void port_ring(void *context)
{
    (void)context;
    is_rung = true;
    task_hand_to(&house);
    task_wake_at(&house);
}

static bool port_watch(void *context, int fd, uint64_t key)
{
    (void)context;
    /* The system may have no room for another. */
    if (fd >= SOCKETS_MAX || world_random(20) == 0)
        return false;
    sockets[fd].key = key;
    task_rest_at_most(plan.hang_up_ns(plan.context, fd));
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
