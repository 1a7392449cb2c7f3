/* SPDX-License-Identifier: MIT */
/*
 * Weir's values as SQLite's: dates, decimals and intervals are text, so that
 * they stay exact and sort; booleans are 0 and 1; UUIDs are 16 bytes.
 */
#include "sqlite.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static int bind_short(sqlite3_stmt *handle, int index, const char *text,
                      size_t size)
{
    return sqlite3_bind_text(handle, index, text, (int)size, SQLITE_TRANSIENT);
}

static int bind_as_text(sqlite3_stmt *handle, int index,
                        const weir_value *value)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size;

    switch (value->type) {
    case WEIR_TYPE_TIMESTAMP:
        size = weir_timestamp_format((weir_timestamp){value->as.i}, text);
        break;
    case WEIR_TYPE_DATETIME:
        size = weir_datetime_format((weir_datetime){value->as.i}, text);
        break;
    case WEIR_TYPE_DATE:
        size = weir_date_format((weir_date){(int32_t)value->as.i}, text);
        break;
    case WEIR_TYPE_TIME:
        size = weir_time_format((weir_time){value->as.i}, text);
        break;
    case WEIR_TYPE_INTERVAL:
        size = weir_interval_format(value->as.interval, text);
        break;
    default:
        size = weir_decimal_format(value->as.decimal, text);
        break;
    }
    return bind_short(handle, index, text, size);
}

static int refuse(weir_error *err, int index, const char *what)
{
    weir_error_set(err, WEIR_ERR_TYPE, "parameter %d: SQLite has no %s", index,
                   what);
    return SQLITE_MISMATCH;
}

int wsq_bind(sqlite3_stmt *handle, int index, const weir_value *value,
             weir_error *err)
{
    switch (value->type) {
    case WEIR_TYPE_NULL:
        return sqlite3_bind_null(handle, index);
    case WEIR_TYPE_I64:
    case WEIR_TYPE_BOOL:
        return sqlite3_bind_int64(handle, index, value->as.i);
    case WEIR_TYPE_U64:
        return refuse(err, index, "integer above 9223372036854775807");
    case WEIR_TYPE_F64:
        if (isnan(value->as.f))
            return refuse(err, index, "NaN; it would be stored as NULL");
        return sqlite3_bind_double(handle, index, value->as.f);
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
        return sqlite3_bind_text64(handle, index, value->as.text, value->size,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case WEIR_TYPE_BYTES:
        return sqlite3_bind_blob64(handle, index,
                                   value->size ? value->as.bytes : "",
                                   value->size, SQLITE_STATIC);
    case WEIR_TYPE_UUID:
        return sqlite3_bind_blob(handle, index, value->as.uuid->bytes, 16,
                                 SQLITE_TRANSIENT);
    default:
        return bind_as_text(handle, index, value);
    }
}

static const struct {
    const char *word;
    weir_type type;
} words[] = {
    {"BOOL", WEIR_TYPE_BOOL},         {"TIMESTAMP", WEIR_TYPE_TIMESTAMP},
    {"DATETIME", WEIR_TYPE_DATETIME}, {"DATE", WEIR_TYPE_DATE},
    {"TIME", WEIR_TYPE_TIME},         {"INTERVAL", WEIR_TYPE_INTERVAL},
    {"DEC", WEIR_TYPE_DECIMAL},       {"NUMERIC", WEIR_TYPE_DECIMAL},
    {"UUID", WEIR_TYPE_UUID},         {"JSON", WEIR_TYPE_JSON},
    {"INT", WEIR_TYPE_I64},           {"BIGINT", WEIR_TYPE_I64},
    {"SMALLINT", WEIR_TYPE_I64},      {"TEXT", WEIR_TYPE_TEXT},
    {"CHAR", WEIR_TYPE_TEXT},         {"VARCHAR", WEIR_TYPE_TEXT},
    {"CLOB", WEIR_TYPE_TEXT},         {"BLOB", WEIR_TYPE_BYTES},
    {"REAL", WEIR_TYPE_F64},          {"DOUBLE", WEIR_TYPE_F64},
    {"FLOAT", WEIR_TYPE_F64},
};

weir_type wsq_declared_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof words / sizeof words[0]; i++) {
        if (sqlite3_strnicmp(name, words[i].word, (int)strlen(words[i].word)) ==
            0)
            return words[i].type;
    }
    return WEIR_TYPE_NULL;
}
