/* SPDX-License-Identifier: MIT */
/*
 * Rules about lines and words: what can be seen without reading C.
 */
#include "tidy.h"

#include <string.h>

enum {
    COLUMNS_MAX = 80,
    SOURCE_LINES_MAX = 700,
    HEADER_LINES_MAX = 300,
    PUBLIC_LINES_MAX = 400,
    LICENCE_LINES = 3, /* the licence stands in one of the first */
};

typedef struct ban {
    const char *word;
    const char *instead;
} ban;

static const ban bans[] = {
    {"malloc", "base/alloc.h, in a driver its services"},
    {"calloc", "base/alloc.h, in a driver its services"},
    {"realloc", "base/alloc.h, in a driver its services"},
    {"free", "base/alloc.h, in a driver its services"},
    {"strdup", "base/alloc.h, in a driver its services"},
    {"strndup", "base/alloc.h, in a driver its services"},
    {"sprintf", "snprintf"},
    {"vsprintf", "vsnprintf"},
    {"strcpy", "memcpy with a known size"},
    {"strcat", "base/buf.h, in a driver weir_buffer_add"},
    {"strtok", "strcspn"},
    {"gets", "nothing: a library does not read standard input"},
    {"atoi", "strtol and its checks, or src/value"},
    {"localtime", "localtime_r"},
    {"gmtime", "gmtime_r"},
    {"ctime", "strftime"},
    {"asctime", "strftime"},
    {"rand", "a generator of your own: its state belongs to the program"},
    {"exit", "a status: a library does not end its program"},
    {"abort", "WI_ASSERT for a broken invariant, else a status"},
    {"printf", "weir_error_set or the log hook: a library does not print"},
    {"fprintf", "weir_error_set or the log hook: a library does not print"},
    {"puts", "weir_error_set or the log hook: a library does not print"},
    {"perror", "weir_error_set: a library does not print"},
};

/* In two pieces, so that this file keeps its own rules. */
static const char *const unfinished[] = {"TO"
                                         "DO",
                                         "FIX"
                                         "ME",
                                         "XX"
                                         "X"};

static size_t columns(const char *line, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++) /* each character of UTF-8 once */
        count += ((unsigned char)line[i] & 0xc0) != 0x80;
    return count;
}

static void check_line(tree *all, spot at, const char *line, size_t size)
{
    size_t width = columns(line, size);

    at.rule = "columns";
    if (width > COLUMNS_MAX)
        report(all, at, "%zu columns; %d are the limit", width, COLUMNS_MAX);
    at.rule = "blanks";
    if (memchr(line, '\t', size))
        report(all, at, "a tab; indent with blanks");
    if (memchr(line, '\r', size))
        report(all, at, "a carriage return; lines end with a line feed alone");
    if (size && line[size - 1] == ' ')
        report(all, at, "blanks at the end of the line; remove them");
}

static bool has_licence(const source *s)
{
    const char *line = s->text;

    for (int i = 0; i < LICENCE_LINES && *line; i++) {
        size_t size = strcspn(line, "\n");
        const char *found = strstr(line, "SPDX-License-Identifier: MIT");

        if (found && found < line + size)
            return true;
        line += size + (line[size] == '\n');
    }
    return false;
}

static int line_limit(const source *s)
{
    if (!is_c(s))
        return SOURCE_LINES_MAX;
    if (is_public(s))
        return PUBLIC_LINES_MAX;
    return is_header(s) ? HEADER_LINES_MAX : SOURCE_LINES_MAX;
}

void check_text(tree *all, const source *s)
{
    int count = 0;
    int limit = line_limit(s);

    for (const char *line = s->text; *line;) {
        size_t size = strcspn(line, "\n");

        count++;
        check_line(all, (spot){s, count, "columns", NULL}, line, size);
        line += size + (line[size] == '\n');
    }
    if (s->size && s->text[s->size - 1] != '\n')
        report(all, (spot){s, count, "blanks", NULL},
               "no line end at the end of the file; add one");
    if (count > limit)
        report(all, (spot){s, count, "size", NULL},
               "%d lines; %d are the limit, so split the file", count, limit);
    if (!has_licence(s))
        report(all, (spot){s, 1, "licence", NULL},
               "no licence; line 1 says SPDX-License-Identifier: MIT");
}

/* The next place after `from` where `word` stands alone; NULL if none. */
static const char *find_word(const char *text, const char *from,
                             const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(from, word); at; at = strstr(at + 1, word)) {
        if ((at == text || !is_word(at[-1])) && !is_word(at[size]))
            return at;
    }
    return NULL;
}

/* A call of the function itself, not of a member with its name. */
static bool is_call(const char *code, const char *at, size_t size)
{
    if (at[size + strspn(at + size, " \n")] != '(')
        return false;
    return at == code || (at[-1] != '.' &&
                          !(at - code > 1 && at[-1] == '>' && at[-2] == '-'));
}

static void check_bans(tree *all, const source *s)
{
    for (size_t i = 0; i < sizeof bans / sizeof *bans; i++) {
        const char *word = bans[i].word;
        const char *at = find_word(s->code, s->code, word);

        for (; at; at = find_word(s->code, at + 1, word)) {
            int line = source_line(s, (size_t)(at - s->code));

            if (is_call(s->code, at, strlen(word)))
                report(all, (spot){s, line, "banned", NULL},
                       "%s() is not for the library; use %s", word,
                       bans[i].instead);
        }
    }
}

static void check_comments(tree *all, const source *s)
{
    const char *at = strstr(s->code, "//");

    for (; at; at = strstr(at + 2, "//"))
        report(
            all,
            (spot){s, source_line(s, (size_t)(at - s->code)), "comment", NULL},
            "a comment with two slashes; write /* and */");
}

void check_words(tree *all, const source *s)
{
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++) {
        const char *at = find_word(s->text, s->text, unfinished[i]);

        for (; at; at = find_word(s->text, at + 1, unfinished[i]))
            report(all,
                   (spot){s, source_line(s, (size_t)(at - s->text)), "later",
                          NULL},
                   "%s; finish it, or open an issue and remove the mark",
                   unfinished[i]);
    }
    if (!is_c(s))
        return;
    check_comments(all, s);
    if (is_library(s))
        check_bans(all, s);
}
