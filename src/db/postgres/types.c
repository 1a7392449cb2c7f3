/* SPDX-License-Identifier: MIT */
/*
 * The types that have numbers of their own in every PostgreSQL, and how
 * numbers stand in bytes.
 */
#include "codec.h"

#include <endian.h>
#include <string.h>

/* Sorted by number. */
/* clang-format off */
static const wpg_type types[] = {
    {16, WPG_KIND_BOOL, "bool"},
    {17, WPG_KIND_BYTES, "bytea"},
    {18, WPG_KIND_TEXT, "char"},
    {19, WPG_KIND_TEXT, "name"},
    {20, WPG_KIND_I64, "int8"},
    {21, WPG_KIND_I16, "int2"},
    {23, WPG_KIND_I32, "int4"},
    {25, WPG_KIND_TEXT, "text"},
    {26, WPG_KIND_OID, "oid"},
    {28, WPG_KIND_OID, "xid"},
    {29, WPG_KIND_OID, "cid"},
    {114, WPG_KIND_JSON, "json"},
    {142, WPG_KIND_OTHER, "xml"},
    {600, WPG_KIND_OTHER, "point"},
    {650, WPG_KIND_OTHER, "cidr"},
    {700, WPG_KIND_F32, "float4"},
    {701, WPG_KIND_F64, "float8"},
    {705, WPG_KIND_TEXT, "unknown"},
    {790, WPG_KIND_OTHER, "money"},
    {829, WPG_KIND_OTHER, "macaddr"},
    {869, WPG_KIND_OTHER, "inet"},
    {1000, WPG_KIND_OTHER, "bool[]"},
    {1005, WPG_KIND_OTHER, "int2[]"},
    {1007, WPG_KIND_OTHER, "int4[]"},
    {1009, WPG_KIND_OTHER, "text[]"},
    {1015, WPG_KIND_OTHER, "varchar[]"},
    {1016, WPG_KIND_OTHER, "int8[]"},
    {1021, WPG_KIND_OTHER, "float4[]"},
    {1022, WPG_KIND_OTHER, "float8[]"},
    {1042, WPG_KIND_TEXT, "bpchar"},
    {1043, WPG_KIND_TEXT, "varchar"},
    {1082, WPG_KIND_DATE, "date"},
    {1083, WPG_KIND_TIME, "time"},
    {1114, WPG_KIND_DATETIME, "timestamp"},
    {1184, WPG_KIND_TIMESTAMP, "timestamptz"},
    {1186, WPG_KIND_INTERVAL, "interval"},
    {1231, WPG_KIND_OTHER, "numeric[]"},
    {1266, WPG_KIND_OTHER, "timetz"},
    {1560, WPG_KIND_OTHER, "bit"},
    {1562, WPG_KIND_OTHER, "varbit"},
    {1700, WPG_KIND_NUMERIC, "numeric"},
    {2249, WPG_KIND_OTHER, "record"},
    {2278, WPG_KIND_TEXT, "void"},
    {2950, WPG_KIND_UUID, "uuid"},
    {2951, WPG_KIND_OTHER, "uuid[]"},
    {3614, WPG_KIND_OTHER, "tsvector"},
    {3802, WPG_KIND_JSONB, "jsonb"},
    {3904, WPG_KIND_OTHER, "int4range"},
    {3906, WPG_KIND_OTHER, "numrange"},
    {3908, WPG_KIND_OTHER, "tsrange"},
    {3910, WPG_KIND_OTHER, "tstzrange"},
    {3912, WPG_KIND_OTHER, "daterange"},
    {3926, WPG_KIND_OTHER, "int8range"},
};
/* clang-format on */

wpg_type wpg_type_of(unsigned oid)
{
    size_t low = 0, high = sizeof types / sizeof types[0];

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (types[middle].oid == oid)
            return types[middle];
        if (types[middle].oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return (wpg_type){.oid = oid, .kind = WPG_KIND_OTHER, .name = ""};
}

weir_type wpg_value_type(wpg_kind kind)
{
    static const weir_type value_types[] = {
        [WPG_KIND_OTHER] = WEIR_TYPE_NULL,
        [WPG_KIND_BOOL] = WEIR_TYPE_BOOL,
        [WPG_KIND_I16] = WEIR_TYPE_I64,
        [WPG_KIND_I32] = WEIR_TYPE_I64,
        [WPG_KIND_I64] = WEIR_TYPE_I64,
        [WPG_KIND_OID] = WEIR_TYPE_I64,
        [WPG_KIND_F32] = WEIR_TYPE_F64,
        [WPG_KIND_F64] = WEIR_TYPE_F64,
        [WPG_KIND_NUMERIC] = WEIR_TYPE_DECIMAL,
        [WPG_KIND_TEXT] = WEIR_TYPE_TEXT,
        [WPG_KIND_BYTES] = WEIR_TYPE_BYTES,
        [WPG_KIND_DATE] = WEIR_TYPE_DATE,
        [WPG_KIND_TIME] = WEIR_TYPE_TIME,
        [WPG_KIND_DATETIME] = WEIR_TYPE_DATETIME,
        [WPG_KIND_TIMESTAMP] = WEIR_TYPE_TIMESTAMP,
        [WPG_KIND_INTERVAL] = WEIR_TYPE_INTERVAL,
        [WPG_KIND_UUID] = WEIR_TYPE_UUID,
        [WPG_KIND_JSON] = WEIR_TYPE_JSON,
        [WPG_KIND_JSONB] = WEIR_TYPE_JSON,
    };

    return value_types[kind];
}

void wpg_put_u16(char *at, uint16_t number)
{
    number = htobe16(number);
    memcpy(at, &number, sizeof number);
}

void wpg_put_u32(char *at, uint32_t number)
{
    number = htobe32(number);
    memcpy(at, &number, sizeof number);
}

void wpg_put_u64(char *at, uint64_t number)
{
    number = htobe64(number);
    memcpy(at, &number, sizeof number);
}
