/* SPDX-License-Identifier: MIT */
/*
 * What the words of SQL are: keywords, and functions of the server.
 */
#ifndef WPG_WORDS_H
#define WPG_WORDS_H

#include <stdbool.h>

#include <weir/value.h>

typedef enum wpg_word {
    WPG_WORD_NAME = 0, /* no keyword */
    WPG_WORD_KEYWORD,
    WPG_WORD_INERT, /* a keyword that is no call even before a parenthesis */
} wpg_word;

wpg_word wpg_word_find(weir_text word);
/* Whether a call of it, without a schema, leaves nothing in the session and
 * only looks, or writes in a way that is known by its name. */
bool wpg_word_leaves_nothing(weir_text word);

#endif
