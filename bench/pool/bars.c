/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_pool_bars [deadlines] [idle] [spike] [memory]
 * The bars that are no throughput: how late a thousand waiters with one
 * deadline are beside bare futexes, what an exhausted pool costs while nobody
 * moves, how a spike is served, and what an idle connection takes. Prints one
 * JSON object per figure.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <weir/weir.h>

#include "pool/pool.h"
#include "workload.h"

enum {
    WAITERS = 1000,
    DEADLINE_ROUNDS = 5,
    IDLE_WAITERS = 200,
    IDLE_SECONDS = 60,
    SPIKE_IDLE = 5,
    SPIKE_REQUESTS = 50,
    SPIKE_CONNECT_MS = 150,
    SPIKE_HOLD_MS = 2,
    STACK_SIZE = 64 * 1024,
};

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static atomic_int opened;
static atomic_int connect_ms;

static void nap(int64_t ns)
{
    struct timespec time = {ns / SECOND, ns % SECOND};

    nanosleep(&time, NULL);
}

/* --------------------------------------------------------------- the pool */

static weir_status open_thing(void *context, int64_t deadline_ns, void **out,
                              weir_error *err)
{
    static int thing;

    (void)context;
    (void)deadline_ns;
    (void)err;
    nap(atomic_load(&connect_ms) * MS);
    atomic_fetch_add(&opened, 1);
    *out = &thing;
    return WEIR_OK;
}

static weir_fate returned_thing(void *context, void *thing)
{
    (void)context;
    (void)thing;
    return WEIR_FATE_KEEP;
}

static void close_thing(void *context, void *thing)
{
    (void)context;
    (void)thing;
}

static atomic_bool ended;

static void note_end(void *context)
{
    (void)context;
    atomic_store(&ended, true);
}

static const wi_resource_kind kind = {
    .open = open_thing,
    .returned = returned_thing,
    .close = close_thing,
    .ended = note_end,
};

static wi_pool *open_pool(int size, int max_overflow)
{
    wi_pool_options options = {
        .core = WI_CORE_FAST,
        .size = size,
        .max_overflow = max_overflow,
        .timeout_ns = 30 * SECOND,
        .recycle_ns = -1,
        .threads = true,
    };
    wi_pool *pool = wi_pool_new(&kind, NULL, &options, NULL);

    if (!pool)
        workload_die("bars", "no memory");
    atomic_store(&ended, false);
    return pool;
}

static void close_pool(wi_pool *pool)
{
    bool last = wi_pool_close(pool);

    while (!last && !atomic_load(&ended))
        nap(MS);
    wi_pool_free(&pool);
}

static wi_lease *acquire(wi_pool *pool, int64_t deadline_ns)
{
    wi_request request = {.deadline_ns = deadline_ns, .tag = "bar"};
    wi_lease *lease = NULL;

    return wi_pool_acquire(pool, &request, &lease, NULL) == WEIR_OK ? lease
                                                                    : NULL;
}

static void take_all(wi_pool *pool, wi_lease **leases, int count)
{
    for (int i = 0; i < count; i++) {
        leases[i] = acquire(pool, 0);
        if (!leases[i])
            workload_die("bars", "nothing to acquire");
    }
}

static void give_all(wi_pool *pool, wi_lease **leases, int count)
{
    for (int i = 0; i < count; i++)
        (void)wi_pool_release(pool, leases[i], WEIR_FATE_KEEP);
}

/* ---------------------------------------------------------------- threads */

typedef struct waiter {
    pthread_t thread;
    wi_pool *pool; /* NULL: a bare futex */
    int64_t deadline_ns;
    int64_t took_ns; /* after the deadline, or of the whole */
    _Atomic uint32_t word;
} waiter;

static waiter waiters[WAITERS];

static void start(waiter *self, void *(*run)(void *))
{
    pthread_attr_t small;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_SIZE);
    if (pthread_create(&self->thread, &small, run, self) != 0)
        workload_die("bars", "no thread");
    pthread_attr_destroy(&small);
}

/* --------------------------------------------------------------- deadlines */

static void sleep_on_futex(waiter *self)
{
    struct timespec until = {self->deadline_ns / SECOND,
                             self->deadline_ns % SECOND};

    syscall(SYS_futex, &self->word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0,
            &until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void *wait_in_vain(void *argument)
{
    waiter *self = argument;

    if (!self->pool)
        sleep_on_futex(self);
    else if (acquire(self->pool, self->deadline_ns))
        workload_die("bars", "an exhausted pool has lent something");
    self->took_ns = workload_now_ns() - self->deadline_ns;
    return NULL;
}

/* How late the last of them is; an early one ends the process. */
static int64_t latest(wi_pool *pool)
{
    int64_t deadline_ns = workload_now_ns() + SECOND;
    int64_t most = 0;

    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (waiter){.pool = pool, .deadline_ns = deadline_ns};
        start(&waiters[i], wait_in_vain);
    }
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        if (pool && waiters[i].took_ns < 0)
            workload_die("bars", "a deadline came early");
        if (waiters[i].took_ns > most)
            most = waiters[i].took_ns;
    }
    return most;
}

static int compare(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first;
    int64_t b = *(const int64_t *)second;

    return (a > b) - (a < b);
}

static void deadlines(void)
{
    int64_t ours[DEADLINE_ROUNDS];
    int64_t bare[DEADLINE_ROUNDS];
    wi_pool *pool = open_pool(1, 0);
    wi_lease *lease;

    take_all(pool, &lease, 1);
    for (int i = 0; i < DEADLINE_ROUNDS; i++) {
        ours[i] = latest(pool);
        bare[i] = latest(NULL);
    }
    give_all(pool, &lease, 1);
    close_pool(pool);
    qsort(ours, DEADLINE_ROUNDS, sizeof ours[0], compare);
    qsort(bare, DEADLINE_ROUNDS, sizeof bare[0], compare);
    printf("{\"bar\":\"deadlines\",\"weir_last_us\":%.0f,"
           "\"futex_last_us\":%.0f,\"ratio\":%.3f}\n",
           (double)ours[DEADLINE_ROUNDS / 2] / 1e3,
           (double)bare[DEADLINE_ROUNDS / 2] / 1e3,
           (double)ours[DEADLINE_ROUNDS / 2] /
               (double)bare[DEADLINE_ROUNDS / 2]);
    fflush(stdout);
}

/* -------------------------------------------------------------------- idle */

static int64_t cpu_now(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * SECOND + used.tv_nsec;
}

static void *wait_for_turn(void *argument)
{
    waiter *self = argument;
    wi_lease *lease = acquire(self->pool, self->deadline_ns);

    if (lease)
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

static void report_idle(const char *what)
{
    int64_t used = cpu_now();

    nap(IDLE_SECONDS * SECOND);
    used = cpu_now() - used;
    printf("{\"bar\":\"%s\",\"seconds\":%d,\"cpu_percent\":%.4f}\n", what,
           IDLE_SECONDS, (double)used / (IDLE_SECONDS * 1e9) * 100);
    fflush(stdout);
}

static void idle(void)
{
    wi_lease *leases[4];
    wi_pool *pool = open_pool(4, 0);

    take_all(pool, leases, 4);
    for (int i = 0; i < IDLE_WAITERS; i++) {
        waiters[i] = (waiter){.pool = pool,
                              .deadline_ns = workload_now_ns() + 600 * SECOND};
        start(&waiters[i], wait_for_turn);
    }
    nap(SECOND / 2);
    report_idle("exhausted_with_200_waiters");
    give_all(pool, leases, 4);
    for (int i = 0; i < IDLE_WAITERS; i++)
        pthread_join(waiters[i].thread, NULL);
    report_idle("idle");
    close_pool(pool);
}

/* ------------------------------------------------------------------- spike */

static void *be_served(void *argument)
{
    waiter *self = argument;
    wi_lease *lease = acquire(self->pool, 0);

    if (!lease)
        workload_die("bars", "not served");
    nap(SPIKE_HOLD_MS * MS);
    (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    self->took_ns = workload_now_ns() - self->deadline_ns;
    return NULL;
}

static void spike(void)
{
    wi_lease *leases[SPIKE_IDLE];
    wi_pool *pool = open_pool(SPIKE_IDLE, 45);
    weir_pool_status status;
    int64_t began;
    int64_t longest = 0;

    atomic_store(&connect_ms, 0);
    take_all(pool, leases, SPIKE_IDLE);
    give_all(pool, leases, SPIKE_IDLE);
    atomic_store(&connect_ms, SPIKE_CONNECT_MS);
    atomic_store(&opened, 0);
    began = workload_now_ns();
    for (int i = 0; i < SPIKE_REQUESTS; i++) {
        waiters[i] = (waiter){.pool = pool, .deadline_ns = began};
        start(&waiters[i], be_served);
    }
    for (int i = 0; i < SPIKE_REQUESTS; i++) {
        pthread_join(waiters[i].thread, NULL);
        if (waiters[i].took_ns > longest)
            longest = waiters[i].took_ns;
    }
    wi_pool_status(pool, &status);
    printf("{\"bar\":\"spike\",\"served_within_ms\":%.1f,"
           "\"extra_connections\":%d}\n",
           (double)longest / 1e6, atomic_load(&opened) + status.connecting);
    fflush(stdout);
    close_pool(pool);
    atomic_store(&connect_ms, 0);
}

/* ------------------------------------------------------------------ memory */

enum { IDLE_CONNS = 64, BLOCK_HEAD = 16 };

static _Atomic size_t in_use;

/* Its size stands in front of each block. */
static void *counted_alloc(void *context, size_t size)
{
    char *block = malloc(BLOCK_HEAD + size);

    (void)context;
    if (!block)
        return NULL;
    *(size_t *)(void *)block = size;
    atomic_fetch_add(&in_use, size);
    return block + BLOCK_HEAD;
}

static void counted_free(void *context, void *memory)
{
    char *block = memory;

    (void)context;
    if (!block)
        return;
    block -= BLOCK_HEAD;
    atomic_fetch_sub(&in_use, *(size_t *)(void *)block);
    free(block);
}

static void *counted_resize(void *context, void *old, size_t size)
{
    void *moved = counted_alloc(context, size);
    size_t before;

    if (!moved || !old)
        return moved;
    before = *(size_t *)(void *)((char *)old - BLOCK_HEAD);
    memcpy(moved, old, before < size ? before : size);
    counted_free(context, old);
    return moved;
}

/* The engine's allocator gives all but what the client library takes. */
static void memory(void)
{
    static const weir_allocator counted = {
        .alloc = counted_alloc, .resize = counted_resize, .free = counted_free};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conns[IDLE_CONNS];
    weir_engine *engine;
    size_t before;

    options.allocator = &counted;
    options.pool_size = IDLE_CONNS;
    engine = weir_engine_open("sqlite://", &options, NULL);
    if (!engine)
        workload_die("bars", "no engine");
    before = atomic_load(&in_use);
    for (int i = 0; i < IDLE_CONNS; i++)
        conns[i] = weir_connect(engine, NULL);
    for (int i = 0; i < IDLE_CONNS; i++)
        weir_conn_close(&conns[i]);
    printf("{\"bar\":\"memory\",\"bytes\":%zu}\n",
           (atomic_load(&in_use) - before) / IDLE_CONNS);
    fflush(stdout);
    weir_engine_close(&engine);
}

/* -------------------------------------------------------------------- main */

static bool wanted(int count, char **names, const char *name)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return count < 2;
}

int main(int argc, char **argv)
{
    if (wanted(argc, argv, "deadlines"))
        deadlines();
    if (wanted(argc, argv, "spike"))
        spike();
    if (wanted(argc, argv, "idle"))
        idle();
    if (wanted(argc, argv, "memory"))
        memory();
    return 0;
}
