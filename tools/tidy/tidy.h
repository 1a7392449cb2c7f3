/* SPDX-License-Identifier: MIT */
/*
 * The style guide as a program. main.c finds the files and the exceptions,
 * source.c reads C well enough to tell code from comment, and each other file
 * is a family of rules that looks at one source, or at all of them.
 */
#ifndef TIDY_H
#define TIDY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct source {
    char *path; /* from the root of the tree */
    char *text; /* as it stands, with a NUL at its end */
    /* C only. As long as text: comments and the insides of strings are blanks
     * in both, but for the two slashes that begin a comment; in flat the
     * lines of the preprocessor are blank, too. */
    char *code;
    char *flat;
    size_t size;
    bool included; /* by another file */
    int colour;    /* of the search for cycles */
} source;

typedef struct exception {
    char *rule;
    char *where; /* a path, or a function's name */
    int line;
    bool used;
} exception;

/* A row of layers.txt. */
typedef struct layer {
    char *folder;  /* "pool", or "db" followed by a slash and a star */
    char *allowed; /* " base value " */
} layer;

typedef struct tree {
    source *sources; /* sorted by path */
    size_t source_count;
    exception *exceptions;
    size_t exception_count;
    layer *layers;
    size_t layer_count;
    int findings;
} tree;

/* What a finding is about. */
typedef struct spot {
    const source *source;
    int line;
    const char *rule; /* as exceptions.txt calls it */
    const char *name; /* of the function; NULL: the file */
} spot;

/* Prints a finding, unless exceptions.txt knows it. */
void report(tree *all, spot where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Memory or the end of the program. */
void *need_memory(void *old, size_t size);
char *copy_text(const char *text, size_t size);

/* Reads a file; false with a message if it cannot be read. */
bool read_file(const char *path, char **text, size_t *size);
bool source_read(source *out, const char *path);
int source_line(const source *s, size_t offset);
source *find_source(tree *all, const char *path);

bool starts_with(const char *text, const char *start);
bool ends_with(const char *text, const char *end);
/* May be part of a C name. */
bool is_word(char c);

bool is_c(const source *s);
bool is_header(const source *s);
bool is_public(const source *s);
bool is_unit_test(const source *s);
/* Compiled into the library. */
bool is_library(const source *s);

void check_text(tree *all, const source *s);
void check_words(tree *all, const source *s);
void check_code(tree *all, const source *s);
void read_layers(tree *all, const char *text);
void check_includes(tree *all);
void check_names(tree *all);

#endif
