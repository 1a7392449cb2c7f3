/* SPDX-License-Identifier: MIT */
/*
 * Engines and connections: attach, open, ping, reset, cancel, close.
 */
#include "sqlite.h"

#include <string.h>

enum { VERSION_LEAST = 3037000 }; /* sqlite3_changes64(), RETURNING, memdb */

/* ----------------------------------------------------------------- instance */

weir_status wsq_attach(void *memory, const weir_attach_spec *spec,
                       weir_profile *profile, weir_error *err)
{
    wsq_instance *instance = memory;

    (void)profile;
    instance->services = spec->services;
    if (sqlite3_libversion_number() < VERSION_LEAST)
        return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                              "SQLite %s is too old; 3.37 is needed",
                              sqlite3_libversion());
    if (!sqlite3_threadsafe())
        return weir_error_set(err, WEIR_ERR_UNSUPPORTED,
                              "this SQLite was built for a single thread");
    return wsq_locate(instance, spec, err);
}

void wsq_detach(void *memory)
{
    wsq_instance *instance = memory;

    wsq_memory_drop(instance);
    if (!instance->services)
        return;
    weir_services_free(instance->services, instance->name);
    weir_services_free(instance->services, instance->path);
    instance->name = instance->path = NULL;
}

/* -------------------------------------------------------------- connections */

weir_status wsq_open(void *memory, const weir_open_spec *spec, weir_error *err)
{
    wsq_conn *conn = memory;

    conn->instance = spec->instance;
    conn->services = spec->services;
    conn->options = spec->options;
    if (pthread_mutex_init(&conn->db_lock, NULL) != 0)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    conn->has_lock = true;
    return wsq_handle_open(conn, spec->deadline, &conn->db, err);
}

void wsq_close(void *memory)
{
    wsq_conn *conn = memory;

    if (conn->db) {
        wsq_drop_fixed(conn);
        conn->deadline = 0; /* no waiting for a lock on the way out */
        sqlite3_close_v2(conn->db);
        conn->db = NULL;
    }
    if (conn->has_lock)
        pthread_mutex_destroy(&conn->db_lock);
    conn->has_lock = false;
}

void wsq_abandon(void *memory)
{
    wsq_conn *conn = memory;

    /* Closing would drop the parent's locks on the file: POSIX gives them up
     * with any descriptor of it. So the handle is left as it is. */
    conn->db = NULL;
    memset(conn->fixed, 0, sizeof conn->fixed);
    conn->has_lock = false;
}

/* Whether the file that is open still has its name: a database that was
 * deleted or replaced would take writes that nobody ever sees again. */
static bool has_moved(const wsq_conn *conn)
{
    int moved = 0;
    int code =
        sqlite3_file_control(conn->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

    return code == SQLITE_OK && moved != 0;
}

weir_status wsq_ping(void *memory, int64_t deadline, weir_error *err)
{
    wsq_conn *conn = memory;
    int code;

    wsq_enter(conn, deadline);
    if (has_moved(conn))
        return wsq_fail(conn, SQLITE_READONLY_DBMOVED, err);
    code = wsq_run_fixed(conn, WSQ_LOOK);
    return code == SQLITE_OK ? WEIR_OK : wsq_fail(conn, code, err);
}

unsigned wsq_state(void *memory)
{
    const wsq_conn *conn = memory;
    unsigned state = 0;

    if (!conn->db || conn->dead)
        return WEIR_STATE_DEAD;
    if (!sqlite3_get_autocommit(conn->db))
        state |= WEIR_STATE_IN_TX;
    if (conn->dirty)
        state |= WEIR_STATE_DIRTY;
    return state;
}

/* Temporary tables, attached files, every setting: a fresh handle is the one
 * state that is certainly clean. It is opened before the old one is closed,
 * so that the last connection of a file does not take its log along. */
static weir_status renew(wsq_conn *conn, int64_t deadline, weir_error *err)
{
    sqlite3 *fresh = NULL, *old = conn->db;
    weir_status status = wsq_handle_open(conn, deadline, &fresh, err);

    if (status != WEIR_OK) {
        err->fate = WEIR_FATE_DISCARD;
        return status;
    }
    wsq_drop_fixed(conn);
    pthread_mutex_lock(&conn->db_lock);
    conn->db = fresh;
    pthread_mutex_unlock(&conn->db_lock);
    conn->dirty = conn->escaped = false;
    /* Statements of the old handle keep it until the core finishes them. */
    sqlite3_close_v2(old);
    return WEIR_OK;
}

weir_status wsq_reset(void *memory, int64_t deadline, bool *statements_lost,
                      weir_error *err)
{
    wsq_conn *conn = memory;
    weir_status status = wsq_rollback(conn, deadline, err);

    if (status != WEIR_OK) {
        err->fate = WEIR_FATE_DISCARD;
        return status;
    }
    if (!conn->dirty)
        return WEIR_OK;
    status = renew(conn, deadline, err);
    if (status == WEIR_OK)
        *statements_lost = true;
    return status;
}

/* That the handle is known outside stays true. */
void wsq_settle(void *memory)
{
    wsq_conn *conn = memory;

    conn->dirty = false;
}

weir_status wsq_cancel(void *memory, weir_error *err)
{
    wsq_conn *conn = memory;

    (void)err;
    atomic_store_explicit(&conn->cancelled, true, memory_order_relaxed);
    pthread_mutex_lock(&conn->db_lock);
    sqlite3_interrupt(conn->db);
    pthread_mutex_unlock(&conn->db_lock);
    return WEIR_OK;
}

/* Who has the handle can look at our statements, too: none may be bound to
 * memory that was a caller's once. */
static void let_go_of_values(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;

    while ((stmt = sqlite3_next_stmt(db, stmt))) {
        if (!sqlite3_stmt_busy(stmt))
            sqlite3_clear_bindings(stmt);
    }
}

void *wsq_native(void *memory, const char *name)
{
    wsq_conn *conn = memory;

    if (strcmp(name, "sqlite3") != 0)
        return NULL;
    let_go_of_values(conn->db);
    conn->dirty = conn->escaped = true;
    return conn->db;
}
