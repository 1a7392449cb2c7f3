/* SPDX-License-Identifier: MIT */
/*
 * Letters of ASCII without case. The C library's strcasecmp() asks the
 * program's locale, and in a Turkish one "begin" is not "BEGIN".
 */
#ifndef WI_BASE_ASCII_H
#define WI_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline char wi_ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline char wi_ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* Whether `size` characters at `text` are `word`, in any case. */
static inline bool wi_ascii_is(const char *text, size_t size, const char *word)
{
    if (strlen(word) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (wi_ascii_lower(text[i]) != wi_ascii_lower(word[i]))
            return false;
    }
    return true;
}

#endif
