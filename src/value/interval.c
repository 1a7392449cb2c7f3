/* SPDX-License-Identifier: MIT */
/*
 * Intervals as ISO 8601 durations: months, days and microseconds stay apart,
 * because a month has no fixed number of days nor a day of hours.
 */
#include <inttypes.h>
#include <stdio.h>

#include "value/cursor.h"

typedef struct parts {
    int64_t months;
    int64_t days;
    int64_t us;
} parts;

/* "-12.5": whole and microseconds of the fraction, both with the sign. */
static bool read_number(wi_cursor *cursor, int64_t *whole, int64_t *fraction)
{
    bool negative = wi_cursor_take(cursor, '-');
    int64_t scale = 100000;

    if (!negative)
        wi_cursor_take(cursor, '+');
    *fraction = 0;
    if (!wi_cursor_number(cursor, 1, 18, whole))
        return false;
    if (wi_cursor_take(cursor, '.')) {
        while (wi_is_digit(wi_cursor_peek(cursor))) {
            int digit = *cursor->at++ - '0';

            if (scale == 0 && digit != 0)
                return false;
            *fraction += digit * scale;
            scale /= 10;
        }
    }
    if (negative) {
        *whole = -*whole;
        *fraction = -*fraction;
    }
    return true;
}

static bool add(int64_t *sum, int64_t whole, int64_t unit)
{
    int64_t product;

    return !__builtin_mul_overflow(whole, unit, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

static bool add_date_part(parts *sum, char unit, int64_t whole)
{
    switch (unit) {
    case 'Y':
        return add(&sum->months, whole, 12);
    case 'M':
        return add(&sum->months, whole, 1);
    case 'W':
        return add(&sum->days, whole, 7);
    case 'D':
        return add(&sum->days, whole, 1);
    default:
        return false;
    }
}

static bool add_time_part(parts *sum, char unit, int64_t whole)
{
    switch (unit) {
    case 'H':
        return add(&sum->us, whole, INT64_C(3600000000));
    case 'M':
        return add(&sum->us, whole, INT64_C(60000000));
    case 'S':
        return add(&sum->us, whole, INT64_C(1000000));
    default:
        return false;
    }
}

static bool read_interval(wi_cursor *cursor, parts *sum)
{
    bool in_time = false, any = false;

    if (!wi_cursor_take(cursor, 'P'))
        return false;
    while (!wi_cursor_is_done(cursor)) {
        int64_t whole, fraction;
        char unit;

        if (!in_time && wi_cursor_take(cursor, 'T')) {
            in_time = true;
            any = false;
            continue;
        }
        if (!read_number(cursor, &whole, &fraction))
            return false;
        unit = wi_cursor_peek(cursor);
        if (unit == '\0' || (fraction != 0 && (unit != 'S' || !in_time)))
            return false;
        cursor->at++;
        if (!(in_time ? add_time_part(sum, unit, whole)
                      : add_date_part(sum, unit, whole)) ||
            __builtin_add_overflow(sum->us, fraction, &sum->us))
            return false;
        any = true;
    }
    return any;
}

weir_status weir_interval_parse(weir_text text, weir_interval *out,
                                weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    parts sum = {0, 0, 0};

    if (read_interval(&cursor, &sum) && sum.months >= INT32_MIN &&
        sum.months <= INT32_MAX && sum.days >= INT32_MIN &&
        sum.days <= INT32_MAX) {
        *out = (weir_interval){(int32_t)sum.months, (int32_t)sum.days, sum.us};
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not an interval; write it as "
                          "P1Y2M3DT4H5M6.5S",
                          text.size);
}

/* The remainder of the least int64 cannot be negated: digits are written from
 * the negative side. */
static size_t write_seconds(int64_t us, char *out)
{
    int64_t seconds = us / 1000000;
    int64_t fraction = us % 1000000;
    const char *sign = us < 0 ? "-" : "";
    size_t size;

    if (seconds < 0)
        seconds = -seconds;
    if (fraction < 0)
        fraction = -fraction;
    size = (size_t)snprintf(out, 28, "%s%" PRId64, sign, seconds);
    if (fraction != 0)
        size += (size_t)snprintf(out + size, 8, ".%06" PRId64, fraction);
    out[size++] = 'S';
    return size;
}

size_t weir_interval_format(const weir_interval *interval, char *out)
{
    size_t size = 0;

    out[size++] = 'P';
    if (interval->months != 0)
        size +=
            (size_t)snprintf(out + size, 16, "%" PRId32 "M", interval->months);
    if (interval->days != 0)
        size +=
            (size_t)snprintf(out + size, 16, "%" PRId32 "D", interval->days);
    if (interval->us != 0 || size == 1) {
        out[size++] = 'T';
        size += write_seconds(interval->us, out + size);
    }
    out[size] = '\0';
    return size;
}
