/* SPDX-License-Identifier: MIT */
/*
 * Rows of parameters on their way to the driver, a batch at a time.
 */
#ifndef WI_ENGINE_MANY_H
#define WI_ENGINE_MANY_H

#include <weir/many.h>

#include "engine/conn.h"
#include "sql/placeholders.h"

/* Binds rows into a batch of values, one row after the other. Rows that are
 * in the driver's order already are only checked: the batch is the caller's. */
typedef struct wi_many_binder {
    const wi_sql_plan *plan;
    const weir_rows *rows;
    size_t capacity;    /* rows of a batch */
    weir_value *values; /* of a batch; NULL if the plan is an identity */
    weir_value *named;  /* one row with the names of the first, or NULL */
} wi_many_binder;

/* Makes room for a batch. wi_many_end() is called also if it fails. */
weir_status wi_many_begin(weir_conn *conn, wi_many_binder *binder,
                          const wi_sql_plan *plan, const weir_rows *rows);
void wi_many_end(weir_conn *conn, wi_many_binder *binder);

/* Binds `count` rows from row `first` (from 0) on, at most a batch, into
 * `*out`; the error names the row. */
weir_status wi_many_bind(wi_many_binder *binder, size_t first, size_t count,
                         const weir_value **out, weir_error *err);

/* weir_exec_many() on a connection that has been entered. */
weir_status wi_exec_many(weir_conn *conn, const char *sql,
                         const weir_rows *rows);

/* MISUSE if there are none where there should be. */
weir_status wi_rows_check(const weir_rows *rows, weir_error *err);

/* Puts "row 7:" in front of the message; `index` counts from 0. */
weir_status wi_rows_fail(weir_error *err, size_t index);

#endif
