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

/* Whether all eight bytes are ASCII other than NUL: subtracting one borrows
 * into the top bit of a zero byte. */
static inline bool wi_utf8_is_plain_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    return ((word | (word - ones)) & ones << 7) == 0;
}

/* Up to seven bytes as a word, the rest of it filled with plain bytes: two
 * loads that overlap instead of a loop. */
static inline uint64_t wi_utf8_short_word(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint32_t low, high;

    if (size >= 4) {
        memcpy(&low, at, 4);
        memcpy(&high, at + size - 4, 4);
        return (uint64_t)high << 32 | low;
    }
    if (size == 0)
        return ones;
    return ((uint64_t)at[size - 1] << 16 | (uint64_t)at[size / 2] << 8 |
            at[0]) |
           (ones & ~UINT64_C(0xFFFFFF));
}

/* Whether a text is ASCII without a NUL, where a call would cost more than
 * the check. False tells nothing. */
static inline bool wi_utf8_is_plain(const char *text, size_t size)
{
    const char *last;
    uint64_t word;

    if (size < 8)
        return wi_utf8_is_plain_word(wi_utf8_short_word(text, size));
    last = text + size - 8;
    /* Whole words, then one that overlaps the end. */
    for (; text < last; text += 8) {
        memcpy(&word, text, 8);
        if (!wi_utf8_is_plain_word(word))
            return false;
    }
    memcpy(&word, last, 8);
    return wi_utf8_is_plain_word(word);
}

/* The longest beginning of at most `most` bytes that ends at a character's
 * boundary. */
size_t wi_utf8_cut(const char *text, size_t size, size_t most);

#endif
