/* SPDX-License-Identifier: MIT */
/*
 * What the process has in its hands: descriptors, threads, memory. That of the
 * engine is counted to the byte, by the allocator that it is given.
 */
#ifndef WEIR_TESTS_POOL_SOAK_FOOTPRINT_H
#define WEIR_TESTS_POOL_SOAK_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/memory.h>

typedef struct footprint {
    int fds;
    int threads;
    int64_t engine_bytes;
    int64_t engine_blocks;
    int64_t heap_bytes; /* of the whole process, client libraries included */
    int64_t resident_bytes;
} footprint;

/* Counts what is out; aborts the program where memory is not to be had. */
extern const weir_allocator footprint_allocator;

footprint footprint_now(void);
/* Under a sanitizer resident memory says nothing. */
bool footprint_is_sanitized(void);

#endif
