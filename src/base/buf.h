/* SPDX-License-Identifier: MIT */
/*
 * Growing bytes with a ceiling. A failure sticks: everything added afterwards
 * is dropped, and one look at the end tells. The content always ends with a
 * NUL that is not counted.
 */
#ifndef WI_BASE_BUF_H
#define WI_BASE_BUF_H

#include <stddef.h>

#include <weir/error.h>
#include <weir/memory.h>

typedef struct wi_buf {
    const weir_allocator *allocator;
    char *data;
    size_t size;
    size_t capacity;
    size_t limit; /* 0: none */
    weir_status status;
} wi_buf;

/* Allocates nothing yet. */
void wi_buf_init(wi_buf *buf, const weir_allocator *allocator, size_t limit);
/* `data` must not lie in the buffer itself: it may move. */
void wi_buf_add(wi_buf *buf, const void *data, size_t size);
void wi_buf_add_cstr(wi_buf *buf, const char *text);
void wi_buf_add_char(wi_buf *buf, char c);
void wi_buf_addf(wi_buf *buf, const char *format, ...) WEIR_PRINTF(2, 3);
/* The content; "" if it is empty, NULL if it has failed. */
const char *wi_buf_text(const wi_buf *buf);
/* Takes the content out; the caller frees it. NULL if it has failed. */
char *wi_buf_take(wi_buf *buf);
/* WEIR_OK, NOMEM or LIMIT. */
weir_status wi_buf_status(const wi_buf *buf);
/* Empties it and forgets a failure; keeps the memory. */
void wi_buf_reset(wi_buf *buf);
/* Gives the memory back; it can be used again. */
void wi_buf_clear(wi_buf *buf);

#endif
