/* SPDX-License-Identifier: MIT */
/*
 * The one door to memory: every allocation of the library goes through an
 * allocator, so that a test can make the n-th one fail. NULL stands for the C
 * library's malloc.
 */
#ifndef WI_BASE_ALLOC_H
#define WI_BASE_ALLOC_H

#include <stddef.h>

#include <weir/memory.h>

/* Memory of at least one byte; NULL if there is none. */
void *wi_alloc(const weir_allocator *allocator, size_t size);
/* `count` times `size` bytes, all zero; NULL also if that overflows. */
void *wi_alloc_zero(const weir_allocator *allocator, size_t count, size_t size);
/* Larger or smaller; on failure the old memory stays as it is. */
void *wi_resize(const weir_allocator *allocator, void *old, size_t size);
/* NULL is allowed. */
void wi_free(const weir_allocator *allocator, void *memory);
/* Copies that end with NUL; wi_strdup(NULL) is NULL. */
char *wi_strdup(const weir_allocator *allocator, const char *text);
char *wi_strndup(const weir_allocator *allocator, const char *text,
                 size_t size);

#endif
