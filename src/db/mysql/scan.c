/* SPDX-License-Identifier: MIT */
/*
 * What a statement does, from its words: whether it may write, whether it can
 * generate a key, whether it may mark the session. In doubt it does. Words in
 * strings, quoted names and comments do not count, except in the comments
 * that the server runs.
 *
 * A word before a parenthesis is a call unless it is known to be none: by
 * itself (a keyword), or by what stands before it (INSERT INTO t (…), … AS t
 * (…), WITH t (…) AS …).
 */
#include <string.h>
#include <strings.h>

#include "tokens.h"
#include "wmy.h"
#include "words.h"

typedef struct scanner {
    wmy_scan found;
    wmy_token before; /* the token before this one */
    weir_text first;  /* the statement's first word */
    bool names;       /* a name comes next, no call */
    bool dotted;      /* a point stands before it */
    bool outer;       /* `names` before the first part of a name with points */
    bool indexes;     /* CREATE INDEX: a table's name comes after ON */
    unsigned depth;   /* open parentheses */
    bool lists;       /* in the list of a WITH, at `list_depth` */
    bool list_names;  /* … where a name comes next */
    unsigned list_depth;
} scanner;

static bool is_word(weir_text text, const char *word)
{
    return strlen(word) == text.size &&
           strncasecmp(text.data, word, text.size) == 0;
}

/* Most differ in their first letter, whose case is one bit. */
static bool is_any(weir_text text, const char *const *wanted)
{
    for (; *wanted; wanted++) {
        if (((text.data[0] ^ (*wanted)[0]) & ~0x20) == 0 &&
            is_word(text, *wanted))
            return true;
    }
    return false;
}

static const char *const readers[] = {"SELECT", "SHOW",  "EXPLAIN",
                                      "DESC",   "TABLE", "DESCRIBE",
                                      "VALUES", "WITH",  NULL};
static const char *const inserters[] = {"INSERT", "REPLACE", NULL};
/* In a statement that begins like a reader. */
static const char *const writers[] = {"INSERT",
                                      "UPDATE",
                                      "DELETE",
                                      "REPLACE",
                                      "INTO",
                                      "NEXTVAL",
                                      "SETVAL",
                                      "NEXT",
                                      "ANALYZE",
                                      "CALL",
                                      "GET_LOCK",
                                      "RELEASE_LOCK",
                                      "RELEASE_ALL_LOCKS",
                                      NULL};
/* What begins so leaves nothing in the session that neither the server nor its
 * words tell. */
static const char *const starters[] = {
    "SELECT", "INSERT",   "UPDATE",    "DELETE",   "REPLACE", "WITH",
    "VALUES", "TABLE",    "SHOW",      "EXPLAIN",  "DESC",    "DESCRIBE",
    "CREATE", "ALTER",    "DROP",      "TRUNCATE", "RENAME",  "ANALYZE",
    "CHECK",  "OPTIMIZE", "REPAIR",    "CHECKSUM", "GRANT",   "REVOKE",
    "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE",  NULL};

/* -------------------------------------------------------------------- calls */

/* Behind these stands a name, or nothing that could be a call. */
static const char *const naming[] = {"AS",           "INTO",      "TABLE",
                                     "EXISTS",       "INDEX",     "KEY",
                                     "UNIQUE",       "VIEW",      "INSERT",
                                     "REPLACE",      "IGNORE",    "REFERENCES",
                                     "WITH",         "DELAYED",   "SPATIAL",
                                     "LOW_PRIORITY", "FULLTEXT",  "RECURSIVE",
                                     "FUNCTION",     "PROCEDURE", NULL};
/* Words that are clauses only together. */
static const char *const clauses[][2] = {
    {"BY", "RANGE"},    {"BY", "LIST"},    {"BY", "HASH"}, {"LINEAR", "HASH"},
    {"USING", "BTREE"}, {"USING", "HASH"}, {NULL, NULL}};

static bool is_clause(const scanner *s, weir_text word)
{
    if (s->before.kind != WMY_TOKEN_WORD)
        return false;
    for (size_t i = 0; clauses[i][0]; i++) {
        if (is_word(word, clauses[i][1]) &&
            is_word(s->before.text, clauses[i][0]))
            return true;
    }
    return false;
}

/* LAST_INSERT_ID() asks, with a value it sets. */
static bool asks_for_key(const wmy_token *token)
{
    return token->is_empty && is_word(token->text, "LAST_INSERT_ID");
}

static bool may_do_anything(const scanner *s, const wmy_token *token)
{
    if (!token->called || s->names)
        return false;
    if (s->dotted)
        return true;
    return !wmy_word_is_inert(token->text) && !is_clause(s, token->text) &&
           !asks_for_key(token) &&
           !(token->adjacent && wmy_word_leaves_nothing(token->text));
}

/* ---------------------------------------------------------- names and lists */

/* In `WITH a (x) AS (…), b (y) AS (…)` nothing stands at the list's own depth
 * but names, these words, parentheses and commas between them. */
static const char *const of_lists[] = {"AS", "RECURSIVE", NULL};

static bool goes_on(const scanner *s, const wmy_token *token)
{
    switch (token->kind) {
    case WMY_TOKEN_COMMA:
        return s->before.kind == WMY_TOKEN_CLOSE && !s->list_names;
    case WMY_TOKEN_OPEN:
        return !s->list_names;
    case WMY_TOKEN_CLOSE:
        return true;
    case WMY_TOKEN_WORD:
        return s->list_names != is_word(token->text, "AS") &&
               (s->list_names || is_any(token->text, of_lists));
    case WMY_TOKEN_QUOTED:
        return s->list_names;
    default:
        return false;
    }
}

static void follow_list(scanner *s, const wmy_token *token)
{
    s->lists = goes_on(s, token);
    if (token->kind == WMY_TOKEN_COMMA)
        s->list_names = true;
    else if (token->kind != WMY_TOKEN_WORD ||
             !is_word(token->text, "RECURSIVE"))
        s->list_names = false;
}

static void begin_list(scanner *s)
{
    s->lists = s->list_names = true;
    s->list_depth = s->depth;
}

/* --------------------------------------------------------------- the tokens */

static void begin(scanner *s, weir_text word)
{
    s->first = word;
    s->found.effect =
        is_any(word, readers) ? WEIR_EFFECT_READ : WEIR_EFFECT_WRITE;
    s->found.inserts = is_any(word, inserters);
    s->found.marks_session = !is_any(word, starters);
    if (is_word(word, "WITH"))
        begin_list(s);
    s->names = is_any(word, naming);
}

static void take_word(scanner *s, const wmy_token *token)
{
    weir_text word = token->text;

    if (is_any(word, writers))
        s->found.effect = WEIR_EFFECT_WRITE;
    if (is_word(word, "TEMPORARY") || is_word(word, "GET_LOCK"))
        s->found.marks_session = true;
    if (may_do_anything(s, token))
        s->found.calls = true;
    if (is_word(word, "INDEX") && is_word(s->first, "CREATE"))
        s->indexes = true;
    if (is_word(word, "WITH"))
        begin_list(s);
    s->names = is_any(word, naming) || (s->indexes && is_word(word, "ON"));
}

static void take_name(scanner *s, const wmy_token *token)
{
    bool outer = s->dotted ? s->outer : s->names;

    if (token->kind == WMY_TOKEN_QUOTED) {
        if (token->called && !s->names)
            s->found.calls = true;
        s->names = false;
    } else if (s->first.size == 0) {
        begin(s, token->text);
    } else {
        take_word(s, token);
    }
    s->outer = outer;
    s->dotted = false;
}

/* A variable that is given a value. */
static bool assigns(const scanner *s, const wmy_token *token)
{
    return token->kind == WMY_TOKEN_ASSIGN ||
           (token->kind == WMY_TOKEN_VARIABLE &&
            s->before.kind == WMY_TOKEN_WORD &&
            is_word(s->before.text, "INTO"));
}

static void take(scanner *s, const wmy_token *token)
{
    switch (token->kind) {
    case WMY_TOKEN_WORD:
    case WMY_TOKEN_QUOTED:
        take_name(s, token);
        return;
    case WMY_TOKEN_DOT:
        s->names = s->outer;
        s->dotted = true;
        return;
    case WMY_TOKEN_OPEN:
        s->depth++;
        break;
    case WMY_TOKEN_CLOSE:
        s->depth -= s->depth > 0;
        s->lists = s->lists && s->depth >= s->list_depth;
        break;
    default:
        if (assigns(s, token)) {
            s->found.effect = WEIR_EFFECT_WRITE;
            s->found.marks_session = true;
        }
    }
    s->names = s->lists && s->list_names && s->depth == s->list_depth;
    s->outer = s->dotted = false;
}

wmy_scan wmy_scan_sql(weir_text sql, bool backslashes)
{
    scanner s = {.found = {.effect = WEIR_EFFECT_WRITE, .marks_session = true}};
    wmy_cursor at = {sql.data, sql.data + sql.size, backslashes, false};
    wmy_token token = wmy_token_next(&at);

    for (; token.kind != WMY_TOKEN_END; token = wmy_token_next(&at)) {
        if (s.lists && s.depth == s.list_depth)
            follow_list(&s, &token);
        take(&s, &token);
        s.before = token;
    }
    if (at.is_ambiguous) {
        s.found.effect = WEIR_EFFECT_WRITE;
        s.found.calls = s.found.marks_session = true;
    }
    return s.found;
}
