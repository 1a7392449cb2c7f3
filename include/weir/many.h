/* SPDX-License-Identifier: MIT */
/**
 * @file
 * One statement for many rows of parameters, and loading rows into a table.
 *
 * Both are sent ahead in batches: a database with a server is not asked and
 * waited for row by row. The threads, errors and handles are as in
 * <weir/conn.h>.
 */
#ifndef WEIR_MANY_H
#define WEIR_MANY_H

#include <stddef.h>

#include <weir/conn.h>
#include <weir/export.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** Rows of parameters: `count` rows of `width` values each, one row after the
 *  other. For named parameters the first row names them, later rows may. */
typedef struct weir_rows {
    const weir_value *values;
    size_t width;
    size_t count;
} weir_rows;

/**
 * Runs a statement once for each row of parameters, by the fastest way the
 * driver has. Rows that the statement returns are not kept.
 *
 * weir_affected() is the sum. On failure the error says which row failed
 * ("row 3: …", counted from 1), and rows before it may have been done: roll
 * back. In autocommit each row stands for itself.
 *
 * @param sql  as weir_exec()
 * @param rows [borrowed] for the call; no rows: nothing is run
 */
WEIR_API weir_status weir_exec_many(weir_conn *conn, const char *sql,
                                    const weir_rows *rows);

/** Which columns of which table. Names are quoted by Weir and may hold any
 *  character; a dot in `table` parts the schema from the table. */
typedef struct weir_table_columns {
    const char *table;
    const char *const *names;
    size_t count;
} weir_table_columns;

/**
 * Loads rows into a table by the fastest way the database has: COPY on
 * PostgreSQL, bulk arrays on MariaDB, an INSERT prepared once on SQLite.
 * Columns that are not named get their defaults.
 *
 *     static const char *const names[] = {"id", "name"};
 *     weir_table_columns into = {"users", names, 2};
 *     weir_bulk_insert(conn, &into, &rows);
 *
 * weir_affected() is the number of rows. A failure is the whole load's: roll
 * back, or in autocommit look what is there.
 *
 * @param into [borrowed] for the call
 * @param rows [borrowed] for the call; `width` is the number of columns
 */
WEIR_API weir_status weir_bulk_insert(weir_conn *conn,
                                      const weir_table_columns *into,
                                      const weir_rows *rows);

WEIR_END_DECLS

#endif
