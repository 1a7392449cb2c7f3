/* SPDX-License-Identifier: MIT */
#include "engine/columns.h"

#include <string.h>

#include "base/alloc.h"

enum { TEXTS = 4 };

/* The strings of a column, in the order in which they are copied. */
static void list_texts(weir_column *column, const char **out[TEXTS])
{
    out[0] = &column->name;
    out[1] = &column->database_type;
    out[2] = &column->table;
    out[3] = &column->origin;
}

/* A driver may leave out what it does not know. */
static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

static size_t texts_size(const weir_stmt_info *info)
{
    size_t size = 0;

    for (size_t i = 0; i < info->column_count; i++) {
        weir_column column = info->columns[i];
        const char **texts[TEXTS];

        list_texts(&column, texts);
        for (size_t j = 0; j < TEXTS; j++)
            size += size_of(*texts[j]);
    }
    return size;
}

static void copy_texts(wi_columns *columns)
{
    char *to = (char *)&columns->items[columns->count];

    for (size_t i = 0; i < columns->count; i++) {
        const char **texts[TEXTS];

        list_texts(&columns->items[i], texts);
        for (size_t j = 0; j < TEXTS; j++) {
            size_t size = size_of(*texts[j]);

            memcpy(to, *texts[j] ? *texts[j] : "", size);
            *texts[j] = to;
            to += size;
        }
    }
}

wi_columns *wi_columns_make(const weir_stmt_info *info,
                            const weir_allocator *allocator)
{
    size_t size = info->column_count * sizeof(weir_column);
    wi_columns *columns = wi_alloc(allocator, offsetof(wi_columns, items) +
                                                  size + texts_size(info));

    if (!columns)
        return NULL;
    columns->allocator = allocator;
    atomic_init(&columns->owners, 1);
    columns->generation = info->generation;
    columns->count = info->column_count;
    if (size > 0)
        memcpy(columns->items, info->columns, size);
    copy_texts(columns);
    return columns;
}

void wi_columns_drop(wi_columns **columns)
{
    wi_columns *dropped = *columns;

    *columns = NULL;
    if (dropped && atomic_fetch_sub_explicit(&dropped->owners, 1,
                                             memory_order_acq_rel) == 1)
        wi_free(dropped->allocator, dropped);
}
