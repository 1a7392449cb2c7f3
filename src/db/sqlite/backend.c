/* SPDX-License-Identifier: MIT */
/*
 * SQLite as a backend: the one symbol that the registry sees.
 */
#include "sqlite.h"

extern const weir_backend weir_backend_sqlite;

static const char *const schemes[] = {"sqlite", "sqlite3", NULL};

/* Names that mean encryption (pysqlcipher) are not among them: a file that
 * was to be encrypted must not be written in the clear. */
static const char *const driver_names[] = {"pysqlite", "aiosqlite",
                                           "pysqlite_numeric", NULL};

static const weir_dialect dialect = {
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

static const weir_driver driver = {
    .size = sizeof(weir_driver),
    .instance_size = sizeof(wsq_instance),
    .conn_size = sizeof(wsq_conn),
    .stmt_size = sizeof(wsq_stmt),
    .attach = wsq_attach,
    .detach = wsq_detach,
    .open = wsq_open,
    .close = wsq_close,
    .abandon = wsq_abandon,
    .ping = wsq_ping,
    .state = wsq_state,
    .reset = wsq_reset,
    .settle = wsq_settle,
    .cancel = wsq_cancel,
    .native = wsq_native,
    .begin = wsq_begin,
    .commit = wsq_commit,
    .rollback = wsq_rollback,
    .prepare = wsq_prepare,
    .execute = wsq_execute,
    .fetch = wsq_fetch,
    .outcome = wsq_outcome,
    .end = wsq_end,
    .finish = wsq_finish,
    .execute_many = wsq_execute_many,
    .classify = wsq_classify,
};

const weir_backend weir_backend_sqlite = {
    .abi = WEIR_BACKEND_ABI,
    .name = "sqlite",
    .schemes = schemes,
    .driver_names = driver_names,
    .dialect = &dialect,
    .driver = &driver,
    .capabilities = WEIR_CAN_TRANSACT | WEIR_CAN_SAVEPOINT |
                    WEIR_CAN_READ_ONLY | WEIR_CAN_CANCEL | WEIR_CAN_DEADLINE |
                    WEIR_CAN_INTERLEAVE | WEIR_CAN_RETURNING | WEIR_CAN_KEYS |
                    WEIR_CAN_SHARE | WEIR_CAN_DDL_ROLLBACK |
                    WEIR_HAS_SINGLE_WRITER | WEIR_HAS_INFINITY |
                    WEIR_HAS_MINUS_ZERO | WEIR_HAS_TEXT_NUL | WEIR_HAS_SQL,
    .default_isolation = WEIR_READ_COMMITTED,
    .options = wsq_options,
    .check_url = wsq_check_url,
};
