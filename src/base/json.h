/* SPDX-License-Identifier: MIT */
/*
 * The inside of the JSON writer. base/json.c keeps the place in the document,
 * base/json_text.c writes strings, base/json_check.c reads JSON that is to be
 * embedded; types that SQL has and JSON has not are written a layer above, in
 * value/json.c.
 *
 * All that write ask wi_json_before_value() first: it answers false once the
 * writer has failed, so that nobody else has to look.
 */
#ifndef WI_BASE_JSON_H
#define WI_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <weir/json.h>

/* Records the first failure; later ones change nothing. */
void wi_json_fail(weir_json *json, weir_status status, const char *format, ...)
    WEIR_PRINTF(3, 4);

/* The same with a failure that somebody else had. */
void wi_json_fail_with(weir_json *json, const weir_error *why);
/* Whether the writer has failed, or there is none. */
bool wi_json_has_failed(const weir_json *json);

/* The comma or the line that comes before a value. @return whether a value
 * may stand here */
bool wi_json_before_value(weir_json *json);

/* A value is complete. */
void wi_json_after_value(weir_json *json);

/* Room for `size` bytes, at most 64, at json->at. */
bool wi_json_make_room(weir_json *json, size_t size);
void wi_json_add_slowly(weir_json *json, const char *data, size_t size);

static inline bool wi_json_room(weir_json *json, size_t size)
{
    return (size_t)(json->end - json->at) >= size ||
           wi_json_make_room(json, size);
}

/* Bytes as they are. */
static inline void wi_json_add(weir_json *json, const char *data, size_t size)
{
    if ((size_t)(json->end - json->at) < size) {
        wi_json_add_slowly(json, data, size);
        return;
    }
    memcpy(json->at, data, size);
    json->at += size;
}

/* A whole value of bytes that need no escape; `quoted` puts quotes around. */
void wi_json_plain(weir_json *json, const char *text, size_t size);
void wi_json_plain_quoted(weir_json *json, const char *text, size_t size);

/* Text in quotes, escaped. */
void wi_json_quote(weir_json *json, const char *text, size_t size);

/* What is wrong with text that should be JSON. */
typedef struct wi_json_fault {
    const char *wanted; /* "a value", "a comma or …"; NULL: all is well */
    size_t offset;
} wi_json_fault;

/* Reads one JSON value, white space around it allowed. */
wi_json_fault wi_json_check(const char *text, size_t size);

#endif
