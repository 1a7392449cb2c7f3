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

static weir_status add(wmy_encoder *to, const void *data, size_t size)
{
    if (weir_buffer_add(to->services, to->out, data, size) != WEIR_OK)
        return wmy_nomem(to->err);
    return WEIR_OK;
}

static weir_status add_number(wmy_encoder *to, uint64_t value)
{
    uint8_t bytes[8];

    store(bytes, value, sizeof bytes);
    return add(to, bytes, sizeof bytes);
}

static weir_status add_span(wmy_encoder *to, weir_bytes span)
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
    if (add(to, prefix, size) != WEIR_OK)
        return to->err->status;
    return add(to, span.data, span.size);
}

static weir_status refuse(wmy_encoder *to, const char *why)
{
    return weir_error_set(to->err, WEIR_ERR_TYPE, "parameter %zu: %s",
                          to->number, why);
}

/* ----------------------------------------------------------------- dates */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_rest(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

/* The day, and without the trailing zeros its time. */
static weir_status add_moment(wmy_encoder *to, int64_t days, int64_t us)
{
    uint8_t bytes[12];
    uint64_t seconds = (uint64_t)(us / SECOND_US);
    uint64_t fraction = (uint64_t)(us % SECOND_US);
    size_t size = fraction ? 11 : seconds ? 7 : 4;
    int ymd[3] = {0, 0, 0};

    if (days >= INT32_MIN && days <= INT32_MAX)
        weir_date_to_ymd((weir_date){(int32_t)days}, ymd);
    if (ymd[0] < 1 || ymd[0] > YEAR_MAX)
        return refuse(to, "dates reach from year 1 to 9999 here");
    bytes[0] = (uint8_t)size;
    store(bytes + 1, (uint64_t)ymd[0], 2);
    bytes[3] = (uint8_t)ymd[1];
    bytes[4] = (uint8_t)ymd[2];
    bytes[5] = (uint8_t)(seconds / 3600);
    bytes[6] = (uint8_t)(seconds / 60 % 60);
    bytes[7] = (uint8_t)(seconds % 60);
    store(bytes + 8, fraction, 4);
    return add(to, bytes, size + 1);
}

static weir_status add_span_of_time(wmy_encoder *to, int64_t us)
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
    return add(to, bytes, size + 1);
}

static weir_status add_interval(wmy_encoder *to, const weir_interval *interval)
{
    int64_t us;

    if (interval->months != 0)
        return refuse(to, "a TIME has no months");
    if (__builtin_mul_overflow((int64_t)interval->days, DAY_US, &us) ||
        __builtin_add_overflow(us, interval->us, &us) || us > TIME_MAX_US ||
        us < -TIME_MAX_US)
        return refuse(to, "a TIME reaches to 838:59:59");
    return add_span_of_time(to, us);
}

/* ---------------------------------------------------------------- values */

static weir_status add_f64(wmy_encoder *to, double value)
{
    uint64_t bits;

    if (!isfinite(value))
        return refuse(to, isnan(value) ? "there is no NaN here"
                                       : "there is no infinity here");
    memcpy(&bits, &value, sizeof bits);
    return add_number(to, bits);
}

static weir_status add_decimal(wmy_encoder *to, const weir_decimal *decimal)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_decimal_format(decimal, text);

    return add_span(to, weir_bytes_span(text, size));
}

weir_status wmy_encode_value(wmy_encoder *to, const weir_value *value)
{
    int64_t i = value->as.i;

    switch (value->type) {
    case WEIR_TYPE_I64:
    case WEIR_TYPE_U64:
    case WEIR_TYPE_BOOL:
        return add_number(to, value->as.u);
    case WEIR_TYPE_F64:
        return add_f64(to, value->as.f);
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
    case WEIR_TYPE_BYTES:
        return add_span(to, weir_bytes_span(value->as.bytes, value->size));
    case WEIR_TYPE_TIMESTAMP:
    case WEIR_TYPE_DATETIME:
        return add_moment(to, floor_div(i, DAY_US), floor_rest(i, DAY_US));
    case WEIR_TYPE_DATE:
        return add_moment(to, i, 0);
    case WEIR_TYPE_TIME:
        return add_span_of_time(to, i);
    case WEIR_TYPE_INTERVAL:
        return add_interval(to, value->as.interval);
    case WEIR_TYPE_DECIMAL:
        return add_decimal(to, value->as.decimal);
    case WEIR_TYPE_UUID:
        return add_span(to, weir_bytes_span(value->as.uuid->bytes, 16));
    default:
        return refuse(to, "it is not a value");
    }
}

/* The statement's number, no cursor, one iteration. */
static weir_status add_head(wmy_encoder *to, unsigned long stmt_id)
{
    uint8_t head[9] = {0};

    store(head, stmt_id, 4);
    head[5] = 1;
    return add(to, head, sizeof head);
}

/* A bit for each NULL, "types follow", a type for each. */
static weir_status add_types(wmy_encoder *to, const weir_value *values,
                             size_t count)
{
    size_t nulls_size = (count + 7) / 8;
    size_t size = nulls_size + 1 + 2 * count;
    uint8_t *at;

    if (weir_buffer_reserve(to->services, to->out, to->out->size + size) !=
        WEIR_OK)
        return wmy_nomem(to->err);
    at = (uint8_t *)to->out->data + to->out->size;
    memset(at, 0, nulls_size);
    at[nulls_size] = 1;
    for (size_t i = 0; i < count; i++) {
        if (values[i].type == WEIR_TYPE_NULL)
            at[i / 8] |= (uint8_t)(1u << (i % 8));
        store(at + nulls_size + 1 + 2 * i, wmy_wire_type(&values[i]), 2);
    }
    to->out->size += size;
    return WEIR_OK;
}

weir_status wmy_encode_execute(wmy_encoder *to, unsigned long stmt_id,
                               const weir_value *values, size_t count)
{
    weir_status status = add_head(to, stmt_id);

    if (status != WEIR_OK || count == 0)
        return status;
    status = add_types(to, values, count);
    for (size_t i = 0; i < count && status == WEIR_OK; i++) {
        to->number = i + 1;
        if (values[i].type != WEIR_TYPE_NULL)
            status = wmy_encode_value(to, &values[i]);
    }
    return status;
}
