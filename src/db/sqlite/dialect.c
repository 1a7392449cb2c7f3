/* SPDX-License-Identifier: MIT */
/*
 * What SQL looks like on SQLite.
 */
#include "sqlite.h"

const weir_dialect wsq_dialect = {
    .size = sizeof(weir_dialect),
    .name = "SQLite",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    /* SQLite reads `name` and [name] as MySQL and SQL Server write them. */
    .lexical = WEIR_LEX_BACKTICK | WEIR_LEX_BRACKET,
    .identifier_quote = '"',
    /* READ COMMITTED is the core's doing: reads before the first write run
     * outside a transaction (WEIR_HAS_SINGLE_WRITER). */
    .isolation_levels = 1u << WEIR_READ_COMMITTED | 1u << WEIR_SERIALIZABLE |
                        1u << WEIR_AUTOCOMMIT,
    /* SQLite's own default; Debian's build takes more, others do not. */
    .parameter_max = 32766,
};
