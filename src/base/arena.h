/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back all at once. An arena owns a chain of chunks; the
 * newest is the one that is cut from. wi_arena_reset() keeps one chunk, so
 * that an arena used again and again does not allocate.
 */
#ifndef WI_BASE_ARENA_H
#define WI_BASE_ARENA_H

#include <stddef.h>

#include <weir/memory.h>

typedef struct wi_arena_chunk wi_arena_chunk;

typedef struct wi_arena {
    const weir_allocator *allocator;
    wi_arena_chunk *chunk; /* newest first */
    char *next;            /* the first free byte of `chunk` */
    char *end;
    size_t chunk_size; /* of the next chunk, at least */
    size_t total;      /* bytes handed out since the last reset */
} wi_arena;

/* Allocates nothing yet. */
void wi_arena_init(wi_arena *arena, const weir_allocator *allocator,
                   size_t chunk_size);
/* Memory aligned for any type, of its own also if `size` is 0; NULL if there
 * is none. */
void *wi_arena_alloc(wi_arena *arena, size_t size);
/* A copy of `size` bytes and a NUL behind them; NULL if there is none. */
void *wi_arena_copy(wi_arena *arena, const void *data, size_t size);
/* A copy of a string that ends with NUL; NULL if there is no memory. */
char *wi_arena_copy_text(wi_arena *arena, const char *text);
/* Forgets all that was handed out; keeps one chunk of the usual size. */
void wi_arena_reset(wi_arena *arena);
/* Gives everything back; the arena can be used again. */
void wi_arena_clear(wi_arena *arena);

#endif
