/* SPDX-License-Identifier: MIT */
/*
 * Memory of the simulation.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* Freed memory is spoiled, so that whoever looks at it is seen to. Its size
 * stands in front of it. */
enum { HEAD_SIZE = 16 };

static void *give(void *context, size_t size)
{
    char *block = malloc(HEAD_SIZE + size);

    (void)context;
    if (!block)
        abort();
    memcpy(block, &size, sizeof size);
    return block + HEAD_SIZE;
}

static void take_back(void *context, void *memory)
{
    char *block = memory;
    size_t size;

    (void)context;
    if (!block)
        return;
    block -= HEAD_SIZE;
    memcpy(&size, block, sizeof size);
    memset(block, 0xdd, HEAD_SIZE + size);
    free(block);
}

static void *give_more(void *context, void *old, size_t size)
{
    void *block = give(context, size);
    size_t old_size;

    if (!old)
        return block;
    memcpy(&old_size, (char *)old - HEAD_SIZE, sizeof old_size);
    memcpy(block, old, old_size < size ? old_size : size);
    take_back(context, old);
    return block;
}

const weir_allocator sim_memory = {
    .alloc = give,
    .resize = give_more,
    .free = take_back,
};
