/* SPDX-License-Identifier: MIT */
/*
 * Names of isolation levels and which of them a database has.
 */
#ifndef WI_ENGINE_ISOLATION_H
#define WI_ENGINE_ISOLATION_H

#include <stdbool.h>

#include <weir/conn.h>
#include <weir/sys/dialect.h>

/* Reads "READ COMMITTED", "read_committed", "AUTOCOMMIT", …: any case, `_`
 * and `-` for the space. Returns false for anything else. */
bool wi_isolation_parse(const char *text, weir_isolation *out);

/* WEIR_OK if the dialect has the level (DEFAULT and AUTOCOMMIT always), else
 * UNSUPPORTED with the list of those that it has. */
weir_status wi_isolation_check(const weir_dialect *dialect,
                               weir_isolation isolation, weir_error *err);

#endif
