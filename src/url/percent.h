/* SPDX-License-Identifier: MIT */
/*
 * Percent encoding of the parts of a URL (RFC 3986).
 */
#ifndef WI_URL_PERCENT_H
#define WI_URL_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

typedef enum wi_percent_fault {
    WI_PERCENT_OK = 0,
    WI_PERCENT_BAD_ESCAPE, /* % without two hexadecimal digits */
    WI_PERCENT_NUL,        /* %00 */
    WI_PERCENT_NOT_UTF8,
} wi_percent_fault;

/* Decodes into `out` (size bytes and a NUL: decoding never grows). */
wi_percent_fault wi_percent_decode(const char *text, size_t size,
                                   bool plus_is_space, char *out);

/* Appends, encoding all but letters, digits, `-._~` and what `keep` has. */
void wi_percent_encode(const char *text, const char *keep, wi_buf *out);

#endif
