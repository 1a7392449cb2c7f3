/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A streaming JSON writer. It holds one small buffer and hands full ones to
 * a sink; memory does not grow with the document. It keeps count of where it
 * is, so that what it writes is always well-formed or an error: commas and
 * colons are its own, a key outside an object or a second root value is
 * refused. Errors stick: check once, at weir_json_end().
 *
 *     weir_json json;
 *     weir_json_begin(&json, sink, context);
 *     weir_json_object(&json);
 *     weir_json_key(&json, "id");
 *     weir_json_i64(&json, 7);
 *     weir_json_close(&json);
 *     if (weir_json_end(&json) != WEIR_OK) …
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/memory.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** How deep arrays and objects may nest. */
#define WEIR_JSON_DEPTH_MAX 256
/** The buffer that is kept between calls of the sink. */
#define WEIR_JSON_BUFFER_SIZE 2048

/**
 * Takes the next `size` bytes of the document; borrowed for the call only.
 * @return WEIR_OK, or the failure that weir_json_end() is to return
 */
typedef weir_status (*weir_json_sink)(void *context, const char *data,
                                      size_t size);

/** A document being written. Its fields are private; it may live anywhere
 *  and needs no release. One thread at a time. */
typedef struct weir_json {
    weir_json_sink sink;
    void *context;
    size_t used;
    weir_status status;
    uint16_t depth;
    uint8_t state;
    uint8_t indent;
    uint8_t levels[WEIR_JSON_DEPTH_MAX / 8]; /* a bit each: 1 is an object */
    char buffer[WEIR_JSON_BUFFER_SIZE];
} weir_json;

/** Begins a document on one line without spaces. */
WEIR_API void weir_json_begin(weir_json *json, weir_json_sink sink,
                              void *context);
/** From here on a new line for each value, `width` spaces a level (0 to 8).
 *  Call it right after weir_json_begin(). */
WEIR_API void weir_json_indent(weir_json *json, int width);

/** Opens an object. */
WEIR_API void weir_json_object(weir_json *json);
/** Opens an array. */
WEIR_API void weir_json_array(weir_json *json);
/** Closes the innermost object or array. */
WEIR_API void weir_json_close(weir_json *json);
/** The key of the next value of an object; UTF-8, ends with NUL. */
WEIR_API void weir_json_key(weir_json *json, const char *key);

/** A string, ends with NUL; a NULL pointer writes null. */
WEIR_API void weir_json_string(weir_json *json, const char *text);
/** A counted string. Broken UTF-8 is an error (TYPE), never passed on. */
WEIR_API void weir_json_text(weir_json *json, weir_text text);
/** An integer, all digits. */
WEIR_API void weir_json_i64(weir_json *json, int64_t i);
/** An unsigned integer, all digits. */
WEIR_API void weir_json_u64(weir_json *json, uint64_t u);
/** The shortest number that reads back the same; NaN and the infinities,
 *  which JSON does not have, are written as null. */
WEIR_API void weir_json_f64(weir_json *json, double f);
/** true for a number other than 0, else false. */
WEIR_API void weir_json_bool(weir_json *json, int truth);
/** null. */
WEIR_API void weir_json_null(weir_json *json);
/** Bytes as a string of base64 (RFC 4648, with padding). */
WEIR_API void weir_json_bytes(weir_json *json, weir_bytes bytes);
/**
 * Any value: dates and times as RFC 3339 strings, intervals as ISO 8601
 * strings, UUIDs as strings, bytes as base64, decimals as numbers with all
 * their digits, JSON as it is. An invalid value is an error.
 */
WEIR_API void weir_json_value(weir_json *json, const weir_value *value);
/** Text that already is one JSON value; it is not checked. */
WEIR_API void weir_json_raw(weir_json *json, weir_text text);

/** A key and its value in one call. */
WEIR_API void weir_json_member_string(weir_json *json, const char *key,
                                      const char *text);
/** A key and its value in one call. */
WEIR_API void weir_json_member_i64(weir_json *json, const char *key, int64_t i);
/** A key and its value in one call. */
WEIR_API void weir_json_member_f64(weir_json *json, const char *key, double f);
/** A key and its value in one call. */
WEIR_API void weir_json_member_bool(weir_json *json, const char *key,
                                    int truth);

/**
 * Ends the document and hands its rest to the sink.
 *
 * @return WEIR_OK; MISUSE if the document is not whole or a call did not fit
 *         its place; TYPE for broken text; LIMIT for too deep nesting; or
 *         what the sink returned
 */
WEIR_API weir_status weir_json_end(weir_json *json) WEIR_MUST_USE;

/** A sink that gathers the document in memory; zero it before its use, with
 *  an allocator or NULL for malloc, and a limit in bytes or 0 for none. */
typedef struct weir_json_memory {
    const weir_allocator *allocator;
    size_t limit;
    char *data; /* ends with NUL after weir_json_end() */
    size_t size;
    size_t capacity;
} weir_json_memory;

/** The sink function of a weir_json_memory. NOMEM or LIMIT on failure. */
WEIR_API weir_status weir_json_memory_sink(void *memory, const char *data,
                                           size_t size);
/** Gives the memory back. */
WEIR_API void weir_json_memory_clear(weir_json_memory *memory);

WEIR_END_DECLS

#endif
