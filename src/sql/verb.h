/* SPDX-License-Identifier: MIT */
/*
 * What a statement is, from its first words; and whether the scanner is
 * inside a body whose semicolons belong to it (CREATE TRIGGER … BEGIN … END).
 */
#ifndef WI_SQL_VERB_H
#define WI_SQL_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/placeholders.h"

typedef struct wi_verb_reader {
    bool any; /* anything but space and comments */
    int words;
    wi_sql_verb verb;
    bool may_be_control; /* SET, PREPARE: the second word decides */
    bool creates;        /* CREATE … */
    bool has_body;       /* … TRIGGER, FUNCTION, PROCEDURE */
    int depth;           /* of BEGIN and CASE in the body */
} wi_verb_reader;

/* The next word of the statement, outside quotes. */
void wi_verb_word(wi_verb_reader *reader, const char *word, size_t size);

wi_sql_verb wi_verb_found(const wi_verb_reader *reader);

/* Whether a semicolon here is inside a body. */
bool wi_verb_in_body(const wi_verb_reader *reader);

#endif
