/* SPDX-License-Identifier: MIT */
/*
 * SQL text as the server's own scanner cuts it, as far as that matters to what
 * a statement does: names and what stands between them.
 */
#ifndef WPG_TOKENS_H
#define WPG_TOKENS_H

#include <stdbool.h>

#include <weir/value.h>

typedef enum wpg_token_kind {
    WPG_TOKEN_END = 0,
    WPG_TOKEN_WORD,   /* a name or keyword without quotes */
    WPG_TOKEN_QUOTED, /* a name in quotes, which stand in its text */
    WPG_TOKEN_OPEN,
    WPG_TOKEN_CLOSE,
    WPG_TOKEN_COMMA,
    WPG_TOKEN_DOT,
    WPG_TOKEN_CAST, /* :: */
    WPG_TOKEN_OTHER /* a literal, a parameter, a part of an operator */
} wpg_token_kind;

typedef struct wpg_token {
    wpg_token_kind kind;
    bool called;  /* a parenthesis comes next */
    bool escaped; /* of a quoted name: U&"…", which spells as it likes */
    weir_text text;
} wpg_token;

typedef struct wpg_cursor {
    const char *at;
    const char *end;
    bool backslashes; /* they escape in every string: an old setting */
} wpg_cursor;

/* Comments and blanks are stepped over; what has no end, ends with the text. */
wpg_token wpg_token_next(wpg_cursor *cursor);

#endif
