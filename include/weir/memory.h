/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Where an engine's memory comes from.
 */
#ifndef WEIR_MEMORY_H
#define WEIR_MEMORY_H

#include <stddef.h>

#include <weir/export.h>

WEIR_BEGIN_DECLS

/**
 * Three functions with the meanings of malloc, realloc and free, and a
 * pointer that is handed to each. They may be called by several threads at
 * once and may fail by returning NULL: that is an error like any other. An
 * engine uses its allocator for all that it allocates itself; client
 * libraries keep their own.
 */
typedef struct weir_allocator {
    void *(*alloc)(void *context, size_t size);
    void *(*resize)(void *context, void *old, size_t size);
    void (*free)(void *context, void *memory);
    void *context;
} weir_allocator;

/** The C library's malloc. Threads: any. @return [borrowed] a constant */
WEIR_API const weir_allocator *weir_allocator_libc(void);

WEIR_END_DECLS

#endif
