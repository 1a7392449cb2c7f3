/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The types of values, each a C type of its own, so that the compiler tells
 * them apart. docs/guide/types.md says what each database makes of them.
 */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/export.h>

WEIR_BEGIN_DECLS

/** The kinds of value. The numbers are part of the ABI. */
typedef enum weir_type {
    WEIR_TYPE_NULL = 0,
    WEIR_TYPE_I64 = 1,
    WEIR_TYPE_U64 = 2, /* only above INT64_MAX; smaller ones are I64 */
    WEIR_TYPE_F64 = 3,
    WEIR_TYPE_BOOL = 4,
    WEIR_TYPE_TEXT = 5, /* UTF-8, counted, may hold NUL characters */
    WEIR_TYPE_BYTES = 6,
    WEIR_TYPE_TIMESTAMP = 7,
    WEIR_TYPE_DATETIME = 8,
    WEIR_TYPE_DATE = 9,
    WEIR_TYPE_TIME = 10,
    WEIR_TYPE_INTERVAL = 11,
    WEIR_TYPE_DECIMAL = 12,
    WEIR_TYPE_UUID = 13,
    WEIR_TYPE_JSON = 14,    /* text that holds JSON */
    WEIR_TYPE_INVALID = 15, /* what no database takes; refused when bound */
} weir_type;

/** Bytes that belong to somebody else. `data` may be NULL if size is 0. */
typedef struct weir_bytes {
    const void *data;
    size_t size;
} weir_bytes;

/** Text that belongs to somebody else: UTF-8, not ended by NUL. */
typedef struct weir_text {
    const char *data;
    size_t size;
} weir_text;

/** JSON as text that belongs to somebody else. */
typedef struct weir_raw_json {
    const char *data;
    size_t size;
} weir_raw_json;

/** An instant: microseconds since 1970-01-01T00:00:00Z. */
typedef struct weir_timestamp {
    int64_t us;
} weir_timestamp;

/** Date and time of a calendar without a zone, counted as if it were UTC. */
typedef struct weir_datetime {
    int64_t us;
} weir_datetime;

/** Days since 1970-01-01 of the proleptic Gregorian calendar. */
typedef struct weir_date {
    int32_t days;
} weir_date;

/** Microseconds since midnight, 0 to 86 399 999 999. */
typedef struct weir_time {
    int64_t us;
} weir_time;

/** A span in the three units that do not convert into each other. */
typedef struct weir_interval {
    int32_t months;
    int32_t days;
    int64_t us;
} weir_interval;

/**
 * An exact decimal: the 128-bit two's complement number hi:lo, divided by
 * 10^scale. At most 38 digits; scale 0 to 38. `{ .lo = 1999, .scale = 2 }`
 * is 19.99.
 */
typedef struct weir_decimal {
    uint64_t lo;
    int64_t hi;
    int32_t scale;
} weir_decimal;

/** The 16 bytes of a UUID in the order in which it is written. */
typedef struct weir_uuid {
    uint8_t bytes[16];
} weir_uuid;

/* Nullable scalars: one that is all zero is NULL. */
#define WEIR_OPT_(name_, type_)                                                \
    typedef struct weir_opt_##name_ {                                          \
        type_ v;                                                               \
        bool set;                                                              \
    } weir_opt_##name_;                                                        \
    static inline weir_opt_##name_ weir_some_##name_(type_ v)                  \
    {                                                                          \
        weir_opt_##name_ opt;                                                  \
        memset(&opt, 0, sizeof opt);                                           \
        opt.v = v;                                                             \
        opt.set = true;                                                        \
        return opt;                                                            \
    }
WEIR_OPT_(i64, int64_t)
WEIR_OPT_(i32, int32_t)
WEIR_OPT_(f64, double)
WEIR_OPT_(bool, bool)
WEIR_OPT_(timestamp, weir_timestamp)
WEIR_OPT_(datetime, weir_datetime)
WEIR_OPT_(date, weir_date)
WEIR_OPT_(time, weir_time)
WEIR_OPT_(interval, weir_interval)
WEIR_OPT_(decimal, weir_decimal)
WEIR_OPT_(uuid, weir_uuid)

WEIR_END_DECLS

#endif
