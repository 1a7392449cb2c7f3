/* SPDX-License-Identifier: MIT */
/*
 * The machine, as the pool sees it.
 */
#include "pool/port.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/alloc.h"
#include "base/clock.h"

/* -------------------------------------------------------------------- time */

static int64_t native_now(void *context)
{
    (void)context;
    return wi_now_ns();
}

#ifdef CLOCK_MONOTONIC_COARSE
static int64_t native_coarse(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
#else
#define native_coarse native_now
#endif

static uint64_t native_random(void *context)
{
    static _Atomic uint64_t drawn;
    uint64_t mixed = atomic_fetch_add(&drawn, UINT64_C(0x9E3779B97F4A7C15));

    (void)context;
    mixed ^= (uint64_t)wi_now_ns();
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

/* ----------------------------------------------------------------- threads */

typedef struct errand {
    char name[16];
    void (*run)(void *argument);
    void *argument;
    struct errand *next;
} errand;

/* The threads of the library are for all pools. One that has nothing to do
 * waits for the next errand and never ends: what a client library keeps for a
 * thread would be cleaned up while the process exits, or not at all. So there
 * are as many as there ever were errands at once. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t called;
    errand *waiting;
    errand *spare;
    int waiting_count;
    int idle_count;
    int busy_count; /* at an errand */
    bool ended;     /* the process exits: nothing new is begun */
} staff = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .called = PTHREAD_COND_INITIALIZER};

void wi_port_forget(void)
{
    pthread_mutex_init(&staff.lock, NULL);
    pthread_cond_init(&staff.called, NULL);
    staff.waiting = NULL;
    staff.waiting_count = staff.idle_count = staff.busy_count = 0;
}

/* While the process exits: who is at an errand is waited for, because client
 * libraries clean up behind their own users (OpenSSL frees its locks). */
static void end_staff(void)
{
    enum { PATIENCE_MS = 5000 };

    pthread_mutex_lock(&staff.lock);
    staff.ended = true;
    for (int ms = 0; staff.busy_count > 0 && ms < PATIENCE_MS; ms++) {
        const struct timespec pause = {.tv_nsec = 1000000};

        pthread_mutex_unlock(&staff.lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&staff.lock);
    }
    pthread_mutex_unlock(&staff.lock);
}

/* What is registered last is called first: once before the first errand, and
 * once behind it, when the client library has registered what it needs. */
static void register_end(void)
{
    static int registered;

    if (registered < 2 && atexit(end_staff) == 0)
        registered++;
}

/* Locked: the next errand, of which there may be none for a long time. */
static errand *next_errand(void)
{
    errand *next;

    staff.idle_count++;
    while (!staff.waiting || staff.ended)
        pthread_cond_wait(&staff.called, &staff.lock);
    staff.idle_count--;
    staff.busy_count++;
    next = staff.waiting;
    staff.waiting = next->next;
    staff.waiting_count--;
    return next;
}

static void *thread_main(void *argument)
{
    errand *mine = argument;

    pthread_mutex_lock(&staff.lock);
    staff.busy_count++;
    register_end();
    pthread_mutex_unlock(&staff.lock);
    for (;;) {
#ifdef __linux__
        pthread_setname_np(pthread_self(), mine->name);
#endif
        mine->run(mine->argument);
        pthread_mutex_lock(&staff.lock);
        staff.busy_count--;
        register_end();
        mine->next = staff.spare;
        staff.spare = mine;
        mine = next_errand();
        pthread_mutex_unlock(&staff.lock);
    }
    return NULL;
}

/* The program's signals are none of our threads' business, but for those that
 * a thread brings upon itself: blocked, they would kill without a word. */
static void fill(sigset_t *set)
{
    static const int own_fault[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                    SIGILL,  SIGTRAP, SIGABRT};

    sigfillset(set);
    for (size_t i = 0; i < sizeof own_fault / sizeof own_fault[0]; i++)
        sigdelset(set, own_fault[i]);
}

static bool create_detached(errand *task)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    bool made;

    fill(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    made = pthread_create(&thread, NULL, thread_main, task) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made)
        pthread_detach(thread);
    return made;
}

/* Locked. For one of those who wait for work, if there is one to spare. */
static bool hand_over(errand *task)
{
    errand **last = &staff.waiting;

    if (staff.idle_count <= staff.waiting_count)
        return false;
    while (*last)
        last = &(*last)->next;
    *last = task;
    staff.waiting_count++;
    /* All: one signal of several may be lost (glibc's bug 25847). */
    pthread_cond_broadcast(&staff.called);
    return true;
}

static errand *take_spare(void)
{
    errand *task;

    pthread_mutex_lock(&staff.lock);
    task = staff.spare;
    if (task)
        staff.spare = task->next;
    pthread_mutex_unlock(&staff.lock);
    return task ? task : wi_alloc(NULL, sizeof *task);
}

static bool native_start(void *context, const char *name,
                         void (*run)(void *argument), void *argument)
{
    errand *task = take_spare();
    bool taken;

    (void)context;
    if (!task)
        return false;
    *task = (errand){.run = run, .argument = argument};
    strncpy(task->name, name, sizeof task->name - 1);
    pthread_mutex_lock(&staff.lock);
    taken = hand_over(task);
    pthread_mutex_unlock(&staff.lock);
    if (taken || create_detached(task))
        return true;
    wi_free(NULL, task);
    return false;
}

/* ----------------------------------------------------------------- parking */

static bool portable_init(void *context, wi_parker *parker)
{
    (void)context;
    atomic_init(&parker->word, 0);
    if (!wi_mutex_init(&parker->lock))
        return false;
    if (wi_cond_init(&parker->woken))
        return true;
    wi_mutex_clear(&parker->lock);
    return false;
}

static void portable_clear(void *context, wi_parker *parker)
{
    (void)context;
    wi_cond_clear(&parker->woken);
    wi_mutex_clear(&parker->lock);
}

static uint32_t portable_park(void *context, wi_parker *parker, uint32_t seen,
                              int64_t deadline_ns)
{
    uint32_t word;

    (void)context;
    wi_mutex_lock(&parker->lock);
    while ((word = atomic_load(&parker->word)) == seen &&
           !wi_deadline_passed(deadline_ns))
        wi_cond_wait_until(&parker->woken, &parker->lock, deadline_ns);
    wi_mutex_unlock(&parker->lock);
    return word;
}

/* The sleeper is woken here, and can be gone only when all of it is done. */
static void portable_publish(void *context, wi_parker *parker, uint32_t word)
{
    (void)context;
    wi_mutex_lock(&parker->lock);
    atomic_store(&parker->word, word);
    wi_cond_signal(&parker->woken);
    wi_mutex_unlock(&parker->lock);
}

static void portable_wake(void *context, wi_parker *parker)
{
    (void)context;
    (void)parker;
}

const wi_port wi_port_portable = {
    .now_ns = native_now,
    .coarse_ns = native_coarse,
    .parker_init = portable_init,
    .parker_clear = portable_clear,
    .park = portable_park,
    .publish = portable_publish,
    .wake = portable_wake,
    .start = native_start,
    .random = native_random,
};

#ifdef __linux__

static bool futex_init(void *context, wi_parker *parker)
{
    (void)context;
    atomic_init(&parker->word, 0);
    return true;
}

static void futex_clear(void *context, wi_parker *parker)
{
    (void)context;
    (void)parker;
}

/* FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC. */
static uint32_t futex_park(void *context, wi_parker *parker, uint32_t seen,
                           int64_t deadline_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(deadline_ns / 1000000000),
        .tv_nsec = (long)(deadline_ns % 1000000000),
    };
    struct timespec *limit = deadline_ns == WI_NO_DEADLINE ? NULL : &until;

    (void)context;
    if (atomic_load_explicit(&parker->word, memory_order_acquire) == seen)
        syscall(SYS_futex, &parker->word,
                FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen, limit, NULL,
                FUTEX_BITSET_MATCH_ANY);
    return atomic_load_explicit(&parker->word, memory_order_acquire);
}

static void futex_publish(void *context, wi_parker *parker, uint32_t word)
{
    (void)context;
    atomic_store_explicit(&parker->word, word, memory_order_release);
}

/* If the sleeper is gone already, nobody is woken or somebody for no reason,
 * which everybody who sleeps on a futex has to expect. */
static void futex_wake(void *context, wi_parker *parker)
{
    (void)context;
    syscall(SYS_futex, &parker->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL,
            NULL, 0);
}

const wi_port wi_port_native = {
    .now_ns = native_now,
    .coarse_ns = native_coarse,
    .parker_init = futex_init,
    .parker_clear = futex_clear,
    .park = futex_park,
    .publish = futex_publish,
    .wake = futex_wake,
    .start = native_start,
    .random = native_random,
};

#else

const wi_port wi_port_native = {
    .now_ns = native_now,
    .coarse_ns = native_coarse,
    .parker_init = portable_init,
    .parker_clear = portable_clear,
    .park = portable_park,
    .publish = portable_publish,
    .wake = portable_wake,
    .start = native_start,
    .random = native_random,
};

#endif
