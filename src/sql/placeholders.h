/* SPDX-License-Identifier: MIT */
/*
 * The one scanner for `?` and `:name`, on every database: it turns a program's
 * text into the driver's and says which argument goes where.
 *
 * Outside quotes and comments `?` is a positional parameter, `??` a plain `?`
 * (PostgreSQL's operators), `:name` a named one; `::` and `:=` are left alone,
 * and so is a colon behind a word, digit or bracket (array slices). The two
 * styles do not mix. One statement at a time: a `;` may only end the text,
 * except inside a body (CREATE TRIGGER … BEGIN … END).
 */
#ifndef WI_SQL_PLACEHOLDERS_H
#define WI_SQL_PLACEHOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/memory.h>
#include <weir/sys/dialect.h>
#include <weir/value.h>

enum {
    WI_SQL_SIZE_MAX = 16 * 1024 * 1024,
    WI_SQL_PARAMETERS_MAX = 65535,
};

/* What the first word says a statement is. */
typedef enum wi_sql_verb {
    WI_SQL_OTHER = 0,
    WI_SQL_INSERT,
    WI_SQL_TX_CONTROL, /* BEGIN, COMMIT, … : the library's own business */
} wi_sql_verb;

/* One block of memory; never changes after it was made. */
typedef struct wi_sql_plan {
    const weir_allocator *allocator;
    const char *sql; /* for the driver; ends with NUL */
    size_t size;
    bool named;
    bool identity; /* positional, and argument i is driver parameter i */
    wi_sql_verb verb;
    size_t source_count;      /* arguments that the program gives */
    size_t driver_count;      /* parameters that the driver gets */
    const uint16_t *from;     /* driver parameter -> argument */
    const char *const *names; /* of the arguments, if named */
} wi_sql_plan;

/* Scans a statement. @return WEIR_OK, SQL, LIMIT, TYPE (not UTF-8), NOMEM */
weir_status wi_sql_plan_make(const weir_dialect *dialect, weir_text text,
                             const weir_allocator *allocator, wi_sql_plan **out,
                             weir_error *err);

/* Frees a plan and sets the pointer to NULL. */
void wi_sql_plan_free(wi_sql_plan **plan);

/*
 * Puts arguments in the driver's order, driver_count of them, and checks each:
 * number, names, invalid values, UTF-8.
 */
weir_status wi_sql_plan_bind(const wi_sql_plan *plan, const weir_value *args,
                             size_t count, weir_value *out, weir_error *err);

/* The same checks for arguments that are in the driver's order already: of a
 * plan that is an identity. Copies nothing. */
WEIR_HOT weir_status wi_sql_plan_check(const wi_sql_plan *plan,
                                       const weir_value *args, size_t count,
                                       weir_error *err);

#endif
