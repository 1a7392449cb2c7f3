/* SPDX-License-Identifier: MIT */
/*
 * Rules about files together: who includes whom, and how files are called.
 */
#include "tidy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_SIZE = 512,
};

/* A line that includes something. */
typedef struct inclusion {
    char name[PATH_SIZE];
    bool quoted;
    int line;
} inclusion;

typedef enum colour {
    WHITE = 0,
    GREY, /* on the way that the search has come */
    BLACK,
} colour;

/* Reads rows "folder : folder folder". */
void read_layers(tree *all, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        const char *colon = memchr(text, ':', size);
        layer *row;

        if (*text != '#' && colon) {
            size_t name = strcspn(text, " :");
            size_t rest = size - (size_t)(colon + 1 - text);

            all->layers = need_memory(all->layers, (all->layer_count + 1) *
                                                       sizeof *all->layers);
            row = &all->layers[all->layer_count++];
            row->folder = copy_text(text, name);
            row->allowed = need_memory(NULL, rest + 3);
            snprintf(row->allowed, rest + 3, " %.*s ", (int)rest, colon + 1);
        }
        text += size + (text[size] == '\n');
    }
}

/* The folder of a path below src/: "pool", "db/sqlite". */
static void folder_of(const char *path, char *out)
{
    const char *slash = strrchr(path, '/');

    snprintf(out, PATH_SIZE, "%.*s", slash ? (int)(slash - path) : 0, path);
}

static const layer *find_layer(const tree *all, const char *folder)
{
    size_t top = strcspn(folder, "/");

    for (size_t i = 0; i < all->layer_count; i++) {
        const char *row = all->layers[i].folder;

        if (strcmp(row, folder) == 0)
            return &all->layers[i];
        if (folder[top] && ends_with(row, "/*") && strlen(row) == top + 2 &&
            strncmp(row, folder, top) == 0)
            return &all->layers[i];
    }
    return NULL;
}

static bool allows(const layer *row, const char *folder)
{
    char word[PATH_SIZE + 2];

    snprintf(word, sizeof word, " %s ", folder);
    return strstr(row->allowed, word);
}

/* Reads the next inclusion from *at on and moves *at behind its line. */
static bool next_inclusion(const source *s, const char **at, inclusion *out)
{
    while (**at) {
        const char *line = *at;
        size_t size = strcspn(line, "\n");
        const char *name = line + strspn(line, " \t");
        const char *end;

        *at = line + size + (line[size] == '\n');
        /* In code: an inclusion in a comment is none. */
        if (s->code[name - s->text] != '#')
            continue;
        name++;
        name += strspn(name, " \t");
        if (!starts_with(name, "include"))
            continue;
        name += strlen("include");
        name += strspn(name, " \t");
        if (*name != '<' && *name != '"')
            continue;
        out->quoted = *name == '"';
        end = strpbrk(name + 1, out->quoted ? "\"\n" : ">\n");
        if (!end || end - name >= PATH_SIZE)
            continue;
        snprintf(out->name, PATH_SIZE, "%.*s", (int)(end - name - 1), name + 1);
        out->line = source_line(s, (size_t)(line - s->text));
        return true;
    }
    return false;
}

/* The source that is included; NULL if it is not one of ours. */
static source *resolve(tree *all, const source *s, const inclusion *inc)
{
    static const char *const roots[] = {"src", "include", "tests"};
    char path[2 * PATH_SIZE];
    char folder[PATH_SIZE];
    source *found = NULL;

    folder_of(s->path, folder);
    snprintf(path, sizeof path, "%s/%s", folder, inc->name);
    if (inc->quoted)
        found = find_source(all, path);
    for (size_t i = 0; !found && i < sizeof roots / sizeof *roots; i++) {
        snprintf(path, sizeof path, "%s/%s", roots[i], inc->name);
        found = find_source(all, path);
    }
    return found;
}

static void check_layer(tree *all, const source *s, const inclusion *inc)
{
    spot at = {s, inc->line, "layer", NULL};
    char own[PATH_SIZE];
    char other[PATH_SIZE];
    const layer *row;

    folder_of(s->path + strlen("src/"), own);
    folder_of(inc->name, other);
    row = find_layer(all, own);
    if (!inc->quoted || !row || strcmp(own, other) == 0)
        return;
    if (starts_with(inc->name, "weir/"))
        report(all, at, "\"%s\" is a public header; write <%s>", inc->name,
               inc->name);
    else if (!other[0] && !allows(row, "public"))
        report(all, at, "\"%s\" names no folder; write \"%s/%s\"", inc->name,
               own, inc->name);
    else if (other[0] && allows(row, "public"))
        report(all, at, "%s may not include %s; it sees <weir/...> alone", own,
               inc->name);
    else if (other[0] && !allows(row, other))
        report(all, at,
               "%s may not include %s; tools/layers.txt says what it "
               "may",
               own, inc->name);
}

static void check_example(tree *all, const source *s, const inclusion *inc)
{
    const source *found = resolve(all, s, inc);

    if (found && starts_with(found->path, "src/"))
        report(all, (spot){s, inc->line, "layer", NULL},
               "an example may not include %s; it sees <weir/...> alone",
               inc->name);
}

static void look_at(tree *all, const source *s)
{
    const char *at = s->text;
    inclusion inc;

    while (next_inclusion(s, &at, &inc)) {
        source *found = resolve(all, s, &inc);

        if (found && found != s)
            found->included = true;
        if (starts_with(s->path, "src/") && !is_unit_test(s))
            check_layer(all, s, &inc);
        if (starts_with(s->path, "examples/"))
            check_example(all, s, &inc);
    }
}

static void search_cycle(tree *all, source *s)
{
    const char *at = s->text;
    inclusion inc;

    s->colour = GREY;
    while (next_inclusion(s, &at, &inc)) {
        source *next = resolve(all, s, &inc);

        if (!next || !is_header(next))
            continue;
        if (next->colour == GREY)
            report(all, (spot){s, inc.line, "cycle", NULL},
                   "%s includes this header in turn; declare a type instead "
                   "of including it",
                   next->path);
        else if (next->colour == WHITE)
            search_cycle(all, next);
    }
    s->colour = BLACK;
}

static void check_folder(tree *all, const source *s)
{
    char folder[PATH_SIZE];

    if (!starts_with(s->path, "src/") || !is_c(s))
        return;
    folder_of(s->path + strlen("src/"), folder);
    if (!find_layer(all, folder))
        report(all, (spot){s, 1, "layer", NULL},
               "src/%s has no row in tools/layers.txt; add one", folder);
}

void check_includes(tree *all)
{
    for (size_t i = 0; i < all->source_count; i++) {
        source *s = &all->sources[i];

        if (is_c(s))
            look_at(all, s);
        check_folder(all, s);
    }
    for (size_t i = 0; i < all->source_count; i++) {
        source *s = &all->sources[i];

        if (is_header(s) && s->colour == WHITE)
            search_cycle(all, s);
        if (is_header(s) && !is_public(s) && !s->included)
            report(all, (spot){s, 1, "unused", NULL},
                   "nobody includes this header; remove it");
    }
}

static void check_test_beside(tree *all, const source *s)
{
    char path[PATH_SIZE];

    if (!starts_with(s->path, "src/") || !ends_with(s->path, ".c") ||
        is_unit_test(s))
        return;
    snprintf(path, sizeof path, "%.*s_test.c", (int)strlen(s->path) - 2,
             s->path);
    if (!find_source(all, path))
        report(all, (spot){s, 1, "untested", NULL},
               "there is no %s; write one, or list what tests this file in "
               "tools/exceptions.txt",
               path);
}

void check_names(tree *all)
{
    static const char *const vague[] = {"util",   "utils",  "misc",
                                        "common", "helper", "helpers"};

    for (size_t i = 0; i < all->source_count; i++) {
        const source *s = &all->sources[i];
        const char *slash = strrchr(s->path, '/');
        const char *name = slash ? slash + 1 : s->path;
        size_t size = strcspn(name, ".");

        for (size_t v = 0; v < sizeof vague / sizeof *vague; v++) {
            if (strlen(vague[v]) == size && !strncmp(vague[v], name, size))
                report(all, (spot){s, 1, "name", NULL},
                       "\"%s\" says nothing; name the file for what is in it",
                       vague[v]);
        }
        check_test_beside(all, s);
    }
}
