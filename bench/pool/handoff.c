/* SPDX-License-Identifier: MIT */
/*
 * The least that serves in order: a mutex, a queue, and a futex for each who
 * waits, to whom what comes back is handed. No deadlines, no opening, nothing
 * is measured: what its waits are made of is the machine's scheduler, so that
 * the tail of another pool's waits can be told from the machine's.
 */
#include "subjects.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ITEMS_MAX = 64 };

typedef struct sleeper {
    _Atomic uint32_t served;
    void *item;
    struct sleeper *next;
} sleeper;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *items[ITEMS_MAX];
static int count;
static sleeper *first;
static sleeper *last;

static void sleep_until_served(sleeper *self)
{
    while (!atomic_load(&self->served))
        syscall(SYS_futex, &self->served, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void *handoff_acquire(void)
{
    sleeper self = {.served = 0};

    pthread_mutex_lock(&lock);
    if (!first && count > 0) {
        self.item = items[--count];
        pthread_mutex_unlock(&lock);
        return self.item;
    }
    if (first)
        last->next = &self;
    else
        first = &self;
    last = &self;
    pthread_mutex_unlock(&lock);
    sleep_until_served(&self);
    return self.item;
}

static void handoff_release(void *item)
{
    sleeper *served;

    pthread_mutex_lock(&lock);
    served = first;
    if (served) {
        first = served->next;
        served->item = item;
    } else {
        items[count++] = item;
    }
    pthread_mutex_unlock(&lock);
    if (!served)
        return;
    atomic_store(&served->served, 1);
    syscall(SYS_futex, &served->served, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void handoff_open(int size, int threads)
{
    (void)threads;
    if (size > ITEMS_MAX)
        workload_die("handoff", "too large");
    first = last = NULL;
    for (count = 0; count < size; count++)
        items[count] = &items[count];
}

static void handoff_close(void)
{
}

const subject handoff_subject = {
    .name = "handoff",
    .open = handoff_open,
    .acquire = handoff_acquire,
    .release = handoff_release,
    .close = handoff_close,
};
