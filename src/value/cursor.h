/* SPDX-License-Identifier: MIT */
/*
 * Reading text from left to right without ever passing its end: what the
 * parsers of dates, intervals and decimals have in common.
 */
#ifndef WI_VALUE_CURSOR_H
#define WI_VALUE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/value.h>

typedef struct wi_cursor {
    const char *at;
    const char *end;
} wi_cursor;

static inline wi_cursor wi_cursor_of(weir_text text)
{
    const char *data = text.data ? text.data : "";

    return (wi_cursor){data, data + text.size};
}

static inline bool wi_cursor_is_done(const wi_cursor *cursor)
{
    return cursor->at == cursor->end;
}

/* The next character, NUL at the end. */
static inline char wi_cursor_peek(const wi_cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

/* Steps over `c` if it is next. */
static inline bool wi_cursor_take(wi_cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static inline bool wi_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits after a point as microseconds; beyond the sixth only zeros. False if
 * there are none or they say more than microseconds. */
static inline bool wi_cursor_fraction(wi_cursor *cursor, int64_t *us)
{
    int64_t unit = 100000;
    bool any = false;

    *us = 0;
    for (; wi_is_digit(wi_cursor_peek(cursor)); unit /= 10, any = true) {
        int digit = *cursor->at++ - '0';

        if (unit == 0 && digit != 0)
            return false;
        *us += digit * unit;
    }
    return any;
}

/* Reads from `least` to `most` digits; false if there are fewer. */
static inline bool wi_cursor_number(wi_cursor *cursor, int least, int most,
                                    int64_t *out)
{
    int64_t number = 0;
    int count = 0;

    while (count < most && wi_is_digit(wi_cursor_peek(cursor))) {
        number = number * 10 + (*cursor->at++ - '0');
        count++;
    }
    if (count < least)
        return false;
    *out = number;
    return true;
}

#endif
