/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator. Under AddressSanitizer what is not handed out is
 * poisoned, so that a pointer kept past a reset is found.
 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define WI_ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WI_ARENA_POISON 1
#endif
#endif
#ifdef WI_ARENA_POISON
#include <sanitizer/asan_interface.h>
#define POISON(at_, size_) ASAN_POISON_MEMORY_REGION(at_, size_)
#define UNPOISON(at_, size_) ASAN_UNPOISON_MEMORY_REGION(at_, size_)
#else
#define POISON(at_, size_) ((void)0)
#define UNPOISON(at_, size_) ((void)0)
#endif

enum { ALIGNMENT = 16 };

struct wi_arena_chunk {
    wi_arena_chunk *older;
    size_t size; /* of `bytes` */
    _Alignas(ALIGNMENT) char bytes[];
};

void wi_arena_init(wi_arena *arena, const weir_allocator *allocator,
                   size_t chunk_size)
{
    WI_ASSERT(chunk_size < SIZE_MAX / 2);
    memset(arena, 0, sizeof *arena);
    arena->allocator = allocator;
    /* A whole number of units, so that what fits also fits when rounded. */
    arena->chunk_size = (chunk_size | (ALIGNMENT - 1)) + 1;
}

static void use_chunk(wi_arena *arena, wi_arena_chunk *chunk)
{
    arena->chunk = chunk;
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
    POISON(chunk->bytes, chunk->size);
}

static wi_arena_chunk *new_chunk(const wi_arena *arena, size_t size)
{
    wi_arena_chunk *chunk;

    if (size > SIZE_MAX - sizeof *chunk)
        return NULL;
    chunk = wi_alloc(arena->allocator, sizeof *chunk + size);
    if (chunk) {
        chunk->older = NULL;
        chunk->size = size;
    }
    return chunk;
}

/* What is larger than a chunk gets one of its own, behind the current one:
 * the room that is left there is not lost. */
static void *alloc_alone(wi_arena *arena, size_t size)
{
    wi_arena_chunk *chunk = new_chunk(arena, size);

    if (!chunk)
        return NULL;
    if (arena->chunk) {
        chunk->older = arena->chunk->older;
        arena->chunk->older = chunk;
        return chunk->bytes;
    }
    use_chunk(arena, chunk);
    arena->next = arena->end;
    return chunk->bytes;
}

static void *alloc_rounded(wi_arena *arena, size_t size)
{
    char *memory;

    if ((size_t)(arena->end - arena->next) < size) {
        wi_arena_chunk *chunk;

        if (size > arena->chunk_size)
            return alloc_alone(arena, size);
        chunk = new_chunk(arena, arena->chunk_size);
        if (!chunk)
            return NULL;
        chunk->older = arena->chunk;
        use_chunk(arena, chunk);
    }
    memory = arena->next;
    arena->next += size;
    return memory;
}

/* Only what was asked for is readable: a step into the rounding is found. */
void *wi_arena_alloc(wi_arena *arena, size_t size)
{
    size_t rounded = size ? size : 1;
    void *memory;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    rounded = (rounded + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    memory = alloc_rounded(arena, rounded);
    if (!memory)
        return NULL;
    arena->total += rounded;
    POISON(memory, rounded);
    UNPOISON(memory, size);
    return memory;
}

void *wi_arena_copy(wi_arena *arena, const void *data, size_t size)
{
    char *copy = size < SIZE_MAX ? wi_arena_alloc(arena, size + 1) : NULL;

    if (!copy)
        return NULL;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

char *wi_arena_copy_text(wi_arena *arena, const char *text)
{
    return wi_arena_copy(arena, text, strlen(text));
}

void wi_arena_reset(wi_arena *arena)
{
    wi_arena_chunk *kept = NULL;

    if (arena->total == 0)
        return;
    if (arena->chunk && !arena->chunk->older &&
        arena->chunk->size == arena->chunk_size) {
        arena->total = 0;
        use_chunk(arena, arena->chunk);
        return;
    }
    while (arena->chunk) {
        wi_arena_chunk *chunk = arena->chunk;

        arena->chunk = chunk->older;
        if (!kept && chunk->size == arena->chunk_size) {
            kept = chunk;
            continue;
        }
        UNPOISON(chunk->bytes, chunk->size);
        wi_free(arena->allocator, chunk);
    }
    arena->next = arena->end = NULL;
    arena->total = 0;
    if (kept) {
        kept->older = NULL;
        use_chunk(arena, kept);
    }
}

void wi_arena_clear(wi_arena *arena)
{
    while (arena->chunk) {
        wi_arena_chunk *chunk = arena->chunk;

        arena->chunk = chunk->older;
        UNPOISON(chunk->bytes, chunk->size);
        wi_free(arena->allocator, chunk);
    }
    arena->next = arena->end = NULL;
    arena->total = 0;
}
