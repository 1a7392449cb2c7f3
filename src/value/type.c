/* SPDX-License-Identifier: MIT */
/*
 * Names of the types, for messages.
 */
#include <weir/value.h>

static const char *const names[] = {
    [WEIR_TYPE_NULL] = "NULL",
    [WEIR_TYPE_I64] = "integer",
    [WEIR_TYPE_U64] = "unsigned integer",
    [WEIR_TYPE_F64] = "double",
    [WEIR_TYPE_BOOL] = "boolean",
    [WEIR_TYPE_TEXT] = "text",
    [WEIR_TYPE_BYTES] = "bytes",
    [WEIR_TYPE_TIMESTAMP] = "timestamp",
    [WEIR_TYPE_DATETIME] = "datetime",
    [WEIR_TYPE_DATE] = "date",
    [WEIR_TYPE_TIME] = "time",
    [WEIR_TYPE_INTERVAL] = "interval",
    [WEIR_TYPE_DECIMAL] = "decimal",
    [WEIR_TYPE_UUID] = "UUID",
    [WEIR_TYPE_JSON] = "JSON",
    [WEIR_TYPE_INVALID] = "invalid value",
};

const char *weir_type_name(weir_type type)
{
    if ((unsigned)type >= sizeof names / sizeof names[0])
        return "unknown type";
    return names[type];
}
