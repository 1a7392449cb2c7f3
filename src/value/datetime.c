/* SPDX-License-Identifier: MIT */
/*
 * Instants, dates and times of the proleptic Gregorian calendar. The
 * conversions between days and dates count eras of 400 years (146 097 days)
 * with years that begin in March, so that a leap day is the last of its year
 * (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
    if (negative)
        year = -year;
    if (month < 1 || month > 12 || day < 1 ||
        day > month_days(year, (int)month))
        return false;
    *days = days_from(year, (int)month, (int)day);
    return true;
}

/* Digits after the point, as microseconds; beyond the sixth only zeros. */
static bool read_fraction(wi_cursor *cursor, int64_t *us)
{
    int64_t scale = 100000;
    bool any = false;

    *us = 0;
    while (wi_is_digit(wi_cursor_peek(cursor))) {
        int digit = *cursor->at++ - '0';

        if (scale == 0 && digit != 0)
            return false;
        *us += digit * scale;
        scale /= 10;
        any = true;
    }
    return any;
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
        if (wi_cursor_take(cursor, '.') && !read_fraction(cursor, &fraction))
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

__extension__ typedef __int128 int128;

/* The first day that an int64_t reaches is not whole: the sum decides, not the
 * product. */
static bool in_range(int64_t days, int64_t time, int64_t *us)
{
    int128 sum = (int128)days * DAY_US + time;

    if (sum < INT64_MIN || sum > INT64_MAX)
        return false;
    *us = (int64_t)sum;
    return true;
}

static bool read_datetime(wi_cursor *cursor, int64_t *us)
{
    int64_t days, time;

    if (!read_date(cursor, &days))
        return false;
    if (!wi_cursor_take(cursor, 'T') && !wi_cursor_take(cursor, 't') &&
        !wi_cursor_take(cursor, ' '))
        return false;
    if (!read_time(cursor, &time))
        return false;
    return in_range(days, time, us);
}

weir_status weir_timestamp_parse(weir_text text, weir_timestamp *out,
                                 weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    int64_t us, offset;

    if (read_datetime(&cursor, &us) && read_zone(&cursor, &offset) &&
        wi_cursor_is_done(&cursor) &&
        !__builtin_sub_overflow(us, offset, &us)) {
        out->us = us;
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a timestamp; write it as "
                          "2024-02-29T12:00:00Z",
                          text.size);
}

weir_status weir_datetime_parse(weir_text text, weir_datetime *out,
                                weir_error *err)
{
    wi_cursor cursor = wi_cursor_of(text);
    int64_t us;

    if (read_datetime(&cursor, &us) && wi_cursor_is_done(&cursor)) {
        out->us = us;
        return WEIR_OK;
    }
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

static size_t write_date(int64_t days, char *out)
{
    int64_t year;
    int month, day;
    const char *sign = "";

    split_days(days, &year, &month, &day);
    if (year < 0) {
        sign = "-";
        year = -year;
    } else if (year > 9999) {
        sign = "+";
    }
    return (size_t)snprintf(out, WEIR_VALUE_TEXT_MAX,
                            "%s%04" PRId64 "-%02d-%02d", sign, year, month,
                            day);
}

static size_t write_time(int64_t us, char *out)
{
    int seconds = (int)(us / 1000000);
    int fraction = (int)(us % 1000000);
    size_t size = (size_t)snprintf(out, 16, "%02d:%02d:%02d", seconds / 3600,
                                   seconds / 60 % 60, seconds % 60);

    if (fraction != 0)
        size += (size_t)snprintf(out + size, 8, ".%06d", fraction);
    return size;
}

static size_t write_datetime(int64_t us, char *out)
{
    int64_t days = floor_div(us, DAY_US);
    size_t size = write_date(days, out);

    out[size++] = 'T';
    return size + write_time(time_of_day(us), out + size);
}

size_t weir_timestamp_format(weir_timestamp timestamp, char *out)
{
    size_t size = write_datetime(timestamp.us, out);

    out[size++] = 'Z';
    out[size] = '\0';
    return size;
}

size_t weir_datetime_format(weir_datetime datetime, char *out)
{
    return write_datetime(datetime.us, out);
}

size_t weir_date_format(weir_date date, char *out)
{
    return write_date(date.days, out);
}

size_t weir_time_format(weir_time time, char *out)
{
    return write_time(time_of_day(time.us), out);
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
