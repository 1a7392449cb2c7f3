/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Rows: stepping through a result and reading its columns.
 *
 * A result comes from weir_query() or weir_stream() and is never NULL: what
 * failed is a result without rows that carries the error. Text, bytes and
 * other pointers read from a row live until the next weir_next() or
 * weir_result_close() of that result. Rollback, closing the connection and
 * closing the result end it; the next use says so. A commit does not.
 *
 * Every function accepts NULL. A result belongs to its connection: one thread
 * at a time in either of them.
 */
#ifndef WEIR_RESULT_H
#define WEIR_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** The rows of one execution. */
typedef struct weir_result weir_result;

/** What is known of a column. Strings are borrowed from the result. */
typedef struct weir_column {
    const char *name;
    /** As the database names it ("VARCHAR(50)", "int8"); "" if unknown. */
    const char *database_type;
    /** NULL type: unknown, or a type that Weir hands out as text. */
    weir_type type;
    /** Where the column comes from; "" for an expression or if unknown. */
    const char *table;
    const char *origin;
} weir_column;

/**
 * Goes to the next row.
 *
 * Blocks if the database must be asked. @return true if there is a row; false
 * at the end and on failure: weir_result_error() tells which
 */
WEIR_API WEIR_HOT bool weir_next(weir_result *result);

/** The first failure of the result, or one with status WEIR_OK.
 *  @return [borrowed] never NULL, also for a NULL result */
WEIR_API const weir_error *weir_result_error(const weir_result *result);

/** The status in weir_result_error(). */
WEIR_API weir_status weir_result_status(const weir_result *result);

/**
 * Goes to the only row.
 *
 * @return WEIR_OK with the row current; WEIR_ERR_NOT_FOUND or
 *         WEIR_ERR_MANY_ROWS, which do not stick: weir_result_error() stays
 *         clear; or the failure of the query
 */
WEIR_API weir_status weir_result_one(weir_result *result) WEIR_MUST_USE;

/** Ends a result, gives its statement back and sets `*result` to NULL. Rows
 *  not read are dropped. NULL is allowed, twice is harmless, and so is after
 *  weir_conn_close(), as long as the engine is there. While another thread is
 *  inside the connection nothing happens, and `*result` stays. */
WEIR_API WEIR_HOT void weir_result_close(weir_result **result);

/* ----------------------------------------------------------------- columns */

/** The number of columns; 0 if the statement returned no rows. */
WEIR_API int weir_column_count(const weir_result *result);
/** Facts of column `column`. @return [borrowed] NULL outside 0 to count-1 */
WEIR_API const weir_column *weir_column_at(const weir_result *result,
                                           int column);
/** The name of a column. @return [borrowed] "" outside 0 to count-1 */
WEIR_API const char *weir_column_name(const weir_result *result, int column);
/**
 * The column of that name. Exact case first, then any case of ASCII.
 *
 * @return its index; -1 if there is none, -2 if several have that name: both
 *         are recorded in weir_result_error() (MISUSE, naming the nearest)
 */
WEIR_API int weir_column_index(weir_result *result, const char *name);

/* ------------------------------------------------------------ current row */

/**
 * The value of a column as the database gave it. On SQLite each value has
 * its own type; the readers below convert.
 *
 * @return [borrowed] until the next weir_next(); NULL outside the row
 */
WEIR_API const weir_value *weir_cell(weir_result *result, int column);

/** Whether a column of the current row is SQL NULL. */
WEIR_API bool weir_is_null(weir_result *result, int column);

/**
 * The readers: a column of the current row as a C value. What does not fit
 * (NULL, another type, out of range, broken UTF-8, no such column) gives zero
 * or NULL and is recorded: weir_result_error() has it, and weir_next() stops.
 * Numbers convert only if nothing is lost, but that a decimal becomes the
 * nearest double; text converts to dates, decimals and UUIDs if it is
 * well-formed.
 */
WEIR_API int64_t weir_get_i64(weir_result *result, int column);
/** See weir_get_i64(). */
WEIR_API uint64_t weir_get_u64(weir_result *result, int column);
/** See weir_get_i64(). */
WEIR_API double weir_get_f64(weir_result *result, int column);
/** See weir_get_i64(). Accepts booleans and the integers 0 and 1. */
WEIR_API bool weir_get_bool(weir_result *result, int column);
/** See weir_get_i64(). @return [borrowed] ends with NUL; text with a NUL
 *  character inside is an error here: read it with weir_get_span() */
WEIR_API const char *weir_get_text(weir_result *result, int column);
/** See weir_get_i64(). @return [borrowed] */
WEIR_API weir_text weir_get_span(weir_result *result, int column);
/** See weir_get_i64(). Takes text as well. @return [borrowed] */
WEIR_API weir_bytes weir_get_bytes(weir_result *result, int column);

/* -------------------------------------------------------------------- scan */

/** Where a column is to go; made by WEIR_OUT() or weir_out_make(). */
typedef struct weir_out {
    void *to;
    uint32_t kind; /* a weir_out_kind */
} weir_out;

/** The C types that a column can be read into. */
typedef enum weir_out_kind {
    WEIR_OUT_I8 = 1,
    WEIR_OUT_I16,
    WEIR_OUT_I32,
    WEIR_OUT_I64,
    WEIR_OUT_U8,
    WEIR_OUT_U16,
    WEIR_OUT_U32,
    WEIR_OUT_U64,
    WEIR_OUT_F32,
    WEIR_OUT_F64,
    WEIR_OUT_BOOL,
    WEIR_OUT_CSTR, /* const char * */
    WEIR_OUT_TEXT, /* weir_text */
    WEIR_OUT_BYTES,
    WEIR_OUT_JSON,
    WEIR_OUT_TIMESTAMP,
    WEIR_OUT_DATETIME,
    WEIR_OUT_DATE,
    WEIR_OUT_TIME,
    WEIR_OUT_INTERVAL,
    WEIR_OUT_DECIMAL,
    WEIR_OUT_UUID,
    WEIR_OUT_VALUE,    /* weir_value: as it is, NULL included */
    WEIR_OUT_OPT = 64, /* added to a kind: the weir_opt_… of that type */
} weir_out_kind;

/** The function under WEIR_OUT(), for other languages. */
static inline weir_out weir_out_make(weir_out_kind kind, void *to)
{
    weir_out out;
    out.to = to;
    out.kind = (uint32_t)kind;
    return out;
}

/**
 * Reads the first `count` columns of the current row; the function under
 * weir_scan(). Either all outputs are written or none.
 *
 * A nullable output takes SQL NULL: the weir_opt_… types, `const char *`
 * (NULL) and weir_value. Into any other, NULL is an error: nothing is ever
 * read as 0 that was not 0.
 *
 * @return WEIR_OK; WEIR_ERR_TYPE naming the column; WEIR_ERR_MISUSE if there
 *         is no current row or `count` is not the number of columns. Failures
 *         stick to the result, and weir_next() stops.
 */
WEIR_API WEIR_HOT weir_status weir_result_scan(weir_result *result,
                                               const weir_out *outs,
                                               size_t count);

/* ------------------------------------------------------------ the statement */

/** Rows matched by UPDATE, inserted or deleted; for a query known at its end;
 *  -1 if not known. */
WEIR_API int64_t weir_result_affected(const weir_result *result);

WEIR_END_DECLS

#endif
