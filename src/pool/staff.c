/* SPDX-License-Identifier: MIT */
/*
 * Threads for all pools, and what becomes of them when the process exits.
 */
#include "pool/staff.h"

#include <dlfcn.h>
#include <pthread.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/list.h"

typedef struct errand {
    wi_staff_task task;
    wi_list_node running;
    bool awake;
    struct errand *next; /* among the waiting, or the spare */
} errand;

/* How long a thread waits for the next errand before it ends. */
static _Atomic int64_t patience_ns = INT64_C(30000000000);

/* A thread that ends is awake until the destructors of others have run, so that
 * what a client library keeps for a thread is never cleaned up while the
 * process exits. */
static pthread_key_t leaving;
static bool may_leave;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t called;
    errand *waiting;
    errand *spare;
    wi_list running;
    int waiting_count;
    int idle_count;
    int awake_count; /* of those at an errand */
    bool ended;      /* the process exits: nothing new is begun */
} staff = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .called = PTHREAD_COND_INITIALIZER,
           .running = {{&staff.running.head, &staff.running.head}}};

/* What the calling thread is at; NULL: it is not of the staff. */
static _Thread_local errand *mine;

void wi_staff_wait_for_tasks(int64_t ns)
{
    atomic_store(&patience_ns, ns);
}

void wi_staff_forget(void)
{
    pthread_mutex_init(&staff.lock, NULL);
    pthread_cond_init(&staff.called, NULL);
    wi_list_init(&staff.running);
    staff.waiting = NULL;
    staff.waiting_count = staff.idle_count = staff.awake_count = 0;
    mine = NULL;
}

/* -------------------------------------------------------------------- sleep */

/* Locked. */
static void set_awake(errand *it, bool awake)
{
    if (it->awake != awake)
        staff.awake_count += awake ? 1 : -1;
    it->awake = awake;
}

void wi_staff_rest(void)
{
    if (!mine)
        return;
    pthread_mutex_lock(&staff.lock);
    set_awake(mine, false);
    pthread_mutex_unlock(&staff.lock);
}

void wi_staff_wake(void)
{
    if (!mine)
        return;
    pthread_mutex_lock(&staff.lock);
    while (staff.ended && !mine->awake)
        pthread_cond_wait(&staff.called, &staff.lock);
    set_awake(mine, true);
    pthread_mutex_unlock(&staff.lock);
}

/* --------------------------------------------------------------------- exit */

/* Locked. */
static void stop_all(void)
{
    for (wi_list_node *node = wi_list_first(&staff.running); node;
         node = wi_list_next(&staff.running, node)) {
        const errand *it = WI_CONTAINER(node, errand, running);

        if (it->awake && it->task.stop)
            it->task.stop(it->task.argument);
    }
}

static void end_staff(void)
{
    enum { PATIENCE_MS = 5000 };
    const struct timespec pause = {.tv_nsec = 1000000};

    wi_staff_rest(); /* it may be one of the staff who calls exit() */
    pthread_mutex_lock(&staff.lock);
    staff.ended = true;
    stop_all();
    for (int ms = 0; staff.awake_count > 0 && ms < PATIENCE_MS; ms++) {
        pthread_mutex_unlock(&staff.lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&staff.lock);
    }
    pthread_mutex_unlock(&staff.lock);
}

/* OpenSSL, which client libraries bring along, registers its own cleaning up
 * when it is first used. Handlers are called in reverse order, so that has to
 * be before we register ours. Asked for nothing it would do nothing. */
static void start_openssl(void)
{
    enum { LOAD_CRYPTO_STRINGS = 2 };
    int (*init)(uint64_t options, const void *settings) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "OPENSSL_init_crypto");

    if (!found)
        return;
    memcpy(&init, &found, sizeof init);
    (void)init(LOAD_CRYPTO_STRINGS, NULL);
}

/* Threads run this code until the process ends: whoever closes the library
 * (dlclose) must not take it away. */
static void stay_loaded(void)
{
    Dl_info here;

    if (dladdr(&staff, &here) != 0 && here.dli_fname)
        (void)dlopen(here.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static void prepare(void)
{
    start_openssl();
    (void)atexit(end_staff);
}

void wi_staff_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, prepare);
}

/* ------------------------------------------------------------------ threads */

/* Locked. Not any more once the process exits. */
static void begin(errand *it)
{
    while (staff.ended)
        pthread_cond_wait(&staff.called, &staff.lock);
    mine = it;
    it->awake = false;
    set_awake(it, true);
    wi_list_append(&staff.running, &it->running);
}

/* Locked. */
static void end(errand *it)
{
    set_awake(it, false);
    wi_list_remove(&it->running);
    it->next = staff.spare;
    staff.spare = it;
    mine = NULL;
}

/* By the clock of the condition. Set forward or back, it makes threads end a
 * little early or late. */
static struct timespec end_of_patience(void)
{
    int64_t ns = atomic_load(&patience_ns);
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    ns += end.tv_nsec;
    end.tv_sec += (time_t)(ns / 1000000000);
    end.tv_nsec = (long)(ns % 1000000000);
    return end;
}

/* Locked: the next errand. NULL: there was none for so long that the thread
 * is to end. */
static errand *next_errand(void)
{
    struct timespec end = end_of_patience();
    errand *next;
    int failed = 0;

    staff.idle_count++;
    while (!staff.waiting && (failed == 0 || !may_leave || staff.ended))
        failed = may_leave && !staff.ended
                     ? pthread_cond_timedwait(&staff.called, &staff.lock, &end)
                     : pthread_cond_wait(&staff.called, &staff.lock);
    staff.idle_count--;
    if (!staff.waiting)
        return NULL;
    next = staff.waiting;
    staff.waiting = next->next;
    staff.waiting_count--;
    return next;
}

/* Called in each round of destructors, after which there is one less to come;
 * others' are called in the first of them, or when they ask for it. The last
 * round is left to the thread sanitizer, behind which nothing may run. */
static void leave(void *rounds)
{
    uintptr_t left = (uintptr_t)rounds;

    if (left > 1 && pthread_setspecific(leaving, (void *)(left - 1)) == 0)
        return;
    pthread_mutex_lock(&staff.lock);
    staff.awake_count--;
    pthread_mutex_unlock(&staff.lock);
}

static void prepare_to_leave(void)
{
    may_leave = pthread_key_create(&leaving, leave) == 0;
}

/* Locked. */
static void begin_to_leave(void)
{
    if (pthread_setspecific(
            leaving, (void *)(uintptr_t)(PTHREAD_DESTRUCTOR_ITERATIONS - 1)) ==
        0)
        staff.awake_count++;
}

static void *thread_main(void *argument)
{
    errand *it = argument;

    pthread_mutex_lock(&staff.lock);
    while (it) {
        begin(it);
        pthread_mutex_unlock(&staff.lock);
#ifdef __linux__
        pthread_setname_np(pthread_self(), it->task.name);
#endif
        it->task.run(it->task.argument);
        pthread_mutex_lock(&staff.lock);
        end(it);
        it = next_errand();
    }
    begin_to_leave();
    pthread_mutex_unlock(&staff.lock);
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

static bool create_detached(errand *it)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static pthread_once_t leave_once = PTHREAD_ONCE_INIT;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    bool made;

    (void)pthread_once(&once, stay_loaded);
    (void)pthread_once(&leave_once, prepare_to_leave);
    fill(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    made = pthread_create(&thread, NULL, thread_main, it) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made)
        pthread_detach(thread);
    return made;
}

/* Locked. For one of those who wait for work, if there is one to spare. */
static bool hand_over(errand *it)
{
    errand **last = &staff.waiting;

    if (staff.idle_count <= staff.waiting_count)
        return false;
    while (*last)
        last = &(*last)->next;
    *last = it;
    staff.waiting_count++;
    /* All: one signal of several may be lost (glibc's bug 25847). */
    pthread_cond_broadcast(&staff.called);
    return true;
}

static errand *take_spare(void)
{
    errand *it;

    pthread_mutex_lock(&staff.lock);
    it = staff.spare;
    if (it)
        staff.spare = it->next;
    pthread_mutex_unlock(&staff.lock);
    return it ? it : wi_alloc(NULL, sizeof *it);
}

bool wi_staff_start(const wi_staff_task *task)
{
    errand *it = take_spare();
    bool taken;

    if (!it)
        return false;
    wi_staff_prepare();
    *it = (errand){.task = *task};
    pthread_mutex_lock(&staff.lock);
    taken = hand_over(it);
    pthread_mutex_unlock(&staff.lock);
    if (taken || create_detached(it))
        return true;
    wi_free(NULL, it);
    return false;
}
