/* SPDX-License-Identifier: MIT */
/*
 * SQLite as a backend: names, dialect, options. The one external symbol of
 * the folder is weir_backend_sqlite.
 */
#include "sqlite.h"

#include <string.h>

static const char *const schemes[] = {"sqlite", "sqlite3", NULL};
static const char *const driver_names[] = {"pysqlite", "aiosqlite", NULL};
static const char *const modes[] = {"rwc", "rw", "ro", NULL};
static const char *const journals[] = {"wal",     "delete", "truncate",
                                       "persist", "memory", NULL};
static const char *const syncs[] = {"normal", "full", "extra", "off", NULL};

#define OF_PYTHON "it belongs to Python's sqlite3 module"

const weir_option_spec wsq_options[] = {
    [WSQ_TIMEOUT] = {.name = "timeout",
                     .kind = WEIR_OPTION_NUMBER,
                     .fallback = "5",
                     .min = 0,
                     .max = 86400,
                     .note = "seconds to wait for another process's lock"},
    [WSQ_MODE] = {.name = "mode",
                  .kind = WEIR_OPTION_CHOICE,
                  .fallback = "rwc",
                  .choices = modes,
                  .note = "rwc creates a missing file"},
    [WSQ_FOREIGN_KEYS] = {.name = "foreign_keys",
                          .kind = WEIR_OPTION_BOOLEAN,
                          .fallback = "on",
                          .note = "whether foreign keys are enforced"},
    [WSQ_JOURNAL_MODE] = {.name = "journal_mode",
                          .kind = WEIR_OPTION_CHOICE,
                          .fallback = "wal",
                          .choices = journals,
                          .note = "of files"},
    [WSQ_SYNCHRONOUS] = {.name = "synchronous",
                         .kind = WEIR_OPTION_CHOICE,
                         .fallback = "normal",
                         .choices = syncs,
                         .note = "how often the disk is waited for"},
    {.name = "isolation_level", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "detect_types", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "check_same_thread",
     .kind = WEIR_OPTION_IGNORED,
     .note = OF_PYTHON},
    {.name = "cached_statements",
     .kind = WEIR_OPTION_IGNORED,
     .note = "statement_cache_size is Weir's"},
    {.name = NULL},
};

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "SQLite",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .lexical = WEIR_LEX_BACKTICK | WEIR_LEX_BRACKET,
    .identifier_quote = '"',
    .isolation_levels = 1u << WEIR_READ_COMMITTED | 1u << WEIR_SERIALIZABLE,
    .parameter_max = 32766,
};

static weir_status check_url(const weir_url *url, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);

    if (!parts.user && !parts.password && !parts.host && parts.port == 0)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "SQLite has no user, host or port; write sqlite:// "
                          "(in memory), sqlite:///file.db (relative) or "
                          "sqlite:////path/file.db (absolute)");
}

extern const weir_backend weir_backend_sqlite;
const weir_backend weir_backend_sqlite = {
    .abi = WEIR_BACKEND_ABI,
    .name = "sqlite",
    .schemes = schemes,
    .driver_names = driver_names,
    .dialect = &dialect,
    .driver = &wsq_driver,
    .capabilities = WEIR_CAN_TRANSACT | WEIR_CAN_SAVEPOINT |
                    WEIR_CAN_READ_ONLY | WEIR_CAN_CANCEL | WEIR_CAN_DEADLINE |
                    WEIR_CAN_INTERLEAVE | WEIR_CAN_RETURNING | WEIR_CAN_KEYS |
                    WEIR_CAN_SHARE | WEIR_CAN_DDL_ROLLBACK |
                    WEIR_HAS_SINGLE_WRITER | WEIR_HAS_INFINITY |
                    WEIR_HAS_TEXT_NUL | WEIR_HAS_SQL,
    .default_isolation = WEIR_READ_COMMITTED,
    .options = wsq_options,
    .check_url = check_url,
};
