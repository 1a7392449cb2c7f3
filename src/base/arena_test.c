/* SPDX-License-Identifier: MIT */
/* Memory given back at once: alignment, large pieces, a chunk that stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"

static int allocations;

static void *count_alloc(void *context, size_t size)
{
    (void)context;
    allocations++;
    return wi_alloc(NULL, size);
}

static void count_free(void *context, void *memory)
{
    (void)context;
    wi_free(NULL, memory);
}

static void *no_alloc(void *context, size_t size)
{
    (void)context;
    (void)size;
    return NULL;
}

static const weir_allocator counting = {count_alloc, NULL, count_free, NULL};
static const weir_allocator empty = {no_alloc, NULL, count_free, NULL};

static void test_arena_alloc__is_aligned_and_never_overlaps(void **state)
{
    unsigned char *pieces[200];
    wi_arena arena;

    (void)state;
    wi_arena_init(&arena, NULL, 256);
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = wi_arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 1; i < 200; i++) {
        assert_int_equal(pieces[i][0], i);
        assert_int_equal(pieces[i][i - 1], i);
    }
    wi_arena_clear(&arena);
}

static void test_arena_reset__keeps_a_chunk_for_the_next_use(void **state)
{
    wi_arena arena;
    int before;

    (void)state;
    wi_arena_init(&arena, &counting, 1024);
    assert_non_null(wi_arena_alloc(&arena, 100));
    wi_arena_reset(&arena);
    before = allocations;
    for (int i = 0; i < 1000; i++) {
        assert_non_null(wi_arena_alloc(&arena, 100));
        wi_arena_reset(&arena);
    }
    assert_int_equal(allocations, before);
    wi_arena_clear(&arena);
}

static void test_arena_alloc__larger_than_a_chunk_is_served(void **state)
{
    wi_arena arena;
    char *large;

    (void)state;
    wi_arena_init(&arena, NULL, 64);
    large = wi_arena_alloc(&arena, 1 << 20);
    assert_non_null(large);
    memset(large, 1, 1 << 20);
    assert_null(wi_arena_alloc(&arena, SIZE_MAX - 8));
    assert_non_null(wi_arena_alloc(&arena, 8));
    wi_arena_clear(&arena);
}

static void test_arena__without_memory_says_so_and_stays_usable(void **state)
{
    wi_arena arena;

    (void)state;
    wi_arena_init(&arena, &empty, 64);
    assert_null(wi_arena_alloc(&arena, 8));
    assert_null(wi_arena_copy_text(&arena, "text"));
    arena.allocator = NULL;
    assert_string_equal(wi_arena_copy_text(&arena, "text"), "text");
    assert_string_equal(wi_arena_copy(&arena, "ab", 1), "a");
    wi_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_alloc__is_aligned_and_never_overlaps),
        cmocka_unit_test(test_arena_reset__keeps_a_chunk_for_the_next_use),
        cmocka_unit_test(test_arena_alloc__larger_than_a_chunk_is_served),
        cmocka_unit_test(test_arena__without_memory_says_so_and_stays_usable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
