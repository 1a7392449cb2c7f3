/* SPDX-License-Identifier: MIT */
/*
 * The facts of a statement's columns, copied once from the driver and shared:
 * the statement holds them for its next execution, each result for as long as
 * the program may ask for names. They never change; a statement whose schema
 * has changed gets new ones.
 */
#ifndef WI_ENGINE_COLUMNS_H
#define WI_ENGINE_COLUMNS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/memory.h>
#include <weir/sys/driver.h>

typedef struct wi_columns {
    const weir_allocator *allocator;
    /* A statement may be dropped by another thread than the one that still
     * has a result of it: by then its connection was lent to somebody else. */
    _Atomic size_t owners;
    uint32_t generation; /* of the weir_stmt_info it was made from */
    size_t count;
    weir_column items[]; /* followed by their strings */
} wi_columns;

/* Copies them, with one owner; NULL if there is no memory. */
wi_columns *wi_columns_make(const weir_stmt_info *info,
                            const weir_allocator *allocator);

/* One owner more. Returns `columns`. */
static inline wi_columns *wi_columns_share(wi_columns *columns)
{
    atomic_fetch_add_explicit(&columns->owners, 1, memory_order_relaxed);
    return columns;
}

/* One owner less and `*columns` NULL; the last one frees. NULL is allowed. */
void wi_columns_drop(wi_columns **columns);

#endif
