/* SPDX-License-Identifier: MIT */
/*
 * Cutting SQL text. Where this and the server disagree about the end of a
 * string or a comment, what stands behind it could hide: so the odd rules are
 * here, too.
 */
#include "tokens.h"

#include <string.h>

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

static bool starts(const wpg_cursor *c, const char *two)
{
    return c->end - c->at >= 2 && c->at[0] == two[0] && c->at[1] == two[1];
}

/* ------------------------------------------------------ blanks and comments */

static bool skip_line_comment(wpg_cursor *c)
{
    if (!starts(c, "--"))
        return false;
    while (c->at < c->end && !is_newline(*c->at))
        c->at++;
    return true;
}

static bool skip_comment(wpg_cursor *c)
{
    int depth = 0;

    if (skip_line_comment(c))
        return true;
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

static void skip_blanks(wpg_cursor *c)
{
    while (c->at < c->end) {
        if (is_blank(*c->at))
            c->at++;
        else if (!skip_comment(c))
            return;
    }
}

static bool is_called(wpg_cursor c)
{
    skip_blanks(&c);
    return c.at < c.end && *c.at == '(';
}

/* ----------------------------------------------------------------- literals */

static void skip_quoted(wpg_cursor *c, bool backslashes)
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

/* A string goes on behind a line's end, by the rules it began with. */
static bool goes_on(wpg_cursor *c)
{
    wpg_cursor ahead = *c;
    bool newline = false;

    while (ahead.at < ahead.end) {
        if (skip_line_comment(&ahead))
            continue;
        if (!is_blank(*ahead.at))
            break;
        newline = newline || is_newline(*ahead.at);
        ahead.at++;
    }
    if (!newline || ahead.at == ahead.end || *ahead.at != '\'')
        return false;
    c->at = ahead.at;
    return true;
}

static void skip_string(wpg_cursor *c, bool backslashes)
{
    do
        skip_quoted(c, backslashes);
    while (c->at < c->end && (*c->at == '\'' || goes_on(c)));
}

/* Old servers let a name begin right behind it. */
static void skip_digits(wpg_cursor *c)
{
    while (c->at < c->end && is_digit(*c->at))
        c->at++;
}

/* $tag$ … $tag$, or a parameter. */
static void skip_dollar(wpg_cursor *c)
{
    const char *tag = c->at++;
    size_t size;

    if (c->at < c->end && is_digit(*c->at)) {
        skip_digits(c);
        return;
    }
    while (c->at < c->end && (is_name_start(*c->at) || is_digit(*c->at)))
        c->at++;
    if (c->at == c->end || *c->at != '$')
        return;
    size = (size_t)(++c->at - tag);
    c->at = memmem(c->at, (size_t)(c->end - c->at), tag, size);
    c->at = c->at ? c->at + size : c->end;
}

/* ------------------------------------------------------------------- tokens */

static wpg_token make(const wpg_cursor *c, const char *from,
                      wpg_token_kind kind)
{
    return (wpg_token){.kind = kind,
                       .text = weir_text_span(from, (size_t)(c->at - from))};
}

static wpg_token quoted_name(wpg_cursor *c, bool escaped)
{
    const char *from = c->at;
    wpg_token found;

    do
        skip_quoted(c, false);
    while (c->at < c->end && *c->at == '"');
    found = make(c, from, WPG_TOKEN_QUOTED);
    found.called = is_called(*c);
    found.escaped = escaped;
    return found;
}

/* What looks like a name may be the head of E'…' or U&"…". */
static wpg_token name(wpg_cursor *c)
{
    const char *from = c->at;
    wpg_token found;

    while (c->at < c->end &&
           (is_name_start(*c->at) || is_digit(*c->at) || *c->at == '$'))
        c->at++;
    if (c->at - from == 1 && (*from == 'E' || *from == 'e') && c->at < c->end &&
        *c->at == '\'') {
        skip_string(c, true);
        return make(c, from, WPG_TOKEN_OTHER);
    }
    if (c->at - from == 1 && (*from == 'U' || *from == 'u') &&
        starts(c, "&\"")) {
        c->at++;
        return quoted_name(c, true);
    }
    found = make(c, from, WPG_TOKEN_WORD);
    found.called = is_called(*c);
    return found;
}

static wpg_token sign(wpg_cursor *c)
{
    const char *from = c->at;

    c->at += starts(c, "::") ? 2 : 1;
    switch (*from) {
    case '(':
        return make(c, from, WPG_TOKEN_OPEN);
    case ')':
        return make(c, from, WPG_TOKEN_CLOSE);
    case ',':
        return make(c, from, WPG_TOKEN_COMMA);
    case '.':
        return make(c, from, WPG_TOKEN_DOT);
    case ':':
        return make(c, from,
                    c->at - from == 2 ? WPG_TOKEN_CAST : WPG_TOKEN_OTHER);
    default:
        return make(c, from, WPG_TOKEN_OTHER);
    }
}

wpg_token wpg_token_next(wpg_cursor *c)
{
    const char *from;

    skip_blanks(c);
    from = c->at;
    if (c->at >= c->end)
        return make(c, from, WPG_TOKEN_END);
    if (is_name_start(*from))
        return name(c);
    if (*from == '"')
        return quoted_name(c, false);
    if (*from == '\'')
        skip_string(c, c->backslashes);
    else if (*from == '$')
        skip_dollar(c);
    else if (is_digit(*from))
        skip_digits(c);
    else
        return sign(c);
    return make(c, from, WPG_TOKEN_OTHER);
}
