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
} cursor;

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

/* The next word, or one of the signs that matter here: "(" and ":=". */
static weir_text next_word(cursor *c)
{
    const char *from;

    while (c->at < c->end) {
        if (*c->at == '\'' || *c->at == '"' || *c->at == '`') {
            skip_quoted(c);
        } else if (skip_comment(c)) {
            continue;
        } else if (is_word_byte(*c->at)) {
            from = c->at;
            while (c->at < c->end && is_word_byte(*c->at))
                c->at++;
            return weir_text_span(from, (size_t)(c->at - from));
        } else if (*c->at == ':' && c->at + 1 < c->end && c->at[1] == '=') {
            c->at += 2;
            return weir_text_span(c->at - 2, 2);
        } else {
            c->at++;
        }
    }
    return weir_text_span(c->end, 0);
}

static bool is_any(weir_text word, const char *const *wanted)
{
    for (; *wanted; wanted++) {
        if (strlen(*wanted) == word.size &&
            strncasecmp(word.data, *wanted, word.size) == 0)
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

wmy_scan wmy_scan_sql(weir_text sql)
{
    cursor c = {sql.data, sql.data + sql.size};
    weir_text word = next_word(&c);
    wmy_scan found = {
        .effect = is_any(word, readers) ? WEIR_EFFECT_READ : WEIR_EFFECT_WRITE,
        .inserts = is_any(word, inserters),
        .marks_session = is_any(word, markers),
    };

    for (word = next_word(&c); word.size > 0; word = next_word(&c)) {
        if (found.effect == WEIR_EFFECT_READ && is_any(word, writers))
            found.effect = WEIR_EFFECT_WRITE;
        if (!found.marks_session && is_any(word, marking_words))
            found.marks_session = true;
    }
    return found;
}
