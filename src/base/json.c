/* SPDX-License-Identifier: MIT */
/*
 * The JSON writer's place in the document: what may come next, and where it
 * is put. The one idea is that a failed writer has no room and no state that
 * accepts anything, so that the quick paths need not ask for failures.
 */
#include "base/json.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/digits.h"
#include "base/error.h"

/* What the next call may be. Zero is a writer that nobody has initialised. */
typedef enum place {
    UNINITIALISED = 0,
    AT_ROOT,
    IN_EMPTY_OBJECT, /* a key, or the end */
    IN_OBJECT,
    AFTER_KEY, /* its value */
    IN_EMPTY_ARRAY,
    IN_ARRAY,
    AFTER_ROOT,
    FINISHED,
    FAILED,
} place;

static const weir_error null_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the JSON writer is NULL",
};
static const weir_error uninitialised_error = {
    .status = WEIR_ERR_MISUSE,
    .message = "the JSON writer is not initialised; call weir_json_init()",
};

/* ---------------------------------------------------------------- failing */

static void shut(weir_json *json)
{
    json->state = FAILED;
    json->at = json->end = json->start;
}

void wi_json_fail(weir_json *json, weir_status status, const char *format, ...)
{
    char text[sizeof json->error.message];
    va_list arguments;

    if (json->state == FAILED)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    weir_error_set(&json->error, status, "%s", text);
    shut(json);
}

void wi_json_fail_with(weir_json *json, const weir_error *why)
{
    if (json->state == FAILED)
        return;
    json->error = *why;
    shut(json);
}

bool wi_json_has_failed(const weir_json *json)
{
    return !json || json->state == FAILED || json->state == UNINITIALISED;
}

/* A call that does not fit its place. */
static void refuse(weir_json *json, const char *what)
{
    static const char *const places[] = {
        [AT_ROOT] = "at the beginning of a document",
        [IN_EMPTY_OBJECT] = "in an object, where a key comes next",
        [IN_OBJECT] = "in an object, where a key comes next",
        [AFTER_KEY] = "after a key, whose value comes next",
        [IN_EMPTY_ARRAY] = "in an array",
        [IN_ARRAY] = "in an array",
        [AFTER_ROOT] = "after the end of the document",
        [FINISHED] = "after weir_json_finish()",
    };

    if (json && json->state != FAILED && json->state != UNINITIALISED)
        wi_json_fail(json, WEIR_ERR_MISUSE, "%s cannot stand %s", what,
                     places[json->state]);
}

/* ---------------------------------------------------------------- the room */

/* No further than memory and limit go. */
static void set_end(weir_json *json)
{
    size_t limit = json->options.limit;
    size_t most = limit ? limit - json->flushed : SIZE_MAX;

    json->end = json->start + (json->capacity < most ? json->capacity : most);
}

static size_t used(const weir_json *json)
{
    return (size_t)(json->at - json->start);
}

static bool is_over_limit(weir_json *json, size_t size)
{
    size_t limit = json->options.limit;

    if (limit == 0 || size <= limit - json->flushed - used(json))
        return false;
    wi_json_fail(json, WEIR_ERR_LIMIT,
                 "the JSON document has more than %zu bytes", limit);
    return true;
}

static bool flush(weir_json *json)
{
    size_t size = used(json);
    weir_status status;

    if (size == 0)
        return true;
    status = json->options.sink(json->options.sink_context, json->start, size);
    if (status != WEIR_OK) {
        wi_json_fail(json, status,
                     "the sink of the JSON writer refused bytes "
                     "from %zu on: %s",
                     json->flushed, weir_status_name(status));
        return false;
    }
    json->flushed += size;
    json->at = json->start;
    set_end(json);
    return true;
}

/* Memory for `size` more bytes and a NUL, twice as much as is used. */
static bool grow(weir_json *json, size_t size)
{
    size_t old = used(json), capacity;
    bool inside = json->start == json->buffer;
    char *memory = NULL;

    if (size < SIZE_MAX / 4 - old) {
        capacity = 2 * (old + size);
        memory = wi_resize(json->options.allocator, inside ? NULL : json->start,
                           capacity);
    }
    if (!memory) {
        wi_json_fail(json, WEIR_ERR_NOMEM, "out of memory");
        return false;
    }
    if (inside)
        memcpy(memory, json->buffer, old);
    json->start = memory;
    json->at = memory + old;
    json->capacity = capacity - 1;
    set_end(json);
    return true;
}

bool wi_json_make_room(weir_json *json, size_t size)
{
    if (json->state == FAILED || is_over_limit(json, size))
        return false;
    return json->options.sink ? flush(json) : grow(json, size);
}

void wi_json_add_slowly(weir_json *json, const char *data, size_t size)
{
    while (size > 0) {
        size_t room = (size_t)(json->end - json->at);
        size_t part = size < room ? size : room;

        memcpy(json->at, data, part);
        json->at += part;
        data += part;
        size -= part;
        if (size > 0 && !wi_json_make_room(json, json->options.sink ? 1 : size))
            return;
    }
}

/* -------------------------------------------------------------- the place */

static bool is_in_object(const weir_json *json)
{
    uint32_t level = json->depth - 1;

    return json->depth > 0 && (json->levels[level / 8] >> (level % 8) & 1);
}

/* Where the writer is once a value is complete. */
void wi_json_after_value(weir_json *json)
{
    if (json->state == FAILED)
        return;
    json->state = json->depth == 0     ? AFTER_ROOT
                  : is_in_object(json) ? IN_OBJECT
                                       : IN_ARRAY;
}

static void add_line(weir_json *json)
{
    static const char spaces[] = "                                ";
    size_t width = (size_t)json->options.indent * json->depth;

    if (json->options.indent == 0)
        return;
    wi_json_add(json, "\n", 1);
    while (width > 0) {
        size_t part = width < sizeof spaces - 1 ? width : sizeof spaces - 1;

        wi_json_add(json, spaces, part);
        width -= part;
    }
}

/* What parts a key or an element from what is before it. */
static bool begin_line(weir_json *json, const char *comma)
{
    wi_json_add(json, comma, strlen(comma));
    add_line(json);
    return json->state != FAILED;
}

bool wi_json_before_value(weir_json *json)
{
    if (!json)
        return false;
    switch ((place)json->state) {
    case AT_ROOT:
    case AFTER_KEY:
        return true;
    case IN_EMPTY_ARRAY:
        return begin_line(json, "");
    case IN_ARRAY:
        return begin_line(json, ",");
    case UNINITIALISED:
    case IN_EMPTY_OBJECT:
    case IN_OBJECT:
    case AFTER_ROOT:
    case FINISHED:
    case FAILED:
        break;
    }
    refuse(json, "a value");
    return false;
}

static void begin_level(weir_json *json, char bracket)
{
    bool is_object = bracket == '{';
    uint8_t bit;

    if (!wi_json_before_value(json))
        return;
    if (json->depth == WEIR_JSON_DEPTH_MAX) {
        wi_json_fail(json, WEIR_ERR_LIMIT,
                     "JSON nests deeper than %d arrays and objects",
                     WEIR_JSON_DEPTH_MAX);
        return;
    }
    wi_json_add(json, &bracket, 1);
    if (json->state == FAILED)
        return;
    bit = (uint8_t)(1u << (json->depth % 8));
    if (is_object)
        json->levels[json->depth / 8] |= bit;
    else
        json->levels[json->depth / 8] &= (uint8_t)~bit;
    json->depth++;
    json->state = is_object ? IN_EMPTY_OBJECT : IN_EMPTY_ARRAY;
}

static void end_level(weir_json *json, char bracket)
{
    bool was_empty =
        json->state == IN_EMPTY_OBJECT || json->state == IN_EMPTY_ARRAY;

    json->depth--;
    if (!was_empty)
        add_line(json);
    wi_json_add(json, &bracket, 1);
    wi_json_after_value(json);
}

void weir_json_begin_object(weir_json *json)
{
    begin_level(json, '{');
}

void weir_json_begin_array(weir_json *json)
{
    begin_level(json, '[');
}

void weir_json_end_object(weir_json *json)
{
    if (json && (json->state == IN_EMPTY_OBJECT || json->state == IN_OBJECT))
        end_level(json, '}');
    else
        refuse(json, "the end of an object");
}

void weir_json_end_array(weir_json *json)
{
    if (json && (json->state == IN_EMPTY_ARRAY || json->state == IN_ARRAY))
        end_level(json, ']');
    else
        refuse(json, "the end of an array");
}

void weir_json_key_text(weir_json *json, weir_text key)
{
    if (!json || (json->state != IN_EMPTY_OBJECT && json->state != IN_OBJECT)) {
        refuse(json, "a key");
        return;
    }
    begin_line(json, json->state == IN_OBJECT ? "," : "");
    wi_json_quote(json, key.data, key.size);
    if (json->options.indent)
        wi_json_add(json, ": ", 2);
    else
        wi_json_add(json, ":", 1);
    if (json->state != FAILED)
        json->state = AFTER_KEY;
}

void weir_json_key(weir_json *json, const char *key)
{
    if (key)
        weir_json_key_text(json, weir_text_of(key));
    else
        refuse(json, "a key that is NULL");
}

/* ------------------------------------------------------------ plain values */

void wi_json_plain(weir_json *json, const char *text, size_t size)
{
    if (!wi_json_before_value(json))
        return;
    wi_json_add(json, text, size);
    wi_json_after_value(json);
}

void wi_json_plain_quoted(weir_json *json, const char *text, size_t size)
{
    if (!wi_json_before_value(json))
        return;
    wi_json_add(json, "\"", 1);
    wi_json_add(json, text, size);
    wi_json_add(json, "\"", 1);
    wi_json_after_value(json);
}

void weir_json_null(weir_json *json)
{
    wi_json_plain(json, "null", 4);
}

void weir_json_bool(weir_json *json, bool truth)
{
    if (truth)
        wi_json_plain(json, "true", 4);
    else
        wi_json_plain(json, "false", 5);
}

/* Digits of a number whose distance from 0 is `magnitude`. */
static void add_integer(weir_json *json, const char *text, size_t size,
                        uint64_t magnitude)
{
    if (magnitude > UINT64_C(1) << 53 && json &&
        json->options.exact == WEIR_JSON_EXACT_AS_STRING)
        wi_json_plain_quoted(json, text, size);
    else
        wi_json_plain(json, text, size);
}

void weir_json_i64(weir_json *json, int64_t i)
{
    char text[WI_DIGITS_MAX];
    char *end = wi_digits_i64(i, text);

    add_integer(json, text, (size_t)(end - text),
                i < 0 ? -(uint64_t)i : (uint64_t)i);
}

void weir_json_u64(weir_json *json, uint64_t u)
{
    char text[WI_DIGITS_MAX];
    char *end = wi_digits_u64(u, text);

    add_integer(json, text, (size_t)(end - text), u);
}

void weir_json_text(weir_json *json, weir_text text)
{
    if (!wi_json_before_value(json))
        return;
    wi_json_quote(json, text.data, text.size);
    wi_json_after_value(json);
}

void weir_json_cstr(weir_json *json, const char *text)
{
    if (text)
        weir_json_text(json, weir_text_of(text));
    else
        weir_json_null(json);
}

/* --------------------------------------------------------------- lifetime */

static void check_options(weir_json *json)
{
    const weir_json_options *options = &json->options;

    if (options->size != sizeof *options)
        wi_json_fail(json, WEIR_ERR_MISUSE,
                     "weir_json_options of %zu bytes instead of %zu; begin "
                     "with WEIR_JSON_OPTIONS",
                     options->size, sizeof *options);
    else if (options->indent < 0 || options->indent > 8)
        wi_json_fail(json, WEIR_ERR_MISUSE, "indent is %d; 0 to 8 can be",
                     options->indent);
}

static void begin_document(weir_json *json)
{
    json->at = json->start;
    json->flushed = 0;
    json->depth = 0;
    json->state = AT_ROOT;
    wi_error_clear(&json->error);
    set_end(json);
    check_options(json);
}

void weir_json_init(weir_json *json, const weir_json_options *options)
{
    static const weir_json_options defaults = WEIR_JSON_OPTIONS;

    if (!json)
        return;
    json->options = options ? *options : defaults;
    json->start = json->buffer;
    json->capacity = sizeof json->buffer - 1; /* the NUL */
    begin_document(json);
}

void weir_json_reset(weir_json *json)
{
    if (json && json->state != UNINITIALISED)
        begin_document(json);
}

void weir_json_clear(weir_json *json)
{
    if (!json || json->state == UNINITIALISED)
        return;
    if (json->start != json->buffer)
        wi_free(json->options.allocator, json->start);
    json->start = json->at = json->end = NULL;
    json->state = UNINITIALISED;
}

static void refuse_end(weir_json *json)
{
    if (json->state == FAILED)
        return;
    if (json->state == AT_ROOT)
        wi_json_fail(json, WEIR_ERR_MISUSE, "the JSON document has no value");
    else if (json->state == AFTER_KEY)
        wi_json_fail(json, WEIR_ERR_MISUSE,
                     "the JSON document ends after a key");
    else
        wi_json_fail(json, WEIR_ERR_MISUSE,
                     "the JSON document ends within %u open arrays and objects",
                     json->depth);
}

weir_status weir_json_finish(weir_json *json)
{
    if (!json || json->state == UNINITIALISED)
        return WEIR_ERR_MISUSE;
    if (json->state == FINISHED)
        return WEIR_OK;
    if (json->state != AFTER_ROOT)
        refuse_end(json);
    else if (!json->options.sink || flush(json))
        json->state = FINISHED;
    if (json->state == FINISHED && !json->options.sink)
        *json->at = '\0';
    return json->error.status;
}

weir_text weir_json_result(const weir_json *json)
{
    if (!json || json->state != FINISHED || json->options.sink)
        return weir_text_span("", 0);
    return weir_text_span(json->start, used(json));
}

const weir_error *weir_json_error(const weir_json *json)
{
    if (!json)
        return &null_error;
    return json->state == UNINITIALISED ? &uninitialised_error : &json->error;
}
