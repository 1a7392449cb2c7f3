/* SPDX-License-Identifier: MIT */
/*
 * What the words of SQL are before a parenthesis.
 */
#ifndef WMY_WORDS_H
#define WMY_WORDS_H

#include <stdbool.h>

#include <weir/value.h>

/* Never the name of a called function of one's own. */
bool wmy_word_is_inert(weir_text word);
/* A function of the server that leaves nothing in the session and only looks,
 * or writes in a way that is known by its name. One's own may have the same
 * name, if it is called by its database or after a blank. */
bool wmy_word_leaves_nothing(weir_text word);

#endif
