/* SPDX-License-Identifier: MIT */
/*
 * From a program's text to the driver's: one pass that copies, and gathers
 * parameters on the way.
 */
#include "sql/placeholders.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "sql/lexer.h"
#include "sql/verb.h"

/* What is known while scanning. */
typedef struct scan {
    wi_lexer lexer;
    weir_error *err;
    wi_buf sql;
    wi_buf from;  /* uint16_t each */
    wi_buf names; /* names one after the other, each with its NUL */
    size_t source_count;
    bool positional, named;
    wi_verb_reader verb;
    bool ended; /* a `;` has been seen */
} scan;

static weir_status complain(const scan *s, const char *what)
{
    return weir_error_set(s->err, WEIR_ERR_SQL, "%s (at byte %zu)", what,
                          s->lexer.at + 1);
}

/* -------------------------------------------------------------- parameters */

/* The text of a parameter for the driver. */
static weir_status emit(scan *s, uint16_t source)
{
    if (s->lexer.dialect->placeholder == WEIR_PLACEHOLDER_DOLLAR) {
        wi_buf_addf(&s->sql, "$%u", source + 1u);
        if (source < s->from.size / sizeof source)
            return WEIR_OK; /* used before: the same number again */
    } else {
        wi_buf_add_char(&s->sql, '?');
    }
    wi_buf_add(&s->from, &source, sizeof source);
    if (s->from.size / sizeof source > s->lexer.dialect->parameter_max &&
        s->lexer.dialect->parameter_max > 0)
        return weir_error_set(s->err, WEIR_ERR_LIMIT,
                              "the statement has more than the %zu parameters "
                              "that %s takes",
                              s->lexer.dialect->parameter_max,
                              s->lexer.dialect->name);
    return WEIR_OK;
}

static weir_status add_source(scan *s, uint16_t *source)
{
    if (s->source_count == WI_SQL_PARAMETERS_MAX)
        return weir_error_set(s->err, WEIR_ERR_LIMIT,
                              "the statement has more than %d parameters",
                              WI_SQL_PARAMETERS_MAX);
    *source = (uint16_t)s->source_count++;
    return WEIR_OK;
}

static weir_status positional(scan *s)
{
    uint16_t source = 0;
    weir_status status;

    if (wi_lexer_peek(&s->lexer, 1) == '?') {
        wi_buf_add_char(&s->sql, '?');
        s->lexer.at += 2;
        return WEIR_OK;
    }
    if (wi_lexer_peek(&s->lexer, 1) >= '0' &&
        wi_lexer_peek(&s->lexer, 1) <= '9')
        return complain(s, "numbered parameters are not taken; write ? or "
                           ":name");
    if (s->named)
        return complain(s, "? and :name are mixed; write one or the other");
    s->positional = true;
    s->lexer.at++;
    status = add_source(s, &source);
    return status == WEIR_OK ? emit(s, source) : status;
}

/* The argument of that name, a new one if it is the first use. */
static weir_status source_of(scan *s, const char *name, size_t size,
                             uint16_t *source)
{
    const char *at = wi_buf_text(&s->names);
    weir_status status;

    if (!at)
        return WEIR_OK; /* out of memory, told at the end */
    for (size_t i = 0; i < s->source_count; i++) {
        if (strlen(at) == size && memcmp(at, name, size) == 0) {
            *source = (uint16_t)i;
            return WEIR_OK;
        }
        at += strlen(at) + 1;
    }
    status = add_source(s, source);
    if (status != WEIR_OK)
        return status;
    wi_buf_add(&s->names, name, size);
    wi_buf_add_char(&s->names, '\0');
    return WEIR_OK;
}

static bool is_name_start(char c)
{
    return wi_is_word(c) && !(c >= '0' && c <= '9');
}

/* Whether the colon at the current place begins a parameter. */
static bool begins_name(const scan *s)
{
    const wi_lexer *lexer = &s->lexer;
    char before = lexer->at > 0 ? lexer->text[lexer->at - 1] : ' ';

    if (!is_name_start(wi_lexer_peek(lexer, 1)))
        return false;
    return before != ':' && before != ']' && !wi_is_word(before);
}

static weir_status named(scan *s)
{
    size_t size = 0;
    uint16_t source = 0;
    weir_status status;

    if (s->positional)
        return complain(s, "? and :name are mixed; write one or the other");
    s->named = true;
    s->lexer.at++;
    while (wi_is_word(wi_lexer_peek(&s->lexer, size)))
        size++;
    status = source_of(s, s->lexer.text + s->lexer.at, size, &source);
    s->lexer.at += size;
    return status == WEIR_OK ? emit(s, source) : status;
}

/* ------------------------------------------------------------------- steps */

static void copy(scan *s, size_t size)
{
    wi_buf_add(&s->sql, s->lexer.text + s->lexer.at, size);
    s->lexer.at += size;
}

static weir_status step_word(scan *s)
{
    size_t size = 0;

    while (wi_is_word(wi_lexer_peek(&s->lexer, size)))
        size++;
    wi_verb_word(&s->verb, s->lexer.text + s->lexer.at, size);
    copy(s, size);
    return WEIR_OK;
}

/* `@x` and `$1` are parameters to some client libraries; here they would go
 * through unbound. */
static bool is_foreign(const scan *s)
{
    char c = wi_lexer_peek(&s->lexer, 0), next = wi_lexer_peek(&s->lexer, 1);
    char before = s->lexer.at > 0 ? s->lexer.text[s->lexer.at - 1] : ' ';

    if (wi_is_word(before) || before == c)
        return false;
    if (c == '$')
        return wi_is_word(next);
    return c == '@' && is_name_start(next) &&
           (s->lexer.dialect->lexical & WEIR_LEX_BRACKET);
}

static weir_status step(scan *s)
{
    char c = wi_lexer_peek(&s->lexer, 0);

    if (wi_is_word(c))
        return step_word(s);
    if (c == ';') {
        if (!wi_verb_in_body(&s->verb)) {
            s->ended = true;
            s->lexer.at++;
            return WEIR_OK;
        }
    } else if (c == '?') {
        return positional(s);
    } else if (c == ':' && wi_lexer_peek(&s->lexer, 1) == ':') {
        copy(s, 2);
        return WEIR_OK;
    } else if (c == ':' && begins_name(s)) {
        return named(s);
    } else if (is_foreign(s)) {
        return complain(s, "parameters are written ? or :name on every "
                           "database");
    }
    copy(s, 1);
    return WEIR_OK;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static weir_status scan_all(scan *s)
{
    while (s->lexer.at < s->lexer.size) {
        size_t begin = s->lexer.at;
        bool skipped, comment;
        weir_status status =
            wi_lexer_skip(&s->lexer, &skipped, &comment, s->err);

        if (status != WEIR_OK)
            return status;
        if (s->ended && !comment && !is_space(s->lexer.text[begin]) &&
            s->lexer.text[begin] != ';')
            return complain(s, "one statement at a time; run what follows the "
                               "; on its own");
        if (skipped && !comment)
            s->verb.any = true;
        if (skipped)
            wi_buf_add(&s->sql, s->lexer.text + begin, s->lexer.at - begin);
        else
            status = step(s);
        if (status != WEIR_OK)
            return status;
    }
    if (!s->verb.any)
        return weir_error_set(s->err, WEIR_ERR_SQL, "the statement is empty");
    return WEIR_OK;
}

/* -------------------------------------------------------------------- plan */

static bool is_identity(const uint16_t *from, size_t driver_count,
                        size_t source_count)
{
    if (driver_count != source_count)
        return false;
    for (size_t i = 0; i < driver_count; i++) {
        if (from[i] != i)
            return false;
    }
    return true;
}

/* The plan, its arrays and strings in one block. */
static wi_sql_plan *pack(const scan *s, const weir_allocator *allocator)
{
    size_t drivers = s->from.size / sizeof(uint16_t);
    size_t names = s->named ? s->source_count : 0;
    size_t size = sizeof(wi_sql_plan) + names * sizeof(char *) + s->from.size +
                  s->names.size + s->sql.size + 1;
    wi_sql_plan *plan = wi_alloc_zero(allocator, 1, size);
    const char **name_table;
    uint16_t *from;
    char *text;

    if (!plan)
        return NULL;
    name_table = (const char **)(void *)(plan + 1);
    from = (uint16_t *)(void *)(name_table + names);
    text = (char *)(from + drivers);
    if (s->from.size > 0)
        memcpy(from, s->from.data, s->from.size);
    if (s->names.size > 0)
        memcpy(text, s->names.data, s->names.size);
    for (size_t i = 0; i < names; i++) {
        name_table[i] = text;
        text += strlen(text) + 1;
    }
    if (s->sql.size > 0)
        memcpy(text, s->sql.data, s->sql.size);
    *plan = (wi_sql_plan){
        .allocator = allocator,
        .sql = text,
        .size = s->sql.size,
        .named = s->named,
        .identity = !s->named && is_identity(from, drivers, s->source_count),
        .verb = wi_verb_found(&s->verb),
        .source_count = s->source_count,
        .driver_count = drivers,
        .from = from,
        .names = name_table,
    };
    return plan;
}

static weir_status check_text(weir_text text, weir_error *err)
{
    wi_utf8_kind kind;

    if (text.size > WI_SQL_SIZE_MAX)
        return weir_error_set(err, WEIR_ERR_LIMIT,
                              "the statement is longer than %d bytes",
                              WI_SQL_SIZE_MAX);
    kind = wi_utf8_check(text.data, text.size);
    if (kind == WI_UTF8_BROKEN)
        return weir_error_set(err, WEIR_ERR_TYPE, "the statement is not UTF-8");
    if (kind == WI_UTF8_HAS_NUL)
        return weir_error_set(err, WEIR_ERR_SQL,
                              "the statement holds a NUL character");
    return WEIR_OK;
}

weir_status wi_sql_plan_make(const weir_dialect *dialect, weir_text text,
                             const weir_allocator *allocator, wi_sql_plan **out,
                             weir_error *err)
{
    scan s = {
        .lexer = {.dialect = dialect, .text = text.data, .size = text.size},
        .err = err,
    };
    weir_status status = check_text(text, err);

    if (status != WEIR_OK)
        return status;
    wi_buf_init(&s.sql, allocator, 0);
    wi_buf_init(&s.from, allocator, 0);
    wi_buf_init(&s.names, allocator, 0);
    status = scan_all(&s);
    if (status == WEIR_OK) {
        bool whole = wi_buf_status(&s.sql) == WEIR_OK &&
                     wi_buf_status(&s.from) == WEIR_OK &&
                     wi_buf_status(&s.names) == WEIR_OK;

        *out = whole ? pack(&s, allocator) : NULL;
        if (!*out)
            status = wi_error_nomem(err);
    }
    wi_buf_clear(&s.sql);
    wi_buf_clear(&s.from);
    wi_buf_clear(&s.names);
    return status;
}

void wi_sql_plan_free(wi_sql_plan **plan)
{
    if (!*plan)
        return;
    wi_free((*plan)->allocator, *plan);
    *plan = NULL;
}
