/* SPDX-License-Identifier: MIT */
/*
 * Names in SQL text: always quoted, and refused where the database would cut
 * or misread them.
 */
#ifndef WI_SQL_IDENT_H
#define WI_SQL_IDENT_H

#include <weir/sys/dialect.h>
#include <weir/value.h>

#include "base/buf.h"

/* Appends the quoted name. @return WEIR_OK, TYPE (empty, NUL, not UTF-8),
 * LIMIT (longer than the database takes) or NOMEM */
weir_status wi_quote_identifier(const weir_dialect *dialect, weir_text name,
                                wi_buf *out, weir_error *err);

#endif
