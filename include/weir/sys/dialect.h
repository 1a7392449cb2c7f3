/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What SQL text looks like on a database: data, no code. The placeholder
 * scanner, the quoting of names and (later) the SQL language read it.
 */
#ifndef WEIR_SYS_DIALECT_H
#define WEIR_SYS_DIALECT_H

#include <stddef.h>
#include <stdint.h>

#include <weir/export.h>

WEIR_BEGIN_DECLS

/** What a parameter looks like in the text that the driver gets. */
typedef enum weir_placeholder {
    WEIR_PLACEHOLDER_QUESTION = 0, /* ?, one for each use */
    WEIR_PLACEHOLDER_DOLLAR,       /* $1, one for each parameter */
} weir_placeholder;

/** How text is split into quotes, comments and the rest; bits. Strings in
 *  single quotes, names in double quotes, `--` and slash-star comments are
 *  known to all. */
typedef enum weir_lexical {
    WEIR_LEX_BACKSLASH = 1,          /* '\'' : backslash escapes in strings */
    WEIR_LEX_E_STRING = 2,           /* E'\'' only */
    WEIR_LEX_DOLLAR_QUOTE = 4,       /* $tag$ … $tag$ */
    WEIR_LEX_HASH_COMMENT = 8,       /* # to the end of the line */
    WEIR_LEX_NESTED_COMMENT = 16,    /* comments in comments */
    WEIR_LEX_BACKTICK = 32,          /* `name` */
    WEIR_LEX_BRACKET = 64,           /* [name] */
    WEIR_LEX_DASH_NEEDS_SPACE = 128, /* `--` is a comment only before space */
} weir_lexical;

/** The dialect of a database. Constant. */
typedef struct weir_dialect {
    /** sizeof(weir_dialect), for the ABI: members are added at the end. */
    size_t size;
    const char *name;
    weir_placeholder placeholder;
    unsigned lexical;      /* weir_lexical bits */
    char identifier_quote; /* doubled inside */
    /** The longest name, in bytes or characters; 0: no limit. */
    size_t identifier_bytes_max;
    size_t identifier_characters_max;
    /** 1 << weir_isolation for each level that the database has. */
    unsigned isolation_levels;
    /** The most parameters of one statement. */
    size_t parameter_max;
} weir_dialect;

WEIR_END_DECLS

#endif
