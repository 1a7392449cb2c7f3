/* SPDX-License-Identifier: MIT */
/*
 * Opening a sqlite3 handle: our settings, and the two callbacks that keep
 * deadlines. wsq_wait_for_lock() runs while a lock is waited for,
 * on_progress() while a statement computes.
 */
#include "sqlite.h"

#include <time.h>

enum {
    /* SQLite's instructions between two looks at the clock: some 10 µs. */
    PROGRESS_STEPS = 1000,
};

/* A look at a lock of another process costs little against a wait that is
 * too long; a cancel is seen as late as this. */
#define WAIT_FIRST_NS INT64_C(50000)
#define WAIT_MOST_NS INT64_C(5000000)

/* ---------------------------------------------------------------- callbacks */

static bool is_cancelled(wsq_conn *conn)
{
    return atomic_load_explicit(&conn->cancelled, memory_order_relaxed) ||
           weir_services_is_over(conn->services);
}

static void nap(int64_t ns)
{
    struct timespec span = {.tv_sec = (time_t)(ns / 1000000000),
                            .tv_nsec = (long)(ns % 1000000000)};

    nanosleep(&span, NULL);
}

/* Until when this lock is waited for. A wait that the URL states holds beside
 * the deadline; the default one only where there is none. */
static int64_t wait_limit(const wsq_conn *conn, int64_t now)
{
    const weir_option_value *options = conn->options;
    bool stated = options[WSQ_BUSY_TIMEOUT].given || options[WSQ_TIMEOUT].given;
    int64_t own = now + wsq_lock_wait(options);

    if (conn->deadline == WEIR_NO_DEADLINE)
        return own;
    return stated && own < conn->deadline ? own : conn->deadline;
}

int wsq_wait_for_lock(void *context, int count)
{
    wsq_conn *conn = context;
    int64_t now = weir_services_now(conn->services);
    int64_t wait = count < 7 ? WAIT_FIRST_NS << count : WAIT_MOST_NS;

    if (is_cancelled(conn)) {
        conn->ending = WSQ_ENDED_CANCELLED;
        return 0;
    }
    if (count == 0)
        conn->wait_until = wait_limit(conn, now);
    if (now >= conn->wait_until) {
        conn->ending = WSQ_ENDED_LATE;
        return 0;
    }
    if (wait > WAIT_MOST_NS)
        wait = WAIT_MOST_NS;
    nap(wait < conn->wait_until - now ? wait : conn->wait_until - now);
    return 1;
}

static int on_progress(void *context)
{
    wsq_conn *conn = context;

    /* SQLite asks once more when a statement has just ended, and would turn a
     * commit that is done into a failure: "did not take effect" must never be
     * a lie. */
    if (!conn->running || !sqlite3_stmt_busy(conn->running))
        return 0;
    if (is_cancelled(conn))
        conn->ending = WSQ_ENDED_CANCELLED;
    else if (conn->deadline != WEIR_NO_DEADLINE &&
             weir_services_now(conn->services) >= conn->deadline)
        conn->ending = WSQ_ENDED_LATE;
    else
        return 0;
    return 1;
}

/* ---------------------------------------------------------------- operation */

void wsq_enter(wsq_conn *conn, int64_t deadline)
{
    conn->deadline = deadline;
    conn->running = NULL;
    conn->ending = WSQ_ENDED_NOT;
    conn->refused = NULL;
    /* With an execution open a cancel before this moment was for that one. */
    if (conn->executions == 0 && is_cancelled(conn))
        atomic_store_explicit(&conn->cancelled, false, memory_order_relaxed);
}

/* --------------------------------------------------------------------- open */

static int set_up(wsq_conn *conn, sqlite3 *db)
{
    int code;

    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_handler(db, wsq_wait_for_lock, conn);
    sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, conn);
    code = wsq_options_apply(db, conn);
    /* Reads the file's first page: one that is no database shows itself. */
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_set_authorizer(db, wsq_authorize, conn);
    return code;
}

static void warn_read_only(const wsq_conn *conn, sqlite3 *db)
{
    bool asked = (conn->instance->flags & SQLITE_OPEN_READONLY) != 0 ||
                 conn->options[WSQ_IMMUTABLE].boolean;

    if (!asked && sqlite3_db_readonly(db, "main") == 1)
        weir_services_log(conn->services, WEIR_LOG_WARNING,
                          "SQLite: the file is read-only; say mode=ro if that "
                          "is meant");
}

weir_status wsq_handle_open(wsq_conn *conn, int64_t deadline, sqlite3 **out,
                            weir_error *err)
{
    sqlite3 *db = NULL, *current = conn->db;
    weir_status status = WEIR_OK;
    int code;

    wsq_enter(conn, deadline);
    code = sqlite3_open_v2(conn->instance->name, &db,
                           conn->instance->flags | SQLITE_OPEN_NOMUTEX,
                           conn->instance->vfs);
    if (code == SQLITE_OK)
        code = set_up(conn, db);
    if (code == SQLITE_OK) {
        warn_read_only(conn, db);
        *out = db;
        return WEIR_OK;
    }
    if ((code & 0xFF) == SQLITE_CANTOPEN && !conn->instance->memory) {
        status = wsq_explain_open(conn->instance, code,
                                  db ? sqlite3_system_errno(db) : 0, err);
    } else {
        conn->db = db;
        status = wsq_fail(conn, code, err);
        conn->db = current;
    }
    sqlite3_close_v2(db);
    return status;
}
