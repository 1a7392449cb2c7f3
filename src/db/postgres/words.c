/* SPDX-License-Identifier: MIT */
/*
 * Which words are no calls, and which calls leave nothing in the session.
 *
 * From a server of version 15: the keywords by
 *     SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'C', 'T')
 * (`inert`; the others are `keywords`), the functions by
 *     SELECT DISTINCT proname FROM pg_proc WHERE provolatile IN ('i', 's')
 *     AND pronamespace = 'pg_catalog'::regnamespace
 * without the parts of operators, aggregates and indexes that nobody calls by
 * name, and without those that run a text or look into views (…_to_xml).
 * Added by hand: what is new in 16 to 18, the volatile functions that only
 * look or whose effect ends with the transaction, and the methods that stand
 * behind USING and TABLESAMPLE.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

/* Never the name of a called function if a parenthesis follows; the last few
 * are types or clauses of which nobody names a function. */
/* clang-format off */
static const char inert[][20] = {
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc",
    "asymmetric", "authorization", "between", "bigint", "binary", "bit",
    "boolean", "both", "case", "cast", "char", "character", "check", "coalesce",
    "collate", "collation", "column", "columns", "concurrently", "constraint",
    "create", "cross", "cube", "current_catalog", "current_date",
    "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "dec", "decimal", "default", "deferrable", "desc",
    "distinct", "do", "else", "end", "except", "exists", "extract", "false",
    "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant",
    "greatest", "group", "grouping", "having", "ilike", "in", "initially",
    "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
    "isnull", "join", "json", "json_array", "json_arrayagg", "json_exists",
    "json_object", "json_objectagg", "json_query", "json_scalar",
    "json_serialize", "json_table", "json_value", "lateral", "leading", "least",
    "left", "like", "limit", "localtime", "localtimestamp", "merge_action",
    "national", "natural", "nchar", "none", "normalize", "not", "notnull",
    "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out",
    "outer", "overlaps", "overlay", "placing", "position", "precision",
    "primary", "real", "references", "returning", "right", "rollup", "row",
    "select", "session_user", "set", "setof", "similar", "smallint", "some",
    "substring", "symmetric", "system_user", "table", "tablesample", "then",
    "time", "timestamp", "to", "trailing", "treat", "trim", "true", "union",
    "unique", "user", "using", "values", "varchar", "variadic", "varying",
    "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat",
    "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse",
    "xmlpi", "xmlroot", "xmlserialize", "xmltable",
};

static const char keywords[][20] = {
    "abort", "absent", "absolute", "access", "action", "add", "admin", "after",
    "aggregate", "also", "alter", "always", "asensitive", "assertion",
    "assignment", "at", "atomic", "attach", "attribute", "backward", "before",
    "begin", "breadth", "by", "cache", "call", "called", "cascade", "cascaded",
    "catalog", "chain", "characteristics", "checkpoint", "class", "close",
    "cluster", "comment", "comments", "commit", "committed", "compression",
    "conditional", "configuration", "conflict", "connection", "constraints",
    "content", "continue", "conversion", "copy", "cost", "csv", "current",
    "cursor", "cycle", "data", "database", "day", "deallocate", "declare",
    "defaults", "deferred", "definer", "delete", "delimiter", "delimiters",
    "depends", "depth", "detach", "dictionary", "disable", "discard",
    "document", "domain", "double", "drop", "each", "empty", "enable",
    "encoding", "encrypted", "enforced", "enum", "error", "escape", "event",
    "exclude", "excluding", "exclusive", "execute", "explain", "expression",
    "extension", "external", "family", "filter", "finalize", "first",
    "following", "force", "format", "forward", "function", "functions",
    "generated", "global", "granted", "groups", "handler", "header", "hold",
    "hour", "identity", "if", "immediate", "immutable", "implicit", "import",
    "include", "including", "increment", "indent", "index", "indexes",
    "inherit", "inherits", "inline", "input", "insensitive", "insert",
    "instead", "invoker", "isolation", "keep", "key", "keys", "label",
    "language", "large", "last", "leakproof", "level", "listen", "load",
    "local", "location", "lock", "locked", "logged", "mapping", "match",
    "matched", "materialized", "maxvalue", "merge", "method", "minute",
    "minvalue", "mode", "month", "move", "name", "names", "nested", "new",
    "next", "nfc", "nfd", "nfkc", "nfkd", "no", "normalized", "nothing",
    "notify", "nowait", "nulls", "object", "objects", "of", "off", "oids",
    "old", "omit", "operator", "option", "options", "ordinality", "others",
    "over", "overriding", "owned", "owner", "parallel", "parameter", "parser",
    "partial", "partition", "passing", "password", "period", "plan", "plans",
    "policy", "preceding", "prepare", "prepared", "preserve", "prior",
    "privileges", "procedural", "procedure", "procedures", "program",
    "publication", "quote", "quotes", "range", "read", "reassign", "recheck",
    "recursive", "ref", "referencing", "refresh", "reindex", "relative",
    "release", "rename", "repeatable", "replace", "replica", "reset", "restart",
    "restrict", "return", "returns", "revoke", "role", "rollback", "routine",
    "routines", "rows", "rule", "savepoint", "scalar", "schema", "schemas",
    "scroll", "search", "second", "security", "sequence", "sequences",
    "serializable", "server", "session", "sets", "share", "show", "simple",
    "skip", "snapshot", "source", "sql", "stable", "standalone", "start",
    "statement", "statistics", "stdin", "stdout", "storage", "stored", "strict",
    "string", "strip", "subscription", "support", "sysid", "system", "tables",
    "tablespace", "target", "temp", "template", "temporary", "text", "ties",
    "transaction", "transform", "trigger", "truncate", "trusted", "type",
    "types", "uescape", "unbounded", "uncommitted", "unconditional",
    "unencrypted", "unknown", "unlisten", "unlogged", "until", "update",
    "vacuum", "valid", "validate", "validator", "value", "version", "view",
    "views", "virtual", "volatile", "whitespace", "within", "without", "work",
    "wrapper", "write", "xml", "year", "yes", "zone",
};

static const char functions[][32] = {
    "abbrev", "abs", "acos", "acosd", "acosh", "age", "any_value", "area",
    "array_agg", "array_append", "array_dims", "array_fill", "array_length",
    "array_lower", "array_ndims", "array_position", "array_positions",
    "array_prepend", "array_remove", "array_replace", "array_reverse",
    "array_sample", "array_shuffle", "array_sort", "array_to_json",
    "array_to_string", "array_to_tsvector", "array_upper", "ascii", "asin",
    "asind", "asinh", "atan", "atan2", "atan2d", "atand", "atanh", "avg",
    "bernoulli", "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor",
    "bool", "bool_and", "bool_or", "bound_box", "box", "bpchar", "brin",
    "broadcast", "btree", "cardinality", "casefold", "cash_words", "cbrt",
    "ceil", "ceiling", "center", "char_length", "character_length", "chr",
    "cidr", "circle", "clock_timestamp", "col_description", "concat",
    "concat_ws", "convert", "convert_from", "convert_to", "corr", "cos", "cosd",
    "cosh", "cot", "cotd", "count", "covar_pop", "covar_samp", "crc32",
    "crc32c", "cume_dist", "current_database", "current_query",
    "current_schemas", "current_setting", "currval", "date", "date_add",
    "date_bin", "date_part", "date_subtract", "date_trunc", "datemultirange",
    "daterange", "decode", "degrees", "dense_rank", "diagonal", "diameter",
    "div", "encode", "enum_first", "enum_last", "enum_range", "erf", "erfc",
    "every", "exp", "factorial", "family", "first_value", "float4", "float8",
    "floor", "format", "format_type", "gamma", "gcd", "gen_random_uuid",
    "generate_series", "generate_subscripts", "get_bit", "get_byte",
    "get_current_ts_config", "getdatabaseencoding", "getpgusername", "gin",
    "gist", "has_any_column_privilege", "has_column_privilege",
    "has_database_privilege", "has_function_privilege",
    "has_language_privilege", "has_parameter_privilege", "has_schema_privilege",
    "has_sequence_privilege", "has_server_privilege", "has_table_privilege",
    "has_tablespace_privilege", "has_type_privilege", "hash", "height", "host",
    "hostmask", "inet_client_addr", "inet_client_port", "inet_merge",
    "inet_same_family", "inet_server_addr", "inet_server_port", "initcap",
    "int2", "int4", "int4multirange", "int4range", "int8", "int8dec_any",
    "int8inc_any", "int8inc_float8_float8", "int8multirange", "int8range",
    "is_normalized", "isclosed", "isempty", "isfinite", "ishorizontal",
    "isopen", "isparallel", "isperp", "isvertical", "json_agg",
    "json_array_elements", "json_array_elements_text", "json_array_length",
    "json_build_array", "json_build_object", "json_each", "json_each_text",
    "json_extract_path", "json_extract_path_text", "json_object_agg",
    "json_object_keys", "json_populate_record", "json_populate_recordset",
    "json_strip_nulls", "json_to_record", "json_to_recordset",
    "json_to_tsvector", "json_typeof", "jsonb_agg", "jsonb_array_elements",
    "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
    "jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path",
    "jsonb_extract_path_text", "jsonb_insert", "jsonb_object",
    "jsonb_object_agg", "jsonb_object_keys", "jsonb_path_exists",
    "jsonb_path_exists_tz", "jsonb_path_match", "jsonb_path_match_tz",
    "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_array_tz",
    "jsonb_path_query_first", "jsonb_path_query_first_tz",
    "jsonb_path_query_tz", "jsonb_populate_record", "jsonb_populate_recordset",
    "jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls",
    "jsonb_to_record", "jsonb_to_recordset", "jsonb_to_tsvector",
    "jsonb_typeof", "justify_days", "justify_hours", "justify_interval", "lag",
    "last_value", "lastval", "lcm", "lead", "length", "lgamma", "line", "ln",
    "lo_close", "lo_creat", "lo_create", "lo_from_bytea", "lo_get", "lo_lseek",
    "lo_lseek64", "lo_open", "lo_put", "lo_tell", "lo_tell64", "lo_truncate",
    "lo_truncate64", "lo_unlink", "log", "log10", "loread", "lower",
    "lower_inc", "lower_inf", "lowrite", "lpad", "lseg", "ltrim", "macaddr",
    "macaddr8", "macaddr8_set7bit", "make_date", "make_interval", "make_time",
    "make_timestamp", "make_timestamptz", "masklen", "max", "md5", "min",
    "min_scale", "mod", "mode", "money", "multirange", "mxid_age", "name",
    "netmask", "network", "nextval", "now", "npoints", "nth_value", "ntile",
    "num_nonnulls", "num_nulls", "nummultirange", "numnode", "numrange",
    "obj_description", "octet_length", "oid", "oidvectortypes", "parse_ident",
    "path", "percent_rank", "percentile_cont", "percentile_disc",
    "pg_advisory_unlock", "pg_advisory_unlock_all", "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared",
    "pg_available_extension_versions", "pg_available_extensions",
    "pg_backend_pid", "pg_basetype", "pg_blocking_pids", "pg_char_to_encoding",
    "pg_client_encoding", "pg_collation_for", "pg_collation_is_visible",
    "pg_column_compression", "pg_column_is_updatable", "pg_column_size",
    "pg_conf_load_time", "pg_config", "pg_current_snapshot",
    "pg_current_wal_flush_lsn", "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn", "pg_current_xact_id",
    "pg_current_xact_id_if_assigned", "pg_cursor", "pg_database_size",
    "pg_describe_object", "pg_encoding_max_length", "pg_encoding_to_char",
    "pg_extension_update_paths", "pg_filenode_relation",
    "pg_function_is_visible", "pg_get_catalog_foreign_keys",
    "pg_get_constraintdef", "pg_get_expr", "pg_get_function_arg_default",
    "pg_get_function_arguments", "pg_get_function_result",
    "pg_get_function_sqlbody", "pg_get_functiondef", "pg_get_indexdef",
    "pg_get_keywords", "pg_get_object_address",
    "pg_get_partition_constraintdef", "pg_get_partkeydef",
    "pg_get_replica_identity_index", "pg_get_replication_slots",
    "pg_get_ruledef", "pg_get_serial_sequence", "pg_get_statisticsobjdef",
    "pg_get_statisticsobjdef_columns", "pg_get_triggerdef", "pg_get_userbyid",
    "pg_get_viewdef", "pg_has_role", "pg_identify_object",
    "pg_identify_object_as_address", "pg_index_column_has_property",
    "pg_index_has_property", "pg_indexam_has_property", "pg_indexes_size",
    "pg_input_error_info", "pg_input_is_valid", "pg_is_in_recovery",
    "pg_is_other_temp_schema", "pg_is_wal_replay_paused",
    "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp", "pg_listening_channels", "pg_lock_status",
    "pg_lsn", "pg_mcv_list_items", "pg_my_temp_schema", "pg_notify",
    "pg_opclass_is_visible", "pg_operator_is_visible", "pg_opfamily_is_visible",
    "pg_postmaster_start_time", "pg_prepared_statement", "pg_relation_filenode",
    "pg_relation_filepath", "pg_relation_is_publishable",
    "pg_relation_is_updatable", "pg_relation_size", "pg_replication_origin_oid",
    "pg_sequence_parameters", "pg_settings_get_flags", "pg_show_all_settings",
    "pg_size_bytes", "pg_size_pretty", "pg_sleep", "pg_sleep_for",
    "pg_sleep_until", "pg_snapshot_xip", "pg_snapshot_xmax", "pg_snapshot_xmin",
    "pg_table_is_visible", "pg_table_size", "pg_tablespace_databases",
    "pg_tablespace_location", "pg_tablespace_size", "pg_timezone_abbrevs",
    "pg_timezone_names", "pg_total_relation_size", "pg_trigger_depth",
    "pg_try_advisory_xact_lock", "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible", "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible", "pg_type_is_visible", "pg_typeof",
    "pg_visible_in_snapshot", "pg_wal_lsn_diff", "pg_walfile_name",
    "pg_walfile_name_offset", "pg_xact_commit_timestamp", "pg_xact_status",
    "phraseto_tsquery", "pi", "plainto_tsquery", "point", "polygon", "pow",
    "power", "querytree", "quote_ident", "quote_literal", "quote_nullable",
    "radians", "radius", "random", "random_normal", "range_agg",
    "range_intersect_agg", "range_merge", "rank", "regclass", "regexp_count",
    "regexp_instr", "regexp_like", "regexp_match", "regexp_matches",
    "regexp_replace", "regexp_split_to_array", "regexp_split_to_table",
    "regexp_substr", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept",
    "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "repeat",
    "replace", "reverse", "round", "row_number", "row_security_active",
    "row_to_json", "rpad", "rtrim", "scale", "set_bit", "set_byte",
    "set_masklen", "setweight", "sha224", "sha256", "sha384", "sha512",
    "shobj_description", "sign", "sin", "sind", "sinh", "slope", "spgist",
    "split_part", "sqrt", "statement_timestamp", "stddev", "stddev_pop",
    "stddev_samp", "string_agg", "string_to_array", "string_to_table", "strip",
    "strpos", "substr", "sum", "system", "tan", "tand", "tanh", "text",
    "timeofday", "timestamptz", "timestamptz_cmp_date",
    "timestamptz_cmp_timestamp", "timetz", "timezone", "to_ascii", "to_bin",
    "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number",
    "to_oct", "to_regclass", "to_regcollation", "to_regnamespace", "to_regoper",
    "to_regoperator", "to_regproc", "to_regprocedure", "to_regrole",
    "to_regtype", "to_regtypemod", "to_timestamp", "to_tsquery", "to_tsvector",
    "transaction_timestamp", "translate", "trim_array", "trim_scale", "trunc",
    "ts_debug", "ts_delete", "ts_filter", "ts_headline", "ts_lexize",
    "ts_parse", "ts_rank", "ts_rank_cd", "ts_token_type", "tsmultirange",
    "tsquery_phrase", "tsrange", "tstzmultirange", "tstzrange",
    "tsvector_to_array", "txid_current", "txid_current_if_assigned",
    "txid_current_snapshot", "txid_snapshot_xip", "txid_snapshot_xmax",
    "txid_snapshot_xmin", "txid_status", "txid_visible_in_snapshot",
    "unicode_assigned", "unicode_version", "unistr", "unnest", "upper",
    "upper_inc", "upper_inf", "uuid_extract_timestamp", "uuid_extract_version",
    "uuidv4", "uuidv7", "var_pop", "var_samp", "varbit", "variance", "version",
    "websearch_to_tsquery", "width", "width_bucket", "xid", "xml",
    "xml_is_well_formed", "xml_is_well_formed_content",
    "xml_is_well_formed_document", "xmlagg", "xmlcomment", "xmltext", "xpath",
    "xpath_exists",
};
/* clang-format on */

enum { KEYWORD_SIZE = sizeof keywords[0], FUNCTION_SIZE = sizeof functions[0] };

/* In the words' own case; false: too long to be any of them. */
static bool fold(weir_text word, char out[FUNCTION_SIZE])
{
    if (word.size >= FUNCTION_SIZE)
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

#define IS_IN(table, word)                                                     \
    (bsearch((word), (table), sizeof(table) / sizeof(table)[0],                \
             sizeof(table)[0], compare) != NULL)

wpg_word wpg_word_find(weir_text word)
{
    char folded[FUNCTION_SIZE];

    if (!fold(word, folded))
        return WPG_WORD_NAME;
    if (IS_IN(inert, folded))
        return WPG_WORD_INERT;
    return IS_IN(keywords, folded) ? WPG_WORD_KEYWORD : WPG_WORD_NAME;
}

bool wpg_word_leaves_nothing(weir_text word)
{
    char folded[FUNCTION_SIZE];

    return fold(word, folded) && IS_IN(functions, folded);
}
