/* SPDX-License-Identifier: MIT */
/*
 * SQL text as the server's own scanner cuts it, as far as that matters to what
 * a statement does: names and what stands between them.
 */
#ifndef WMY_TOKENS_H
#define WMY_TOKENS_H

#include <stdbool.h>

#include <weir/value.h>

typedef enum wmy_token_kind {
    WMY_TOKEN_END = 0,
    WMY_TOKEN_WORD,   /* a name, keyword or number */
    WMY_TOKEN_QUOTED, /* a name in quotes, or a string in double ones */
    WMY_TOKEN_OPEN,
    WMY_TOKEN_CLOSE,
    WMY_TOKEN_COMMA,
    WMY_TOKEN_DOT,
    WMY_TOKEN_VARIABLE, /* @name, @@name */
    WMY_TOKEN_ASSIGN,   /* := */
    WMY_TOKEN_OTHER     /* a string, a part of an operator */
} wmy_token_kind;

typedef struct wmy_token {
    wmy_token_kind kind;
    bool called;   /* a parenthesis comes next */
    bool adjacent; /* … at once */
    bool is_empty; /* … with nothing in it */
    weir_text text;
} wmy_token;

typedef struct wmy_cursor {
    const char *at;
    const char *end;
    bool backslashes; /* they escape in strings */
    /* Its end depends on the server: its version decides what a comment is,
     * or a mode what a quote is. */
    bool is_ambiguous;
} wmy_cursor;

/* Comments and blanks are stepped over; what has no end, ends with the text.
 * What the server runs of a comment is read like any other text. */
wmy_token wmy_token_next(wmy_cursor *cursor);

#endif
