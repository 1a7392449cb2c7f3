/* SPDX-License-Identifier: MIT */
/*
 * First words.
 */
#include "sql/verb.h"

#include "base/ascii.h"

static bool is_any(const char *word, size_t size, const char *const *wanted)
{
    for (; *wanted; wanted++) {
        if (wi_ascii_is(word, size, *wanted))
            return true;
    }
    return false;
}

static const char *const controls[] = {
    "BEGIN",     "COMMIT",  "END", "ROLLBACK", "ABORT",
    "SAVEPOINT", "RELEASE", "XA",  NULL,
};
static const char *const second_words[] = {"TRANSACTION", "AUTOCOMMIT", NULL};
static const char *const inserts[] = {"INSERT", "REPLACE", NULL};
static const char *const bodies[] = {"TRIGGER", "FUNCTION", "PROCEDURE",
                                     "EVENT", NULL};

static void first_word(wi_verb_reader *reader, const char *word, size_t size)
{
    if (is_any(word, size, controls))
        reader->verb = WI_SQL_TX_CONTROL;
    else if (is_any(word, size, inserts))
        reader->verb = WI_SQL_INSERT;
    reader->may_be_control = wi_ascii_is(word, size, "SET") ||
                             wi_ascii_is(word, size, "PREPARE") ||
                             wi_ascii_is(word, size, "START");
    reader->creates = wi_ascii_is(word, size, "CREATE");
}

static void count_body(wi_verb_reader *reader, const char *word, size_t size)
{
    if (wi_ascii_is(word, size, "BEGIN") ||
        (reader->depth > 0 && wi_ascii_is(word, size, "CASE")))
        reader->depth++;
    else if (reader->depth > 0 && wi_ascii_is(word, size, "END"))
        reader->depth--;
}

void wi_verb_word(wi_verb_reader *reader, const char *word, size_t size)
{
    reader->any = true;
    reader->words++;
    if (reader->words == 1) {
        first_word(reader, word, size);
        return;
    }
    if (reader->words == 2 && reader->may_be_control &&
        is_any(word, size, second_words))
        reader->verb = WI_SQL_TX_CONTROL;
    /* A WITH in front of an INSERT does not change what it does. */
    if (reader->creates && reader->words <= 6 && is_any(word, size, bodies))
        reader->has_body = true;
    if (reader->has_body)
        count_body(reader, word, size);
}

wi_sql_verb wi_verb_found(const wi_verb_reader *reader)
{
    return reader->verb;
}

bool wi_verb_in_body(const wi_verb_reader *reader)
{
    return reader->depth > 0;
}
