/* SPDX-License-Identifier: MIT */
/*
 * Exact decimals of up to 38 digits in 128 bits.
 */
#include <stdlib.h>
#include <string.h>

#include "value/cursor.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum { DIGITS_MAX = 38 };

static int128 coefficient(const weir_decimal *decimal)
{
    return (int128)(((uint128)(uint64_t)decimal->hi << 64) | decimal->lo);
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
    int scale;
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
        if (read->count > DIGITS_MAX || read->scale > DIGITS_MAX)
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
    read->scale -= (int)exponent;
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

        *out = make(negative ? -number : number, read.scale);
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a decimal of at most 38 "
                          "digits",
                          text.size);
}

/* ----------------------------------------------------------------- format */

size_t weir_decimal_format(const weir_decimal *decimal, char *out)
{
    int128 number = coefficient(decimal);
    uint128 left = number < 0 ? -(uint128)number : (uint128)number;
    int scale = decimal->scale < 0            ? 0
                : decimal->scale > DIGITS_MAX ? DIGITS_MAX
                                              : decimal->scale;
    char reversed[64];
    size_t count = 0, size = 0;

    do {
        reversed[count++] = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left > 0 || count <= (size_t)scale);
    if (number < 0)
        out[size++] = '-';
    while (count > 0) {
        out[size++] = reversed[--count];
        if (count == (size_t)scale && scale > 0)
            out[size++] = '.';
    }
    out[size] = '\0';
    return size;
}

double weir_decimal_to_f64(const weir_decimal *decimal)
{
    char text[WEIR_VALUE_TEXT_MAX];

    weir_decimal_format(decimal, text);
    return strtod(text, NULL);
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
    uint128 left_size, right_size;
    int order;

    if (sign_of(left) != sign_of(right))
        return sign_of(left) < sign_of(right) ? -1 : 1;
    if (left == 0)
        return 0;
    left_size = left < 0 ? -(uint128)left : (uint128)left;
    right_size = right < 0 ? -(uint128)right : (uint128)right;
    order = a->scale >= b->scale
                ? compare_shifted(left_size, right_size, a->scale - b->scale)
                : -compare_shifted(right_size, left_size, b->scale - a->scale);
    return left < 0 ? -order : order;
}
