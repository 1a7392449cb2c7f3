/* SPDX-License-Identifier: MIT */
/*
 * Percent encoding.
 */
#include "url/percent.h"

#include <string.h>

#include "base/utf8.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

wi_percent_fault wi_percent_decode(const char *text, size_t size,
                                   bool plus_is_space, char *out)
{
    char *to = out;

    for (size_t i = 0; i < size; i++) {
        int high, low;

        if (text[i] != '%') {
            *to++ = text[i] == '+' && plus_is_space ? ' ' : text[i];
            continue;
        }
        high = i + 2 < size ? hex(text[i + 1]) : -1;
        low = i + 2 < size ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return WI_PERCENT_BAD_ESCAPE;
        if (high == 0 && low == 0)
            return WI_PERCENT_NUL;
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    *to = '\0';
    if (wi_utf8_check(out, (size_t)(to - out)) == WI_UTF8_BROKEN)
        return WI_PERCENT_NOT_UTF8;
    return WI_PERCENT_OK;
}

static bool is_plain(char c, const char *keep)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || strchr("-._~", c) || strchr(keep, c);
}

void wi_percent_encode(const char *text, const char *keep, wi_buf *out)
{
    for (; *text; text++) {
        if (is_plain(*text, keep))
            wi_buf_add_char(out, *text);
        else
            wi_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
