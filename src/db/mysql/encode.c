/* SPDX-License-Identifier: MIT */
/*
 * Weir's values in the binary protocol: the body of COM_STMT_EXECUTE and its
 * parts. Integers are sent as 64 bits, decimals and JSON as text, dates and
 * times as structures; nothing is rounded, and what the servers have no value
 * for is refused before anything is sent.
 */
#include "wmy.h"

#include <math.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)
#define SECOND_US INT64_C(1000000)
/* TIME reaches to 838:59:59.999999. */
#define TIME_MAX_US                                                            \
    (INT64_C(838) * 3600 * SECOND_US + 3599 * SECOND_US + 999999)

enum { UNSIGNED_BIT = 0x8000, YEAR_MAX = 9999 };

uint16_t wmy_wire_type(const weir_value *value)
{
    switch (value->type) {
    case WEIR_TYPE_NULL:
        return MYSQL_TYPE_NULL;
    case WEIR_TYPE_I64:
    case WEIR_TYPE_BOOL:
        return MYSQL_TYPE_LONGLONG;
    case WEIR_TYPE_U64:
        return MYSQL_TYPE_LONGLONG | UNSIGNED_BIT;
    case WEIR_TYPE_F64:
        return MYSQL_TYPE_DOUBLE;
    case WEIR_TYPE_TIMESTAMP: /* TIMESTAMP turns what is before 1970 to NULL */
    case WEIR_TYPE_DATETIME:
        return MYSQL_TYPE_DATETIME;
    case WEIR_TYPE_DATE:
        return MYSQL_TYPE_DATE;
    case WEIR_TYPE_TIME:
    case WEIR_TYPE_INTERVAL:
        return MYSQL_TYPE_TIME;
    case WEIR_TYPE_DECIMAL:
        return MYSQL_TYPE_NEWDECIMAL;
    case WEIR_TYPE_BYTES:
    case WEIR_TYPE_UUID:
        return MYSQL_TYPE_BLOB;
    default:
        return MYSQL_TYPE_STRING;
    }
}

static void store(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static weir_status add(const weir_services *services, weir_buffer *out,
                       const void *data, size_t size, weir_error *err)
{
    if (weir_buffer_add(services, out, data, size) != WEIR_OK)
        return wmy_nomem(err);
    return WEIR_OK;
}

static weir_status add_number(const weir_services *services, weir_buffer *out,
                              uint64_t value, weir_error *err)
{
    uint8_t bytes[8];

    store(bytes, value, sizeof bytes);
    return add(services, out, bytes, sizeof bytes, err);
}

static weir_status add_span(const weir_services *services, weir_buffer *out,
                            weir_bytes span, weir_error *err)
{
    uint8_t prefix[9];
    size_t size = 1;

    if (span.size < 251) {
        prefix[0] = (uint8_t)span.size;
    } else if (span.size <= 0xFFFF) {
        prefix[0] = 0xFC;
        size = 3;
    } else if (span.size <= 0xFFFFFF) {
        prefix[0] = 0xFD;
        size = 4;
    } else {
        prefix[0] = 0xFE;
        size = 9;
    }
    store(prefix + 1, span.size, size - 1);
    if (add(services, out, prefix, size, err) != WEIR_OK)
        return err->status;
    return add(services, out, span.data, span.size, err);
}

static weir_status refuse(size_t number, const char *why, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_TYPE, "parameter %zu: %s", number, why);
}

/* ----------------------------------------------------------------- dates */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The day, and without the trailing zeros its time. */
static weir_status add_moment(const weir_services *services, weir_buffer *out,
                              int64_t days, int64_t us, size_t number,
                              weir_error *err)
{
    uint8_t bytes[12];
    uint64_t seconds = (uint64_t)(us / SECOND_US);
    uint64_t fraction = (uint64_t)(us % SECOND_US);
    size_t size = fraction ? 11 : seconds ? 7 : 4;
    int ymd[3] = {0, 0, 0};

    if (days >= INT32_MIN && days <= INT32_MAX)
        weir_date_to_ymd((weir_date){(int32_t)days}, ymd);
    if (ymd[0] < 1 || ymd[0] > YEAR_MAX)
        return refuse(number, "dates reach from year 1 to 9999 here", err);
    bytes[0] = (uint8_t)size;
    store(bytes + 1, (uint64_t)ymd[0], 2);
    bytes[3] = (uint8_t)ymd[1];
    bytes[4] = (uint8_t)ymd[2];
    bytes[5] = (uint8_t)(seconds / 3600);
    bytes[6] = (uint8_t)(seconds / 60 % 60);
    bytes[7] = (uint8_t)(seconds % 60);
    store(bytes + 8, fraction, 4);
    return add(services, out, bytes, size + 1, err);
}

static weir_status add_span_of_time(const weir_services *services,
                                    weir_buffer *out, int64_t us,
                                    weir_error *err)
{
    uint64_t size_us = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    uint64_t seconds = size_us / SECOND_US;
    uint64_t fraction = size_us % SECOND_US;
    size_t size = fraction ? 12 : seconds ? 8 : 0;
    uint8_t bytes[13];

    bytes[0] = (uint8_t)size;
    bytes[1] = us < 0;
    store(bytes + 2, seconds / 86400, 4);
    bytes[6] = (uint8_t)(seconds / 3600 % 24);
    bytes[7] = (uint8_t)(seconds / 60 % 60);
    bytes[8] = (uint8_t)(seconds % 60);
    store(bytes + 9, fraction, 4);
    return add(services, out, bytes, size + 1, err);
}

static weir_status add_interval(const weir_services *services, weir_buffer *out,
                                const weir_interval *interval, size_t number,
                                weir_error *err)
{
    int64_t us;

    if (interval->months != 0)
        return refuse(number, "a TIME has no months", err);
    if (__builtin_mul_overflow((int64_t)interval->days, DAY_US, &us) ||
        __builtin_add_overflow(us, interval->us, &us) || us > TIME_MAX_US ||
        us < -TIME_MAX_US)
        return refuse(number, "a TIME reaches to 838:59:59", err);
    return add_span_of_time(services, out, us, err);
}

/* ---------------------------------------------------------------- values */

static weir_status add_f64(const weir_services *services, weir_buffer *out,
                           double value, size_t number, weir_error *err)
{
    uint64_t bits;

    if (!isfinite(value))
        return refuse(number,
                      isnan(value) ? "there is no NaN here"
                                   : "there is no infinity here",
                      err);
    memcpy(&bits, &value, sizeof bits);
    return add_number(services, out, bits, err);
}

static weir_status add_decimal(const weir_services *services, weir_buffer *out,
                               const weir_decimal *decimal, weir_error *err)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_decimal_format(decimal, text);

    return add_span(services, out, weir_bytes_span(text, size), err);
}

weir_status wmy_encode_value(const weir_services *services, weir_buffer *out,
                             const weir_value *value, size_t number,
                             weir_error *err)
{
    int64_t i = value->as.i;

    switch (value->type) {
    case WEIR_TYPE_I64:
    case WEIR_TYPE_U64:
    case WEIR_TYPE_BOOL:
        return add_number(services, out, value->as.u, err);
    case WEIR_TYPE_F64:
        return add_f64(services, out, value->as.f, number, err);
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
    case WEIR_TYPE_BYTES:
        return add_span(services, out,
                        weir_bytes_span(value->as.bytes, value->size), err);
    case WEIR_TYPE_TIMESTAMP:
    case WEIR_TYPE_DATETIME:
        return add_moment(services, out, floor_div(i, DAY_US),
                          i - floor_div(i, DAY_US) * DAY_US, number, err);
    case WEIR_TYPE_DATE:
        return add_moment(services, out, i, 0, number, err);
    case WEIR_TYPE_TIME:
        return add_span_of_time(services, out, i, err);
    case WEIR_TYPE_INTERVAL:
        return add_interval(services, out, value->as.interval, number, err);
    case WEIR_TYPE_DECIMAL:
        return add_decimal(services, out, value->as.decimal, err);
    case WEIR_TYPE_UUID:
        return add_span(services, out,
                        weir_bytes_span(value->as.uuid->bytes, 16), err);
    default:
        return refuse(number, "it is not a value", err);
    }
}

/* The statement's number, no cursor, one iteration. */
static weir_status add_head(const weir_services *services,
                            unsigned long stmt_id, weir_buffer *out,
                            weir_error *err)
{
    uint8_t head[9] = {0};

    store(head, stmt_id, 4);
    head[5] = 1;
    return add(services, out, head, sizeof head, err);
}

/* A bit for each NULL, "types follow", a type for each. */
static weir_status add_types(const weir_services *services,
                             const weir_value *values, size_t count,
                             weir_buffer *out, weir_error *err)
{
    size_t nulls_size = (count + 7) / 8;
    size_t size = nulls_size + 1 + 2 * count;
    uint8_t *at;

    if (weir_buffer_reserve(services, out, out->size + size) != WEIR_OK)
        return wmy_nomem(err);
    at = (uint8_t *)out->data + out->size;
    memset(at, 0, nulls_size);
    at[nulls_size] = 1;
    for (size_t i = 0; i < count; i++) {
        if (values[i].type == WEIR_TYPE_NULL)
            at[i / 8] |= (uint8_t)(1u << (i % 8));
        store(at + nulls_size + 1 + 2 * i, wmy_wire_type(&values[i]), 2);
    }
    out->size += size;
    return WEIR_OK;
}

weir_status wmy_encode_execute(const weir_services *services,
                               unsigned long stmt_id, const weir_value *values,
                               size_t count, weir_buffer *out, weir_error *err)
{
    weir_status status = add_head(services, stmt_id, out, err);

    if (status != WEIR_OK || count == 0)
        return status;
    status = add_types(services, values, count, out, err);
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        if (values[i].type != WEIR_TYPE_NULL)
            status = wmy_encode_value(services, out, &values[i], i + 1, err);
    }
    return status;
}
