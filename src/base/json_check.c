/* SPDX-License-Identifier: MIT */
/*
 * Whether text is one JSON value, before it is embedded in a document: the
 * grammar of RFC 8259 and nothing more. Nothing is built and nothing recursed;
 * a bit for each level says whether it is an object.
 */
#include "base/json.h"

#include <stdint.h>

#include "base/utf8.h"

/* What the grammar wants next. */
typedef enum wanted {
    A_VALUE,
    A_VALUE_OR_END, /* right after [ */
    A_KEY,
    A_KEY_OR_END, /* right after { */
    A_COLON,
    A_COMMA_OR_END,
    NOTHING,
} wanted;

typedef struct reader {
    const char *at;
    const char *begin;
    const char *end;
    const char *complaint;
    uint32_t depth;
    uint8_t levels[WEIR_JSON_DEPTH_MAX / 8];
} reader;

/* Always false, for the caller to return. */
static bool complain(reader *in, const char *about)
{
    in->complaint = about;
    return false;
}

static char peek(const reader *in)
{
    return in->at < in->end ? *in->at : '\0';
}

static bool take(reader *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static void skip_space(reader *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' ||
                                *in->at == '\n' || *in->at == '\r'))
        in->at++;
}

static bool read_digits(reader *in)
{
    const char *first = in->at;

    while (peek(in) >= '0' && peek(in) <= '9')
        in->at++;
    return in->at > first || complain(in, "a digit");
}

static bool read_number(reader *in)
{
    take(in, '-');
    if (!take(in, '0') && !read_digits(in))
        return false;
    if (take(in, '.') && !read_digits(in))
        return false;
    if (!take(in, 'e') && !take(in, 'E'))
        return true;
    if (!take(in, '+'))
        take(in, '-');
    return read_digits(in);
}

/* Four hexadecimal digits; -1 if they are not there. */
static int read_unit(reader *in)
{
    int unit = 0;

    for (int i = 0; i < 4; i++) {
        char c = peek(in);

        if (c >= '0' && c <= '9')
            unit = unit * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            unit = unit * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
        in->at++;
    }
    return unit;
}

/* Behind \u: a character, or the two halves of one. A half alone is no
 * character: readers refuse it or change it, so it is refused here. */
static bool read_unicode(reader *in)
{
    int unit = read_unit(in);

    if (unit < 0)
        return complain(in, "four hexadecimal digits");
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return complain(in, "a first surrogate before the second one");
    if (unit < 0xD800 || unit > 0xDBFF)
        return true;
    unit = take(in, '\\') && take(in, 'u') ? read_unit(in) : -1;
    if (unit < 0xDC00 || unit > 0xDFFF)
        return complain(in, "a second surrogate after the first one");
    return true;
}

static bool read_escape(reader *in)
{
    char c = peek(in);

    if (take(in, 'u'))
        return read_unicode(in);
    if (!c || !strchr("\"\\/bfnrt", c))
        return complain(in, "an escape that JSON has");
    in->at++;
    return true;
}

static bool read_string(reader *in)
{
    if (!take(in, '"'))
        return complain(in, "a key in quotes");
    for (;;) {
        if (in->at == in->end)
            return complain(in, "the end of a string");
        if ((unsigned char)*in->at < 0x20)
            return complain(in, "an escape for a control character");
        if (take(in, '"'))
            return true;
        if (*in->at++ == '\\' && !read_escape(in))
            return false;
    }
}

static bool read_word(reader *in, const char *word)
{
    size_t size = strlen(word);

    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return complain(in, "a value");
    in->at += size;
    return true;
}

static bool open_level(reader *in, bool is_object)
{
    uint8_t bit = (uint8_t)(1u << (in->depth % 8));

    if (in->depth == WEIR_JSON_DEPTH_MAX)
        return complain(in, "less nesting");
    if (is_object)
        in->levels[in->depth / 8] |= bit;
    else
        in->levels[in->depth / 8] &= (uint8_t)~bit;
    in->depth++;
    in->at++;
    return true;
}

static bool is_in_object(const reader *in)
{
    uint32_t level = in->depth - 1;

    return in->levels[level / 8] >> (level % 8) & 1;
}

static wanted after_value(const reader *in)
{
    return in->depth == 0 ? NOTHING : A_COMMA_OR_END;
}

static bool read_end(reader *in, wanted *next)
{
    if (!take(in, is_in_object(in) ? '}' : ']'))
        return complain(in, is_in_object(in)
                                ? "a comma or the end of an object"
                                : "a comma or the end of an array");
    in->depth--;
    *next = after_value(in);
    return true;
}

static bool read_value(reader *in, wanted *next)
{
    char c = peek(in);

    *next = after_value(in);
    switch (c) {
    case '{':
        *next = A_KEY_OR_END;
        return open_level(in, true);
    case '[':
        *next = A_VALUE_OR_END;
        return open_level(in, false);
    case '"':
        return read_string(in);
    case 't':
        return read_word(in, "true");
    case 'f':
        return read_word(in, "false");
    case 'n':
        return read_word(in, "null");
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return read_number(in);
        return complain(in, "a value");
    }
}

/* One step of the grammar. */
static bool read_next(reader *in, wanted *next)
{
    switch (*next) {
    case A_VALUE_OR_END:
        if (peek(in) == ']')
            return read_end(in, next);
        return read_value(in, next);
    case A_VALUE:
        return read_value(in, next);
    case A_KEY_OR_END:
        if (peek(in) == '}')
            return read_end(in, next);
        *next = A_COLON;
        return read_string(in);
    case A_KEY:
        *next = A_COLON;
        return read_string(in);
    case A_COLON:
        *next = A_VALUE;
        return take(in, ':') || complain(in, "a colon");
    case A_COMMA_OR_END:
        if (!take(in, ','))
            return read_end(in, next);
        *next = is_in_object(in) ? A_KEY : A_VALUE;
        return true;
    case NOTHING:
        break;
    }
    return complain(in, "the end");
}

wi_json_fault wi_json_check(const char *text, size_t size)
{
    reader in = {.at = text, .begin = text, .end = text + size};
    wanted next = A_VALUE;

    if (wi_utf8_check(text, size) == WI_UTF8_BROKEN)
        return (wi_json_fault){"UTF-8", 0};
    for (;;) {
        skip_space(&in);
        if (next == NOTHING && in.at == in.end)
            return (wi_json_fault){NULL, size};
        if (!read_next(&in, &next))
            return (wi_json_fault){in.complaint, (size_t)(in.at - in.begin)};
    }
}

/* ---------------------------------------------------------------- embedding */

/* The length of a string of valid JSON, its quotes included. */
static size_t string_length(const char *text)
{
    size_t i = 1;

    while (text[i] != '"')
        i += text[i] == '\\' ? 2 : 1;
    return i + 1;
}

/* Valid JSON without the white space around its parts. */
static void add_compact(weir_json *json, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end) {
        size_t length = 0;

        if (*text == '"')
            length = string_length(text);
        else
            while (text + length < end && text[length] != '"' &&
                   (unsigned char)text[length] > ' ')
                length++;
        wi_json_add(json, text, length);
        text += length ? length : 1;
    }
}

void weir_json_raw(weir_json *json, weir_raw_json raw)
{
    wi_json_fault fault;

    if (!wi_json_before_value(json))
        return;
    fault = wi_json_check(raw.data ? raw.data : "", raw.data ? raw.size : 0);
    if (fault.wanted) {
        wi_json_fail(json, WEIR_ERR_TYPE,
                     "text of %zu bytes is not JSON: %s is wanted at byte %zu",
                     raw.size, fault.wanted, fault.offset);
        return;
    }
    add_compact(json, raw.data, raw.size);
    wi_json_after_value(json);
}
