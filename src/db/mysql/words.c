/* SPDX-License-Identifier: MIT */
/*
 * Which words are no calls, and which calls leave nothing in the session.
 *
 * From MariaDB 10.11: the functions are those of
 *     SELECT FUNCTION FROM information_schema.SQL_FUNCTIONS
 * without GET_LOCK, LAST_INSERT_ID (which may set it), LOAD_FILE and those of
 * Oracle's mode; and what the grammar itself knows (NOW, DATE, …). Added by
 * hand: the usual spatial ones, what is new in MariaDB 11 and what only MySQL
 * 8 has. `inert` are reserved words, types, and functions of the grammar: no
 * function of one's own is ever called by them without quotes.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char inert[][32] = {
    "against", "all", "and", "any", "as", "ascii", "between", "bigint",
    "binary", "bit", "blob", "by", "case", "char", "character", "charset",
    "check", "coalesce", "collation", "columns", "constraint", "convert",
    "current_date", "current_time", "current_timestamp", "current_user",
    "database", "date", "datetime", "day", "dec", "decimal", "default", "desc",
    "distinct", "div", "double", "else", "enum", "except", "exists", "fixed",
    "float", "for", "force", "foreign", "format", "from", "fulltext",
    "get_format", "group", "having", "hour", "if", "ignore", "in", "index",
    "insert", "int", "int1", "int2", "int3", "int4", "int8", "integer",
    "intersect", "interval", "into", "join", "json_table", "key", "lateral",
    "left", "like", "limit", "localtime", "localtimestamp", "match",
    "mediumint", "microsecond", "middleint", "minute", "mod", "month",
    "natural", "nchar", "not", "numeric", "nvarchar", "of", "offset", "on",
    "or", "order", "over", "partition", "password", "primary", "quarter",
    "real", "references", "regexp", "repeat", "replace", "returning", "reverse",
    "right", "rlike", "rollup", "row", "row_count", "row_number", "schema",
    "second", "select", "set", "smallint", "some", "table", "text", "than",
    "then", "time", "timestamp", "tinyint", "truncate", "union", "unique",
    "update", "user", "using", "utc_date", "utc_time", "utc_timestamp", "value",
    "values", "varbinary", "varchar", "varcharacter", "varying", "week",
    "weight_string", "when", "where", "window", "with", "xor", "year",
};

static const char functions[][32] = {
    "abs", "acos", "add_months", "adddate", "addtime", "aes_decrypt",
    "aes_encrypt", "any_value", "asin", "atan", "atan2", "avg", "benchmark",
    "bin", "bin_to_uuid", "binlog_gtid_pos", "bit_and", "bit_count",
    "bit_length", "bit_or", "bit_xor", "cast", "ceil", "ceiling", "char_length",
    "character_length", "chr", "coercibility", "column_add", "column_check",
    "column_create", "column_delete", "column_exists", "column_get",
    "column_json", "column_list", "compress", "concat", "concat_ws",
    "connection_id", "conv", "convert_tz", "cos", "cot", "count", "crc32",
    "crc32c", "cume_dist", "curdate", "current_role", "curtime", "date_add",
    "date_format", "date_sub", "datediff", "dayname", "dayofmonth", "dayofweek",
    "dayofyear", "decode", "decode_histogram", "degrees", "dense_rank",
    "des_decrypt", "des_encrypt", "elt", "encode", "encrypt", "exp",
    "export_set", "extract", "extractvalue", "field", "find_in_set",
    "first_value", "floor", "format_bytes", "format_pico_time", "found_rows",
    "from_base64", "from_days", "from_unixtime", "greatest", "group_concat",
    "grouping", "hex", "icu_version", "ifnull", "inet6_aton", "inet6_ntoa",
    "inet_aton", "inet_ntoa", "instr", "is_free_lock", "is_ipv4",
    "is_ipv4_compat", "is_ipv4_mapped", "is_ipv6", "is_used_lock", "is_uuid",
    "isnull", "json_array", "json_array_append", "json_array_insert",
    "json_array_intersect", "json_arrayagg", "json_compact", "json_contains",
    "json_contains_path", "json_depth", "json_detailed", "json_equals",
    "json_exists", "json_extract", "json_insert", "json_key_value", "json_keys",
    "json_length", "json_loose", "json_merge", "json_merge_patch",
    "json_merge_preserve", "json_normalize", "json_object",
    "json_object_filter_keys", "json_object_to_array", "json_objectagg",
    "json_overlaps", "json_pretty", "json_query", "json_quote", "json_remove",
    "json_replace", "json_schema_valid", "json_schema_validation_report",
    "json_search", "json_set", "json_storage_free", "json_storage_size",
    "json_type", "json_unquote", "json_valid", "json_value", "kdf", "lag",
    "last_day", "last_value", "lastval", "lcase", "lead", "least", "length",
    "lengthb", "linestring", "ln", "locate", "log", "log10", "log2", "lower",
    "lpad", "ltrim", "make_set", "makedate", "maketime", "master_gtid_wait",
    "master_pos_wait", "max", "mbrcontains", "mbrintersects", "mbrwithin",
    "md5", "median", "mid", "min", "monthname", "multipoint", "name_const",
    "natural_sort_key", "nextval", "now", "nth_value", "ntile", "nullif", "nvl",
    "nvl2", "oct", "octet_length", "old_password", "ord", "percent_rank",
    "percentile_cont", "percentile_disc", "period_add", "period_diff", "pi",
    "point", "polygon", "position", "pow", "power", "ps_current_thread_id",
    "quote", "radians", "rand", "random_bytes", "rank", "regexp_instr",
    "regexp_like", "regexp_replace", "regexp_substr", "release_all_locks",
    "release_lock", "round", "rpad", "rtrim", "schemas", "sec_to_time",
    "session_user", "sformat", "sha", "sha1", "sha2", "sign", "sin", "sleep",
    "soundex", "space", "sqrt", "st_area", "st_asbinary", "st_asgeojson",
    "st_astext", "st_aswkb", "st_aswkt", "st_buffer", "st_centroid",
    "st_contains", "st_crosses", "st_difference", "st_dimension", "st_disjoint",
    "st_distance", "st_distance_sphere", "st_envelope", "st_equals",
    "st_geometrytype", "st_geomfromgeojson", "st_geomfromtext",
    "st_geomfromwkb", "st_intersection", "st_intersects", "st_isempty",
    "st_isvalid", "st_length", "st_linefromtext", "st_numpoints", "st_overlaps",
    "st_pointfromtext", "st_polyfromtext", "st_srid", "st_touches", "st_union",
    "st_within", "st_x", "st_y", "statement_digest", "statement_digest_text",
    "std", "stddev", "stddev_pop", "stddev_samp", "str_to_date", "strcmp",
    "subdate", "substr", "substring", "substring_index", "subtime", "sum",
    "sys_guid", "sysdate", "system_user", "tan", "time_format", "time_to_sec",
    "timediff", "timestampadd", "timestampdiff", "to_base64", "to_char",
    "to_days", "to_seconds", "to_vector", "trim", "ucase", "uncompress",
    "uncompressed_length", "unhex", "unix_timestamp", "updatexml", "upper",
    "uuid", "uuid_short", "uuid_to_bin", "uuid_v4", "uuid_v7", "var_pop",
    "var_samp", "variance", "vec_distance", "vec_distance_cosine",
    "vec_distance_euclidean", "vec_fromtext", "vec_totext", "vector_dim",
    "version", "weekday", "weekofyear", "wsrep_last_seen_gtid",
    "wsrep_last_written_gtid", "wsrep_sync_wait_upto_gtid", "yearweek",
};
/* clang-format on */

enum { WORD_SIZE = sizeof inert[0] };

/* In the words' own case; false: too long to be any of them. */
static bool fold(weir_text word, char out[WORD_SIZE])
{
    if (word.size >= WORD_SIZE)
        return false;
    for (size_t i = 0; i < word.size; i++)
        out[i] = word.data[i] >= 'A' && word.data[i] <= 'Z'
                     ? (char)(word.data[i] + ('a' - 'A'))
                     : word.data[i];
    out[word.size] = '\0';
    return true;
}

static int compare(const void *one, const void *other)
{
    return strcmp(one, other);
}

static bool is_in(const char (*table)[WORD_SIZE], size_t count, weir_text word)
{
    char folded[WORD_SIZE];

    return fold(word, folded) &&
           bsearch(folded, table, count, WORD_SIZE, compare) != NULL;
}

bool wmy_word_is_inert(weir_text word)
{
    return is_in(inert, sizeof inert / WORD_SIZE, word);
}

bool wmy_word_leaves_nothing(weir_text word)
{
    return is_in(functions, sizeof functions / WORD_SIZE, word);
}
