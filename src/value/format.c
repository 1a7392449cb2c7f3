/* SPDX-License-Identifier: MIT */
/*
 * The text of a value: of each type as its own function writes it.
 */
#include <string.h>

#include <weir/value.h>

#include "base/digits.h"

static size_t finish(char *out, char *end)
{
    *end = '\0';
    return (size_t)(end - out);
}

static size_t write_word(const char *word, char *out)
{
    size_t size = strlen(word);

    memcpy(out, word, size + 1);
    return size;
}

size_t weir_value_format(const weir_value *value, char *out)
{
    switch ((weir_type)value->type) {
    case WEIR_TYPE_I64:
        return finish(out, wi_digits_i64(value->as.i, out));
    case WEIR_TYPE_U64:
        return finish(out, wi_digits_u64(value->as.u, out));
    case WEIR_TYPE_F64:
        return weir_f64_format(value->as.f, out);
    case WEIR_TYPE_BOOL:
        return write_word(value->as.i ? "true" : "false", out);
    case WEIR_TYPE_TIMESTAMP:
        return weir_timestamp_format((weir_timestamp){value->as.i}, out);
    case WEIR_TYPE_DATETIME:
        return weir_datetime_format((weir_datetime){value->as.i}, out);
    case WEIR_TYPE_DATE:
        return weir_date_format((weir_date){(int32_t)value->as.i}, out);
    case WEIR_TYPE_TIME:
        return weir_time_format((weir_time){value->as.i}, out);
    case WEIR_TYPE_INTERVAL:
        return weir_interval_format(value->as.interval, out);
    case WEIR_TYPE_DECIMAL:
        return weir_decimal_format(value->as.decimal, out);
    case WEIR_TYPE_UUID:
        return weir_uuid_format(value->as.uuid, out);
    case WEIR_TYPE_NULL:
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_BYTES:
    case WEIR_TYPE_JSON:
    case WEIR_TYPE_INVALID:
    default:
        return write_word("", out);
    }
}
