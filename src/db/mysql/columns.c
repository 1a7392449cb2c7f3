/* SPDX-License-Identifier: MIT */
/*
 * The server's description of columns: how each is written in a row, what
 * type its values have, what it is called.
 */
#include "wmy.h"

#include <string.h>

enum { CHARSET_BINARY = 63 };

/* MariaDB says what kind of text it is: "uuid", "json", "inet6". */
static bool has_attribute(const MYSQL_FIELD *field,
                          enum mariadb_field_attr_t attribute, const char *name)
{
    MARIADB_CONST_STRING found = {NULL, 0};

    return mariadb_field_attr(&found, field, attribute) == 0 && found.str &&
           found.length == strlen(name) &&
           memcmp(found.str, name, found.length) == 0;
}

static wmy_kind kind_of_text(const MYSQL_FIELD *field)
{
    if (has_attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "uuid"))
        return WMY_KIND_UUID;
    if (has_attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME, "json"))
        return WMY_KIND_JSON;
    return field->charsetnr == CHARSET_BINARY ? WMY_KIND_BYTES : WMY_KIND_TEXT;
}

static wmy_kind signed_or(const MYSQL_FIELD *field, wmy_kind is_signed)
{
    bool is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;

    return is_unsigned ? (wmy_kind)(is_signed + 1) : is_signed;
}

wmy_kind wmy_kind_of(const MYSQL_FIELD *field)
{
    switch (field->type) {
    case MYSQL_TYPE_NULL:
        return WMY_KIND_NULL;
    case MYSQL_TYPE_TINY:
        return signed_or(field, WMY_KIND_I8);
    case MYSQL_TYPE_SHORT:
        return signed_or(field, WMY_KIND_I16);
    case MYSQL_TYPE_YEAR:
        return WMY_KIND_U16;
    case MYSQL_TYPE_INT24: /* four bytes in a row */
    case MYSQL_TYPE_LONG:
        return signed_or(field, WMY_KIND_I32);
    case MYSQL_TYPE_LONGLONG:
        return signed_or(field, WMY_KIND_I64);
    case MYSQL_TYPE_FLOAT:
        return WMY_KIND_F32;
    case MYSQL_TYPE_DOUBLE:
        return WMY_KIND_F64;
    case MYSQL_TYPE_BIT:
        return WMY_KIND_BIT;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        return WMY_KIND_DECIMAL;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
        return WMY_KIND_DATE;
    case MYSQL_TYPE_DATETIME:
        return WMY_KIND_DATETIME;
    case MYSQL_TYPE_TIMESTAMP:
        return WMY_KIND_TIMESTAMP;
    case MYSQL_TYPE_TIME:
        return WMY_KIND_TIME;
    case MYSQL_TYPE_JSON:
        return WMY_KIND_JSON;
    case MYSQL_TYPE_GEOMETRY:
        return WMY_KIND_BYTES;
    default:
        return kind_of_text(field);
    }
}

weir_type wmy_type_of(wmy_kind kind)
{
    static const weir_type types[] = {
        [WMY_KIND_NULL] = WEIR_TYPE_NULL,
        [WMY_KIND_I8] = WEIR_TYPE_I64,
        [WMY_KIND_U8] = WEIR_TYPE_I64,
        [WMY_KIND_I16] = WEIR_TYPE_I64,
        [WMY_KIND_U16] = WEIR_TYPE_I64,
        [WMY_KIND_I32] = WEIR_TYPE_I64,
        [WMY_KIND_U32] = WEIR_TYPE_I64,
        [WMY_KIND_I64] = WEIR_TYPE_I64,
        [WMY_KIND_U64] = WEIR_TYPE_U64,
        [WMY_KIND_F32] = WEIR_TYPE_F64,
        [WMY_KIND_F64] = WEIR_TYPE_F64,
        [WMY_KIND_BIT] = WEIR_TYPE_U64,
        [WMY_KIND_DECIMAL] = WEIR_TYPE_DECIMAL,
        [WMY_KIND_TEXT] = WEIR_TYPE_TEXT,
        [WMY_KIND_BYTES] = WEIR_TYPE_BYTES,
        [WMY_KIND_JSON] = WEIR_TYPE_JSON,
        [WMY_KIND_UUID] = WEIR_TYPE_UUID,
        [WMY_KIND_DATE] = WEIR_TYPE_DATE,
        [WMY_KIND_DATETIME] = WEIR_TYPE_DATETIME,
        [WMY_KIND_TIMESTAMP] = WEIR_TYPE_TIMESTAMP,
        [WMY_KIND_TIME] = WEIR_TYPE_TIME,
    };

    return types[kind];
}

/* The name that a CREATE TABLE would have, without sizes. */
static const char *name_of_type(const MYSQL_FIELD *field)
{
    bool binary = field->charsetnr == CHARSET_BINARY;

    if (field->flags & ENUM_FLAG)
        return "ENUM";
    if (field->flags & SET_FLAG)
        return "SET";
    switch (wmy_kind_of(field)) {
    case WMY_KIND_NULL:
        return "NULL";
    case WMY_KIND_I8:
        return "TINYINT";
    case WMY_KIND_U8:
        return "TINYINT UNSIGNED";
    case WMY_KIND_I16:
        return "SMALLINT";
    case WMY_KIND_U16:
        return field->type == MYSQL_TYPE_YEAR ? "YEAR" : "SMALLINT UNSIGNED";
    case WMY_KIND_I32:
        return field->type == MYSQL_TYPE_INT24 ? "MEDIUMINT" : "INT";
    case WMY_KIND_U32:
        return field->type == MYSQL_TYPE_INT24 ? "MEDIUMINT UNSIGNED"
                                               : "INT UNSIGNED";
    case WMY_KIND_I64:
        return "BIGINT";
    case WMY_KIND_U64:
        return "BIGINT UNSIGNED";
    case WMY_KIND_F32:
        return "FLOAT";
    case WMY_KIND_F64:
        return "DOUBLE";
    case WMY_KIND_BIT:
        return "BIT";
    case WMY_KIND_DECIMAL:
        return "DECIMAL";
    case WMY_KIND_JSON:
        return "JSON";
    case WMY_KIND_UUID:
        return "UUID";
    case WMY_KIND_DATE:
        return "DATE";
    case WMY_KIND_DATETIME:
        return "DATETIME";
    case WMY_KIND_TIMESTAMP:
        return "TIMESTAMP";
    case WMY_KIND_TIME:
        return "TIME";
    default:
        break;
    }
    if (field->type == MYSQL_TYPE_GEOMETRY)
        return "GEOMETRY";
    if (field->flags & BLOB_FLAG)
        return binary ? "BLOB" : "TEXT";
    if (field->type == MYSQL_TYPE_STRING)
        return binary ? "BINARY" : "CHAR";
    return binary ? "VARBINARY" : "VARCHAR";
}

/* ------------------------------------------------------------- many columns */

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

static size_t names_of(const MYSQL_FIELD *field, const char *names[3])
{
    names[0] = text_or_empty(field->name);
    names[1] = text_or_empty(field->org_table);
    names[2] = text_or_empty(field->org_name);
    return strlen(names[0]) + strlen(names[1]) + strlen(names[2]) + 3;
}

static bool is_same(const wmy_columns *columns, const MYSQL_FIELD *fields,
                    size_t count)
{
    if (columns->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (columns->kinds[i] != wmy_kind_of(&fields[i]) ||
            strcmp(columns->columns[i].name, text_or_empty(fields[i].name)) !=
                0)
            return false;
    }
    return true;
}

static char *keep(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = *at;

    memcpy(kept, text, size);
    *at += size;
    return kept;
}

/* One block: the columns, their names, their kinds. */
weir_status wmy_columns_set(const weir_services *services, wmy_columns *columns,
                            const MYSQL_FIELD *fields, size_t count,
                            bool *changed)
{
    size_t size = count * (sizeof(weir_column) + 1) + 1;
    const char *names[3];
    weir_column *block;
    char *at;

    *changed = false;
    if (is_same(columns, fields, count))
        return WEIR_OK;
    for (size_t i = 0; i < count; i++)
        size += names_of(&fields[i], names);
    block = weir_services_alloc(services, size);
    if (!block)
        return WEIR_ERR_NOMEM;
    weir_services_free(services, columns->columns);
    columns->columns = block;
    columns->count = count;
    columns->kinds = (uint8_t *)(block + count);
    at = (char *)columns->kinds + count;
    for (size_t i = 0; i < count; i++) {
        wmy_kind kind = wmy_kind_of(&fields[i]);

        names_of(&fields[i], names);
        columns->kinds[i] = (uint8_t)kind;
        block[i] = (weir_column){.type = wmy_type_of(kind),
                                 .database_type = name_of_type(&fields[i]),
                                 .name = keep(&at, names[0]),
                                 .table = keep(&at, names[1]),
                                 .origin = keep(&at, names[2])};
    }
    *changed = true;
    return WEIR_OK;
}

void wmy_columns_clear(const weir_services *services, wmy_columns *columns)
{
    weir_services_free(services, columns->columns);
    memset(columns, 0, sizeof *columns);
}
