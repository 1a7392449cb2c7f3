/* SPDX-License-Identifier: MIT */
/*
 * Intervals as ISO 8601 durations: months, days and microseconds stay apart,
 * because a month has no fixed number of days nor a day of hours.
 */
#include "base/digits.h"
#include "value/cursor.h"

typedef struct parts {
    int64_t months;
    int64_t days;
    int64_t us;
} parts;

/* The units in the order in which they are written. */
typedef struct unit {
    char letter;
    int64_t months, days, us;
} unit;

enum { DATE_UNITS = 4, UNITS = 7 };
static const unit units[UNITS] = {
    {'Y', 12, 0, 0},      {'M', 1, 0, 0},          {'W', 0, 7, 0},
    {'D', 0, 1, 0},       {'H', 0, 0, 3600000000}, {'M', 0, 0, 60000000},
    {'S', 0, 0, 1000000},
};

/* "-12.5": whole and microseconds of the fraction, both with the sign. */
static bool read_number(wi_cursor *cursor, int64_t *whole, int64_t *fraction)
{
    bool negative = wi_cursor_take(cursor, '-');

    if (!negative)
        wi_cursor_take(cursor, '+');
    *fraction = 0;
    if (!wi_cursor_number(cursor, 1, 18, whole) ||
        (wi_cursor_take(cursor, '.') && !wi_cursor_fraction(cursor, fraction)))
        return false;
    if (negative) {
        *whole = -*whole;
        *fraction = -*fraction;
    }
    return true;
}

static bool add(int64_t *sum, int64_t whole, int64_t of)
{
    int64_t product;

    return !__builtin_mul_overflow(whole, of, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

/* Finds the unit that is next among units[from, to); -1 if it is none. */
static int read_unit(wi_cursor *cursor, int from, int to)
{
    for (int i = from; i < to; i++) {
        if (wi_cursor_take(cursor, units[i].letter))
            return i;
    }
    return -1;
}

/* Units come in order and once each, so that nothing has two readings; only
 * seconds have a fraction. */
static bool read_interval(wi_cursor *cursor, parts *sum)
{
    int from = 0, to = DATE_UNITS;
    bool any = false;

    if (!wi_cursor_take(cursor, 'P'))
        return false;
    while (!wi_cursor_is_done(cursor)) {
        int64_t whole, fraction;
        int found;

        if (to == DATE_UNITS && wi_cursor_take(cursor, 'T')) {
            from = DATE_UNITS;
            to = UNITS;
            any = false;
            continue;
        }
        if (!read_number(cursor, &whole, &fraction))
            return false;
        found = read_unit(cursor, from, to);
        if (found < 0 || (fraction != 0 && found != UNITS - 1) ||
            !add(&sum->months, whole, units[found].months) ||
            !add(&sum->days, whole, units[found].days) ||
            !add(&sum->us, whole, units[found].us) ||
            !add(&sum->us, fraction, 1))
            return false;
        from = found + 1;
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

static char *write_part(int64_t number, char letter, char *at)
{
    if (number == 0)
        return at;
    at = wi_digits_i64(number, at);
    *at++ = letter;
    return at;
}

/* The sign stands before both parts: -0.5 has no whole one to carry it. */
static char *write_seconds(int64_t us, char *at)
{
    uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
    unsigned fraction = (unsigned)(size % 1000000);

    if (us < 0)
        *at++ = '-';
    at = wi_digits_u64(size / 1000000, at);
    if (fraction != 0) {
        *at++ = '.';
        at = wi_digits_six(fraction, at);
    }
    *at++ = 'S';
    return at;
}

size_t weir_interval_format(const weir_interval *interval, char *out)
{
    char *at = out;

    *at++ = 'P';
    at = write_part(interval->months, 'M', at);
    at = write_part(interval->days, 'D', at);
    if (interval->us != 0 || at == out + 1) {
        *at++ = 'T';
        at = write_seconds(interval->us, at);
    }
    *at = '\0';
    return (size_t)(at - out);
}
