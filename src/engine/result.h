/* SPDX-License-Identifier: MIT */
/*
 * A result and where its rows come from:
 *
 *   LAZY     straight from the driver, while other statements may run: what
 *            is read is pinned (copied) so that it outlives them, and before
 *            a statement that writes the rest is gathered (GATHERED)
 *   DRIVER   straight from the driver, which keeps the row until the next one
 *   GATHERED from memory; the statement has been given back
 *   ENDED    nothing comes any more; the error tells why, if there is one
 *
 * A result's memory belongs to its connection's handle (engine/conn.h).
 */
#ifndef WI_ENGINE_RESULT_H
#define WI_ENGINE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/result.h>

#include "base/arena.h"
#include "base/list.h"
#include "engine/conn.h"

typedef enum wi_rows_from {
    WI_ROWS_ENDED = 0,
    WI_ROWS_LAZY,
    WI_ROWS_DRIVER,
    WI_ROWS_GATHERED,
} wi_rows_from;

/* A row in memory, followed by its values. */
typedef struct wi_kept_row {
    struct wi_kept_row *next;
    weir_value values[];
} wi_kept_row;

struct weir_result {
    bool open;     /* false: closed, a stale copy */
    bool constant; /* there is no way from it to a connection: it stands for an
                      error, or is late */
    /* It was open when its connection was closed: result_late.h */
    _Atomic bool is_late;
    bool has_row;
    bool executing; /* the driver's end() is still to be called */
    wi_rows_from from;
    weir_conn *conn;
    const weir_driver *driver;
    wi_stmt *stmt; /* NULL once given back */
    weir_fetch_mode mode;
    int column_count;
    wi_columns *columns; /* NULL if there are none */
    weir_value *row;     /* column_count values */
    size_t row_capacity;
    uint64_t pinned[4]; /* LAZY: a bit for each column of the current row */
    int64_t affected;
    wi_kept_row *kept; /* GATHERED: the next one */
    wi_arena keep;     /* arguments, gathered rows */
    wi_arena scratch;  /* what was read from the current row */
    wi_list_node by_conn;
    weir_error error;
};

/* A fresh handle of the connection; NULL if there is no memory. */
weir_result *wi_result_new(weir_conn *conn);

/* Results that stand for an error when no handle can be had. Constants. */
weir_result *wi_result_of_entry(const weir_conn *conn);
weir_result *wi_result_of_nomem(void);

/* Takes over an execution that has succeeded, and the use of its statement,
 * also on failure. What returns no rows or writes is done when it returns. */
weir_status wi_result_begin(weir_result *result, wi_stmt *stmt,
                            weir_fetch_mode mode);

/* Text and the like must outlive the call, because rows may be computed from
 * them later: `*values` are the copies, if any are needed. */
weir_status wi_result_keep_values(weir_result *result,
                                  const weir_value **values, size_t count);

/* As it was before anything ran. */
void wi_result_reset(weir_result *result);

/* Gathers all rows that are left into memory and gives the statement back. */
weir_status wi_result_gather(weir_result *result);
weir_status wi_result_gather_until(weir_result *result, int64_t deadline);

/* Gathers every lazy result of the connection. */
weir_status wi_results_gather(weir_conn *conn);

/* Ends the execution: no more rows, the statement is given back. */
void wi_result_end(weir_result *result);

/* Puts the handle among the free ones. */
void wi_result_retire(weir_result *result);

/* All rows were read: what it did is known, the statement goes back. */
void wi_result_finish(weir_result *result);

/* The types whose values point to something. */
#define WI_POINTER_TYPES                                                       \
    (1u << WEIR_TYPE_TEXT | 1u << WEIR_TYPE_JSON | 1u << WEIR_TYPE_BYTES |     \
     1u << WEIR_TYPE_INTERVAL | 1u << WEIR_TYPE_DECIMAL |                      \
     1u << WEIR_TYPE_UUID)

/* Copies what a value points to into the arena. False: no memory. */
bool wi_value_keep(wi_arena *arena, weir_value *value);

/* Frees these handles; the list is not usable afterwards. */
void wi_result_list_free(const weir_allocator *allocator, wi_list *list);
/* Frees all result handles of a connection's handle. */
void wi_results_free(weir_conn *conn);

#endif
