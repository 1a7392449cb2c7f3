/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator. Under AddressSanitizer what is not handed out is
 * poisoned, so that a pointer kept past a reset is found.
 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

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
    memset(arena, 0, sizeof *arena);
    arena->allocator = allocator;
    arena->chunk_size = chunk_size;
}

static void use_chunk(wi_arena *arena, wi_arena_chunk *chunk)
{
    arena->chunk = chunk;
    arena->next = chunk->bytes;
    arena->end = chunk->bytes + chunk->size;
    POISON(chunk->bytes, chunk->size);
}

static int add_chunk(wi_arena *arena, size_t size)
{
    wi_arena_chunk *chunk;
    size_t room = size > arena->chunk_size ? size : arena->chunk_size;

    if (room > SIZE_MAX - sizeof *chunk)
        return 0;
    chunk = wi_alloc(arena->allocator, sizeof *chunk + room);
    if (!chunk)
        return 0;
    chunk->older = arena->chunk;
    chunk->size = room;
    use_chunk(arena, chunk);
    return 1;
}

void *wi_arena_alloc(wi_arena *arena, size_t size)
{
    void *memory;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->next) < size && !add_chunk(arena, size))
        return NULL;
    memory = arena->next;
    arena->next += size;
    arena->total += size;
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

void wi_arena_reset(wi_arena *arena)
{
    wi_arena_chunk *kept = NULL;

    if (arena->total == 0)
        return;
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
