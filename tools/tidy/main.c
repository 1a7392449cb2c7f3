/* SPDX-License-Identifier: MIT */
/*
 * usage: tidy ROOT
 *
 * Reads the tree below ROOT, prints each place that breaks a rule as
 * "file:line: what is wrong; what would be right", and fails if there was one.
 * ROOT/tools/layers.txt says who may include whom. What is allowed all the same
 * stands in ROOT/tools/exceptions.txt, a line each: the rule, the file or
 * function, the reason. A line that excuses nothing is a finding, too.
 */
#include "tidy.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char layers_path[] = "tools/layers.txt";
static const char exceptions_path[] = "tools/exceptions.txt";

enum {
    REASON_MIN = 10, /* characters; less is no reason */
};

void *need_memory(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (!memory) {
        fputs("tidy: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

char *copy_text(const char *text, size_t size)
{
    char *copy = need_memory(NULL, size + 1);

    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static bool is_excused(tree *all, const spot *where)
{
    bool excused = false;

    for (size_t i = 0; i < all->exception_count; i++) {
        exception *e = &all->exceptions[i];

        if (strcmp(e->rule, where->rule) == 0 &&
            (strcmp(e->where, where->source->path) == 0 ||
             (where->name && strcmp(e->where, where->name) == 0))) {
            e->used = true;
            excused = true;
        }
    }
    return excused;
}

void report(tree *all, spot where, const char *format, ...)
{
    va_list args;

    if (is_excused(all, &where))
        return;
    printf("%s:%d: ", where.source->path, where.line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf(" [%s]\n", where.rule);
    all->findings++;
}

static void blame_exception(tree *all, int line, const char *what)
{
    printf("%s:%d: %s\n", exceptions_path, line, what);
    all->findings++;
}

static void read_exception(tree *all, const char *text, size_t size, int line)
{
    size_t rule = strcspn(text, " \n");
    size_t gap = rule + strspn(text + rule, " ");
    size_t where = strcspn(text + gap, " \n");
    size_t reason = gap + where + strspn(text + gap + where, " ");
    exception *e;

    if (reason >= size || size - reason < REASON_MIN) {
        blame_exception(all, line,
                        "no reason; write the rule, the file or function, and "
                        "why");
        return;
    }
    all->exceptions = need_memory(all->exceptions, (all->exception_count + 1) *
                                                       sizeof *all->exceptions);
    e = &all->exceptions[all->exception_count++];
    e->rule = copy_text(text, rule);
    e->where = copy_text(text + gap, where);
    e->line = line;
    e->used = false;
}

static void read_exceptions(tree *all, const char *text)
{
    for (int line = 1; *text; line++) {
        size_t size = strcspn(text, "\n");

        if (size && *text != '#')
            read_exception(all, text, size, line);
        text += size + (text[size] == '\n');
    }
}

static bool is_ours(const char *name)
{
    return ends_with(name, ".c") || ends_with(name, ".h") ||
           ends_with(name, ".sh") || ends_with(name, ".cmake") ||
           strcmp(name, "CMakeLists.txt") == 0;
}

static bool add_source(tree *all, const char *path)
{
    all->sources = need_memory(all->sources,
                               (all->source_count + 1) * sizeof *all->sources);
    return source_read(&all->sources[all->source_count++], path);
}

/* Adds what is below a folder, if there is one. */
static bool add_folder(tree *all, const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    char path[1024];
    struct stat info;
    bool good = true;

    if (!stream)
        return errno == ENOENT;
    while (good && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) != 0)
            continue; /* gone in the meantime */
        if (S_ISDIR(info.st_mode))
            good = add_folder(all, path);
        else if (is_ours(entry->d_name))
            good = add_source(all, path);
    }
    closedir(stream);
    return good;
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const source *)left)->path, ((const source *)right)->path);
}

static bool read_tree(tree *all)
{
    static const char *const folders[] = {"include",  "src",   "tests", "bench",
                                          "examples", "tools", "cmake"};
    char *text;
    size_t size;

    if (!read_file(layers_path, &text, &size))
        return false;
    read_layers(all, text);
    free(text);
    if (!read_file(exceptions_path, &text, &size))
        return false;
    read_exceptions(all, text);
    free(text);
    if (!add_source(all, "CMakeLists.txt"))
        return false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (!add_folder(all, folders[i]))
            return false;
    }
    qsort(all->sources, all->source_count, sizeof *all->sources, by_path);
    return true;
}

static void check_all(tree *all)
{
    for (size_t i = 0; i < all->source_count; i++) {
        check_text(all, &all->sources[i]);
        check_words(all, &all->sources[i]);
        if (is_c(&all->sources[i]))
            check_code(all, &all->sources[i]);
    }
    check_includes(all);
    check_names(all);
    for (size_t i = 0; i < all->exception_count; i++) {
        if (!all->exceptions[i].used)
            blame_exception(all, all->exceptions[i].line,
                            "excuses nothing any more; remove the line");
    }
}

int main(int argc, char **argv)
{
    static tree all; /* in reach until the end: nothing needs to be freed */

    if (argc != 2) {
        fputs("usage: tidy ROOT\n", stderr);
        return 2;
    }
    if (chdir(argv[1]) != 0) {
        fprintf(stderr, "tidy: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    if (!read_tree(&all))
        return 2;
    check_all(&all);
    if (all.findings) {
        printf("%d findings in %zu files\n", all.findings, all.source_count);
        return 1;
    }
    printf("%zu files are tidy\n", all.source_count);
    return 0;
}
