/* SPDX-License-Identifier: MIT */
/*
 * What SQL has and JSON has not: doubles that are no numbers, decimals, dates
 * and times, UUIDs. A layer above the writer, since it needs their texts.
 */
#include "base/json.h"

#include <math.h>

#include <weir/value.h>

/* A number is written at once; the writer looks at what the reader may lose. */
static void write_exact(weir_json *json, const char *text, size_t size)
{
    if (json->options.exact == WEIR_JSON_EXACT_AS_STRING)
        wi_json_plain_quoted(json, text, size);
    else
        wi_json_plain(json, text, size);
}

void weir_json_f64(weir_json *json, double f)
{
    char text[WEIR_VALUE_TEXT_MAX];

    if (!json)
        return;
    if (isfinite(f)) {
        wi_json_plain(json, text, weir_f64_format(f, text));
        return;
    }
    if (json->options.non_finite == WEIR_JSON_NON_FINITE_IS_NULL) {
        weir_json_null(json);
        return;
    }
    weir_f64_format(f, text);
    if (wi_json_before_value(json))
        wi_json_fail(json, WEIR_ERR_TYPE,
                     "JSON has no %s; WEIR_JSON_NON_FINITE_IS_NULL writes null",
                     text);
}

/* The types that are written as a short text in quotes, and what is none. */
static void write_formatted(weir_json *json, const weir_value *value)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_value_format(value, text);

    if (size > 0)
        wi_json_plain_quoted(json, text, size);
    else if (wi_json_before_value(json))
        wi_json_fail(json, WEIR_ERR_TYPE, "a value of type %s cannot be JSON",
                     weir_type_name((weir_type)value->type));
}

static void write_decimal(weir_json *json, const weir_decimal *decimal)
{
    char text[WEIR_VALUE_TEXT_MAX];

    write_exact(json, text, weir_decimal_format(decimal, text));
}

/* Those whose bytes stand somewhere else. */
static void write_span(weir_json *json, const weir_value *value)
{
    if (value->type == WEIR_TYPE_TEXT)
        weir_json_text(json, weir_text_span(value->as.text, value->size));
    else if (value->type == WEIR_TYPE_BYTES)
        weir_json_bytes(json, weir_bytes_span(value->as.bytes, value->size));
    else
        weir_json_raw(json, (weir_raw_json){value->as.text, value->size});
}

void weir_json_value(weir_json *json, const weir_value *value)
{
    if (!json)
        return;
    switch (value ? (weir_type)value->type : WEIR_TYPE_NULL) {
    case WEIR_TYPE_NULL:
        weir_json_null(json);
        return;
    case WEIR_TYPE_I64:
        weir_json_i64(json, value->as.i);
        return;
    case WEIR_TYPE_U64:
        weir_json_u64(json, value->as.u);
        return;
    case WEIR_TYPE_F64:
        weir_json_f64(json, value->as.f);
        return;
    case WEIR_TYPE_BOOL:
        weir_json_bool(json, value->as.i != 0);
        return;
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_BYTES:
    case WEIR_TYPE_JSON:
        write_span(json, value);
        return;
    case WEIR_TYPE_DECIMAL:
        write_decimal(json, value->as.decimal);
        return;
    default:
        write_formatted(json, value);
        return;
    }
}
