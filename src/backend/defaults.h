/* SPDX-License-Identifier: MIT */
/*
 * What the engine does for operations that a driver MAY leave out. The engine
 * calls these and never asks itself whether the operation is there.
 */
#ifndef WI_BACKEND_DEFAULTS_H
#define WI_BACKEND_DEFAULTS_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/memory.h>
#include <weir/sys/driver.h>

/* Proves that the server answers: ping(), or "SELECT 1" run to its end. The
 * allocator is for the statement of the latter. */
weir_status wi_driver_ping(const weir_driver *driver, void *conn,
                           int64_t deadline, const weir_allocator *allocator,
                           weir_error *err);

/* One statement and many rows of parameters for it. */
typedef struct wi_many {
    void *stmt;
    /* `values` are those of all rows, one row after the other; `value_count`
     * is that of one row. */
    const weir_execution *first;
    size_t row_count;
} wi_many;

/*
 * Runs a statement once for each row: execute_many(), or execute() and end()
 * again and again. Stops at the first failure. `out` is filled also then:
 * rows_done rows have been done, `affected` is their sum (-1 if one of them is
 * not known), the key that of the last row. The execution has been ended.
 */
weir_status wi_driver_execute_many(const weir_driver *driver,
                                   const wi_many *many, weir_outcome *out,
                                   weir_error *err);

/* The socket to watch, -1 for none. */
int wi_driver_socket(const weir_driver *driver, void *conn);

#endif
