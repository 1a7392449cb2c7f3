/* SPDX-License-Identifier: MIT */
/*
 * One function per wanted type; each names the types it can be read from.
 */
#include "value/convert.h"

#include <math.h>
#include <string.h>

#include "base/int128.h"
#include "base/utf8.h"

#define DAY_US INT64_C(86400000000)

static weir_status refuse(const weir_value *value, const char *wanted,
                          weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_TYPE, "%s cannot be read as %s",
                          weir_type_name((weir_type)value->type), wanted);
}

/* Text or JSON, as a view. */
static bool is_text(const weir_value *value, weir_text *out)
{
    if (value->type != WEIR_TYPE_TEXT && value->type != WEIR_TYPE_JSON)
        return false;
    *out = weir_text_span(value->as.text, value->size);
    return true;
}

/* ----------------------------------------------------------------- numbers */

/* Integers of both signs meet in 128 bits; what is asked for takes its part. */

static weir_status no_integer(const weir_value *value, const char *why,
                              weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_TYPE, "a %s %s is not an integer",
                          weir_type_name((weir_type)value->type), why);
}

static weir_status f64_to_integer(const weir_value *value, wi_int128 *out,
                                  weir_error *err)
{
    double f = value->as.f;

    if (!isfinite(f) || fabs(f) >= 0x1p64)
        return no_integer(value, "out of range", err);
    if (f != trunc(f))
        return no_integer(value, "with a fraction", err);
    *out = (wi_int128)f;
    return WEIR_OK;
}

static weir_status decimal_to_integer(const weir_value *value, wi_int128 *out,
                                      weir_error *err)
{
    const weir_decimal *decimal = value->as.decimal;
    wi_int128 number =
        (wi_int128)((wi_uint128)(uint64_t)decimal->hi << 64 | decimal->lo);

    for (int32_t scale = decimal->scale; scale > 0 && number != 0; scale--) {
        if (number % 10 != 0)
            return no_integer(value, "with a fraction", err);
        number /= 10;
    }
    *out = number;
    return WEIR_OK;
}

static weir_status to_integer(const weir_value *value, wi_int128 *out,
                              weir_error *err)
{
    switch (value->type) {
    case WEIR_TYPE_I64:
    case WEIR_TYPE_BOOL:
        *out = value->as.i;
        return WEIR_OK;
    case WEIR_TYPE_U64:
        *out = value->as.u;
        return WEIR_OK;
    case WEIR_TYPE_F64:
        return f64_to_integer(value, out, err);
    case WEIR_TYPE_DECIMAL:
        return decimal_to_integer(value, out, err);
    default:
        return refuse(value, "an integer", err);
    }
}

weir_status wi_to_i64(const weir_value *value, int64_t *out, weir_error *err)
{
    wi_int128 number = 0; /* for gcc, which does not see that it is set */
    weir_status status;

    if (value->type == WEIR_TYPE_I64) { /* nearly always */
        *out = value->as.i;
        return WEIR_OK;
    }
    status = to_integer(value, &number, err);
    if (status != WEIR_OK)
        return status;
    if (number < INT64_MIN || number > INT64_MAX)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "%s out of range does not fit into 64 bits with "
                              "a sign",
                              weir_type_name((weir_type)value->type));
    *out = (int64_t)number;
    return WEIR_OK;
}

weir_status wi_to_u64(const weir_value *value, uint64_t *out, weir_error *err)
{
    wi_int128 number = 0; /* for gcc, which does not see that it is set */
    weir_status status = to_integer(value, &number, err);

    if (status != WEIR_OK)
        return status;
    if (number < 0)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "a negative %s does not fit into an unsigned "
                              "integer",
                              weir_type_name((weir_type)value->type));
    if (number > UINT64_MAX)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "%s out of range does not fit into 64 bits",
                              weir_type_name((weir_type)value->type));
    *out = (uint64_t)number;
    return WEIR_OK;
}

static weir_status exact_f64(double f, bool exact, double *out, weir_error *err)
{
    if (!exact)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "an integer is too large for a double to hold "
                              "it exactly");
    *out = f;
    return WEIR_OK;
}

weir_status wi_to_f64(const weir_value *value, double *out, weir_error *err)
{
    switch (value->type) {
    case WEIR_TYPE_F64:
        *out = value->as.f;
        return WEIR_OK;
    case WEIR_TYPE_I64: {
        double f = (double)value->as.i;

        return exact_f64(f, f < 0x1p63 && (int64_t)f == value->as.i, out, err);
    }
    case WEIR_TYPE_U64: {
        double f = (double)value->as.u;

        return exact_f64(f, f < 0x1p64 && (uint64_t)f == value->as.u, out, err);
    }
    case WEIR_TYPE_DECIMAL:
        *out = weir_decimal_to_f64(value->as.decimal);
        return WEIR_OK;
    default:
        return refuse(value, "a double", err);
    }
}

weir_status wi_to_bool(const weir_value *value, bool *out, weir_error *err)
{
    if (value->type == WEIR_TYPE_BOOL ||
        (value->type == WEIR_TYPE_I64 &&
         (value->as.i == 0 || value->as.i == 1))) {
        *out = value->as.i != 0;
        return WEIR_OK;
    }
    if (value->type == WEIR_TYPE_I64)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "an integer other than 0 and 1 is not a boolean");
    return refuse(value, "a boolean", err);
}

weir_status wi_to_decimal(const weir_value *value, weir_decimal *out,
                          weir_error *err)
{
    char text[WEIR_VALUE_TEXT_MAX];
    weir_text view;

    if (value->type == WEIR_TYPE_DECIMAL) {
        *out = *value->as.decimal;
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_decimal_parse(view, out, err);
    switch (value->type) {
    case WEIR_TYPE_I64:
        *out = (weir_decimal){.lo = (uint64_t)value->as.i,
                              .hi = value->as.i < 0 ? -1 : 0};
        return WEIR_OK;
    case WEIR_TYPE_U64:
        *out = (weir_decimal){.lo = value->as.u};
        return WEIR_OK;
    case WEIR_TYPE_F64:
        view = weir_text_span(text, weir_f64_format(value->as.f, text));
        if (weir_decimal_parse(view, out, NULL) == WEIR_OK)
            return WEIR_OK;
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "a double that is not finite, or needs more than "
                              "38 digits, cannot be read as a decimal");
    default:
        return refuse(value, "a decimal", err);
    }
}

/* ---------------------------------------------------------- text and bytes */

weir_status wi_to_text(const weir_value *value, weir_text *out, weir_error *err)
{
    if (!is_text(value, out))
        return refuse(value, "text", err);
    if (wi_utf8_check(out->data, out->size) == WI_UTF8_BROKEN)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "text of %u bytes is not UTF-8; read it as bytes",
                              value->size);
    return WEIR_OK;
}

weir_status wi_to_bytes(const weir_value *value, weir_bytes *out,
                        weir_error *err)
{
    if (value->type == WEIR_TYPE_UUID) {
        *out = weir_bytes_span(value->as.uuid->bytes, 16);
        return WEIR_OK;
    }
    if (value->type != WEIR_TYPE_BYTES && value->type != WEIR_TYPE_TEXT &&
        value->type != WEIR_TYPE_JSON)
        return refuse(value, "bytes", err);
    *out = weir_bytes_span(value->as.bytes, value->size);
    return WEIR_OK;
}

weir_status wi_to_uuid(const weir_value *value, weir_uuid *out, weir_error *err)
{
    weir_text view;

    if (value->type == WEIR_TYPE_UUID) {
        *out = *value->as.uuid;
        return WEIR_OK;
    }
    if (value->type == WEIR_TYPE_BYTES) {
        if (value->size != sizeof out->bytes)
            return weir_error_set(err, WEIR_ERR_TYPE,
                                  "%u bytes are not a UUID; it has 16",
                                  value->size);
        memcpy(out->bytes, value->as.bytes, sizeof out->bytes);
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_uuid_parse(view, out, err);
    return refuse(value, "a UUID", err);
}

/* --------------------------------------------------------- dates and times */

weir_status wi_to_timestamp(const weir_value *value, weir_timestamp *out,
                            weir_error *err)
{
    weir_text view;

    /* A column without zone holds UTC: MySQL's DATETIME is the only one there
     * for instants after 2038. */
    if (value->type == WEIR_TYPE_TIMESTAMP ||
        value->type == WEIR_TYPE_DATETIME) {
        out->us = value->as.i;
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_timestamp_parse(view, out, err);
    return refuse(value, "a timestamp", err);
}

weir_status wi_to_datetime(const weir_value *value, weir_datetime *out,
                           weir_error *err)
{
    weir_text view;

    if (value->type == WEIR_TYPE_DATETIME) {
        out->us = value->as.i;
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_datetime_parse(view, out, err);
    if (value->type == WEIR_TYPE_TIMESTAMP)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "timestamp cannot be read as a datetime: that "
                              "has no zone");
    return refuse(value, "a datetime", err);
}

weir_status wi_to_date(const weir_value *value, weir_date *out, weir_error *err)
{
    weir_text view;

    if (value->type == WEIR_TYPE_DATE) {
        if (value->as.i < INT32_MIN || value->as.i > INT32_MAX)
            return weir_error_set(err, WEIR_ERR_TYPE,
                                  "a date out of range, from -5877641-06-23 "
                                  "to +5881580-07-11");
        out->days = (int32_t)value->as.i;
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_date_parse(view, out, err);
    return refuse(value, "a date", err);
}

weir_status wi_to_time(const weir_value *value, weir_time *out, weir_error *err)
{
    weir_text view;

    if (value->type == WEIR_TYPE_TIME) {
        if (value->as.i < 0 || value->as.i > DAY_US - 1)
            return weir_error_set(err, WEIR_ERR_TYPE,
                                  "a time out of range, from 00:00:00 to "
                                  "23:59:59.999999");
        out->us = value->as.i;
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_time_parse(view, out, err);
    return refuse(value, "a time", err);
}

weir_status wi_to_interval(const weir_value *value, weir_interval *out,
                           weir_error *err)
{
    weir_text view;

    if (value->type == WEIR_TYPE_INTERVAL) {
        *out = *value->as.interval;
        return WEIR_OK;
    }
    /* A column that holds both (MySQL's TIME) tells them apart by size. */
    if (value->type == WEIR_TYPE_TIME) {
        *out = (weir_interval){.us = value->as.i};
        return WEIR_OK;
    }
    if (is_text(value, &view))
        return weir_interval_parse(view, out, err);
    return refuse(value, "an interval", err);
}
