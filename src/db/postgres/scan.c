/* SPDX-License-Identifier: MIT */
/*
 * What a statement does, from its words: whether it may write, whether it
 * calls what may do anything, whether it may mark the session. Words in
 * strings, quoted names and comments do not count.
 */
#include "stmt.h"

#include <string.h>
#include <strings.h>

typedef struct cursor {
    const char *at;
    const char *end;
} cursor;

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

static void skip_quoted(cursor *c, bool backslashes)
{
    char quote = *c->at++;

    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' && backslashes && c->at + 1 < c->end)
            c->at++;
        c->at++;
    }
    if (c->at < c->end)
        c->at++;
}

/* $tag$ … $tag$; a parameter ($1) is stepped over. */
static void skip_dollar(cursor *c)
{
    const char *tag = c->at++;
    size_t size;

    while (c->at < c->end && is_word_byte(*c->at))
        c->at++;
    if (c->at == c->end || *c->at != '$' || (tag[1] >= '0' && tag[1] <= '9'))
        return;
    size = (size_t)(++c->at - tag);
    c->at = memmem(c->at, (size_t)(c->end - c->at), tag, size);
    c->at = c->at ? c->at + size : c->end;
}

static bool starts(const cursor *c, const char *two)
{
    return c->end - c->at >= 2 && c->at[0] == two[0] && c->at[1] == two[1];
}

static bool skip_comment(cursor *c)
{
    int depth = 0;

    if (starts(c, "--")) {
        while (c->at < c->end && *c->at != '\n')
            c->at++;
        return true;
    }
    if (!starts(c, "/*"))
        return false;
    while (c->at < c->end) {
        int step = starts(c, "/*") ? 1 : starts(c, "*/") ? -1 : 0;

        depth += step;
        c->at += step ? 2 : 1;
        if (depth == 0)
            break;
    }
    return true;
}

typedef struct word {
    weir_text text;
    bool call; /* a parenthesis follows */
} word;

static bool is_called(cursor c)
{
    while (c.at < c.end && (*c.at == ' ' || *c.at == '\n' || *c.at == '\t'))
        c.at++;
    return c.at < c.end && *c.at == '(';
}

/* The next word; a quoted name counts only if it is called. */
static word next_word(cursor *c)
{
    while (c->at < c->end) {
        const char *from = c->at;

        if (skip_comment(c))
            continue;
        if (*c->at == '\'' || *c->at == '"') {
            skip_quoted(c, false);
            if (*from == '"' && is_called(*c))
                return (word){weir_text_span("\"", 1), true};
        } else if (*c->at == '$') {
            skip_dollar(c);
        } else if (is_word_byte(*c->at)) {
            while (c->at < c->end && is_word_byte(*c->at))
                c->at++;
            if (c->at - from == 1 && (*from == 'E' || *from == 'e') &&
                c->at < c->end && *c->at == '\'')
                skip_quoted(c, true);
            else
                return (word){weir_text_span(from, (size_t)(c->at - from)),
                              is_called(*c)};
        } else {
            c->at++;
        }
    }
    return (word){weir_text_span(c->end, 0), false};
}

static bool is_any(weir_text text, const char *const *wanted)
{
    for (; *wanted; wanted++) {
        if (strlen(*wanted) == text.size &&
            strncasecmp(text.data, *wanted, text.size) == 0)
            return true;
    }
    return false;
}

static bool begins_with(weir_text text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size && strncasecmp(text.data, prefix, size) == 0;
}

static const char *const readers[] = {"SELECT", "SHOW", "EXPLAIN", "TABLE",
                                      "VALUES", "WITH", "FETCH",   NULL};
/* In a statement that begins like a reader. */
static const char *const writers[] = {
    "INSERT", "UPDATE",  "DELETE",  "MERGE",     "INTO", "NEXTVAL",
    "SETVAL", "ANALYZE", "ANALYSE", "PG_NOTIFY", NULL};
/* Words before a parenthesis that are no call, and calls that only look. */
static const char *const harmless[] = {"ABS",
                                       "ALL",
                                       "AND",
                                       "ANY",
                                       "ARRAY",
                                       "ARRAY_AGG",
                                       "AS",
                                       "AVG",
                                       "BETWEEN",
                                       "BIGINT",
                                       "BY",
                                       "CASE",
                                       "CAST",
                                       "CEIL",
                                       "CHAR",
                                       "COALESCE",
                                       "CONCAT",
                                       "COUNT",
                                       "DATE_TRUNC",
                                       "DECIMAL",
                                       "DISTINCT",
                                       "ELSE",
                                       "EXCEPT",
                                       "EXISTS",
                                       "EXTRACT",
                                       "FILTER",
                                       "FLOOR",
                                       "FROM",
                                       "GREATEST",
                                       "GROUP",
                                       "HAVING",
                                       "IN",
                                       "INTERSECT",
                                       "JOIN",
                                       "JSONB_AGG",
                                       "JSON_AGG",
                                       "LATERAL",
                                       "LEAST",
                                       "LEFT",
                                       "LENGTH",
                                       "LIMIT",
                                       "LOWER",
                                       "MATERIALIZED",
                                       "MAX",
                                       "MIN",
                                       "NOT",
                                       "NOW",
                                       "NULLIF",
                                       "NUMERIC",
                                       "OFFSET",
                                       "ON",
                                       "OR",
                                       "ORDER",
                                       "OVER",
                                       "PARTITION",
                                       "RANK",
                                       "REPLACE",
                                       "RIGHT",
                                       "ROUND",
                                       "ROW",
                                       "ROW_NUMBER",
                                       "SELECT",
                                       "SOME",
                                       "STRING_AGG",
                                       "SUBSTRING",
                                       "SUM",
                                       "THEN",
                                       "TRIM",
                                       "UNION",
                                       "UNNEST",
                                       "UPPER",
                                       "USING",
                                       "VALUES",
                                       "VARCHAR",
                                       "WHEN",
                                       "WHERE",
                                       "WINDOW",
                                       "WITH",
                                       "GENERATE_SERIES",
                                       NULL};
/* What begins so may leave settings, locks or temporary objects behind that
 * its command tag does not tell. */
static const char *const markers[] = {"DO", "CALL", "LOAD", "IMPORT", NULL};
static const char *const marking_words[] = {"TEMP",
                                            "TEMPORARY",
                                            "SET_CONFIG",
                                            "PG_ADVISORY_LOCK",
                                            "PG_ADVISORY_LOCK_SHARED",
                                            "PG_TRY_ADVISORY_LOCK",
                                            "PG_TRY_ADVISORY_LOCK_SHARED",
                                            "SETSEED",
                                            "DBLINK_CONNECT",
                                            NULL};
/* Calls that write though they stand in a SELECT. */
static bool is_writing_call(weir_text text)
{
    return begins_with(text, "LO_") || begins_with(text, "DBLINK") ||
           is_any(text, writers);
}

wpg_scan wpg_scan_sql(weir_text sql)
{
    cursor c = {sql.data, sql.data + sql.size};
    word at = next_word(&c);
    wpg_scan found = {
        .effect =
            is_any(at.text, readers) ? WEIR_EFFECT_READ : WEIR_EFFECT_WRITE,
        .marks_session = is_any(at.text, markers),
    };

    for (at = next_word(&c); at.text.size > 0; at = next_word(&c)) {
        if (is_writing_call(at.text))
            found.effect = WEIR_EFFECT_WRITE;
        if (at.call && !is_any(at.text, harmless))
            found.calls = true;
        if (is_any(at.text, marking_words))
            found.marks_session = true;
    }
    return found;
}
