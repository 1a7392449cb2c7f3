/* SPDX-License-Identifier: MIT */
/*
 * Checks words of eight bytes for the plain case, characters for the rest.
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include <weir/value.h>

static int is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length of the character at `at`, 0 if it is broken. */
static size_t character(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xC2 && at[0] <= 0xDF)
        return left >= 2 && is_tail(at[1]) ? 2 : 0;
    if (at[0] >= 0xE0 && at[0] <= 0xEF) {
        if (left < 3 || !is_tail(at[1]) || !is_tail(at[2]))
            return 0;
        if (at[0] == 0xE0 && at[1] < 0xA0)
            return 0; /* overlong */
        if (at[0] == 0xED && at[1] > 0x9F)
            return 0; /* a surrogate */
        return 3;
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4) {
        if (left < 4 || !is_tail(at[1]) || !is_tail(at[2]) || !is_tail(at[3]))
            return 0;
        if (at[0] == 0xF0 && at[1] < 0x90)
            return 0;
        if (at[0] == 0xF4 && at[1] > 0x8F)
            return 0;
        return 4;
    }
    return 0;
}

static wi_utf8_kind check_characters(const unsigned char *at, size_t left)
{
    wi_utf8_kind kind = WI_UTF8_CLEAN;

    while (left > 0) {
        uint64_t word;
        size_t size;

        if (left >= 8) {
            memcpy(&word, at, 8);
            if (wi_utf8_is_plain_word(word)) {
                at += 8;
                left -= 8;
                continue;
            }
        }
        size = character(at, left);
        if (size == 0)
            return WI_UTF8_BROKEN;
        if (at[0] == 0)
            kind = WI_UTF8_HAS_NUL;
        at += size;
        left -= size;
    }
    return kind;
}

wi_utf8_kind wi_utf8_check(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    uint64_t word;

    if (size >= 8) {
        size_t i = 0;

        /* Whole words, then one that overlaps the end. */
        for (; i + 8 < size; i += 8) {
            memcpy(&word, at + i, 8);
            if (!wi_utf8_is_plain_word(word))
                return check_characters(at + i, size - i);
        }
        memcpy(&word, at + size - 8, 8);
        if (wi_utf8_is_plain_word(word))
            return WI_UTF8_CLEAN;
        return check_characters(at + i, size - i);
    }
    if (wi_utf8_is_plain_word(wi_utf8_short_word(text, size)))
        return WI_UTF8_CLEAN;
    return check_characters(at, size);
}

size_t wi_utf8_character(const char *at, size_t left)
{
    return left > 0 ? character((const unsigned char *)at, left) : 0;
}

size_t wi_utf8_cut(const char *text, size_t size, size_t most)
{
    if (size <= most)
        return size;
    for (size_t at = most, steps = 0; steps < 4; at--, steps++) {
        if (!is_tail((unsigned char)text[at]))
            return at;
        if (at == 0)
            break;
    }
    return most; /* no character is that long: not UTF-8, any place will do */
}

bool weir_utf8_is_valid(weir_text text)
{
    return wi_utf8_check(text.data, text.size) != WI_UTF8_BROKEN;
}
