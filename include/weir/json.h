/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A streaming JSON writer: what it writes is well-formed JSON (RFC 8259), or
 * an error, and never anything between.
 *
 *     weir_json json;
 *     weir_json_init(&json, NULL);
 *     weir_json_begin_object(&json);
 *     weir_json_put(&json, "id", 7);
 *     weir_json_put(&json, "name", "sandy");
 *     weir_json_end_object(&json);
 *     if (weir_json_finish(&json) == WEIR_OK)
 *         puts(weir_json_result(&json).data); // {"id":7,"name":"sandy"}
 *     weir_json_clear(&json);
 *
 * Commas, colons and escapes are the writer's own. A call that does not fit
 * its place (a key in an array, a value without a key, a second root) is
 * MISUSE. Errors stick: all calls after the first failure do nothing, and one
 * look at weir_json_finish() tells.
 *
 * The document grows in memory, or goes to a sink piece by piece; then memory
 * does not grow with it. No value costs an allocation, and a document of less
 * than WEIR_JSON_BUFFER_SIZE bytes none at all. Keys are not compared: that
 * they differ is the caller's affair.
 *
 * Threads: one at a time in a writer. Every function accepts NULL.
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/args.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/memory.h>
#include <weir/result.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** How deep arrays and objects may nest; deeper is WEIR_ERR_LIMIT. */
#define WEIR_JSON_DEPTH_MAX 256
/** The buffer inside a writer: a sink is handed pieces of at most this. */
#define WEIR_JSON_BUFFER_SIZE 4096

/**
 * Takes the next `size` bytes of the document, borrowed for the call. A piece
 * may end within a character.
 *
 * @return WEIR_OK, or the failure that weir_json_finish() is to give; the
 *         sink is not called again then
 */
typedef weir_status (*weir_json_sink)(void *context, const char *data,
                                      size_t size);

/** What becomes of text that is not UTF-8. */
typedef enum weir_json_broken_text {
    WEIR_JSON_BROKEN_IS_ERROR = 0, /* WEIR_ERR_TYPE */
    /** U+FFFD for each broken part: for dumps that must come out. */
    WEIR_JSON_BROKEN_IS_REPLACED,
} weir_json_broken_text;

/** What becomes of NaN and the infinities, which JSON does not have. */
typedef enum weir_json_non_finite {
    WEIR_JSON_NON_FINITE_IS_ERROR = 0, /* WEIR_ERR_TYPE */
    WEIR_JSON_NON_FINITE_IS_NULL,      /* as JSON.stringify() does */
} weir_json_non_finite;

/** What becomes of numbers that a reader who knows only doubles (JavaScript)
 *  would change: integers beyond 2^53, and decimals. */
typedef enum weir_json_exact {
    WEIR_JSON_EXACT_AS_NUMBER = 0, /* all digits, as JSON allows */
    WEIR_JSON_EXACT_AS_STRING,     /* the same digits in quotes */
} weir_json_exact;

/** How to write. Start from WEIR_JSON_OPTIONS. */
typedef struct weir_json_options {
    size_t size; /* set by the initialiser */
    /** 0: one line without spaces; 1 to 8: lines, so many spaces a level. */
    int indent;
    weir_json_broken_text broken_text;
    weir_json_non_finite non_finite;
    weir_json_exact exact;
    /** Bytes that a document may have (WEIR_ERR_LIMIT); 0: no limit. */
    size_t limit;
    /** Where the document goes; NULL: it grows in memory. */
    weir_json_sink sink;
    void *sink_context;
    /** NULL: malloc. Must outlive the writer. */
    const weir_allocator *allocator;
} weir_json_options;

/** The defaults of a weir_json_options. */
#define WEIR_JSON_OPTIONS                                                      \
    {                                                                          \
        sizeof(weir_json_options), 0, WEIR_JSON_BROKEN_IS_ERROR,               \
            WEIR_JSON_NON_FINITE_IS_ERROR, WEIR_JSON_EXACT_AS_NUMBER, 0, NULL, \
            NULL, NULL                                                         \
    }

/** A writer. Its fields are private; it must not be copied or moved. */
typedef struct weir_json {
    char *start; /* `buffer`, or memory that has grown */
    char *at;    /* where the next byte goes */
    char *end;   /* as far as it may go without a look at limit and memory */
    size_t capacity;
    size_t flushed; /* handed to the sink */
    uint32_t state;
    uint32_t depth;
    uint8_t levels[WEIR_JSON_DEPTH_MAX / 8]; /* a bit each: 1 is an object */
    weir_json_options options;
    weir_error error;
    char buffer[WEIR_JSON_BUFFER_SIZE];
} weir_json;

/* --------------------------------------------------------------- lifetime */

/** Begins a document. Allocates nothing and cannot fail: what is wrong with
 *  the options (NULL: the defaults) is the writer's first error. */
WEIR_API void weir_json_init(weir_json *json, const weir_json_options *options);

/** Begins another document with the same options and memory; forgets the
 *  last one and its error. */
WEIR_API void weir_json_reset(weir_json *json);

/** Gives the memory back. The writer can be used again after another
 *  weir_json_init() only. */
WEIR_API void weir_json_clear(weir_json *json);

/**
 * Ends the document and hands its rest to the sink.
 *
 * @return WEIR_OK; else the first failure: MISUSE for a call that did not fit
 *         or a document that is not whole, TYPE for broken text, numbers that
 *         JSON does not have and raw text that is not JSON, LIMIT, NOMEM, or
 *         what the sink returned
 */
WEIR_API weir_status weir_json_finish(weir_json *json) WEIR_MUST_USE;

/** The document that grew in memory, with a NUL behind it.
 *  @return [borrowed] until reset or clear; empty, never a NULL pointer,
 *          before weir_json_finish(), after a failure, and with a sink */
WEIR_API weir_text weir_json_result(const weir_json *json);

/** The first failure, or one with status WEIR_OK.
 *  @return [borrowed] until reset or clear; never NULL */
WEIR_API const weir_error *weir_json_error(const weir_json *json);

/* -------------------------------------------------------------- structure */

/** Opens an object. */
WEIR_API void weir_json_begin_object(weir_json *json);
/** Closes the innermost, which must be an object. */
WEIR_API void weir_json_end_object(weir_json *json);
/** Opens an array. */
WEIR_API void weir_json_begin_array(weir_json *json);
/** Closes the innermost, which must be an array. */
WEIR_API void weir_json_end_array(weir_json *json);
/** The key of the next value in an object; ends with NUL. */
WEIR_API void weir_json_key(weir_json *json, const char *key);
/** A counted key. */
WEIR_API void weir_json_key_text(weir_json *json, weir_text key);

/* ----------------------------------------------------------------- values */

/** null. */
WEIR_API void weir_json_null(weir_json *json);
/** true or false. */
WEIR_API void weir_json_bool(weir_json *json, bool truth);
/** An integer, all digits; see weir_json_exact. */
WEIR_API void weir_json_i64(weir_json *json, int64_t i);
/** An unsigned integer, all digits; see weir_json_exact. */
WEIR_API void weir_json_u64(weir_json *json, uint64_t u);
/** The shortest number that reads back the same; see weir_json_non_finite. */
WEIR_API void weir_json_f64(weir_json *json, double f);
/** A string that ends with NUL; a NULL pointer writes null. */
WEIR_API void weir_json_cstr(weir_json *json, const char *text);
/** A counted string, NUL characters included; see weir_json_broken_text. */
WEIR_API void weir_json_text(weir_json *json, weir_text text);
/** Bytes as a string of base64 (RFC 4648 section 4, with padding). */
WEIR_API void weir_json_bytes(weir_json *json, weir_bytes bytes);
/** Text that is one JSON value already. It is checked first (TYPE, saying
 *  where), then written without the white space around its parts. */
WEIR_API void weir_json_raw(weir_json *json, weir_raw_json raw);
/**
 * Any value: NULL as null; timestamps as RFC 3339 with Z; datetimes, dates and
 * times in the same form without a zone; intervals as ISO 8601 durations;
 * decimals with all their digits, see weir_json_exact; UUIDs as 36 characters;
 * bytes as base64; JSON by weir_json_raw(). Invalid values are TYPE.
 *
 * @param value [borrowed] for the call; NULL writes null
 */
WEIR_API void weir_json_value(weir_json *json, const weir_value *value);

/* ------------------------------------------------------------------- rows */

/**
 * The current row as an object: a member for each column, named as the column
 * and written by weir_json_value(). Without a current row the writer fails
 * with the failure of the result.
 */
WEIR_API void weir_json_row(weir_json *json, weir_result *rows);

/**
 * All rows that are left as an array of objects. Rows that end early are a
 * failure of the writer, too, the same as that of the result: so a document
 * that is whole has all of them. Blocks as weir_next() does.
 */
WEIR_API void weir_json_rows(weir_json *json, weir_result *rows);

/* ----------------------------------------------------- any expression of C */

/** The function under weir_json_add(). */
static inline void weir_json_add_value(weir_json *json, weir_value value)
{
    weir_json_value(json, &value);
}

/** The function under weir_json_put(). */
static inline void weir_json_put_value(weir_json *json, const char *key,
                                       weir_value value)
{
    weir_json_key(json, key);
    weir_json_value(json, &value);
}

#ifndef __cplusplus

/** Writes any C expression that could be bound to a statement: an element of
 *  an array. */
#define weir_json_add(json_, x_) weir_json_add_value((json_), WEIR_VAL(x_))

/** A key and its value: a member of an object. */
#define weir_json_put(json_, key_, x_)                                         \
    weir_json_put_value((json_), (key_), WEIR_VAL(x_))

#endif /* not C++ */

WEIR_END_DECLS

#endif
