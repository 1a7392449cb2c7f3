/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Typed values: what goes into a statement and what comes out of a row.
 *
 * The types themselves are in <weir/types.h>. A weir_value borrows what it
 * points to: text, bytes, decimals, UUIDs and intervals must outlive the call
 * that they are handed to, no longer.
 */
#ifndef WEIR_VALUE_H
#define WEIR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/types.h>

WEIR_BEGIN_DECLS

/**
 * A tagged value, 24 bytes. Build it with the functions below or with
 * WEIR_VAL(); read it with the fields.
 */
typedef struct weir_value {
    const char *name; /* of a named parameter; NULL for a positional one */
    uint32_t size;    /* bytes of TEXT, BYTES and JSON */
    uint32_t type;    /* a weir_type */
    union {
        int64_t i; /* I64, BOOL, TIMESTAMP, DATETIME, DATE, TIME */
        uint64_t u;
        double f;
        const char *text;
        const void *bytes;
        const weir_interval *interval;
        const weir_decimal *decimal;
        const weir_uuid *uuid;
    } as;
} weir_value;

/* ----------------------------------------------------------- constructors */

/** A value of `type` with nothing in it; a block for the functions below. */
static inline weir_value weir_value_make(weir_type type)
{
    /* Member by member, so that compilers build it in registers and store it
     * once: docs/decisions/0030. */
    weir_value value = {NULL, 0, (uint32_t)type, {0}};
    return value;
}

/** SQL NULL. */
static inline weir_value weir_value_null(void)
{
    return weir_value_make(WEIR_TYPE_NULL);
}

/** An integer. */
static inline weir_value weir_value_i64(int64_t i)
{
    weir_value value = weir_value_make(WEIR_TYPE_I64);
    value.as.i = i;
    return value;
}

/** An unsigned integer; one that fits in an int64_t becomes I64. */
static inline weir_value weir_value_u64(uint64_t u)
{
    weir_value value =
        weir_value_make(u <= INT64_MAX ? WEIR_TYPE_I64 : WEIR_TYPE_U64);
    value.as.u = u;
    return value;
}

/** A double. */
static inline weir_value weir_value_f64(double f)
{
    weir_value value = weir_value_make(WEIR_TYPE_F64);
    value.as.f = f;
    return value;
}

/** A truth value. */
static inline weir_value weir_value_bool(bool truth)
{
    weir_value value = weir_value_make(WEIR_TYPE_BOOL);
    value.as.i = truth;
    return value;
}

/* Sizes from 4 GiB on do not fit and make an invalid value. */
static inline weir_value weir_value_span_(weir_type type, const void *data,
                                          size_t size)
{
    weir_value value = weir_value_make(size > UINT32_MAX   ? WEIR_TYPE_INVALID
                                       : data || size == 0 ? type
                                                           : WEIR_TYPE_NULL);
    value.as.bytes = data ? data : "";
    value.size = (uint32_t)size;
    return value;
}

/** Text that ends with NUL; a NULL pointer is SQL NULL. */
static inline weir_value weir_value_cstr(const char *text)
{
    return text ? weir_value_span_(WEIR_TYPE_TEXT, text, strlen(text))
                : weir_value_null();
}

/** Counted text; never SQL NULL. */
static inline weir_value weir_value_text(weir_text text)
{
    return weir_value_span_(WEIR_TYPE_TEXT, text.data, text.size);
}

/** Bytes; never SQL NULL. */
static inline weir_value weir_value_bytes(weir_bytes bytes)
{
    return weir_value_span_(WEIR_TYPE_BYTES, bytes.data, bytes.size);
}

/** JSON text; never SQL NULL (write `null` for JSON's own). */
static inline weir_value weir_value_json(weir_raw_json json)
{
    return weir_value_span_(WEIR_TYPE_JSON, json.data, json.size);
}

/** An instant. */
static inline weir_value weir_value_timestamp(weir_timestamp timestamp)
{
    weir_value value = weir_value_make(WEIR_TYPE_TIMESTAMP);
    value.as.i = timestamp.us;
    return value;
}

/** A date and time without zone. */
static inline weir_value weir_value_datetime(weir_datetime datetime)
{
    weir_value value = weir_value_make(WEIR_TYPE_DATETIME);
    value.as.i = datetime.us;
    return value;
}

/** A day. */
static inline weir_value weir_value_date(weir_date date)
{
    weir_value value = weir_value_make(WEIR_TYPE_DATE);
    value.as.i = date.days;
    return value;
}

/** A time of day. */
static inline weir_value weir_value_time(weir_time time)
{
    weir_value value = weir_value_make(WEIR_TYPE_TIME);
    value.as.i = time.us;
    return value;
}

/** An interval; a NULL pointer is SQL NULL. */
static inline weir_value weir_value_interval(const weir_interval *interval)
{
    weir_value value =
        weir_value_make(interval ? WEIR_TYPE_INTERVAL : WEIR_TYPE_NULL);
    value.as.interval = interval;
    return value;
}

/** A decimal; a NULL pointer is SQL NULL. */
static inline weir_value weir_value_decimal(const weir_decimal *decimal)
{
    weir_value value =
        weir_value_make(decimal ? WEIR_TYPE_DECIMAL : WEIR_TYPE_NULL);
    value.as.decimal = decimal;
    return value;
}

/** A UUID; a NULL pointer is SQL NULL. */
static inline weir_value weir_value_uuid(const weir_uuid *uuid)
{
    weir_value value = weir_value_make(uuid ? WEIR_TYPE_UUID : WEIR_TYPE_NULL);
    value.as.uuid = uuid;
    return value;
}

/** NULL is SQL NULL; any other untyped pointer is refused when bound. */
static inline weir_value weir_value_pointer(const void *pointer)
{
    return weir_value_make(pointer ? WEIR_TYPE_INVALID : WEIR_TYPE_NULL);
}

/** The value itself, for WEIR_VAL(). */
static inline weir_value weir_value_self(weir_value value)
{
    return value;
}

/** The same value as the parameter `:name`. */
static inline weir_value weir_named(const char *name, weir_value value)
{
    value.name = name;
    return value;
}

/* Nullable scalars by value. Those that a value only points to (interval,
 * decimal, UUID) are passed by address: the address must outlive the call. */
#define WEIR_OPT_VALUE_(name_)                                                 \
    static inline weir_value weir_value_opt_##name_(weir_opt_##name_ opt)      \
    {                                                                          \
        return opt.set ? weir_value_##name_(opt.v) : weir_value_null();        \
    }
#define WEIR_OPT_VALUE_AT_(name_)                                              \
    static inline weir_value weir_value_opt_##name_(                           \
        const weir_opt_##name_ *opt)                                           \
    {                                                                          \
        return opt && opt->set ? weir_value_##name_(&opt->v)                   \
                               : weir_value_null();                            \
    }
WEIR_OPT_VALUE_(i64)
WEIR_OPT_VALUE_(f64)
WEIR_OPT_VALUE_(bool)
WEIR_OPT_VALUE_(timestamp)
WEIR_OPT_VALUE_(datetime)
WEIR_OPT_VALUE_(date)
WEIR_OPT_VALUE_(time)
WEIR_OPT_VALUE_AT_(interval)
WEIR_OPT_VALUE_AT_(decimal)
WEIR_OPT_VALUE_AT_(uuid)
/** A nullable 32-bit integer. */
static inline weir_value weir_value_opt_i32(weir_opt_i32 opt)
{
    return opt.set ? weir_value_i64(opt.v) : weir_value_null();
}

/* --------------------------------------------------------- text and back */

/** Room for any text written by the functions below, its NUL included. */
#define WEIR_VALUE_TEXT_MAX 64

/** "integer", "text", …: the name of a type in messages. Never NULL. */
WEIR_API const char *weir_type_name(weir_type type);

/**
 * The parse functions read `size` bytes at `text`, all of them: no spaces
 * around, nothing after. On failure `*out` is untouched and the error (TYPE)
 * says what is wrong, without the text: it may be secret. The format functions
 * write at most WEIR_VALUE_TEXT_MAX bytes, NUL included, whatever the value
 * holds, and return the length without it. Threads: any.
 */

/** Reads RFC 3339 or ISO 8601: `2024-02-29T12:00:00.5+01:00`; a space may
 *  stand for the T, seconds may be missing; the zone (Z, +hh, +hh:mm, +hhmm)
 *  must be there. From -290308-12-21T19:59:05.224192Z to
 *  +294247-01-10T04:00:54.775807Z, which is all that fits; fractions to the
 *  microsecond (more digits than six must be zero). `24:00` and leap seconds
 *  (`:60`) are refused: they have no count of their own to come back from. */
WEIR_API weir_status weir_timestamp_parse(weir_text text, weir_timestamp *out,
                                          weir_error *err);
/** Writes `2024-02-29T11:00:00.500000Z`: six digits of fraction, or none if
 *  it is zero. A year has at least four digits, a sign where it has more
 *  (`+12024`) or lies before the year 0, which is 1 BC. */
WEIR_API size_t weir_timestamp_format(weir_timestamp timestamp, char *out);

/** As weir_timestamp_parse(), but a zone must not be there. */
WEIR_API weir_status weir_datetime_parse(weir_text text, weir_datetime *out,
                                         weir_error *err);
/** Writes `2024-02-29T12:00:00.500000` (no zone). */
WEIR_API size_t weir_datetime_format(weir_datetime datetime, char *out);

/** Reads `2024-02-29`, `-0044-03-15`, `+12024-01-01`: years of four to seven
 *  digits, the plus may be missing. From -5877641-06-23 to +5881580-07-11. */
WEIR_API weir_status weir_date_parse(weir_text text, weir_date *out,
                                     weir_error *err);
/** Writes `2024-02-29`. */
WEIR_API size_t weir_date_format(weir_date date, char *out);
/** A day from its parts (month 1 to 12, day 1 to 31). @return TYPE if there
 *  is no such day */
WEIR_API weir_status weir_date_from_ymd(const int ymd[3], weir_date *out,
                                        weir_error *err);
/** The parts {year, month, day} of a date. */
WEIR_API void weir_date_to_ymd(weir_date date, int ymd[3]);

/** Reads `23:59:59`, `23:59:59.999999`, `23:59`. No `24:00`, no `:60`. */
WEIR_API weir_status weir_time_parse(weir_text text, weir_time *out,
                                     weir_error *err);
/** Writes `23:59:59.999999`; no fraction if it is zero. */
WEIR_API size_t weir_time_format(weir_time time, char *out);

/** Reads ISO 8601 durations: `P1Y2M3DT4H5M6.5S`, also weeks; parts may be
 *  negative, stand in order and once each; only seconds have a fraction. */
WEIR_API weir_status weir_interval_parse(weir_text text, weir_interval *out,
                                         weir_error *err);
/** Writes an ISO 8601 duration; zero is `PT0S`. */
WEIR_API size_t weir_interval_format(const weir_interval *interval, char *out);

/** Reads `-123.4500` exactly, up to 38 digits; also `1.5e3`, `.5`, `5.`. */
WEIR_API weir_status weir_decimal_parse(weir_text text, weir_decimal *out,
                                        weir_error *err);
/** Writes all digits that the scale asks for: 1.50 stays `1.50`. */
WEIR_API size_t weir_decimal_format(const weir_decimal *decimal, char *out);
/** The nearest double. */
WEIR_API double weir_decimal_to_f64(const weir_decimal *decimal);
/** -1, 0 or 1: compares the numbers, so 1.5 and 1.50 are equal. */
WEIR_API int weir_decimal_compare(const weir_decimal *a, const weir_decimal *b);

/** Reads `0188d7a0-5b4e-7c9a-8f3e-5d1c2b3a4f5e`, any case, with or without
 *  the dashes, and with braces or `urn:uuid:` before it. */
WEIR_API weir_status weir_uuid_parse(weir_text text, weir_uuid *out,
                                     weir_error *err);
/** Writes 36 characters in lower case. */
WEIR_API size_t weir_uuid_format(const weir_uuid *uuid, char *out);

/** The fewest digits that strtod() reads back as the same double, and of
 *  these the nearest: `0.1`, `5e-324`, `1e23`; from 1e16 on and below 1e-4 with
 *  an exponent. `1.0` keeps a point so that it stays a floating number; `NaN`,
 *  `Infinity`, `-Infinity`. The locale has no say. */
WEIR_API size_t weir_f64_format(double f, char *out);

/** Writes a value of any type that fits into WEIR_VALUE_TEXT_MAX as the
 *  function of its type does, integers as their digits, booleans as `true` and
 *  `false`. NULL, text, bytes, JSON and what is invalid: nothing, 0. */
WEIR_API size_t weir_value_format(const weir_value *value, char *out);

/** Whether `text` is well-formed UTF-8. An embedded NUL is well-formed. */
WEIR_API bool weir_utf8_is_valid(weir_text text);

/** Text from a string that ends with NUL; NULL gives empty text. */
static inline weir_text weir_text_of(const char *text)
{
    weir_text view;
    view.data = text ? text : "";
    view.size = text ? strlen(text) : 0;
    return view;
}

/** Counted text. */
static inline weir_text weir_text_span(const char *data, size_t size)
{
    weir_text view;
    view.data = data;
    view.size = size;
    return view;
}

/** Counted bytes. */
static inline weir_bytes weir_bytes_span(const void *data, size_t size)
{
    weir_bytes view;
    view.data = data;
    view.size = size;
    return view;
}

WEIR_END_DECLS

#endif
