/* SPDX-License-Identifier: MIT */
/*
 * Files as the rules see them: the text, and the same text with everything
 * blanked that is not code, so that offsets and lines agree.
 */
#include "tidy.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool read_file(const char *path, char **text, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    size_t used = 0;

    if (!file) {
        fprintf(stderr, "tidy: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (size_t got = 1; got > 0; used += got) {
        data = need_memory(data, used + BUFSIZ + 1);
        got = fread(data + used, 1, BUFSIZ, file);
    }
    fclose(file);
    data[used] = '\0';
    *text = data;
    *size = used;
    return true;
}

/* Blanks [from, to), except line ends. */
static void blank(char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (text[i] != '\n')
            text[i] = ' ';
    }
}

static size_t comment_end(const char *text, size_t at)
{
    bool block = text[at + 1] == '*';

    for (at += 2; text[at]; at++) {
        if (block ? text[at - 1] == '*' && text[at] == '/' : text[at] == '\n')
            return block ? at + 1 : at;
    }
    return at;
}

static size_t quoted_end(const char *text, size_t at)
{
    char quote = text[at];

    for (at++; text[at] && text[at] != quote && text[at] != '\n'; at++) {
        if (text[at] == '\\' && text[at + 1])
            at++;
    }
    return at;
}

static void blank_prose(char *code)
{
    size_t end;

    for (size_t i = 0; code[i]; i++) {
        if (code[i] == '/' && (code[i + 1] == '*' || code[i + 1] == '/')) {
            end = comment_end(code, i);
            blank(code, i + (code[i + 1] == '/' ? 2 : 0), end);
            i = end - 1;
        } else if (code[i] == '"' || code[i] == '\'') {
            end = quoted_end(code, i);
            blank(code, i + 1, end);
            i = code[end] ? end : end - 1;
        }
    }
}

static void blank_directives(char *flat)
{
    for (size_t i = 0; flat[i];) {
        size_t end = i + strcspn(flat + i, "\n");

        if (flat[i + strspn(flat + i, " \t")] == '#') {
            while (end > i && flat[end] && flat[end - 1] == '\\')
                end += 1 + strcspn(flat + end + 1, "\n");
            blank(flat, i, end);
        }
        i = flat[end] ? end + 1 : end;
    }
}

bool source_read(source *out, const char *path)
{
    *out = (source){.path = NULL};
    if (!read_file(path, &out->text, &out->size))
        return false;
    out->path = copy_text(path, strlen(path));
    if (!is_c(out))
        return true;
    out->code = copy_text(out->text, out->size);
    blank_prose(out->code);
    out->flat = copy_text(out->code, out->size);
    blank_directives(out->flat);
    return true;
}

int source_line(const source *s, size_t offset)
{
    int line = 1;

    for (size_t i = 0; i < offset && i < s->size; i++)
        line += s->text[i] == '\n';
    return line;
}

static int by_path(const void *key, const void *element)
{
    return strcmp(key, ((const source *)element)->path);
}

source *find_source(tree *all, const char *path)
{
    return bsearch(path, all->sources, all->source_count, sizeof *all->sources,
                   by_path);
}

bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t tail = strlen(end);

    return size >= tail && strcmp(text + size - tail, end) == 0;
}

bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool is_c(const source *s)
{
    return ends_with(s->path, ".c") || is_header(s);
}

bool is_header(const source *s)
{
    return ends_with(s->path, ".h");
}

bool is_public(const source *s)
{
    return is_header(s) && starts_with(s->path, "include/");
}

bool is_unit_test(const source *s)
{
    return ends_with(s->path, "_test.c");
}

bool is_library(const source *s)
{
    return starts_with(s->path, "src/") && !starts_with(s->path, "src/cli/") &&
           !is_unit_test(s);
}
