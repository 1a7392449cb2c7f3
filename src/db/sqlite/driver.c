/* SPDX-License-Identifier: MIT */
/*
 * Connections: opening with safe settings, deadlines by the progress and busy
 * handlers, transactions, and the state that the pool asks for.
 *
 * sqlite:// is one database per engine: a file in SQLite's "memdb" VFS with a
 * name of its own, which its connections share and the instance keeps alive.
 */
#include "sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PROGRESS_STEPS = 1000 };
enum { NAME_SIZE = 64 };

typedef struct wsq_instance {
    char memory_name[NAME_SIZE]; /* "" for a file */
    sqlite3 *keeper;             /* keeps the memory database alive */
} wsq_instance;

/* ------------------------------------------------------------- deadlines */

void wsq_begin_op(wsq_conn *conn, int64_t deadline)
{
    conn->deadline = deadline;
    conn->timed_out = false;
    conn->busy_since = 0;
    atomic_store_explicit(&conn->cancelled, false, memory_order_relaxed);
}

static bool is_over(wsq_conn *conn)
{
    if (conn->deadline == WEIR_NO_DEADLINE ||
        weir_services_now(conn->services) < conn->deadline)
        return false;
    conn->timed_out = true;
    return true;
}

static int on_progress(void *memory)
{
    wsq_conn *conn = memory;

    return atomic_load_explicit(&conn->cancelled, memory_order_relaxed) ||
           is_over(conn);
}

/* Another process or connection holds the lock: look again soon, until the
 * deadline, or without one for as long as the option `timeout` says. */
static int on_busy(void *memory, int tries)
{
    wsq_conn *conn = memory;
    int64_t now = weir_services_now(conn->services);
    struct timespec pause = {.tv_nsec = tries < 10 ? 200000 : 2000000};
    int64_t until;

    if (tries == 0 || conn->busy_since == 0)
        conn->busy_since = now;
    until = conn->deadline != WEIR_NO_DEADLINE
                ? conn->deadline
                : conn->busy_since + conn->busy_ns;
    if (now >= until || atomic_load(&conn->cancelled))
        return 0;
    if (until - now < pause.tv_nsec)
        pause.tv_nsec = (long)(until - now);
    nanosleep(&pause, NULL);
    return 1;
}

/* ------------------------------------------------------------------ open */

static bool is_memory(const weir_url *url)
{
    const char *database = weir_url_get(url).database;

    return !database || database[0] == '\0' ||
           strcmp(database, ":memory:") == 0;
}

static _Atomic uint64_t memory_count;

static weir_status attach(void *memory, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    wsq_instance *instance = memory;

    (void)profile;
    if (!is_memory(spec->url))
        return WEIR_OK;
    snprintf(instance->memory_name, sizeof instance->memory_name,
             "file:/weir-%" PRIu64 "?vfs=memdb",
             atomic_fetch_add(&memory_count, 1) + 1);
    if (sqlite3_open_v2(instance->memory_name, &instance->keeper,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                            SQLITE_OPEN_URI,
                        NULL) != SQLITE_OK)
        return weir_error_set(err, WEIR_ERR_NOMEM,
                              "cannot make a database in memory");
    return WEIR_OK;
}

static void detach(void *memory)
{
    sqlite3_close_v2(((wsq_instance *)memory)->keeper);
}

static int open_flags(const weir_open_spec *spec)
{
    static const int modes[] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                SQLITE_OPEN_READWRITE, SQLITE_OPEN_READONLY};

    return modes[spec->options[WSQ_MODE].choice] | SQLITE_OPEN_NOMUTEX |
           SQLITE_OPEN_EXRESCODE;
}

static weir_status run(wsq_conn *conn, const char *sql, weir_error *err)
{
    int code = sqlite3_exec(conn->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? WEIR_OK : wsq_fail(conn, code, err);
}

static weir_status set_up(wsq_conn *conn, const weir_open_spec *spec,
                          weir_error *err)
{
    const weir_option_value *options = spec->options;
    bool writable = options[WSQ_MODE].choice != 2;
    char sql[192];
    weir_status status;

    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_busy_handler(conn->db, on_busy, conn);
    sqlite3_progress_handler(conn->db, PROGRESS_STEPS, on_progress, conn);
    snprintf(sql, sizeof sql, "PRAGMA foreign_keys=%d; PRAGMA synchronous=%s",
             options[WSQ_FOREIGN_KEYS].boolean, options[WSQ_SYNCHRONOUS].text);
    status = run(conn, sql, err);
    if (status != WEIR_OK || is_memory(spec->url) || !writable)
        return status == WEIR_OK
                   ? run(conn, "SELECT count(*) FROM sqlite_schema", err)
                   : status;
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s",
             options[WSQ_JOURNAL_MODE].text);
    return run(conn, sql, err);
}

static weir_status open_conn(void *memory, const weir_open_spec *spec,
                             weir_error *err)
{
    wsq_conn *conn = memory;
    const wsq_instance *instance = spec->instance;
    const char *file = weir_url_get(spec->url).database;
    int flags = open_flags(spec);
    int code;
    weir_status status;

    conn->services = spec->services;
    conn->busy_ns = (int64_t)(spec->options[WSQ_TIMEOUT].number * 1e9);
    wsq_begin_op(conn, spec->deadline);
    if (instance->memory_name[0] != '\0') {
        file = instance->memory_name;
        flags |= SQLITE_OPEN_URI;
    }
    code = sqlite3_open_v2(file, &conn->db, flags, NULL);
    status =
        code == SQLITE_OK ? set_up(conn, spec, err) : wsq_fail(conn, code, err);
    if (status != WEIR_OK) {
        weir_error why = *err;

        weir_error_set(err, why.status, "cannot open \"%.120s\": %.150s", file,
                       why.message);
        err->native_code = why.native_code;
        err->fate = WEIR_FATE_DISCARD;
        memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
    }
    return status;
}

static void close_conn(void *memory)
{
    wsq_conn *conn = memory;

    sqlite3_close_v2(conn->db);
    conn->db = NULL;
}

/* ----------------------------------------------------------------- while */

static unsigned state(void *memory)
{
    wsq_conn *conn = memory;
    unsigned bits = 0;

    if (!conn->db)
        return WEIR_STATE_DEAD;
    if (!sqlite3_get_autocommit(conn->db))
        bits |= WEIR_STATE_IN_TX;
    if (conn->dirty)
        bits |= WEIR_STATE_DIRTY;
    return bits;
}

/* Settings cannot be asked for one by one: a connection that may have changed
 * them goes, and opening another is cheap. */
static weir_status reset(void *memory, int64_t deadline, bool *statements_lost,
                         weir_error *err)
{
    wsq_conn *conn = memory;

    *statements_lost = false;
    wsq_begin_op(conn, deadline);
    if (conn->dirty) {
        weir_error_set(err, WEIR_ERR_CONNECTION,
                       "its settings may have changed (PRAGMA, ATTACH, "
                       "temporary tables)");
        err->fate = WEIR_FATE_DISCARD;
        return err->status;
    }
    if (sqlite3_get_autocommit(conn->db))
        return WEIR_OK;
    return run(conn, "ROLLBACK", err);
}

static weir_status cancel(void *memory, weir_error *err)
{
    wsq_conn *conn = memory;

    (void)err;
    atomic_store(&conn->cancelled, true);
    if (conn->db)
        sqlite3_interrupt(conn->db);
    return WEIR_OK;
}

static void *native(void *memory, const char *name)
{
    wsq_conn *conn = memory;

    if (strcmp(name, "sqlite3") != 0)
        return NULL;
    conn->dirty = true;
    return conn->db;
}

/* ---------------------------------------------------------- transactions */

static weir_status begin(void *memory, const weir_tx_spec *spec,
                         int64_t deadline, weir_error *err)
{
    wsq_conn *conn = memory;

    wsq_begin_op(conn, deadline);
    return run(conn, spec->intent_write ? "BEGIN IMMEDIATE" : "BEGIN", err);
}

static weir_status commit(void *memory, int64_t deadline, weir_error *err)
{
    wsq_begin_op(memory, deadline);
    return run(memory, "COMMIT", err);
}

static weir_status rollback(void *memory, int64_t deadline, weir_error *err)
{
    wsq_begin_op(memory, deadline);
    return run(memory, "ROLLBACK", err);
}

const weir_driver wsq_driver = {
    .size = sizeof(weir_driver),
    .instance_size = sizeof(wsq_instance),
    .conn_size = sizeof(wsq_conn),
    .stmt_size = sizeof(wsq_stmt),
    .attach = attach,
    .detach = detach,
    .open = open_conn,
    .close = close_conn,
    .state = state,
    .reset = reset,
    .cancel = cancel,
    .native = native,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .prepare = wsq_prepare,
    .execute = wsq_execute,
    .fetch = wsq_fetch,
    .outcome = wsq_outcome,
    .end = wsq_end,
    .finish = wsq_finish,
    .classify = wsq_classify,
};
