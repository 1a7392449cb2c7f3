/* SPDX-License-Identifier: MIT */
#include "heap.h"

#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static long left = -1; /* allocations that succeed; -1: all */
static bool all_after, has_failed;
static atomic_long live;

void heap_arm(long n, bool for_ever)
{
    left = n;
    all_after = for_ever;
    has_failed = false;
}

bool heap_disarm(void)
{
    left = -1;
    return has_failed;
}

long heap_live(void)
{
    return atomic_load(&live);
}

static bool may_allocate(void)
{
    if (left < 0)
        return true;
    if (left-- > 0)
        return true;
    left = all_after ? 0 : -1;
    has_failed = true;
    return false;
}

void *__wrap_malloc(size_t size)
{
    void *memory = may_allocate() ? __real_malloc(size) : NULL;

    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

void *__wrap_realloc(void *old, size_t size)
{
    void *memory = may_allocate() ? __real_realloc(old, size) : NULL;

    if (memory && !old)
        atomic_fetch_add(&live, 1);
    return memory;
}

void __wrap_free(void *memory)
{
    if (memory)
        atomic_fetch_sub(&live, 1);
    __real_free(memory);
}
