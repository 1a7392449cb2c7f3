/* SPDX-License-Identifier: MIT */
/*
 * Steps over what is not SQL's own text: strings, quoted names, comments,
 * dollar quotes, each as the dialect writes them. Everything that looks at
 * SQL text goes through here, so that a `?` in a string is never a parameter.
 */
#ifndef WI_SQL_LEXER_H
#define WI_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/error.h>
#include <weir/sys/dialect.h>

typedef struct wi_lexer {
    const weir_dialect *dialect;
    const char *text;
    size_t size;
    size_t at;
} wi_lexer;

/*
 * At the beginning of a quote or comment, goes behind its end. `*skipped` says
 * whether there was one and `*comment` whether it was a comment. SQL error if
 * it is not closed, naming what and where.
 */
weir_status wi_lexer_skip(wi_lexer *lexer, bool *skipped, bool *comment,
                          weir_error *err);

/* The character `offset` behind the current one; NUL past the end. */
static inline char wi_lexer_peek(const wi_lexer *lexer, size_t offset)
{
    return lexer->at + offset < lexer->size ? lexer->text[lexer->at + offset]
                                            : '\0';
}

/* Letters, digits, `_`, and all beyond ASCII. */
static inline bool wi_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

#endif
