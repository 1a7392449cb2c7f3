/* SPDX-License-Identifier: MIT */
/*
 * Integers as decimal digits, two at a time; many times quicker than printf
 * and deaf to locales. Nothing here writes a NUL.
 */
#ifndef WI_BASE_DIGITS_H
#define WI_BASE_DIGITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Room for any 64-bit integer: a sign and 19 digits, or 20 digits. */
#define WI_DIGITS_MAX 20

/* "00" to "99", one after the other. */
extern const char wi_digit_pairs[201];

/* Two digits of a number below 100. @return behind them */
static inline char *wi_digits_two(unsigned number, char *out)
{
    memcpy(out, wi_digit_pairs + 2 * (size_t)number, 2);
    return out + 2;
}

/* Six digits of a number below 1 000 000. @return behind them */
static inline char *wi_digits_six(unsigned number, char *out)
{
    out = wi_digits_two(number / 10000, out);
    out = wi_digits_two(number / 100 % 100, out);
    return wi_digits_two(number % 100, out);
}

/* How many digits a number has; 1 for 0. */
int wi_digits_count(uint64_t number);
/* As many as are needed. @return behind the last */
char *wi_digits_u64(uint64_t number, char *out);
/* With a sign if it is negative. @return behind the last */
char *wi_digits_i64(int64_t number, char *out);

#endif
