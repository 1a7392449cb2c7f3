/* SPDX-License-Identifier: MIT */
/*
 * Parameters: each value is written in the binary format of the type that the
 * server expects. What has no binary form there is sent as text, and the
 * server reads it as it reads literals.
 */
#include "codec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static weir_status refuse(const wpg_encoder *by, const char *why,
                          weir_error *err)
{
    weir_error_set(err, WEIR_ERR_TYPE, "parameter %zu: %s %s", by->number, why,
                   by->type_name[0] ? by->type_name : "this type");
    snprintf(err->sqlstate, sizeof err->sqlstate, "22003");
    return err->status;
}

static weir_status binary(wpg_param *out, const char *data, size_t size)
{
    *out = (wpg_param){.data = data, .size = (int)size, .format = 1};
    return WEIR_OK;
}

/* A copy that ends with NUL, as the text format wants it. */
static weir_status as_text(const wpg_encoder *by, weir_text text,
                           wpg_param *out)
{
    weir_buffer *extra = by->extra;
    char *copy = extra->data + extra->size;

    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    extra->size += text.size + 1;
    *out = (wpg_param){.data = copy, .size = (int)text.size, .format = 0};
    return WEIR_OK;
}

static bool is_span(const weir_value *value)
{
    return value->type == WEIR_TYPE_TEXT || value->type == WEIR_TYPE_JSON ||
           value->type == WEIR_TYPE_BYTES;
}

static weir_status in_words(const wpg_encoder *by, const weir_value *value,
                            wpg_param *out)
{
    char words[WEIR_VALUE_TEXT_MAX];

    if (is_span(value))
        return as_text(by, weir_text_span(value->as.text, value->size), out);
    return as_text(by, weir_text_span(words, weir_value_format(value, words)),
                   out);
}

size_t wpg_extra_size(const weir_value *value)
{
    return is_span(value) ? (size_t)value->size + 2 : WEIR_VALUE_TEXT_MAX;
}

/* ----------------------------------------------------------------- numbers */

/* The value as an integer, if that is what it is. */
static bool whole(const weir_value *value, int64_t *out)
{
    if (value->type == WEIR_TYPE_I64 || value->type == WEIR_TYPE_BOOL) {
        *out = value->as.i;
        return true;
    }
    if (value->type == WEIR_TYPE_F64 && value->as.f >= -0x1p63 &&
        value->as.f < 0x1p63 && trunc(value->as.f) == value->as.f) {
        *out = (int64_t)value->as.f;
        return true;
    }
    return false;
}

static weir_status encode_integer(const wpg_encoder *by,
                                  const weir_value *value, wpg_param *out,
                                  weir_error *err)
{
    int64_t i;

    if (value->type == WEIR_TYPE_U64)
        return refuse(by, "the number is too large for", err);
    if (!whole(value, &i))
        return in_words(by, value, out);
    if (by->kind == WPG_KIND_I64) {
        wpg_put_u64(by->scratch, (uint64_t)i);
        return binary(out, by->scratch, 8);
    }
    if (by->kind == WPG_KIND_I16) {
        if (i < INT16_MIN || i > INT16_MAX)
            return refuse(by, "the number is out of range for", err);
        wpg_put_u16(by->scratch, (uint16_t)i);
        return binary(out, by->scratch, 2);
    }
    if (by->kind == WPG_KIND_OID ? i < 0 || i > UINT32_MAX
                                 : i < INT32_MIN || i > INT32_MAX)
        return refuse(by, "the number is out of range for", err);
    wpg_put_u32(by->scratch, (uint32_t)i);
    return binary(out, by->scratch, 4);
}

static weir_status encode_float(const wpg_encoder *by, const weir_value *value,
                                wpg_param *out, weir_error *err)
{
    double f = value->as.f;
    float small;
    uint64_t bits;
    uint32_t half;

    if (value->type == WEIR_TYPE_I64)
        f = (double)value->as.i;
    else if (value->type != WEIR_TYPE_F64)
        return in_words(by, value, out);
    if (by->kind == WPG_KIND_F64) {
        memcpy(&bits, &f, sizeof bits);
        wpg_put_u64(by->scratch, bits);
        return binary(out, by->scratch, 8);
    }
    if (isfinite(f) && fabs(f) > 3.4028235677973366e38)
        return refuse(by, "the number is out of range for", err);
    small = (float)f;
    memcpy(&half, &small, sizeof half);
    wpg_put_u32(by->scratch, half);
    return binary(out, by->scratch, 4);
}

static weir_status encode_numeric(const wpg_encoder *by,
                                  const weir_value *value, wpg_param *out)
{
    char digits[WEIR_VALUE_TEXT_MAX];
    size_t size = 0;

    if (value->type == WEIR_TYPE_DECIMAL || value->type == WEIR_TYPE_I64 ||
        value->type == WEIR_TYPE_U64) {
        (void)weir_value_format(value, digits);
        size = wpg_encode_numeric(digits, by->scratch);
    }
    return size > 0 ? binary(out, by->scratch, size) : in_words(by, value, out);
}

static weir_status encode_bool(const wpg_encoder *by, const weir_value *value,
                               wpg_param *out)
{
    if (value->type != WEIR_TYPE_BOOL &&
        (value->type != WEIR_TYPE_I64 || (value->as.i | 1) != 1))
        return in_words(by, value, out);
    by->scratch[0] = (char)value->as.i;
    return binary(out, by->scratch, 1);
}

/* -------------------------------------------------------- text and bytes */

static weir_status encode_text(const wpg_encoder *by, const weir_value *value,
                               wpg_param *out)
{
    if (!is_span(value))
        return in_words(by, value, out);
    if (by->kind == WPG_KIND_JSONB) {
        char *copy = by->extra->data + by->extra->size;

        copy[0] = 1;
        memcpy(copy + 1, value->as.text, value->size);
        by->extra->size += (size_t)value->size + 1;
        return binary(out, copy, (size_t)value->size + 1);
    }
    if (by->kind == WPG_KIND_OTHER)
        return in_words(by, value, out);
    return binary(out, value->as.text, value->size);
}

static weir_status encode_bytes(const wpg_encoder *by, const weir_value *value,
                                wpg_param *out)
{
    if (is_span(value))
        return binary(out, value->as.bytes, value->size);
    if (value->type == WEIR_TYPE_UUID)
        return binary(out, (const char *)value->as.uuid->bytes, 16);
    return in_words(by, value, out);
}

static weir_status encode_uuid(const wpg_encoder *by, const weir_value *value,
                               wpg_param *out)
{
    if (value->type == WEIR_TYPE_UUID)
        return binary(out, (const char *)value->as.uuid->bytes, 16);
    if (value->type == WEIR_TYPE_BYTES && value->size == 16)
        return binary(out, value->as.bytes, 16);
    return in_words(by, value, out);
}

/* --------------------------------------------------------------- calendar */

/* An instant and a date and time without zone are both counted as UTC. */
static weir_status encode_instant(const wpg_encoder *by,
                                  const weir_value *value, wpg_param *out,
                                  weir_error *err)
{
    int64_t us = value->as.i;

    if (value->type == WEIR_TYPE_DATE)
        us = value->as.i * INT64_C(86400000000);
    else if (value->type != WEIR_TYPE_TIMESTAMP &&
             value->type != WEIR_TYPE_DATETIME)
        return in_words(by, value, out);
    if (us <= INT64_MIN + WPG_EPOCH_US)
        return refuse(by, "the time is out of range for", err);
    wpg_put_u64(by->scratch, (uint64_t)(us - WPG_EPOCH_US));
    return binary(out, by->scratch, 8);
}

static weir_status encode_date(const wpg_encoder *by, const weir_value *value,
                               wpg_param *out, weir_error *err)
{
    if (value->type != WEIR_TYPE_DATE)
        return in_words(by, value, out);
    if (value->as.i <= (int64_t)INT32_MIN + WPG_EPOCH_DAYS)
        return refuse(by, "the day is out of range for", err);
    wpg_put_u32(by->scratch, (uint32_t)(value->as.i - WPG_EPOCH_DAYS));
    return binary(out, by->scratch, 4);
}

static weir_status encode_time(const wpg_encoder *by, const weir_value *value,
                               wpg_param *out)
{
    if (value->type != WEIR_TYPE_TIME)
        return in_words(by, value, out);
    wpg_put_u64(by->scratch, (uint64_t)value->as.i);
    return binary(out, by->scratch, 8);
}

static weir_status encode_interval(const wpg_encoder *by,
                                   const weir_value *value, wpg_param *out)
{
    if (value->type != WEIR_TYPE_INTERVAL)
        return in_words(by, value, out);
    wpg_put_u64(by->scratch, (uint64_t)value->as.interval->us);
    wpg_put_u32(by->scratch + 8, (uint32_t)value->as.interval->days);
    wpg_put_u32(by->scratch + 12, (uint32_t)value->as.interval->months);
    return binary(out, by->scratch, 16);
}

/* Bytes are what they are; in all else the text format would end at a NUL. */
static bool has_nul(wpg_kind kind, const weir_value *value)
{
    return is_span(value) && kind != WPG_KIND_BYTES && value->size > 0 &&
           (kind != WPG_KIND_UUID || value->type != WEIR_TYPE_BYTES ||
            value->size != 16) &&
           memchr(value->as.text, '\0', value->size) != NULL;
}

static weir_status refuse_nul(const wpg_encoder *by, weir_error *err)
{
    weir_error_set(err, WEIR_ERR_TYPE,
                   "parameter %zu: text with a NUL character, which "
                   "PostgreSQL has not; bytea has",
                   by->number);
    snprintf(err->sqlstate, sizeof err->sqlstate, "22021");
    return err->status;
}

weir_status wpg_encode(const wpg_encoder *by, const weir_value *value,
                       wpg_param *out, weir_error *err)
{
    if (value->type == WEIR_TYPE_NULL) {
        *out = (wpg_param){.data = NULL};
        return WEIR_OK;
    }
    if (has_nul(by->kind, value))
        return refuse_nul(by, err);
    switch (by->kind) {
    case WPG_KIND_BOOL:
        return encode_bool(by, value, out);
    case WPG_KIND_I16:
    case WPG_KIND_I32:
    case WPG_KIND_I64:
    case WPG_KIND_OID:
        return encode_integer(by, value, out, err);
    case WPG_KIND_F32:
    case WPG_KIND_F64:
        return encode_float(by, value, out, err);
    case WPG_KIND_NUMERIC:
        return encode_numeric(by, value, out);
    case WPG_KIND_BYTES:
        return encode_bytes(by, value, out);
    case WPG_KIND_DATE:
        return encode_date(by, value, out, err);
    case WPG_KIND_TIME:
        return encode_time(by, value, out);
    case WPG_KIND_DATETIME:
    case WPG_KIND_TIMESTAMP:
        return encode_instant(by, value, out, err);
    case WPG_KIND_INTERVAL:
        return encode_interval(by, value, out);
    case WPG_KIND_UUID:
        return encode_uuid(by, value, out);
    default:
        return encode_text(by, value, out);
    }
}
