/* SPDX-License-Identifier: MIT */
/*
 * Doubles as the shortest text that reads back the same.
 *
 * A double c * 2^q stands for every number of an interval around it, those
 * that round to it. Schubfach scales the interval by a power of ten 10^-k so
 * that it is at least one and less than ten wide: then a whole number of its
 * inside is a shortest text, and at most one multiple of ten is, too, which is
 * shorter. The three products (both ends, the double itself) are needed as
 * floors with a sticky bit only, so 128 bits of the power are enough; the
 * paper proves it with 126.
 */
#include "value/f64.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <weir/value.h>

#include "base/digits.h"
#include "base/int128.h"
#include "value/powers.h"

enum {
    FRACTION_BITS = 52,
    EXPONENT_BIAS = 1075, /* of a whole significand */
};

/* The parts of a finite double, |f| = c * 2^q. */
typedef struct parts {
    uint64_t c;
    int q;
    bool close_below; /* the lower neighbour is only half as far */
} parts;

static parts take_apart(double f)
{
    uint64_t bits, fraction;
    int exponent;

    memcpy(&bits, &f, sizeof bits);
    fraction = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
    exponent = (int)(bits >> FRACTION_BITS & 0x7FF);
    if (exponent == 0)
        return (parts){fraction, 1 - EXPONENT_BIAS, false};
    return (parts){
        .c = fraction | UINT64_C(1) << FRACTION_BITS,
        .q = exponent - EXPONENT_BIAS,
        .close_below = fraction == 0 && exponent > 1,
    };
}

/* Floors of logarithms by fixed-point factors, right for all exponents of
 * doubles (f64_test.c tries each). A shift of a negative number is by the
 * sign's bits on every compiler that we support. */
static int log10_of_pow2(int q)
{
    return (q * 1262611) >> 22;
}

static int log10_of_three_quarters_pow2(int q)
{
    return (q * 1262611 - 524031) >> 22;
}

static int log2_of_pow10(int k)
{
    return (k * 1741647) >> 19;
}

/* The upper 64 of 192 bits of a product; its last bit is also set if there is
 * something behind it. The table is rounded up, which adds less than two to
 * the bits behind: so little means that the true product is whole. */
static uint64_t scale(wi_power power, uint64_t factor)
{
    uint64_t carry = (uint64_t)((wi_uint128)power.lo * factor >> 64);
    wi_uint128 product = (wi_uint128)power.hi * factor + carry;

    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

static wi_shortest search(parts f)
{
    int k =
        f.close_below ? log10_of_three_quarters_pow2(f.q) : log10_of_pow2(f.q);
    int shift = f.q + log2_of_pow10(-k) + 1;
    wi_power power = wi_powers[-k - WI_POWER_MIN];
    /* All of these are four times what they are called. */
    uint64_t middle = scale(power, f.c << 2 << shift);
    uint64_t lower = scale(power, ((f.c << 2) - 2 + f.close_below) << shift);
    uint64_t upper = scale(power, ((f.c << 2) + 2) << shift);
    uint64_t whole = middle / 4;
    bool below, above;

    /* The ends themselves round to the double if it is even. */
    lower += f.c & 1;
    upper -= f.c & 1;
    if (whole >= 10) {
        uint64_t tens = whole / 10;

        below = lower <= 40 * tens;
        above = 40 * tens + 40 <= upper;
        if (below != above)
            return (wi_shortest){tens + above, k + 1};
    }
    below = lower <= 4 * whole;
    above = 4 * whole + 4 <= upper;
    if (below == above) /* both or none: the nearer, if tied the even one */
        above =
            middle > 4 * whole + 2 || (middle == 4 * whole + 2 && (whole & 1));
    return (wi_shortest){whole + above, k};
}

static wi_shortest strip_zeros(wi_shortest found)
{
    if (found.digits % 100000000 == 0) {
        found.digits /= 100000000;
        found.exponent += 8;
    }
    while (found.digits % 100 == 0) {
        found.digits /= 100;
        found.exponent += 2;
    }
    if (found.digits % 10 == 0) {
        found.digits /= 10;
        found.exponent++;
    }
    return found;
}

wi_shortest wi_f64_shortest(double f)
{
    parts of = take_apart(f);

    if (of.c == 0)
        return (wi_shortest){0, 0};
    /* A whole number below 2^53 is its own shortest text. */
    if (of.q <= 0 && of.q >= -FRACTION_BITS &&
        (of.c & ((UINT64_C(1) << -of.q) - 1)) == 0)
        return strip_zeros((wi_shortest){of.c >> -of.q, 0});
    return strip_zeros(search(of));
}

/* ----------------------------------------------------------------- writing */

/* From 1e16 on and below 1e-4 numbers are written with an exponent. */
enum { FIXED_BELOW = 16, FIXED_FROM = -4 };

static char *write_zeros(int count, char *at)
{
    memset(at, '0', (size_t)count);
    return at + count;
}

/* "123.0", "12.3" */
static char *write_fixed(wi_shortest number, int before_point, char *at)
{
    char *from = at;

    at = wi_digits_u64(number.digits, at);
    if (number.exponent >= 0) {
        at = write_zeros(number.exponent, at);
        memcpy(at, ".0", 2);
        return at + 2;
    }
    memmove(from + before_point + 1, from + before_point,
            (size_t)(at - from - before_point));
    from[before_point] = '.';
    return at + 1;
}

/* "0.00123" */
static char *write_small(wi_shortest number, int zeros, char *at)
{
    memcpy(at, "0.", 2);
    at = write_zeros(zeros, at + 2);
    return wi_digits_u64(number.digits, at);
}

/* "1.23e-7", "1e23" */
static char *write_exponent(wi_shortest number, int exponent, char *at)
{
    char *from = at;

    at = wi_digits_u64(number.digits, at + 1);
    from[0] = from[1];
    from[1] = '.';
    if (at == from + 2)
        at--;
    *at++ = 'e';
    return wi_digits_i64(exponent, at);
}

static size_t write_special(double f, char *out)
{
    const char *text = isnan(f) ? "NaN" : f > 0 ? "Infinity" : "-Infinity";

    memcpy(out, text, strlen(text) + 1);
    return strlen(text);
}

size_t weir_f64_format(double f, char *out)
{
    char *at = out;
    wi_shortest number;
    int exponent;

    if (!isfinite(f))
        return write_special(f, out);
    number = wi_f64_shortest(f);
    exponent = number.exponent + wi_digits_count(number.digits) - 1;
    if (signbit(f))
        *at++ = '-';
    if (exponent >= FIXED_BELOW || exponent < FIXED_FROM)
        at = write_exponent(number, exponent, at);
    else if (exponent >= 0)
        at = write_fixed(number, exponent + 1, at);
    else
        at = write_small(number, -exponent - 1, at);
    *at = '\0';
    return (size_t)(at - out);
}
