/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Several queries at once, one statement for many rows of parameters, and
 * loading rows into a table.
 *
 * All are sent ahead in batches: a database with a server is not asked and
 * waited for one by one. The threads, errors and handles are as in
 * <weir/conn.h>.
 */
#ifndef WEIR_MANY_H
#define WEIR_MANY_H

#include <stddef.h>

#include <weir/conn.h>
#include <weir/export.h>
#include <weir/result.h>
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

/** A statement with its arguments, which are written as for weir_query():
 *  `{"SELECT name FROM users WHERE id = ?", ARGS(7)}`. */
typedef struct weir_statement {
    const char *sql;
    const weir_value *args;
    size_t arg_count;
} weir_statement;

/**
 * Runs several statements, in order, each with a result of its own. Where the
 * database can (PostgreSQL) all are sent before an answer is awaited, so that
 * together they cost the time of one round trip; elsewhere they run one by
 * one. What they do is the same.
 *
 *     const weir_statement page[] = {
 *         {"SELECT name FROM users WHERE id = ?", ARGS(7)},
 *         {"SELECT count(*) FROM posts WHERE author = ?", ARGS(7)},
 *     };
 *     weir_result *rows[2];
 *     weir_query_many(conn, page, 2, rows);
 *
 * Before the first one runs all are prepared and their arguments checked: if
 * one is refused none runs, and none can use a table that one before it
 * makes. Inside a transaction, also one that begins here, the first that
 * fails is the last that has run; in AUTOCOMMIT each stands for itself. The
 * result of one that was not run says so ("not run: query 2 has failed: …"),
 * with the status of the failure that kept it from running.
 *
 * A transaction that begins here and that the database wants run again
 * (SERIALIZATION) is run again once: nobody has seen anything of it.
 *
 * The time that a statement may take is that of the whole call. weir_cancel()
 * ends those that have not run yet, too. Rows are kept in memory as those of
 * weir_query(), each result within max_result_bytes.
 *
 * @param statements [borrowed] for the call; the same text may come often and
 *                   is prepared once
 * @param count   how many; 0: nothing is run
 * @param results [owned] filled with `count` results, never NULL, also on
 *                failure; end each with weir_result_close()
 * @return WEIR_OK if all have run; else the first failure's status, whose
 *         message says which it was ("query 2: …", counted from 1)
 */
WEIR_API weir_status weir_query_many(weir_conn *conn,
                                     const weir_statement *statements,
                                     size_t count, weir_result **results);

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
