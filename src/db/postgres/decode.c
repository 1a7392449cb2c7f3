/* SPDX-License-Identifier: MIT */
/*
 * Cells in the binary format, read where they stand: text and bytes are not
 * copied. Every size is checked: a server may send anything.
 */
#include "codec.h"

#include <string.h>

#define DAY_US INT64_C(86400000000)

char *wpg_spill(const wpg_decoder *by, size_t size)
{
    char *larger = weir_services_resize(by->services, by->cell->spill, size);

    if (larger)
        by->cell->spill = larger;
    return larger;
}

static weir_value text_of(const char *text)
{
    return weir_value_text(weir_text_of(text));
}

static wpg_decoded decode_f32(wpg_span from, weir_value *out)
{
    uint32_t bits = wpg_get_u32(from.data);
    float f;

    memcpy(&f, &bits, sizeof f);
    *out = weir_value_f64((double)f);
    return WPG_DECODED;
}

static wpg_decoded decode_f64(wpg_span from, weir_value *out)
{
    uint64_t bits = wpg_get_u64(from.data);
    double f;

    memcpy(&f, &bits, sizeof f);
    *out = weir_value_f64(f);
    return WPG_DECODED;
}

/* The two ends of time have numbers of their own. */
static wpg_decoded decode_date(wpg_span from, weir_value *out)
{
    int32_t days = (int32_t)wpg_get_u32(from.data);

    if (days == INT32_MAX || days == INT32_MIN)
        *out = text_of(days == INT32_MAX ? "infinity" : "-infinity");
    else if (days > INT32_MAX - WPG_EPOCH_DAYS)
        return WPG_DECODED_MALFORMED;
    else
        *out = weir_value_date((weir_date){days + WPG_EPOCH_DAYS});
    return WPG_DECODED;
}

static wpg_decoded decode_instant(wpg_span from, weir_type type,
                                  weir_value *out)
{
    int64_t us = (int64_t)wpg_get_u64(from.data);

    if (us == INT64_MAX || us == INT64_MIN) {
        *out = text_of(us == INT64_MAX ? "infinity" : "-infinity");
        return WPG_DECODED;
    }
    if (us > INT64_MAX - WPG_EPOCH_US)
        return WPG_DECODED_MALFORMED;
    *out = weir_value_make(type);
    out->as.i = us + WPG_EPOCH_US;
    return WPG_DECODED;
}

/* 24:00 is a time of the server's, and none of ours. */
static wpg_decoded decode_time(wpg_span from, weir_value *out)
{
    int64_t us = (int64_t)wpg_get_u64(from.data);

    if (us < 0 || us > DAY_US)
        return WPG_DECODED_MALFORMED;
    *out =
        us == DAY_US ? text_of("24:00:00") : weir_value_time((weir_time){us});
    return WPG_DECODED;
}

static wpg_decoded decode_interval(const wpg_decoder *by, wpg_span from,
                                   weir_value *out)
{
    by->cell->as.interval = (weir_interval){
        .us = (int64_t)wpg_get_u64(from.data),
        .days = (int32_t)wpg_get_u32(from.data + 8),
        .months = (int32_t)wpg_get_u32(from.data + 12),
    };
    *out = weir_value_interval(&by->cell->as.interval);
    return WPG_DECODED;
}

static wpg_decoded decode_jsonb(wpg_span from, weir_value *out)
{
    if (from.size < 1 || from.data[0] != 1)
        return WPG_DECODED_MALFORMED;
    *out = weir_value_json((weir_raw_json){from.data + 1, from.size - 1});
    return WPG_DECODED;
}

/* The size that each kind has; 0: any. */
static const uint8_t sizes[] = {
    [WPG_KIND_BOOL] = 1,      [WPG_KIND_I16] = 2,       [WPG_KIND_I32] = 4,
    [WPG_KIND_I64] = 8,       [WPG_KIND_OID] = 4,       [WPG_KIND_F32] = 4,
    [WPG_KIND_F64] = 8,       [WPG_KIND_DATE] = 4,      [WPG_KIND_TIME] = 8,
    [WPG_KIND_DATETIME] = 8,  [WPG_KIND_TIMESTAMP] = 8, [WPG_KIND_UUID] = 16,
    [WPG_KIND_INTERVAL] = 16, [WPG_KIND_JSONB] = 0,
};

wpg_decoded wpg_decode(const wpg_decoder *by, wpg_span from, weir_value *out)
{
    if (sizes[by->kind] != 0 && sizes[by->kind] != from.size)
        return WPG_DECODED_MALFORMED;
    switch (by->kind) {
    case WPG_KIND_BOOL:
        *out = weir_value_bool(from.data[0] != 0);
        return WPG_DECODED;
    case WPG_KIND_I16:
        *out = weir_value_i64((int16_t)wpg_get_u16(from.data));
        return WPG_DECODED;
    case WPG_KIND_I32:
        *out = weir_value_i64((int32_t)wpg_get_u32(from.data));
        return WPG_DECODED;
    case WPG_KIND_I64:
        *out = weir_value_i64((int64_t)wpg_get_u64(from.data));
        return WPG_DECODED;
    case WPG_KIND_OID:
        *out = weir_value_i64((int64_t)wpg_get_u32(from.data));
        return WPG_DECODED;
    case WPG_KIND_F32:
        return decode_f32(from, out);
    case WPG_KIND_F64:
        return decode_f64(from, out);
    case WPG_KIND_NUMERIC:
        return wpg_decode_numeric(by, from, out);
    case WPG_KIND_BYTES:
        *out = weir_value_bytes(weir_bytes_span(from.data, from.size));
        return WPG_DECODED;
    case WPG_KIND_DATE:
        return decode_date(from, out);
    case WPG_KIND_TIME:
        return decode_time(from, out);
    case WPG_KIND_DATETIME:
        return decode_instant(from, WEIR_TYPE_DATETIME, out);
    case WPG_KIND_TIMESTAMP:
        return decode_instant(from, WEIR_TYPE_TIMESTAMP, out);
    case WPG_KIND_INTERVAL:
        return decode_interval(by, from, out);
    case WPG_KIND_UUID:
        memcpy(by->cell->as.uuid.bytes, from.data, 16);
        *out = weir_value_uuid(&by->cell->as.uuid);
        return WPG_DECODED;
    case WPG_KIND_JSON:
        *out = weir_value_json((weir_raw_json){from.data, from.size});
        return WPG_DECODED;
    case WPG_KIND_JSONB:
        return decode_jsonb(from, out);
    default:
        *out = weir_value_text(weir_text_span(from.data, from.size));
        return WPG_DECODED;
    }
}
