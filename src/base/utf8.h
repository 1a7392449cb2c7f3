/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef WI_BASE_UTF8_H
#define WI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum wi_utf8_kind {
    WI_UTF8_CLEAN,
    WI_UTF8_HAS_NUL, /* well-formed, with a NUL character inside */
    WI_UTF8_BROKEN,
} wi_utf8_kind;

/* One pass over the text; made for short ASCII, which is what rows hold. */
wi_utf8_kind wi_utf8_check(const char *text, size_t size);

/* The bytes of the character at `at`, of which at most `left` may be read; 0
 * if it is broken. */
size_t wi_utf8_character(const char *at, size_t left);

/* Whether a text of 8 to 16 bytes is ASCII: two words that overlap and not a
 * single loop, for where a call would cost more than the check. False tells
 * nothing. */
static inline bool wi_utf8_is_short_ascii(const char *text, size_t size)
{
    uint64_t begin, end;

    if (size - 8 > 8)
        return false;
    memcpy(&begin, text, 8);
    memcpy(&end, text + size - 8, 8);
    return ((begin | end) & UINT64_C(0x8080808080808080)) == 0;
}

/* The longest beginning of at most `most` bytes that ends at a character's
 * boundary. */
size_t wi_utf8_cut(const char *text, size_t size, size_t most);

#endif
