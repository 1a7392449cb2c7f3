/* SPDX-License-Identifier: MIT */
/*
 * Cells in the text format: of statements that return a type which is handed
 * out as text, since one execution has one format for all of its columns.
 */
#include "codec.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool read_i64(wpg_span from, int64_t *out)
{
    char digits[24];
    char *end;

    if (from.size == 0 || from.size >= sizeof digits)
        return false;
    memcpy(digits, from.data, from.size);
    digits[from.size] = '\0';
    errno = 0;
    *out = strtoll(digits, &end, 10);
    return errno == 0 && end == digits + from.size;
}

static locale_t neutral;

static void make_neutral(void)
{
    neutral = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The program's locale may write a comma. */
static bool read_f64(wpg_span from, double *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char digits[64];
    char *end;

    (void)pthread_once(&once, make_neutral);
    if (from.size == 0 || from.size >= sizeof digits || !neutral)
        return false;
    memcpy(digits, from.data, from.size);
    digits[from.size] = '\0';
    *out = strtod_l(digits, &end, neutral);
    return end == digits + from.size;
}

static bool read_bool(wpg_span from, bool *out)
{
    weir_text text = weir_text_span(from.data, from.size);

    *out = text.size > 0 &&
           (text.data[0] == 't' || text.data[0] == 'T' || text.data[0] == '1');
    return (text.size == 1 && strchr("tfTF10", text.data[0])) ||
           (text.size == 4 && strncasecmp(text.data, "true", 4) == 0) ||
           (text.size == 5 && strncasecmp(text.data, "false", 5) == 0);
}

/* -------------------------------------------------------------- intervals */

static bool add_to(int32_t *sum, long number)
{
    long whole = *sum + number;

    if (whole < INT32_MIN || whole > INT32_MAX)
        return false;
    *sum = (int32_t)whole;
    return true;
}

/* One "<number> <unit>" of "1 year 2 mons -3 days". */
static const char *read_unit(const char *at, weir_interval *out)
{
    bool fits = false;
    char *end;
    long number;

    errno = 0;
    number = strtol(at, &end, 10);
    if (end == at || *end != ' ' || errno != 0 || number > INT32_MAX ||
        number < INT32_MIN)
        return NULL;
    at = end + 1;
    if (strncmp(at, "year", 4) == 0)
        fits = add_to(&out->months, number * 12);
    else if (strncmp(at, "mon", 3) == 0)
        fits = add_to(&out->months, number);
    else if (strncmp(at, "day", 3) == 0)
        fits = add_to(&out->days, number);
    if (!fits)
        return NULL;
    return at + strspn(at, "abcdefghijklmnopqrstuvwxyz");
}

/* "-04:05:06.789": the sign is that of all of it. */
static const char *read_clock(const char *at, weir_interval *out)
{
    bool negative = *at == '-';
    long hours, minutes, seconds, us = 0;
    char *end;

    at += *at == '-' || *at == '+';
    errno = 0;
    hours = strtol(at, &end, 10);
    if (end == at || *end != ':' || errno != 0 || hours < 0 ||
        hours > INT64_C(2000000000))
        return NULL;
    minutes = strtol(end + 1, &end, 10);
    if (*end != ':' || minutes < 0 || minutes > 59)
        return NULL;
    seconds = strtol(end + 1, &end, 10);
    if (seconds < 0 || seconds > 60)
        return NULL;
    if (*end == '.') {
        long unit = 100000;

        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
            us += (*end - '0') * unit;
    }
    out->us = ((int64_t)hours * 3600 + minutes * 60 + seconds) * 1000000 + us;
    if (negative)
        out->us = -out->us;
    return end;
}

/* As IntervalStyle "postgres" writes it, or ISO 8601. */
static bool read_interval(const char *text, size_t size, weir_interval *out)
{
    const char *end = text + size;
    const char *at = text;
    weir_error ignored;

    if (weir_interval_parse(weir_text_span(text, size), out, &ignored) ==
        WEIR_OK)
        return true;
    *out = (weir_interval){0};
    while (at && at < end) {
        const char *digits = at + (*at == '-' || *at == '+');

        at = digits[strspn(digits, "0123456789")] == ':' ? read_clock(at, out)
                                                         : read_unit(at, out);
        if (at && *at == ' ')
            at++;
    }
    return at == end && size > 0;
}

/* ------------------------------------------------------------------ values */

static bool read_calendar(wpg_kind kind, weir_text text, weir_value *out)
{
    weir_error ignored;
    weir_date date;
    weir_time time;
    weir_datetime datetime;
    weir_timestamp timestamp;

    switch (kind) {
    case WPG_KIND_DATE:
        if (weir_date_parse(text, &date, &ignored) != WEIR_OK)
            return false;
        *out = weir_value_date(date);
        return true;
    case WPG_KIND_TIME:
        if (weir_time_parse(text, &time, &ignored) != WEIR_OK)
            return false;
        *out = weir_value_time(time);
        return true;
    case WPG_KIND_DATETIME:
        if (weir_datetime_parse(text, &datetime, &ignored) != WEIR_OK)
            return false;
        *out = weir_value_datetime(datetime);
        return true;
    default:
        if (weir_timestamp_parse(text, &timestamp, &ignored) != WEIR_OK)
            return false;
        *out = weir_value_timestamp(timestamp);
        return true;
    }
}

static bool read_number(wpg_kind kind, wpg_span from, weir_value *out)
{
    int64_t i;
    double f;
    bool truth;

    switch (kind) {
    case WPG_KIND_BOOL:
        if (!read_bool(from, &truth))
            return false;
        *out = weir_value_bool(truth);
        return true;
    case WPG_KIND_F32:
    case WPG_KIND_F64:
        if (!read_f64(from, &f))
            return false;
        *out = weir_value_f64(kind == WPG_KIND_F32 ? (double)(float)f : f);
        return true;
    default:
        if (!read_i64(from, &i))
            return false;
        *out = weir_value_i64(i);
        return true;
    }
}

bool wpg_read_as(wpg_kind kind, weir_text text, wpg_cell *cell, weir_value *out)
{
    wpg_span from = {text.data, text.size};
    weir_error ignored;

    switch (kind) {
    case WPG_KIND_NUMERIC:
        *out = weir_value_decimal(&cell->as.decimal);
        return weir_decimal_parse(text, &cell->as.decimal, &ignored) == WEIR_OK;
    case WPG_KIND_UUID:
        *out = weir_value_uuid(&cell->as.uuid);
        return weir_uuid_parse(text, &cell->as.uuid, &ignored) == WEIR_OK;
    case WPG_KIND_INTERVAL:
        *out = weir_value_interval(&cell->as.interval);
        return read_interval(text.data, text.size, &cell->as.interval);
    case WPG_KIND_DATE:
    case WPG_KIND_TIME:
    case WPG_KIND_DATETIME:
    case WPG_KIND_TIMESTAMP:
        return read_calendar(kind, text, out);
    case WPG_KIND_JSON:
    case WPG_KIND_JSONB:
        *out = weir_value_json((weir_raw_json){text.data, text.size});
        return true;
    case WPG_KIND_OTHER:
    case WPG_KIND_TEXT:
    case WPG_KIND_BYTES:
        *out = weir_value_text(text);
        return true;
    default:
        return read_number(kind, from, out);
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "\x00ff": bytea_output is hex unless a session says otherwise. */
static wpg_decoded decode_bytes(const wpg_decoder *by, wpg_span from,
                                weir_value *out)
{
    size_t size = from.size / 2 - 1;
    char *bytes;

    if (from.size < 2 || from.size % 2 != 0 || from.data[0] != '\\' ||
        from.data[1] != 'x')
        return WPG_DECODED_MALFORMED;
    bytes = wpg_spill(by, size + 1);
    if (!bytes)
        return WPG_DECODED_NOMEM;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(from.data[2 + 2 * i]);
        int low = hex_digit(from.data[3 + 2 * i]);

        if (high < 0 || low < 0)
            return WPG_DECODED_MALFORMED;
        bytes[i] = (char)(high << 4 | low);
    }
    *out = weir_value_bytes(weir_bytes_span(bytes, size));
    return WPG_DECODED;
}

wpg_decoded wpg_decode_text(const wpg_decoder *by, wpg_span from,
                            weir_value *out)
{
    weir_text text = weir_text_span(from.data, from.size);

    if (by->kind == WPG_KIND_BYTES)
        return decode_bytes(by, from, out);
    if (!wpg_read_as(by->kind, text, by->cell, out))
        *out = weir_value_text(text);
    return WPG_DECODED;
}
