/* SPDX-License-Identifier: MIT */
/*
 * What a statement does, from its words: whether it may write, whether it
 * calls what may do anything, whether it may mark the session. In doubt it
 * does. Words in strings, quoted names and comments do not count.
 *
 * A word before a parenthesis is a call unless it is known to be none: by
 * itself (a keyword), or by what stands before it (INSERT INTO t (…), … AS t
 * (…), WITH t (…) AS …).
 */
#include "stmt.h"

#include <string.h>
#include <strings.h>

#include "tokens.h"
#include "words.h"

enum { DEPTH_MAX = 64 };

typedef struct scanner {
    wpg_cursor at;
    wpg_scan found;
    wpg_token before; /* the token before this one */
    weir_text first;  /* the statement's first word */
    bool names;       /* a name comes next, no call */
    bool dotted;      /* a point stands before it */
    bool outer;       /* `names` before the first part of a name with points */
    bool in_catalog;  /* the schema before the point is pg_catalog */
    bool indexes;     /* CREATE INDEX: a table's name comes after ON */
    unsigned depth;   /* open parentheses */
    uint64_t values;  /* by depth: an expression may follow that parenthesis */
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

static bool begins_with(weir_text text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size && strncasecmp(text.data, prefix, size) == 0;
}

/* ------------------------------------------------------------------ writing */

static const char *const readers[] = {"SELECT", "SHOW", "EXPLAIN", "TABLE",
                                      "VALUES", "WITH", "FETCH",   NULL};
/* In a statement that begins like a reader. */
static const char *const writers[] = {
    "INSERT",  "UPDATE", "DELETE",  "MERGE",   "INTO",      "NEXTVAL",
    "LOWRITE", "SETVAL", "ANALYZE", "ANALYSE", "PG_NOTIFY", NULL};

/* Calls that write though they stand in a SELECT. */
static bool may_write(weir_text text)
{
    return begins_with(text, "LO_") || begins_with(text, "DBLINK") ||
           is_any(text, writers);
}

/* ------------------------------------------------------------- the session */

/* What begins so leaves nothing that neither its command tag nor its words
 * tell. */
static const char *const starters[] = {
    "SELECT",     "INSERT",  "UPDATE",   "DELETE",   "MERGE",     "WITH",
    "VALUES",     "TABLE",   "SHOW",     "EXPLAIN",  "FETCH",     "MOVE",
    "CLOSE",      "DECLARE", "CREATE",   "ALTER",    "DROP",      "TRUNCATE",
    "COMMENT",    "GRANT",   "REVOKE",   "ANALYZE",  "ANALYSE",   "VACUUM",
    "REINDEX",    "CLUSTER", "REFRESH",  "LOCK",     "NOTIFY",    "LISTEN",
    "UNLISTEN",   "SET",     "RESET",    "PREPARE",  "DISCARD",   "DEALLOCATE",
    "CHECKPOINT", "COPY",    "SECURITY", "REASSIGN", "BEGIN",     "START",
    "COMMIT",     "END",     "ROLLBACK", "ABORT",    "SAVEPOINT", "RELEASE",
    NULL};
/* … and of SET what ends with the transaction. */
static const char *const locals[] = {"LOCAL", "TRANSACTION", "CONSTRAINTS",
                                     NULL};
static const char *const temporary[] = {"TEMP", "TEMPORARY", "EXTENSION", NULL};
static const char *const makers[] = {"CREATE", "REPLACE", "LOCAL",
                                     "GLOBAL", "INTO",    NULL};

/* CREATE TEMP …, SELECT … INTO TEMP …, and a schema that is the session's. */
static bool marks(const scanner *s, weir_text word)
{
    return begins_with(word, "PG_TEMP") ||
           (is_any(word, temporary) && s->before.kind == WPG_TOKEN_WORD &&
            is_any(s->before.text, makers));
}

static bool quoted_marks(const wpg_token *token)
{
    weir_text text = token->text;

    return token->escaped ||
           begins_with(weir_text_span(text.data + 1, text.size - 1), "PG_TEMP");
}

/* -------------------------------------------------------------------- calls */

/* Behind these stands a name, or nothing that could be a call. */
static const char *const naming[] = {
    "AS",   "INTO",      "TABLE",      "EXISTS",  "REFERENCES",
    "VIEW", "FUNCTION",  "PROCEDURE",  "ROUTINE", "AGGREGATE",
    "WITH", "RECURSIVE", "ORDINALITY", NULL};
/* Words that are clauses only together. */
static const char *const clauses[][2] = {
    {"ORDER", "BY"},      {"GROUP", "BY"},    {"PARTITION", "BY"},
    {"PRIMARY", "KEY"},   {"FOREIGN", "KEY"}, {"NOT", "MATERIALIZED"},
    {"GROUPING", "SETS"}, {"ON", "CONFLICT"}, {"THEN", "INSERT"},
    {"BY", "RANGE"},      {"BY", "LIST"},     {"FETCH", "FIRST"},
    {"FETCH", "NEXT"},    {NULL, NULL}};

static bool is_clause(const scanner *s, weir_text word)
{
    if (s->before.kind != WPG_TOKEN_WORD)
        return false;
    for (size_t i = 0; clauses[i][0]; i++) {
        if (is_word(word, clauses[i][1]) &&
            is_word(s->before.text, clauses[i][0]))
            return true;
    }
    return false;
}

/* OPERATOR (…) is one, and hides that an expression follows. */
static bool may_do_anything(const scanner *s, weir_text word, wpg_word kind)
{
    if (is_word(word, "OPERATOR"))
        return true;
    if (s->names)
        return false;
    if (s->dotted)
        return !s->in_catalog || !wpg_word_leaves_nothing(word);
    return kind != WPG_WORD_INERT && !wpg_word_leaves_nothing(word) &&
           !is_clause(s, word);
}

/* ---------------------------------------------------------- names and lists */

/* In `WITH a (x) AS (…), b (y) AS (…)` nothing stands at the list's own depth
 * but names, these words, parentheses and commas between them. */
static const char *const of_lists[] = {"AS", "NOT", "MATERIALIZED", "RECURSIVE",
                                       NULL};

static void follow_list(scanner *s, const wpg_token *token)
{
    bool is_name =
        token->kind == WPG_TOKEN_QUOTED ||
        (token->kind == WPG_TOKEN_WORD && !is_any(token->text, of_lists));

    if (token->kind == WPG_TOKEN_COMMA && s->before.kind == WPG_TOKEN_CLOSE &&
        !s->list_names)
        s->list_names = true;
    else if (is_name && s->list_names)
        s->list_names = false;
    else if (is_name || token->kind == WPG_TOKEN_COMMA || s->list_names)
        s->lists =
            token->kind == WPG_TOKEN_WORD && is_word(token->text, "RECURSIVE");
    else if (token->kind != WPG_TOKEN_WORD && token->kind != WPG_TOKEN_OPEN &&
             token->kind != WPG_TOKEN_CLOSE)
        s->lists = false;
}

static void begin_list(scanner *s)
{
    s->lists = s->list_names = true;
    s->list_depth = s->depth;
}

/* After DISTINCT ON (…) and WITH (…) an expression may come; after other
 * parentheses only a name, as in (SELECT …) t (…). */
static void open(scanner *s)
{
    bool values =
        s->before.kind == WPG_TOKEN_WORD &&
        (is_word(s->before.text, "ON") || is_word(s->before.text, "WITH"));

    if (s->depth < DEPTH_MAX) {
        s->values &= ~(UINT64_C(1) << s->depth);
        s->values |= (uint64_t)values << s->depth;
    }
    s->depth++;
    s->names = false;
}

static void close(scanner *s)
{
    if (s->depth > 0)
        s->depth--;
    if (s->lists && s->depth < s->list_depth)
        s->lists = false;
    s->names =
        s->depth < DEPTH_MAX && (s->values & UINT64_C(1) << s->depth) == 0;
}

/* --------------------------------------------------------------- the tokens */

static void begin(scanner *s, weir_text word)
{
    s->first = word;
    s->found.effect =
        is_any(word, readers) ? WEIR_EFFECT_READ : WEIR_EFFECT_WRITE;
    s->found.marks_session = !is_any(word, starters);
    if (is_word(word, "WITH"))
        begin_list(s);
    s->names = is_any(word, naming);
}

/* What stands behind a word that is no keyword is the name of something. */
static bool names_next(const scanner *s, weir_text word, wpg_word kind)
{
    return kind == WPG_WORD_NAME || is_any(word, naming) ||
           (s->indexes && is_word(word, "ON"));
}

static void take_word(scanner *s, const wpg_token *token)
{
    weir_text word = token->text;
    wpg_word kind = wpg_word_find(word);

    if (may_write(word))
        s->found.effect = WEIR_EFFECT_WRITE;
    if (marks(s, word))
        s->found.marks_session = true;
    if (token->called && may_do_anything(s, word, kind))
        s->found.calls = true;
    if (is_word(word, "INDEX") && is_word(s->first, "CREATE"))
        s->indexes = true;
    if (s->before.text.data == s->first.data && is_word(s->first, "SET"))
        s->found.is_local = is_any(word, locals);
    if (is_word(word, "WITH"))
        begin_list(s);
    s->in_catalog = !s->dotted && is_word(word, "PG_CATALOG");
    s->names = names_next(s, word, kind);
}

static void take_quoted(scanner *s, const wpg_token *token)
{
    if (quoted_marks(token))
        s->found.marks_session = true;
    if (token->called && !s->names)
        s->found.calls = true;
    s->in_catalog = false;
    s->names = true;
}

static void take_name(scanner *s, const wpg_token *token)
{
    bool outer = s->dotted ? s->outer : s->names;

    if (token->kind == WPG_TOKEN_QUOTED)
        take_quoted(s, token);
    else if (s->first.size == 0)
        begin(s, token->text);
    else
        take_word(s, token);
    s->outer = outer;
    s->dotted = false;
}

static void take(scanner *s, const wpg_token *token)
{
    switch (token->kind) {
    case WPG_TOKEN_WORD:
    case WPG_TOKEN_QUOTED:
        take_name(s, token);
        return;
    case WPG_TOKEN_DOT:
        s->names = s->outer;
        s->dotted = true;
        return;
    case WPG_TOKEN_OPEN:
        open(s);
        break;
    case WPG_TOKEN_CLOSE:
        close(s);
        break;
    default:
        s->names = token->kind == WPG_TOKEN_CAST ||
                   (token->kind == WPG_TOKEN_COMMA && s->lists &&
                    s->list_names && s->depth == s->list_depth);
    }
    s->outer = s->dotted = s->in_catalog = false;
}

wpg_scan wpg_scan_sql(weir_text sql, bool backslashes)
{
    scanner s = {.at = {sql.data, sql.data + sql.size, backslashes},
                 .found = {.effect = WEIR_EFFECT_WRITE, .marks_session = true}};
    wpg_token token = wpg_token_next(&s.at);

    for (; token.kind != WPG_TOKEN_END; token = wpg_token_next(&s.at)) {
        if (s.lists && s.depth == s.list_depth)
            follow_list(&s, &token);
        take(&s, &token);
        s.before = token;
    }
    return s.found;
}
