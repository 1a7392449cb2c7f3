/* SPDX-License-Identifier: MIT */
/* One door to memory: sizes that overflow, and an allocator that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

typedef struct counter {
    int live;
    int left; /* allocations that still succeed */
} counter;

static void *count_alloc(void *context, size_t size)
{
    counter *of = context;
    void *memory;

    if (of->left-- <= 0)
        return NULL;
    memory = wi_alloc(NULL, size);
    of->live += memory != NULL;
    return memory;
}

static void *count_resize(void *context, void *old, size_t size)
{
    counter *of = context;

    return of->left-- <= 0 ? NULL : wi_resize(NULL, old, size);
}

static void count_free(void *context, void *memory)
{
    ((counter *)context)->live--;
    wi_free(NULL, memory);
}

static weir_allocator counting(counter *of)
{
    return (weir_allocator){count_alloc, count_resize, count_free, of};
}

static void test_alloc__gives_memory_for_nothing_too(void **state)
{
    void *none = wi_alloc(NULL, 0);
    void *zero = wi_alloc_zero(NULL, 0, 8);

    (void)state;
    assert_non_null(none);
    assert_non_null(zero);
    wi_free(NULL, none);
    wi_free(NULL, zero);
    wi_free(NULL, NULL);
}

static void test_alloc_zero__refuses_a_product_that_overflows(void **state)
{
    (void)state;
    assert_null(wi_alloc_zero(NULL, SIZE_MAX / 2, 3));
    assert_null(wi_strndup(NULL, "x", SIZE_MAX));
}

static void test_resize__leaves_the_old_memory_on_failure(void **state)
{
    counter of = {0, 1};
    weir_allocator allocator = counting(&of);
    char *memory = wi_resize(&allocator, NULL, 4);

    (void)state;
    assert_non_null(memory);
    memcpy(memory, "abc", 4);
    assert_null(wi_resize(&allocator, memory, 4000));
    assert_string_equal(memory, "abc");
    wi_free(&allocator, memory);
    assert_int_equal(of.live, 0);
}

static void test_strdup__copies_and_passes_null_on(void **state)
{
    char *copy = wi_strndup(NULL, "weir", 2);

    (void)state;
    assert_string_equal(copy, "we");
    wi_free(NULL, copy);
    assert_null(wi_strdup(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc__gives_memory_for_nothing_too),
        cmocka_unit_test(test_alloc_zero__refuses_a_product_that_overflows),
        cmocka_unit_test(test_resize__leaves_the_old_memory_on_failure),
        cmocka_unit_test(test_strdup__copies_and_passes_null_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
