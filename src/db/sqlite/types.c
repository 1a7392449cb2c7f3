/* SPDX-License-Identifier: MIT */
/*
 * Values on their way in, and what declared types mean.
 *
 * SQLite has five storage classes and no types. What it does not have goes in
 * as text that sorts and reads back exactly: ISO 8601 for dates and times,
 * digits for decimals. UUIDs are 16 bytes. Nothing is ever stored as less
 * than it was: what cannot be kept is refused.
 */
#include "sqlite.h"

#include <math.h>

static weir_status refuse_value(weir_error *err, int index, const char *why)
{
    weir_error_set(err, WEIR_ERR_TYPE, "parameter %d: %s", index, why);
    sqlite3_snprintf((int)sizeof err->sqlstate, err->sqlstate, "%s", "22003");
    return WEIR_ERR_TYPE;
}

/* Text and bytes stay the caller's until end(). */
static int bind_span(wsq_stmt *stmt, int index, const weir_value *value)
{
    const void *data = value->as.bytes ? value->as.bytes : "";

    stmt->borrowed = true;
    if (value->type == WEIR_TYPE_BYTES)
        return sqlite3_bind_blob64(stmt->handle, index, data, value->size,
                                   SQLITE_STATIC);
    return sqlite3_bind_text64(stmt->handle, index, data, value->size,
                               SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_formatted(wsq_stmt *stmt, int index, const weir_value *value)
{
    char text[WEIR_VALUE_TEXT_MAX];
    size_t size = weir_value_format(value, text);

    return sqlite3_bind_text(stmt->handle, index, text, (int)size,
                             SQLITE_TRANSIENT);
}

WEIR_COLD static weir_status
bind_other(wsq_stmt *stmt, int index, const weir_value *value, weir_error *err)
{
    sqlite3_stmt *handle = stmt->handle;
    int code;

    switch ((weir_type)value->type) {
    case WEIR_TYPE_BOOL:
        code = sqlite3_bind_int64(handle, index, value->as.i != 0);
        break;
    case WEIR_TYPE_U64:
        if (value->as.u > INT64_MAX)
            return refuse_value(err, index,
                                "SQLite has no integers above "
                                "9223372036854775807");
        code = sqlite3_bind_int64(handle, index, (int64_t)value->as.u);
        break;
    case WEIR_TYPE_JSON:
    case WEIR_TYPE_BYTES:
        code = bind_span(stmt, index, value);
        break;
    case WEIR_TYPE_UUID:
        code = sqlite3_bind_blob(handle, index, value->as.uuid->bytes, 16,
                                 SQLITE_TRANSIENT);
        break;
    case WEIR_TYPE_TIMESTAMP:
    case WEIR_TYPE_DATETIME:
    case WEIR_TYPE_DATE:
    case WEIR_TYPE_TIME:
    case WEIR_TYPE_INTERVAL:
    case WEIR_TYPE_DECIMAL:
        code = bind_formatted(stmt, index, value);
        break;
    case WEIR_TYPE_F64:
        return refuse_value(err, index, "SQLite would store NaN as NULL");
    case WEIR_TYPE_NULL:
    case WEIR_TYPE_I64:
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_INVALID:
    default:
        return refuse_value(err, index,
                            "the value is of no type that a "
                            "database takes");
    }
    return code == SQLITE_OK ? WEIR_OK : wsq_fail(stmt->conn, code, err);
}

/* The few types that nearly all values are of; BIND_OTHER for the rest. A code
 * of SQLite is never negative. */
enum { BIND_OTHER = -1 };

static int bind_usual(wsq_stmt *stmt, int index, const weir_value *value)
{
    switch (value->type) {
    case WEIR_TYPE_NULL:
        return sqlite3_bind_null(stmt->handle, index);
    case WEIR_TYPE_I64:
        return sqlite3_bind_int64(stmt->handle, index, value->as.i);
    case WEIR_TYPE_F64:
        return isnan(value->as.f)
                   ? BIND_OTHER
                   : sqlite3_bind_double(stmt->handle, index, value->as.f);
    case WEIR_TYPE_TEXT:
        return bind_span(stmt, index, value);
    default:
        return BIND_OTHER;
    }
}

weir_status wsq_bind(wsq_stmt *stmt, const weir_value *values, size_t count,
                     weir_error *err)
{
    if (count != stmt->info.param_count)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the statement has %zu parameters and got %zu "
                              "values",
                              stmt->info.param_count, count);
    for (size_t i = 0; i < count; i++) {
        int code = bind_usual(stmt, (int)i + 1, &values[i]);
        weir_status status;

        if (code == SQLITE_OK)
            continue;
        if (code != BIND_OTHER)
            return wsq_fail(stmt->conn, code, err);
        status = bind_other(stmt, (int)i + 1, &values[i], err);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

/* ----------------------------------------------------------- declared types */

/* The first that stands anywhere in the declaration counts, so the more
 * special stand before those that they contain. */
static const struct {
    const char *part;
    weir_type type;
} declarations[] = {
    {"BOOL", WEIR_TYPE_BOOL},
    {"INTERVAL", WEIR_TYPE_INTERVAL},
    {"WITHOUT TIME ZONE", WEIR_TYPE_DATETIME},
    {"TIMESTAMP", WEIR_TYPE_TIMESTAMP},
    {"DATETIME", WEIR_TYPE_DATETIME},
    {"JSON", WEIR_TYPE_JSON},
    {"UUID", WEIR_TYPE_UUID},
    {"GUID", WEIR_TYPE_UUID},
    {"DECIMAL", WEIR_TYPE_DECIMAL},
    {"NUMERIC", WEIR_TYPE_DECIMAL},
    {"INT", WEIR_TYPE_I64},
    {"CHAR", WEIR_TYPE_TEXT},
    {"CLOB", WEIR_TYPE_TEXT},
    {"TEXT", WEIR_TYPE_TEXT},
    {"BLOB", WEIR_TYPE_BYTES},
    {"BINARY", WEIR_TYPE_BYTES},
    {"BYTEA", WEIR_TYPE_BYTES},
    {"REAL", WEIR_TYPE_F64},
    {"FLOA", WEIR_TYPE_F64},
    {"DOUB", WEIR_TYPE_F64},
    {"DATE", WEIR_TYPE_DATE},
    {"TIME", WEIR_TYPE_TIME},
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;

        while (part[i] && upper(text[i]) == part[i])
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

weir_type wsq_declared_type(const char *declaration)
{
    for (size_t i = 0; i < sizeof declarations / sizeof declarations[0]; i++) {
        if (contains(declaration, declarations[i].part))
            return declarations[i].type;
    }
    return WEIR_TYPE_NULL;
}
