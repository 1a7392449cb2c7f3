/* SPDX-License-Identifier: MIT */
/*
 * Exact decimals of up to 38 digits in 128 bits. A weir_decimal is an open
 * struct that anybody can fill: whatever stands in it is written and compared
 * without harm, with its scale brought into 0 to 38.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/int128.h"
#include "value/cursor.h"

typedef wi_int128 int128;
typedef wi_uint128 uint128;

enum { DIGITS_MAX = 38 };

static int128 coefficient(const weir_decimal *decimal)
{
    return (int128)((uint128)(uint64_t)decimal->hi << 64 | decimal->lo);
}

static uint128 size_of(int128 number)
{
    return number < 0 ? -(uint128)number : (uint128)number;
}

static int scale_of(const weir_decimal *decimal)
{
    if (decimal->scale < 0)
        return 0;
    return decimal->scale > DIGITS_MAX ? DIGITS_MAX : decimal->scale;
}

static weir_decimal make(int128 number, int32_t scale)
{
    return (weir_decimal){
        .lo = (uint64_t)(uint128)number,
        .hi = (int64_t)(uint64_t)((uint128)number >> 64),
        .scale = scale,
    };
}

/* ------------------------------------------------------------------ parse */

typedef struct digits {
    uint128 number;
    int count; /* significant digits, leading zeros not counted */
    int64_t scale;
    bool any;
} digits;

static bool read_digits(wi_cursor *cursor, digits *read, bool after_point)
{
    while (wi_is_digit(wi_cursor_peek(cursor))) {
        int digit = *cursor->at++ - '0';

        read->any = true;
        if (after_point)
            read->scale++;
        if (read->count > 0 || digit != 0)
            read->count++;
        if (read->count > DIGITS_MAX)
            return false;
        read->number = read->number * 10 + (unsigned)digit;
    }
    return true;
}

static bool read_exponent(wi_cursor *cursor, int64_t *exponent)
{
    bool negative;

    *exponent = 0;
    if (!wi_cursor_take(cursor, 'e') && !wi_cursor_take(cursor, 'E'))
        return true;
    negative = wi_cursor_take(cursor, '-');
    if (!negative)
        wi_cursor_take(cursor, '+');
    if (!wi_cursor_number(cursor, 1, 4, exponent))
        return false;
    if (negative)
        *exponent = -*exponent;
    return true;
}

/* A positive exponent takes from the scale, then adds zeros; a negative one
 * adds to the scale. */
static bool apply_exponent(digits *read, int64_t exponent)
{
    while (exponent > 0) {
        if (read->scale > 0) {
            read->scale--;
        } else if (read->number != 0) {
            if (++read->count > DIGITS_MAX)
                return false;
            read->number *= 10;
        }
        exponent--;
    }
    if (read->scale - exponent > DIGITS_MAX)
        return false;
    read->scale -= exponent;
    return true;
}

weir_status weir_decimal_parse(weir_text text, weir_decimal *out,
                               weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    bool negative = wi_cursor_take(&cursor, '-');
    digits read = {0, 0, 0, false};
    int64_t exponent;

    if (!negative)
        wi_cursor_take(&cursor, '+');
    if (read_digits(&cursor, &read, false) &&
        (!wi_cursor_take(&cursor, '.') || read_digits(&cursor, &read, true)) &&
        read.any && read_exponent(&cursor, &exponent) &&
        wi_cursor_is_done(&cursor) && apply_exponent(&read, exponent)) {
        int128 number = (int128)read.number;

        *out = make(negative ? -number : number, (int32_t)read.scale);
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a decimal of at most 38 "
                          "digits",
                          text.size);
}

/* ----------------------------------------------------------------- format */

/* From the right; at least `least` digits. */
static char *write_digits(uint128 number, int least, char *out)
{
    char reversed[DIGITS_MAX + 2];
    int count = 0;

    for (; number > UINT64_MAX; number /= 10)
        reversed[count++] = (char)('0' + (int)(number % 10));
    for (uint64_t left = (uint64_t)number; left > 0; left /= 10)
        reversed[count++] = (char)('0' + (int)(left % 10));
    while (count < least)
        reversed[count++] = '0';
    while (count > 0)
        *out++ = reversed[--count];
    return out;
}

size_t weir_decimal_format(const weir_decimal *decimal, char *out)
{
    int128 number = coefficient(decimal);
    size_t scale = (size_t)scale_of(decimal);
    char *at = out;

    if (number < 0)
        *at++ = '-';
    at = write_digits(size_of(number), (int)scale + 1, at);
    if (scale > 0) {
        memmove(at - scale + 1, at - scale, scale);
        *(at++ - scale) = '.';
    }
    *at = '\0';
    return (size_t)(at - out);
}

/* ------------------------------------------------------------- to a double */

static uint128 power_of_ten(int exponent)
{
    uint128 power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* The nearest double to number / divisor, half to even, by long division: 64
 * bits of quotient and whether anything is left. Both are positive. */
static double divide(uint128 number, uint128 divisor)
{
    uint128 quotient = number / divisor;
    uint128 rest = number % divisor;
    uint64_t head, dropped, half;
    int exponent = 0;

    while (quotient >> 63 == 0) { /* the divisor is below 2^127 */
        rest <<= 1;
        quotient = quotient << 1 | (rest >= divisor);
        if (rest >= divisor)
            rest -= divisor;
        exponent--;
    }
    while (quotient >> 64 != 0) {
        rest |= quotient & 1;
        quotient >>= 1;
        exponent++;
    }
    head = (uint64_t)quotient >> 11;
    dropped = (uint64_t)quotient & 0x7FF;
    half = 0x400;
    if (dropped > half || (dropped == half && (rest != 0 || (head & 1))))
        head++;
    return ldexp((double)head, exponent + 11);
}

/* Two exact doubles have a correctly rounded quotient, if the machine computes
 * in double and not in more. */
static double to_f64(uint128 number, int scale)
{
    enum { EXACT_POWER = 22 };

    if (number == 0)
        return 0;
    if (FLT_EVAL_METHOD == 0 && number >> 53 == 0 && scale <= EXACT_POWER)
        return (double)(uint64_t)number / (double)power_of_ten(scale);
    return divide(number, power_of_ten(scale));
}

double weir_decimal_to_f64(const weir_decimal *decimal)
{
    int128 number = coefficient(decimal);
    double size = to_f64(size_of(number), scale_of(decimal));

    return number < 0 ? -size : size;
}

/* ---------------------------------------------------------------- compare */

static int sign_of(int128 number)
{
    return (number > 0) - (number < 0);
}

/* Compares a and b * 10^shift without overflow: when a product leaves 128
 * bits, its side is the larger. Both are positive. */
static int compare_shifted(uint128 a, uint128 b, int shift)
{
    while (shift-- > 0) {
        if (b > (~(uint128)0) / 10)
            return -1;
        b *= 10;
    }
    return (a > b) - (a < b);
}

int weir_decimal_compare(const weir_decimal *a, const weir_decimal *b)
{
    int128 left = coefficient(a), right = coefficient(b);
    int shift = scale_of(a) - scale_of(b);
    int order;

    if (sign_of(left) != sign_of(right))
        return sign_of(left) < sign_of(right) ? -1 : 1;
    if (left == 0)
        return 0;
    order = shift >= 0
                ? compare_shifted(size_of(left), size_of(right), shift)
                : -compare_shifted(size_of(right), size_of(left), -shift);
    return left < 0 ? -order : order;
}
