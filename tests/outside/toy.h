/* SPDX-License-Identifier: MIT */
/*
 * A database that lives outside the library and knows only its public headers:
 * what somebody writes who adds one of his own. Read toy.c before a real one.
 *
 * It has eight cells with integers, in memory, and understands
 *
 *     PUT ? ?    cell and value
 *     GET ?      one row with the cell's value
 *     SELECT 1   as everybody does
 *
 * Transactions can be rolled back, and see what others have not committed:
 * READ UNCOMMITTED is the one level that it claims.
 */
#ifndef WEIR_TESTS_OUTSIDE_TOY_H
#define WEIR_TESTS_OUTSIDE_TOY_H

#include <weir/sys/backend.h>

/* For weir_backend_register(); its URLs are toy://. */
extern const weir_backend toy_backend;

#endif
