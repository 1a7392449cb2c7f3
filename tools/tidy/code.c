/* SPDX-License-Identifier: MIT */
/*
 * Rules about functions. C is read item by item at the outermost level: an item
 * ends at its semicolon or, if it is a function, at its closing brace.
 */
#include "tidy.h"

#include <string.h>

enum {
    FUNCTION_LINES_MAX = 70,
    PARAMS_MAX = 5,
    TYPE_SIZE = 64,
    NAME_SIZE = 128,
};

/* Something at the outermost level: code[begin, end). */
typedef struct item {
    size_t begin;
    size_t end;
    size_t body; /* where the function's body begins; 0: no body */
} item;

/* The parts of a function's head. */
typedef struct head {
    char name[NAME_SIZE];
    size_t open; /* its parenthesis */
    size_t close;
} head;

static const char *const integers[] = {
    "char",         "short",    "int",      "unsigned", "long",
    "unsigned int", "uint",     "size_t",   "ssize_t",  "unsigned long",
    "long long",    "int8_t",   "int16_t",  "int32_t",  "int64_t",
    "uint8_t",      "uint16_t", "uint32_t", "uint64_t", "unsigned long long",
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static size_t skip_space(const char *code, size_t at)
{
    return at + strspn(code + at, " \n\t");
}

/* The partner of the bracket at `at`; the end of the text if there is none. */
static size_t partner(const char *code, size_t at)
{
    int depth = 0;

    for (; code[at]; at++) {
        if (strchr("([{", code[at]))
            depth++;
        else if (strchr(")]}", code[at]) && --depth == 0)
            return at;
    }
    return at;
}

/* Where the item's own code begins: behind macros that stand alone. */
static size_t skip_marks(const char *code, size_t at)
{
    static const char *const marks[] = {"WEIR_BEGIN_DECLS", "WEIR_END_DECLS"};

    at = skip_space(code, at);
    for (size_t i = 0; i < 2; i++) {
        if (starts_with(code + at, marks[i]))
            return skip_marks(code, at + strlen(marks[i]));
    }
    return at;
}

/* A brace after a parenthesis, without an initialiser, begins a body. */
static bool begins_body(const char *code, size_t begin, size_t brace)
{
    size_t last = brace;

    if (memchr(code + begin, '=', brace - begin))
        return false;
    while (last > begin && is_space(code[last - 1]))
        last--;
    return last > begin && code[last - 1] == ')';
}

/* Reads the item from `at` on; false at the end of the file. */
static bool next_item(const char *code, size_t at, item *out)
{
    *out = (item){.begin = skip_marks(code, at)};
    for (at = out->begin; code[at]; at++) {
        if (code[at] == ';')
            break;
        if (code[at] == '(' || code[at] == '[') {
            at = partner(code, at);
        } else if (code[at] == '{') {
            if (begins_body(code, out->begin, at))
                out->body = at;
            at = partner(code, at);
            if (out->body)
                break;
        }
        if (!code[at])
            return false;
    }
    out->end = at;
    return code[at] != '\0';
}

/* Copies the name that ends before `at`. False if there is none. */
static bool name_before(const char *code, size_t begin, size_t at, char *out)
{
    size_t from;

    while (at > begin && is_space(code[at - 1]))
        at--;
    for (from = at; from > begin && is_word(code[from - 1]);)
        from--;
    if (from == at || at - from >= NAME_SIZE)
        return false;
    memcpy(out, code + from, at - from);
    out[at - from] = '\0';
    return true;
}

static bool is_attribute(const char *name)
{
    return strcmp(name, "__attribute__") == 0 || starts_with(name, "WEIR_") ||
           strcmp(name, "_Static_assert") == 0 ||
           strcmp(name, "_Alignas") == 0 || strcmp(name, "__asm__") == 0;
}

/* The function that the item declares or defines. In a definition the last
 * parenthesis counts (a macro may stand before it), else the first. */
static bool find_head(const char *code, const item *it, head *out)
{
    size_t end = it->body ? it->body : it->end;
    bool found = false;
    char name[NAME_SIZE];

    if (starts_with(code + it->begin, "typedef"))
        return false;
    for (size_t at = it->begin; at < end; at++) {
        size_t close;

        if (code[at] == '{' || code[at] == '=')
            return false;
        if (code[at] != '(')
            continue;
        close = partner(code, at);
        if (code[skip_space(code, at + 1)] != '*' &&
            name_before(code, it->begin, at, name) && !is_attribute(name) &&
            (it->body || !found)) {
            out->open = at;
            out->close = close;
            memcpy(out->name, name, sizeof name);
            found = true;
        }
        at = close;
    }
    return found;
}

/* The type of code[from, to) if it is `bool` or an integer, else nothing. */
static void read_type(const char *code, size_t from, size_t to, char *out)
{
    size_t used = 0;
    size_t last = 0; /* where the last word begins */
    size_t words = 0;

    out[0] = '\0';
    for (size_t at = from; at < to;) {
        size_t size = 0;

        if (!is_word(code[at]) && !is_space(code[at])) {
            out[0] = '\0'; /* a pointer, an array */
            return;
        }
        while (at + size < to && is_word(code[at + size]))
            size++;
        if (size && strncmp(code + at, "const", size) != 0) {
            if (used + size + 2 > TYPE_SIZE)
                break;
            last = used;
            if (used)
                out[used++] = ' ';
            memcpy(out + used, code + at, size);
            used += size;
            words++;
        }
        at += size ? size : 1;
    }
    out[used] = '\0';
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (strcmp(out, integers[i]) == 0)
            return; /* without a name */
    }
    if (words > 1)
        out[last] = '\0';
}

static bool is_integer(const char *type)
{
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        if (strcmp(type, integers[i]) == 0)
            return true;
    }
    return false;
}

static size_t param_end(const char *code, size_t at, size_t close)
{
    while (at < close && code[at] != ',') {
        if (strchr("([{", code[at]))
            at = partner(code, at);
        at++;
    }
    return at < close ? at : close;
}

static bool is_no_param(const char *code, size_t from, size_t to)
{
    from = skip_space(code, from);
    while (to > from && is_space(code[to - 1]))
        to--;
    return from >= to || (to - from == 4 && !memcmp(code + from, "void", 4)) ||
           (to - from == 3 && !memcmp(code + from, "...", 3));
}

static void check_params(tree *all, const source *s, const head *h, spot at)
{
    char type[TYPE_SIZE];
    char before[TYPE_SIZE] = "";
    int count = 0;
    size_t to;

    for (size_t from = h->open + 1; from < h->close; from = to + 1) {
        to = param_end(s->flat, from, h->close);
        count += !is_no_param(s->flat, from, to);
        read_type(s->flat, from, to, type);
        at.rule = "bool";
        if (is_public(s) && strcmp(type, "bool") == 0)
            report(all, at,
                   "%s() takes a bool; take an enum or a struct of "
                   "options",
                   h->name);
        at.rule = "swap";
        if (is_public(s) && is_integer(type) && strcmp(type, before) == 0)
            report(all, at,
                   "%s() takes two %s side by side, easily swapped; "
                   "take a struct, or put another between",
                   h->name, type);
        memcpy(before, type, sizeof type);
    }
    at.rule = "params";
    if (count > PARAMS_MAX)
        report(all, at,
               "%s() has %d parameters; %d are the limit, so take a "
               "struct",
               h->name, count, PARAMS_MAX);
}

/* A comment for the reader of the header ends right before the item. */
static bool is_documented(const source *s, size_t at)
{
    size_t end = at;

    while (end > 0 && is_space(s->text[end - 1]))
        end--;
    if (end < 2 || s->text[end - 1] != '/' || s->text[end - 2] != '*')
        return false;
    for (size_t i = end - 2; i > 1; i--) {
        if (s->text[i - 2] == '/' && s->text[i - 1] == '*')
            return s->text[i] == '*' && i < end - 2;
    }
    return false;
}

static void check_item(tree *all, const source *s, const item *it)
{
    int line = source_line(s, it->begin);
    spot at = {s, line, "params", NULL};
    head h;
    int lines;

    if (!find_head(s->flat, it, &h))
        return;
    at.name = h.name;
    check_params(all, s, &h, at);
    at.rule = "doc";
    if (is_public(s) && starts_with(s->flat + it->begin, "WEIR_API") &&
        !is_documented(s, it->begin))
        report(all, at,
               "%s() has no comment right before it; say in /** */ "
               "what the caller needs",
               h.name);
    at.rule = "length";
    lines = source_line(s, it->end) - line + 1;
    if (it->body && lines > FUNCTION_LINES_MAX)
        report(all, at, "%s() has %d lines; %d are the limit", h.name, lines,
               FUNCTION_LINES_MAX);
}

void check_code(tree *all, const source *s)
{
    item it;

    for (size_t at = 0; next_item(s->flat, at, &it); at = it.end + 1)
        check_item(all, s, &it);
    /* A macro without semicolon may remain, but no block. */
    if (strchr(s->flat + it.begin, '{'))
        report(all, (spot){s, source_line(s, it.begin), "length", NULL},
               "cannot follow the braces from here; balance them in every "
               "branch of an #if");
}
