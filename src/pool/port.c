/* SPDX-License-Identifier: MIT */
/*
 * The machine, as the pool sees it.
 */
#include "pool/port.h"

#include <errno.h>
#include <time.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/clock.h"
#include "pool/staff.h"
#include "pool/watch.h"

/* -------------------------------------------------------------------- time */

static int64_t native_now(void *context)
{
    (void)context;
    return wi_now_ns();
}

#ifdef CLOCK_BOOTTIME
/* Never too much: who is put aside between the two looks sees too little. */
static int64_t native_suspended(void *context)
{
    struct timespec boot;
    int64_t most_ns = INT64_MIN;

    (void)context;
    for (int i = 0; i < 2; i++) {
        int64_t gap_ns;

        clock_gettime(CLOCK_BOOTTIME, &boot);
        gap_ns = (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec - wi_now_ns();
        if (gap_ns > most_ns)
            most_ns = gap_ns;
    }
    return most_ns;
}
#else
#define native_suspended NULL
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

static bool native_start(void *context, const char *name,
                         void (*run)(void *argument), void *argument)
{
    const wi_staff_task task = {.name = name, .run = run, .argument = argument};

    (void)context;
    return wi_staff_start(&task);
}

/* ------------------------------------------------------------- housekeeper */

/* The pools of each port have a housekeeper of their own, and all but tests
 * use one port. */
static wi_house native_house = WI_HOUSE_INIT;
static wi_house portable_house = WI_HOUSE_INIT;
static wi_bell portable_bell = WI_BELL_INIT;

void wi_port_forget(void)
{
    wi_house_forget(&native_house);
    wi_house_forget(&portable_house);
    wi_bell_forget(&portable_bell);
    wi_watch_forget();
}

static int native_rest(void *context, int64_t until_ns, uint64_t *keys,
                       int most)
{
    int count;

    (void)context;
    wi_staff_rest();
    count = wi_watch_rest(until_ns, keys, most);
    wi_staff_wake();
    return count;
}

static void native_ring(void *context)
{
    (void)context;
    wi_watch_ring();
}

static bool native_watch(void *context, int fd, uint64_t key)
{
    (void)context;
    return wi_watch_add(fd, key);
}

static int portable_rest(void *context, int64_t until_ns, uint64_t *keys,
                         int most)
{
    (void)context;
    (void)keys;
    (void)most;
    wi_staff_rest();
    wi_bell_rest(&portable_bell, until_ns);
    wi_staff_wake();
    return 0;
}

static void portable_ring(void *context)
{
    (void)context;
    wi_bell_ring(&portable_bell);
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
    wi_staff_rest();
    wi_mutex_lock(&parker->lock);
    while ((word = atomic_load(&parker->word)) == seen &&
           !wi_deadline_passed(deadline_ns))
        wi_cond_wait_until(&parker->woken, &parker->lock, deadline_ns);
    wi_mutex_unlock(&parker->lock);
    wi_staff_wake();
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
    .suspended_ns = native_suspended,
    .parker_init = portable_init,
    .parker_clear = portable_clear,
    .park = portable_park,
    .publish = portable_publish,
    .wake = portable_wake,
    .start = native_start,
    .random = native_random,
    .house = &portable_house,
    .rest = portable_rest,
    .ring = portable_ring,
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
    wi_staff_rest();
    if (atomic_load_explicit(&parker->word, memory_order_acquire) == seen)
        syscall(SYS_futex, &parker->word,
                FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, seen, limit, NULL,
                FUTEX_BITSET_MATCH_ANY);
    wi_staff_wake();
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
    .suspended_ns = native_suspended,
    .parker_init = futex_init,
    .parker_clear = futex_clear,
    .park = futex_park,
    .publish = futex_publish,
    .wake = futex_wake,
    .start = native_start,
    .random = native_random,
    .house = &native_house,
    .rest = native_rest,
    .ring = native_ring,
    .watch = native_watch,
};

#else

const wi_port wi_port_native = {
    .now_ns = native_now,
    .suspended_ns = native_suspended,
    .parker_init = portable_init,
    .parker_clear = portable_clear,
    .park = portable_park,
    .publish = portable_publish,
    .wake = portable_wake,
    .start = native_start,
    .random = native_random,
    .house = &native_house,
    .rest = native_rest,
    .ring = native_ring,
    .watch = native_watch,
};

#endif
