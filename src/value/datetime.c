/* SPDX-License-Identifier: MIT */
/*
 * Instants, dates and times of the proleptic Gregorian calendar. The
 * conversions between days and dates count eras of 400 years (146 097 days)
 * with years that begin in March, so that a leap day is the last of its year
 * (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/int128.h"
#include "value/cursor.h"

#define DAY_US INT64_C(86400000000)

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* What of the day a count of microseconds ends in; never negative. */
static int64_t time_of_day(int64_t us)
{
    int64_t rest = us % DAY_US;

    return rest < 0 ? rest + DAY_US : rest;
}

static int64_t days_from(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year =
        (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void split_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* ------------------------------------------------------------------ parse */

static bool read_date(wi_cursor *cursor, int64_t *days)
{
    bool negative = wi_cursor_take(cursor, '-');
    int64_t year, month, day;

    if (!negative)
        wi_cursor_take(cursor, '+');
    if (!wi_cursor_number(cursor, 4, 7, &year) ||
        !wi_cursor_take(cursor, '-') ||
        !wi_cursor_number(cursor, 2, 2, &month) ||
        !wi_cursor_take(cursor, '-') || !wi_cursor_number(cursor, 2, 2, &day))
        return false;
    if (negative && year == 0)
        return false; /* 0000 has one spelling */
    if (negative)
        year = -year;
    if (month < 1 || month > 12 || day < 1 ||
        day > month_days(year, (int)month))
        return false;
    *days = days_from(year, (int)month, (int)day);
    return true;
}

static bool read_time(wi_cursor *cursor, int64_t *us)
{
    int64_t hour, minute, second = 0, fraction = 0;

    if (!wi_cursor_number(cursor, 2, 2, &hour) ||
        !wi_cursor_take(cursor, ':') ||
        !wi_cursor_number(cursor, 2, 2, &minute))
        return false;
    if (wi_cursor_take(cursor, ':')) {
        if (!wi_cursor_number(cursor, 2, 2, &second))
            return false;
        if (wi_cursor_take(cursor, '.') &&
            !wi_cursor_fraction(cursor, &fraction))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *us = ((hour * 60 + minute) * 60 + second) * 1000000 + fraction;
    return true;
}

static bool read_zone(wi_cursor *cursor, int64_t *offset_us)
{
    int64_t hours, minutes = 0;
    bool west;

    *offset_us = 0;
    if (wi_cursor_take(cursor, 'Z') || wi_cursor_take(cursor, 'z'))
        return true;
    west = wi_cursor_take(cursor, '-');
    if (!west && !wi_cursor_take(cursor, '+'))
        return false;
    if (!wi_cursor_number(cursor, 2, 2, &hours))
        return false;
    if (wi_cursor_take(cursor, ':')) {
        if (!wi_cursor_number(cursor, 2, 2, &minutes))
            return false;
    } else if (!wi_cursor_is_done(cursor) &&
               !wi_cursor_number(cursor, 2, 2, &minutes)) {
        return false;
    }
    if (hours > 23 || minutes > 59)
        return false;
    *offset_us = (hours * 60 + minutes) * 60000000;
    if (west)
        *offset_us = -*offset_us;
    return true;
}

/* Days and a time of day, before they are put together. */
typedef struct moment {
    int64_t days;
    int64_t us;
} moment;

static bool read_moment(wi_cursor *cursor, moment *read)
{
    return read_date(cursor, &read->days) &&
           (wi_cursor_take(cursor, 'T') || wi_cursor_take(cursor, 't') ||
            wi_cursor_take(cursor, ' ')) &&
           read_time(cursor, &read->us);
}

/* The first day that an int64_t reaches is not whole, and an offset may bring
 * back what was out of range: the sum decides, not its parts. */
static bool join(const moment *read, int64_t offset_us, int64_t *us)
{
    wi_int128 sum = (wi_int128)read->days * DAY_US + read->us - offset_us;

    if (sum < INT64_MIN || sum > INT64_MAX)
        return false;
    *us = (int64_t)sum;
    return true;
}

weir_status weir_timestamp_parse(weir_text text, weir_timestamp *out,
                                 weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    moment read;
    int64_t offset_us;

    if (read_moment(&cursor, &read) && read_zone(&cursor, &offset_us) &&
        wi_cursor_is_done(&cursor) && join(&read, offset_us, &out->us))
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a timestamp; write it as "
                          "2024-02-29T12:00:00Z",
                          text.size);
}

weir_status weir_datetime_parse(weir_text text, weir_datetime *out,
                                weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    moment read;

    if (read_moment(&cursor, &read) && wi_cursor_is_done(&cursor) &&
        join(&read, 0, &out->us))
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a datetime without zone; "
                          "write it as 2024-02-29T12:00:00",
                          text.size);
}

weir_status weir_date_parse(weir_text text, weir_date *out, weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    int64_t days;

    if (read_date(&cursor, &days) && wi_cursor_is_done(&cursor) &&
        days >= INT32_MIN && days <= INT32_MAX) {
        out->days = (int32_t)days;
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a date; write it as "
                          "2024-02-29",
                          text.size);
}

weir_status weir_time_parse(weir_text text, weir_time *out, weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    int64_t us;

    if (read_time(&cursor, &us) && wi_cursor_is_done(&cursor)) {
        out->us = us;
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a time of day; write it as "
                          "23:59:59",
                          text.size);
}

/* ----------------------------------------------------------------- format */

/* At least four digits; a sign where there are more, or before year 0. */
static char *write_year(int64_t year, char *at)
{
    uint64_t number = (uint64_t)llabs(year);

    if (year < 0)
        *at++ = '-';
    else if (year > 9999)
        *at++ = '+';
    if (number > 9999)
        return wi_digits_u64(number, at);
    at = wi_digits_two((unsigned)number / 100, at);
    return wi_digits_two((unsigned)number % 100, at);
}

static char *write_date(int64_t days, char *at)
{
    int64_t year;
    int month, day;

    split_days(days, &year, &month, &day);
    at = write_year(year, at);
    *at++ = '-';
    at = wi_digits_two((unsigned)month, at);
    *at++ = '-';
    return wi_digits_two((unsigned)day, at);
}

static char *write_time(int64_t us, char *at)
{
    unsigned seconds = (unsigned)(us / 1000000);
    unsigned fraction = (unsigned)(us % 1000000);

    at = wi_digits_two(seconds / 3600, at);
    *at++ = ':';
    at = wi_digits_two(seconds / 60 % 60, at);
    *at++ = ':';
    at = wi_digits_two(seconds % 60, at);
    if (fraction == 0)
        return at;
    *at++ = '.';
    return wi_digits_six(fraction, at);
}

static char *write_datetime(int64_t us, char *at)
{
    at = write_date(floor_div(us, DAY_US), at);
    *at++ = 'T';
    return write_time(time_of_day(us), at);
}

static size_t finish(char *out, char *end)
{
    *end = '\0';
    return (size_t)(end - out);
}

size_t weir_timestamp_format(weir_timestamp timestamp, char *out)
{
    char *end = write_datetime(timestamp.us, out);

    *end++ = 'Z';
    return finish(out, end);
}

size_t weir_datetime_format(weir_datetime datetime, char *out)
{
    return finish(out, write_datetime(datetime.us, out));
}

size_t weir_date_format(weir_date date, char *out)
{
    return finish(out, write_date(date.days, out));
}

size_t weir_time_format(weir_time time, char *out)
{
    return finish(out, write_time(time_of_day(time.us), out));
}

weir_status weir_date_from_ymd(const int ymd[3], weir_date *out,
                               weir_error *err)
{
    int64_t days;

    if (ymd[1] >= 1 && ymd[1] <= 12 && ymd[2] >= 1 &&
        ymd[2] <= month_days(ymd[0], ymd[1])) {
        days = days_from(ymd[0], ymd[1], ymd[2]);
        if (days >= INT32_MIN && days <= INT32_MAX) {
            out->days = (int32_t)days;
            return WEIR_OK;
        }
    }
    return weir_error_set(err, WEIR_ERR_TYPE, "there is no day %d-%02d-%02d",
                          ymd[0], ymd[1], ymd[2]);
}

void weir_date_to_ymd(weir_date date, int ymd[3])
{
    int64_t year;

    split_days(date.days, &year, &ymd[1], &ymd[2]);
    ymd[0] = (int)year;
}
