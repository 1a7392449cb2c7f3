/* SPDX-License-Identifier: MIT */
/*
 * What a statement does, from its words: whether it may write, whether it can
 * generate a key, whether it may mark the session. In doubt it writes. Words
 * in strings, quoted names and comments do not count, except in the comments
 * that the server runs.
 */
#include "wmy.h"

#include <string.h>
#include <strings.h>

typedef struct cursor {
    const char *at;
    const char *end;
    bool dotted; /* a point stands before what follows */
} cursor;

/* What may matter of a statement: a word, or ":=". */
typedef struct word {
    weir_text text; /* of a quoted name: its first quote */
    bool called;    /* a parenthesis follows */
    bool adjacent;  /* … at once */
    bool qualified; /* it stands behind a point */
} word;

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

static void skip_quoted(cursor *c)
{
    char quote = *c->at++;

    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' && quote != '`' && c->at + 1 < c->end)
            c->at++;
        c->at++;
    }
    if (c->at < c->end)
        c->at++;
}

static void skip_line(cursor *c)
{
    while (c->at < c->end && *c->at != '\n')
        c->at++;
}

/* The text of an executable comment is read like any other: slash, star,
 * exclamation mark (or M!) are stepped over alone. */
static bool skip_comment(cursor *c)
{
    size_t left = (size_t)(c->end - c->at);

    if (*c->at == '#' || (left >= 2 && c->at[0] == '-' && c->at[1] == '-')) {
        skip_line(c);
        return true;
    }
    if (left < 2 || c->at[0] != '/' || c->at[1] != '*')
        return false;
    c->at += 2;
    if (left >= 3 &&
        (*c->at == '!' || (left >= 4 && *c->at == 'M' && c->at[1] == '!')))
        return true;
    while (c->at + 1 < c->end && (c->at[0] != '*' || c->at[1] != '/'))
        c->at++;
    c->at = c->at + 2 < c->end ? c->at + 2 : c->end;
    return true;
}

static void skip_blanks(cursor *c)
{
    while (c->at < c->end) {
        if (*c->at == ' ' || (*c->at >= '\t' && *c->at <= '\r'))
            c->at++;
        else if (!skip_comment(c))
            return;
    }
}

static word make_word(cursor *c, const char *from, size_t size)
{
    word found = {.text = weir_text_span(from, size),
                  .adjacent = c->at < c->end && *c->at == '(',
                  .qualified = c->dotted};
    cursor ahead = *c;

    skip_blanks(&ahead);
    found.called = ahead.at < ahead.end && *ahead.at == '(';
    c->dotted = false;
    return found;
}

/* The next word. Quoted names count only if they are called. */
static word next_word(cursor *c)
{
    while (c->at < c->end) {
        const char *from = c->at;

        if (*c->at == '\'' || *c->at == '"' || *c->at == '`') {
            word name;

            skip_quoted(c);
            name = make_word(c, from, 1);
            if (*from != '\'' && name.called)
                return name;
        } else if (skip_comment(c)) {
            continue;
        } else if (is_word_byte(*c->at)) {
            while (c->at < c->end && is_word_byte(*c->at))
                c->at++;
            return make_word(c, from, (size_t)(c->at - from));
        } else if (*c->at == ':' && c->at + 1 < c->end && c->at[1] == '=') {
            c->at += 2;
            return make_word(c, from, 2);
        } else {
            c->dotted = *c->at == '.' || (c->dotted && *c->at == ' ');
            c->at++;
        }
    }
    return make_word(c, c->end, 0);
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

static const char *const readers[] = {"SELECT", "SHOW",  "EXPLAIN",
                                      "DESC",   "TABLE", "DESCRIBE",
                                      "VALUES", "WITH",  NULL};
static const char *const inserters[] = {"INSERT", "REPLACE", NULL};
/* In a statement that begins like a reader. */
static const char *const writers[] = {
    "INSERT",  "UPDATE",   "DELETE",       "REPLACE",           "INTO",
    "NEXTVAL", "SETVAL",   "NEXT",         "ANALYZE",           "CALL",
    "INSERT",  "GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", ":=",
    NULL};
/* What begins so changes settings, locks, temporary objects or the database. */
static const char *const markers[] = {"SET",   "USE",     "LOCK", "UNLOCK",
                                      "FLUSH", "PREPARE", "CALL", "HANDLER",
                                      "LOAD",  "INSTALL", "DO",   NULL};
static const char *const marking_words[] = {"GET_LOCK", "TEMPORARY",
                                            ":=", NULL};

/* Words before a parenthesis that are no call, wherever it stands. */
static const char *const keywords[] = {
    "ALL",    "AND",    "ANY",       "AS",       "BETWEEN", "BINARY",
    "BY",     "CASE",   "CHAR",      "DECIMAL",  "DIV",     "DISTINCT",
    "ELSE",   "EXCEPT", "EXISTS",    "FOR",      "FROM",    "HAVING",
    "IN",     "INDEX",  "INTERSECT", "INTERVAL", "JOIN",    "KEY",
    "LIKE",   "LIMIT",  "MOD",       "NCHAR",    "NOT",     "OF",
    "OFFSET", "ON",     "OR",        "ORDER",    "OVER",    "PARTITION",
    "REGEXP", "RLIKE",  "ROW",       "SELECT",   "SOME",    "THEN",
    "UNION",  "USING",  "VALUES",    "VARCHAR",  "WHEN",    "WHERE",
    "WINDOW", "WITH",   "XOR",       NULL};
/* Functions of the server that only look. A function of one's own may have
 * the same name, if it is called by its database or after a blank. */
static const char *const lookers[] = {"ABS",
                                      "AVG",
                                      "BIT_AND",
                                      "BIT_OR",
                                      "CAST",
                                      "CEIL",
                                      "CEILING",
                                      "CHAR_LENGTH",
                                      "COALESCE",
                                      "CONCAT",
                                      "CONCAT_WS",
                                      "CONNECTION_ID",
                                      "CONVERT",
                                      "COUNT",
                                      "CURDATE",
                                      "CURRENT_DATE",
                                      "CURRENT_TIMESTAMP",
                                      "CURRENT_USER",
                                      "DATABASE",
                                      "DATE",
                                      "DATEDIFF",
                                      "DATE_ADD",
                                      "DATE_FORMAT",
                                      "DATE_SUB",
                                      "DAY",
                                      "DENSE_RANK",
                                      "EXTRACT",
                                      "FIND_IN_SET",
                                      "FIRST_VALUE",
                                      "FLOOR",
                                      "FORMAT",
                                      "FOUND_ROWS",
                                      "FROM_UNIXTIME",
                                      "GREATEST",
                                      "GROUP_CONCAT",
                                      "HEX",
                                      "HOUR",
                                      "IF",
                                      "IFNULL",
                                      "INSTR",
                                      "ISNULL",
                                      "JSON_ARRAYAGG",
                                      "JSON_CONTAINS",
                                      "JSON_EXTRACT",
                                      "JSON_LENGTH",
                                      "JSON_OBJECTAGG",
                                      "JSON_UNQUOTE",
                                      "JSON_VALUE",
                                      "LAG",
                                      "LAST_VALUE",
                                      "LEAD",
                                      "LEAST",
                                      "LEFT",
                                      "LENGTH",
                                      "LOCATE",
                                      "LOWER",
                                      "LPAD",
                                      "LTRIM",
                                      "MAX",
                                      "MD5",
                                      "MIN",
                                      "MINUTE",
                                      "MONTH",
                                      "NOW",
                                      "NULLIF",
                                      "POW",
                                      "POWER",
                                      "RANK",
                                      "RIGHT",
                                      "ROUND",
                                      "ROW_COUNT",
                                      "ROW_NUMBER",
                                      "RPAD",
                                      "RTRIM",
                                      "SECOND",
                                      "SHA1",
                                      "SHA2",
                                      "SIGN",
                                      "SLEEP",
                                      "SQRT",
                                      "STDDEV",
                                      "SUBSTR",
                                      "SUBSTRING",
                                      "SUM",
                                      "TIMESTAMPDIFF",
                                      "TRIM",
                                      "TRUNCATE",
                                      "UNHEX",
                                      "UNIX_TIMESTAMP",
                                      "UPPER",
                                      "USER",
                                      "UTC_TIMESTAMP",
                                      "UUID",
                                      "VERSION",
                                      "YEAR",
                                      NULL};

static bool may_do_anything(const word *one)
{
    if (!one->called)
        return false;
    if (one->qualified)
        return true;
    return !is_any(one->text, keywords) &&
           !(one->adjacent && is_any(one->text, lookers));
}

wmy_scan wmy_scan_sql(weir_text sql)
{
    cursor c = {sql.data, sql.data + sql.size, false};
    word at = next_word(&c);
    wmy_scan found = {
        .effect =
            is_any(at.text, readers) ? WEIR_EFFECT_READ : WEIR_EFFECT_WRITE,
        .inserts = is_any(at.text, inserters),
        .marks_session = is_any(at.text, markers),
    };

    for (at = next_word(&c); at.text.size > 0; at = next_word(&c)) {
        if (found.effect == WEIR_EFFECT_READ && is_any(at.text, writers))
            found.effect = WEIR_EFFECT_WRITE;
        if (!found.marks_session && is_any(at.text, marking_words))
            found.marks_session = true;
        if (!found.calls && may_do_anything(&at))
            found.calls = true;
    }
    return found;
}
