/* SPDX-License-Identifier: MIT */
/*
 * Quotes and comments of all dialects.
 */
#include "sql/lexer.h"

#include <string.h>

static bool has(const wi_lexer *lexer, weir_lexical feature)
{
    return (lexer->dialect->lexical & (unsigned)feature) != 0;
}

static weir_status not_closed(const wi_lexer *lexer, const char *what,
                              size_t at, weir_error *err)
{
    (void)lexer;
    return weir_error_set(err, WEIR_ERR_SQL,
                          "%s that begins at byte %zu is not closed", what,
                          at + 1);
}

/* A quote ends at its character; doubled it stands for itself. */
static weir_status skip_quote(wi_lexer *lexer, char close, bool backslash,
                              const char *what, weir_error *err)
{
    size_t begin = lexer->at++;

    while (lexer->at < lexer->size) {
        char c = lexer->text[lexer->at++];

        if (backslash && c == '\\' && lexer->at < lexer->size) {
            lexer->at++;
        } else if (c == close) {
            if (wi_lexer_peek(lexer, 0) != close)
                return WEIR_OK;
            lexer->at++;
        }
    }
    return not_closed(lexer, what, begin, err);
}

static void skip_line(wi_lexer *lexer)
{
    while (lexer->at < lexer->size && lexer->text[lexer->at] != '\n')
        lexer->at++;
}

static weir_status skip_block(wi_lexer *lexer, weir_error *err)
{
    size_t begin = lexer->at;
    int depth = 0;

    while (lexer->at < lexer->size) {
        char c = wi_lexer_peek(lexer, 0), next = wi_lexer_peek(lexer, 1);

        if (c == '/' && next == '*' &&
            (depth == 0 || has(lexer, WEIR_LEX_NESTED_COMMENT))) {
            depth++;
            lexer->at += 2;
        } else if (c == '*' && next == '/') {
            lexer->at += 2;
            if (--depth == 0)
                return WEIR_OK;
        } else {
            lexer->at++;
        }
    }
    return not_closed(lexer, "a comment", begin, err);
}

/* The size of `$tag$` at the current place, 0 if there is none. */
static size_t dollar_tag(const wi_lexer *lexer)
{
    size_t size = 1;

    if (!has(lexer, WEIR_LEX_DOLLAR_QUOTE) || wi_lexer_peek(lexer, 0) != '$')
        return 0;
    /* A $ inside a word belongs to the word; a digit makes a parameter. */
    if (lexer->at > 0 && wi_is_word(lexer->text[lexer->at - 1]))
        return 0;
    if (wi_lexer_peek(lexer, 1) >= '0' && wi_lexer_peek(lexer, 1) <= '9')
        return 0;
    while (wi_is_word(wi_lexer_peek(lexer, size)))
        size++;
    return wi_lexer_peek(lexer, size) == '$' ? size + 1 : 0;
}

static weir_status skip_dollar(wi_lexer *lexer, size_t tag, weir_error *err)
{
    size_t begin = lexer->at;
    const char *end =
        memmem(lexer->text + begin + tag, lexer->size - begin - tag,
               lexer->text + begin, tag);

    if (!end)
        return not_closed(lexer, "a dollar quote", begin, err);
    lexer->at = (size_t)(end - lexer->text) + tag;
    return WEIR_OK;
}

static bool begins_dash_comment(const wi_lexer *lexer)
{
    char after = wi_lexer_peek(lexer, 2);

    if (wi_lexer_peek(lexer, 0) != '-' || wi_lexer_peek(lexer, 1) != '-')
        return false;
    return !has(lexer, WEIR_LEX_DASH_NEEDS_SPACE) || after == '\0' ||
           strchr(" \t\r\n\v\f", after) != NULL;
}

/* E'…' : the E is no part of a longer word. */
static bool is_e_string(const wi_lexer *lexer)
{
    size_t at = lexer->at;

    return has(lexer, WEIR_LEX_E_STRING) && at > 0 &&
           (lexer->text[at - 1] == 'E' || lexer->text[at - 1] == 'e') &&
           (at < 2 || !wi_is_word(lexer->text[at - 2]));
}

weir_status wi_lexer_skip(wi_lexer *lexer, bool *skipped, bool *comment,
                          weir_error *err)
{
    char c = wi_lexer_peek(lexer, 0);
    size_t tag;

    *skipped = true;
    *comment = false;
    if (c == '\'')
        return skip_quote(lexer, c,
                          has(lexer, WEIR_LEX_BACKSLASH) || is_e_string(lexer),
                          "a string", err);
    if (c == '"')
        return skip_quote(lexer, c, has(lexer, WEIR_LEX_BACKSLASH),
                          "a quoted name", err);
    if (c == '`' && has(lexer, WEIR_LEX_BACKTICK))
        return skip_quote(lexer, c, false, "a quoted name", err);
    if (c == '[' && has(lexer, WEIR_LEX_BRACKET))
        return skip_quote(lexer, ']', false, "a quoted name", err);
    tag = dollar_tag(lexer);
    if (tag > 0)
        return skip_dollar(lexer, tag, err);
    *comment = true;
    if (c == '/' && wi_lexer_peek(lexer, 1) == '*')
        return skip_block(lexer, err);
    if (begins_dash_comment(lexer) ||
        (c == '#' && has(lexer, WEIR_LEX_HASH_COMMENT))) {
        skip_line(lexer);
        return WEIR_OK;
    }
    *skipped = false;
    *comment = false;
    return WEIR_OK;
}
