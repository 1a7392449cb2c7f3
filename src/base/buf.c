/* SPDX-License-Identifier: MIT */
/*
 * Growing bytes.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void wi_buf_init(wi_buf *buf, const weir_allocator *allocator, size_t limit)
{
    memset(buf, 0, sizeof *buf);
    buf->allocator = allocator;
    buf->limit = limit;
}

/* Room for `more` bytes and the NUL. */
static int make_room(wi_buf *buf, size_t more)
{
    size_t capacity = buf->capacity ? buf->capacity : 64;
    size_t needed;
    char *data;

    if (buf->status != WEIR_OK)
        return 0;
    if (buf->limit > 0 && more > buf->limit - buf->size) {
        buf->status = WEIR_ERR_LIMIT;
        return 0;
    }
    if (more > SIZE_MAX / 2 - 1 - buf->size) {
        buf->status = WEIR_ERR_NOMEM;
        return 0;
    }
    needed = buf->size + more + 1;
    if (needed <= buf->capacity)
        return 1;
    while (capacity < needed)
        capacity *= 2;
    data = wi_resize(buf->allocator, buf->data, capacity);
    if (!data) {
        buf->status = WEIR_ERR_NOMEM;
        return 0;
    }
    buf->data = data;
    buf->capacity = capacity;
    return 1;
}

void wi_buf_add(wi_buf *buf, const void *data, size_t size)
{
    if (!make_room(buf, size))
        return;
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void wi_buf_add_cstr(wi_buf *buf, const char *text)
{
    wi_buf_add(buf, text, strlen(text));
}

void wi_buf_add_char(wi_buf *buf, char c)
{
    wi_buf_add(buf, &c, 1);
}

void wi_buf_addf(wi_buf *buf, const char *format, ...)
{
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) /* longer than an int can say */
        buf->status = WEIR_ERR_LIMIT;
    if (!make_room(buf, (size_t)size))
        return;
    va_start(arguments, format);
    vsnprintf(buf->data + buf->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buf->size += (size_t)size;
}

const char *wi_buf_text(const wi_buf *buf)
{
    if (buf->status != WEIR_OK)
        return NULL;
    return buf->data ? buf->data : "";
}

char *wi_buf_take(wi_buf *buf)
{
    char *data;

    if (!make_room(buf, 0))
        return NULL;
    buf->data[buf->size] = '\0';
    data = buf->data;
    buf->data = NULL;
    buf->size = buf->capacity = 0;
    return data;
}

weir_status wi_buf_status(const wi_buf *buf)
{
    return buf->status;
}

void wi_buf_reset(wi_buf *buf)
{
    buf->size = 0;
    buf->status = WEIR_OK;
    if (buf->data)
        buf->data[0] = '\0';
}

void wi_buf_clear(wi_buf *buf)
{
    wi_free(buf->allocator, buf->data);
    buf->data = NULL;
    buf->size = buf->capacity = 0;
    buf->status = WEIR_OK;
}
