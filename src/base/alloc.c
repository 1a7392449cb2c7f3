/* SPDX-License-Identifier: MIT */
/*
 * Memory through an allocator.
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_alloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void *libc_resize(void *context, void *old, size_t size)
{
    (void)context;
    return realloc(old, size);
}

static void libc_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static const weir_allocator libc_allocator = {
    .alloc = libc_alloc,
    .resize = libc_resize,
    .free = libc_free,
};

const weir_allocator *weir_allocator_libc(void)
{
    return &libc_allocator;
}

static const weir_allocator *or_libc(const weir_allocator *allocator)
{
    return allocator ? allocator : &libc_allocator;
}

void *wi_alloc(const weir_allocator *allocator, size_t size)
{
    allocator = or_libc(allocator);
    return allocator->alloc(allocator->context, size ? size : 1);
}

void *wi_alloc_zero(const weir_allocator *allocator, size_t count, size_t size)
{
    void *memory;

    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    memory = wi_alloc(allocator, count * size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void *wi_resize(const weir_allocator *allocator, void *old, size_t size)
{
    allocator = or_libc(allocator);
    if (!old)
        return wi_alloc(allocator, size);
    return allocator->resize(allocator->context, old, size ? size : 1);
}

void wi_free(const weir_allocator *allocator, void *memory)
{
    if (!memory)
        return;
    allocator = or_libc(allocator);
    allocator->free(allocator->context, memory);
}

char *wi_strndup(const weir_allocator *allocator, const char *text, size_t size)
{
    char *copy = size < SIZE_MAX ? wi_alloc(allocator, size + 1) : NULL;

    if (!copy)
        return NULL;
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *wi_strdup(const weir_allocator *allocator, const char *text)
{
    return text ? wi_strndup(allocator, text, strlen(text)) : NULL;
}
