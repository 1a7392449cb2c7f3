/* SPDX-License-Identifier: MIT */
/*
 * What a URL may ask of SQLite, and asking it. Names without a prefix are
 * SQLite's own pragmas; `timeout` and those that are ignored come from
 * Python's sqlite3 module.
 */
#include "sqlite.h"

#include <stdio.h>

static const char *const modes[] = {"rwc", "rw", "ro", "memory", NULL};
static const char *const caches[] = {"private", "shared", NULL};
static const char *const journal_modes[] = {"wal",     "delete", "truncate",
                                            "persist", "memory", NULL};
static const char *const levels[] = {"off", "normal", "full", "extra", NULL};
static const char *const temp_stores[] = {"default", "file", "memory", NULL};

/* Python's. */
static const char *const beginnings[] = {"deferred", "immediate", "exclusive",
                                         NULL};

#define IGNORED(name_, why_)                                                   \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_IGNORED, .note = why_               \
    }
#define SWITCH(name_, default_, note_)                                         \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_BOOLEAN, .fallback = default_,      \
        .note = note_                                                          \
    }
#define CHOICE(name_, default_, choices_, note_)                               \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_CHOICE, .fallback = default_,       \
        .choices = choices_, .note = note_                                     \
    }
#define INTEGER(name_, min_, max_, note_)                                      \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_INTEGER, .min = min_, .max = max_,  \
        .note = note_                                                          \
    }

const weir_option_spec wsq_options[] = {
    [WSQ_MODE] = CHOICE("mode", "rwc", modes,
                        "how the file is opened: rwc makes a missing one"),
    [WSQ_CACHE] = CHOICE("cache", "private", caches,
                         "shared: a memory database that engines share by "
                         "its name"),
    [WSQ_IMMUTABLE] =
        SWITCH("immutable", "off", "the file cannot change while it is open"),
    [WSQ_JOURNAL_MODE] = CHOICE("journal_mode", "wal", journal_modes,
                                "how a transaction is made safe"),
    [WSQ_SYNCHRONOUS] = CHOICE("synchronous", NULL, levels,
                               "when to wait for the disk; normal with wal, "
                               "else full"),
    [WSQ_FOREIGN_KEYS] =
        SWITCH("foreign_keys", "on", "whether foreign keys are enforced"),
    [WSQ_BUSY_TIMEOUT] =
        INTEGER("busy_timeout", 0, 86400000, "milliseconds to wait for a lock"),
    [WSQ_TIMEOUT] = {.name = "timeout",
                     .kind = WEIR_OPTION_NUMBER,
                     .fallback = "5",
                     .min = 0,
                     .max = 86400,
                     .note = "seconds to wait for a lock"},
    [WSQ_CACHE_SIZE] = INTEGER("cache_size", -1000000000, 1000000000,
                               "pages, or KiB if negative"),
    [WSQ_MMAP_SIZE] = INTEGER("mmap_size", 0, 1e15, "bytes read by mmap()"),
    [WSQ_PAGE_SIZE] = INTEGER("page_size", 512, 65536, "of a new file"),
    [WSQ_MAX_PAGE_COUNT] = INTEGER("max_page_count", 1, 4294967294.0,
                                   "the most pages that the file may have"),
    [WSQ_TEMP_STORE] = CHOICE("temp_store", NULL, temp_stores,
                              "where temporary tables are kept"),
    [WSQ_WAL_AUTOCHECKPOINT] = INTEGER("wal_autocheckpoint", 0, 1e9,
                                       "pages in the log before a checkpoint"),
    [WSQ_JOURNAL_SIZE_LIMIT] =
        INTEGER("journal_size_limit", -1, 1e15, "bytes that a log may keep"),
    [WSQ_SECURE_DELETE] =
        SWITCH("secure_delete", NULL, "overwrite what is deleted"),
    [WSQ_RECURSIVE_TRIGGERS] = SWITCH("recursive_triggers", NULL,
                                      "whether triggers fire triggers again"),
    [WSQ_TRUSTED_SCHEMA] = SWITCH("trusted_schema", "off",
                                  "whether views and triggers may call "
                                  "functions with side effects"),
    [WSQ_CELL_SIZE_CHECK] =
        SWITCH("cell_size_check", "on",
               "whether pages are checked for damage as they are read"),
    [WSQ_ATTACH] =
        SWITCH("attach", "off", "whether ATTACH and VACUUM INTO are allowed"),
    [WSQ_OPTION_IGNORED] = IGNORED("uri", "file: is recognised without it"),
    {.name = "isolation_level",
     .kind = WEIR_OPTION_IGNORED,
     .choices = beginnings,
     .note = "transactions are begun by Weir; write READ COMMITTED, "
             "SERIALIZABLE or AUTOCOMMIT"},
    IGNORED("autocommit", "write isolation_level=AUTOCOMMIT"),
    IGNORED("detect_types", "columns are read by the types of Weir"),
    IGNORED("check_same_thread", "a connection may move between threads"),
    IGNORED("cached_statements", "see the engine's statement_cache_size"),
    IGNORED("native_datetime", "dates are ISO text"),
    IGNORED("nolock", "locks are never switched off"),
    IGNORED("psow", "the file system is asked"),
    {.name = NULL},
};

int64_t wsq_lock_wait(const weir_option_value *options)
{
    if (options[WSQ_BUSY_TIMEOUT].given)
        return options[WSQ_BUSY_TIMEOUT].integer * 1000000;
    return (int64_t)(options[WSQ_TIMEOUT].number * 1e9);
}

/* ---------------------------------------------------------------- applying */

/* Runs `PRAGMA name=value` for one option that was given. */
static int set_pragma(sqlite3 *db, wsq_option option,
                      const weir_option_value *value)
{
    const weir_option_spec *spec = &wsq_options[option];
    char sql[96];

    if (!value->given && !spec->fallback)
        return SQLITE_OK;
    if (spec->kind == WEIR_OPTION_CHOICE)
        snprintf(sql, sizeof sql, "PRAGMA %s=%s", spec->name,
                 spec->choices[value->choice]);
    else
        snprintf(sql, sizeof sql, "PRAGMA %s=%lld", spec->name,
                 spec->kind == WEIR_OPTION_BOOLEAN ? (long long)value->boolean
                                                   : (long long)value->integer);
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Sets a switch of sqlite3_db_config(); one that this library does not have
 * is passed over. */
static int set_switch(sqlite3 *db, int which, bool on)
{
    int code = sqlite3_db_config(db, which, (int)on, NULL);

    return code == SQLITE_ERROR ? SQLITE_OK : code;
}

static int set_switches(sqlite3 *db, const weir_option_value *options)
{
    int code = set_switch(db, SQLITE_DBCONFIG_ENABLE_FKEY,
                          options[WSQ_FOREIGN_KEYS].boolean);

    if (code == SQLITE_OK)
        code = set_switch(db, SQLITE_DBCONFIG_DEFENSIVE, true);
    if (code == SQLITE_OK)
        code = set_switch(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                          options[WSQ_TRUSTED_SCHEMA].boolean);
    if (code == SQLITE_OK)
        code = set_switch(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, false);
    /* "name" is a name and never a string: a misspelt column is an error. */
    if (code == SQLITE_OK)
        code = set_switch(db, SQLITE_DBCONFIG_DQS_DML, false);
    if (code == SQLITE_OK)
        code = set_switch(db, SQLITE_DBCONFIG_DQS_DDL, false);
    return code;
}

static int find_mode(void *context, int count, char **values, char **names)
{
    bool *wal = context;

    (void)names;
    *wal = count == 1 && values[0] && sqlite3_stricmp(values[0], "wal") == 0;
    return 0;
}

/* Another connection may be about to do the same with a new file. SQLite does
 * not ask its busy handler then, so we do. */
static int set_journal_mode(sqlite3 *db, wsq_conn *conn, const char *mode,
                            bool *wal)
{
    char sql[96];
    int code, count = 0;

    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", mode);
    do
        code = sqlite3_exec(db, sql, find_mode, wal, NULL);
    while ((code & 0xFF) == SQLITE_BUSY && wsq_wait_for_lock(conn, count++));
    return code;
}

/* `*wal` is what the file has in the end: a file system without shared memory
 * keeps the journal that it had. */
static int set_journal(sqlite3 *db, wsq_conn *conn, bool *wal)
{
    int choice = conn->instance->memory
                     ? WSQ_JOURNAL_WAL
                     : conn->options[WSQ_JOURNAL_MODE].choice;

    if (sqlite3_db_readonly(db, "main") == 1)
        return sqlite3_exec(db, "PRAGMA journal_mode", find_mode, wal, NULL);
    return set_journal_mode(db, conn, journal_modes[choice], wal);
}

/* With a log, a commit that the disk has not seen yet can be lost in a power
 * failure, but nothing can be damaged; without one NORMAL is less than that. */
static int set_synchronous(sqlite3 *db, const weir_option_value *options,
                           bool wal)
{
    if (options[WSQ_SYNCHRONOUS].given)
        return set_pragma(db, WSQ_SYNCHRONOUS, &options[WSQ_SYNCHRONOUS]);
    return sqlite3_exec(
        db, wal ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", NULL,
        NULL, NULL);
}

/* What a log in memory keeps when it begins anew. */
static int limit_log(sqlite3 *db)
{
    return sqlite3_exec(db, "PRAGMA journal_size_limit=4194304", NULL, NULL,
                        NULL);
}

int wsq_options_apply(sqlite3 *db, wsq_conn *conn)
{
    static const wsq_option plain[] = {
        WSQ_CACHE_SIZE,         WSQ_MMAP_SIZE,       WSQ_MAX_PAGE_COUNT,
        WSQ_TEMP_STORE,         WSQ_SECURE_DELETE,   WSQ_RECURSIVE_TRIGGERS,
        WSQ_WAL_AUTOCHECKPOINT, WSQ_CELL_SIZE_CHECK, WSQ_JOURNAL_SIZE_LIMIT};
    const weir_option_value *options = conn->options;
    int code = set_switches(db, options);
    bool wal = false;

    /* The page size is fixed by the first thing that is written. */
    if (code == SQLITE_OK)
        code = set_pragma(db, WSQ_PAGE_SIZE, &options[WSQ_PAGE_SIZE]);
    if (code == SQLITE_OK)
        code = set_journal(db, conn, &wal);
    if (code == SQLITE_OK)
        code = set_synchronous(db, options, wal);
    if (code == SQLITE_OK && conn->instance->memory)
        code = limit_log(db);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (code == SQLITE_OK)
            code = set_pragma(db, plain[i], &options[plain[i]]);
    }
    return code;
}
