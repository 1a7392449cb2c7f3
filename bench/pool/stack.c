/* SPDX-License-Identifier: MIT */
/*
 * The pool that everybody writes first: a mutex and a stack, nothing else. If
 * more threads come than it has room for they wait on one condition, and who
 * runs takes first ("barging").
 */
#include "subjects.h"

#include <pthread.h>

enum { STACK_MAX = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t returned = PTHREAD_COND_INITIALIZER;
static void *items[STACK_MAX];
static int count;

static void *plain_acquire(void)
{
    void *item;

    pthread_mutex_lock(&lock);
    item = items[--count];
    pthread_mutex_unlock(&lock);
    return item;
}

static void plain_release(void *item)
{
    pthread_mutex_lock(&lock);
    items[count++] = item;
    pthread_mutex_unlock(&lock);
}

static void *waiting_acquire(void)
{
    void *item;

    pthread_mutex_lock(&lock);
    while (count == 0)
        pthread_cond_wait(&returned, &lock);
    item = items[--count];
    pthread_mutex_unlock(&lock);
    return item;
}

static void waiting_release(void *item)
{
    plain_release(item);
    pthread_cond_signal(&returned);
}

static void stack_open(int size, int threads)
{
    if (size > STACK_MAX)
        workload_die("stack", "too large");
    for (count = 0; count < size; count++)
        items[count] = &items[count];
    stack_subject.acquire = threads > size ? waiting_acquire : plain_acquire;
    stack_subject.release = threads > size ? waiting_release : plain_release;
}

static void stack_close(void)
{
}

subject stack_subject = {
    .name = "stack",
    .open = stack_open,
    .close = stack_close,
};
