/* SPDX-License-Identifier: MIT */
#include "footprint.h"

#include <dirent.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The runtimes of the sanitizers have this; nobody else does. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static _Atomic int64_t bytes_out, blocks_out;

/* ---------------------------------------------------------- the allocator */

/* Stands before each block. */
typedef union header {
    size_t size;
    max_align_t aligned;
} header;

static void *count_in(header *block, size_t size)
{
    if (!block)
        abort();
    block->size = size;
    atomic_fetch_add(&bytes_out, (int64_t)size);
    return block + 1;
}

static void *count_alloc(void *context, size_t size)
{
    (void)context;
    atomic_fetch_add(&blocks_out, 1);
    return count_in(malloc(sizeof(header) + size), size);
}

static void *count_resize(void *context, void *old, size_t size)
{
    header *block = old ? (header *)old - 1 : NULL;

    if (!block)
        return count_alloc(context, size);
    atomic_fetch_sub(&bytes_out, (int64_t)block->size);
    return count_in(realloc(block, sizeof(header) + size), size);
}

static void count_free(void *context, void *memory)
{
    header *block = memory ? (header *)memory - 1 : NULL;

    (void)context;
    if (!block)
        return;
    atomic_fetch_sub(&bytes_out, (int64_t)block->size);
    atomic_fetch_sub(&blocks_out, 1);
    free(block);
}

const weir_allocator footprint_allocator = {count_alloc, count_resize,
                                            count_free, NULL};

/* ------------------------------------------------------------- the process */

bool footprint_is_sanitized(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL;
}

static int64_t heap_bytes(void)
{
    if (footprint_is_sanitized())
        return (int64_t)__sanitizer_get_current_allocated_bytes();
    return (int64_t)mallinfo2().uordblks;
}

/* The entries of a folder of /proc, those that begin with a dot left out. */
static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    for (struct dirent *one; folder && (one = readdir(folder));)
        count += one->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long all = 0, resident = 0;

    if (file && fscanf(file, "%ld %ld", &all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

footprint footprint_now(void)
{
    return (footprint){
        .fds = count_entries("/proc/self/fd") - 1, /* of the folder itself */
        .threads = count_entries("/proc/self/task"),
        .engine_bytes = atomic_load(&bytes_out),
        .engine_blocks = atomic_load(&blocks_out),
        .heap_bytes = heap_bytes(),
        .resident_bytes = resident_bytes(),
    };
}
