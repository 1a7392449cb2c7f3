/* SPDX-License-Identifier: MIT */
/*
 * Cutting SQL text. Where this and the server could disagree about the end of
 * a string or a comment, it says so: what stands behind it could hide.
 */
#include "tokens.h"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7F;
}

static bool starts(const wmy_cursor *c, char first, char second)
{
    return c->end - c->at >= 2 && c->at[0] == first && c->at[1] == second;
}

/* ------------------------------------------------------ blanks and comments */

/* Two signs begin a comment only before a blank: 1--1 is 2. */
static bool is_line_comment(const wmy_cursor *c)
{
    if (*c->at == '#')
        return true;
    return starts(c, '-', '-') &&
           (c->end - c->at == 2 || c->at[2] == ' ' || is_control(c->at[2]));
}

static bool is_executable(const wmy_cursor *c)
{
    return (c->at < c->end && *c->at == '!') || starts(c, 'M', '!');
}

static bool skip_comment(wmy_cursor *c)
{
    if (is_line_comment(c)) {
        while (c->at < c->end && *c->at != '\n')
            c->at++;
        return true;
    }
    if (!starts(c, '/', '*'))
        return false;
    c->at += 2;
    if (is_executable(c)) {
        c->is_ambiguous = true;
        c->at += *c->at == '!' ? 1 : 2;
        return true;
    }
    while (c->at < c->end && !starts(c, '*', '/'))
        c->at++;
    c->at = c->at < c->end ? c->at + 2 : c->end;
    return true;
}

static void skip_blanks(wmy_cursor *c)
{
    while (c->at < c->end) {
        if (is_blank(*c->at))
            c->at++;
        else if (!skip_comment(c))
            return;
    }
}

/* ------------------------------------------------------------------- tokens */

/* Double quotes hold a string or a name, as the mode is: a backslash before
 * one tells nobody which. */
static void skip_quoted(wmy_cursor *c)
{
    char quote = *c->at++;
    bool escapes = quote != '`' && c->backslashes;

    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' && escapes && c->at + 1 < c->end) {
            c->at++;
            if (quote == '"' && *c->at == '"')
                c->is_ambiguous = true;
        }
        c->at++;
    }
    if (c->at < c->end)
        c->at++;
}

static void skip_name(wmy_cursor *c)
{
    while (c->at < c->end && is_name_byte(*c->at))
        c->at++;
}

static void skip_variable(wmy_cursor *c)
{
    while (c->at < c->end && *c->at == '@')
        c->at++;
    if (c->at < c->end && (*c->at == '\'' || *c->at == '"' || *c->at == '`'))
        skip_quoted(c);
    else
        skip_name(c);
}

static wmy_token_kind sign(wmy_cursor *c)
{
    if (starts(c, ':', '=')) {
        c->at += 2;
        return WMY_TOKEN_ASSIGN;
    }
    switch (*c->at++) {
    case '(':
        return WMY_TOKEN_OPEN;
    case ')':
        return WMY_TOKEN_CLOSE;
    case ',':
        return WMY_TOKEN_COMMA;
    case '.':
        return WMY_TOKEN_DOT;
    default:
        return WMY_TOKEN_OTHER;
    }
}

static wmy_token_kind cut(wmy_cursor *c)
{
    char first = *c->at;

    if (is_name_byte(first)) {
        skip_name(c);
        return WMY_TOKEN_WORD;
    }
    if (first == '@') {
        skip_variable(c);
        return WMY_TOKEN_VARIABLE;
    }
    if (first != '\'' && first != '"' && first != '`')
        return sign(c);
    skip_quoted(c);
    return first == '\'' ? WMY_TOKEN_OTHER : WMY_TOKEN_QUOTED;
}

wmy_token wmy_token_next(wmy_cursor *c)
{
    wmy_token found = {.kind = WMY_TOKEN_END};
    wmy_cursor ahead;
    const char *from;

    skip_blanks(c);
    from = c->at;
    if (from < c->end)
        found.kind = cut(c);
    found.text = weir_text_span(from, (size_t)(c->at - from));
    found.adjacent = c->at < c->end && *c->at == '(';
    found.is_empty = starts(c, '(', ')');
    ahead = *c;
    skip_blanks(&ahead);
    found.called = ahead.at < ahead.end && *ahead.at == '(';
    return found;
}
