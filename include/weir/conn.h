/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A connection borrowed from an engine: statements and transactions.
 *
 * A connection begins a transaction by itself at its first statement
 * (autobegin) and keeps it until weir_commit() or weir_rollback(); closing
 * the connection rolls back what was not committed. weir_begin() begins it by
 * hand, which is how a transaction gets options of its own.
 *
 * Parameters: `?` or `:name` on every database (`??` is a plain `?`).
 * Values never become SQL text.
 *
 * Errors: the functions return a status; weir_conn_error() has the rest until
 * the next call on the connection. After a failed commit or a lost connection
 * inside a transaction every call answers WEIR_ERR_ROLLBACK_FIRST until
 * weir_rollback(); after that the connection connects anew by itself.
 *
 * A connection may move between threads; two threads in it at once is
 * detected and answered with WEIR_ERR_MISUSE. Only weir_cancel() may be called
 * while another thread is inside. Every function accepts NULL.
 */
#ifndef WEIR_CONN_H
#define WEIR_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/cancel.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/result.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** A borrowed connection. */
typedef struct weir_conn weir_conn;
/** An engine; see <weir/engine.h>. */
typedef struct weir_engine weir_engine;

/* ------------------------------------------------------------- borrowing */

/** How transactions are kept apart. */
typedef enum weir_isolation {
    WEIR_ISOLATION_DEFAULT = 0, /* what the engine or the database says */
    WEIR_READ_UNCOMMITTED,
    WEIR_READ_COMMITTED,
    WEIR_REPEATABLE_READ,
    WEIR_SERIALIZABLE,
    /** No transactions: each statement stands for itself. Neither BEGIN nor
     *  ROLLBACK is ever sent. */
    WEIR_AUTOCOMMIT,
} weir_isolation;

/** What a transaction may do. */
typedef enum weir_access {
    WEIR_READ_WRITE = 0,
    WEIR_READ_ONLY, /* a statement that writes is refused */
} weir_access;

/** How to borrow. Start from WEIR_CONNECT_OPTIONS. */
typedef struct weir_connect_options {
    size_t size; /* set by the initialiser */
    /** Seconds to wait for a free connection and to open one, all in all;
     *  negative: the engine's pool_timeout_s; 0: do not wait. Then
     *  POOL_TIMEOUT at once where none is idle; a pool with threads begins one
     *  for a later try, one without opens it for this one. */
    double timeout_s;
    /** Who borrows; shown in logs, dumps and timeout errors (in these two its
     *  first 47 bytes). A string that outlives the connection, or NULL. */
    const char *tag;
    /** Of all transactions of this loan. */
    weir_isolation isolation;
    weir_access access;
    /** Another thread will use this connection and give it back, and this one
     *  may borrow more before that thread begins. Without it the thread that
     *  used a connection last is taken for the one that holds it: if all that
     *  hold one wait for another, that is POOL_DEADLOCK. */
    bool may_move;
    /** Ends the wait from another thread; NULL: nobody can. Borrowed for the
     *  call. An opening that this thread does itself (no pool_threads) is not
     *  ended by it. */
    weir_cancel_token *cancel;
} weir_connect_options;

/** The defaults of a weir_connect_options. */
#define WEIR_CONNECT_OPTIONS                                                   \
    {                                                                          \
        sizeof(weir_connect_options), -1.0, NULL, WEIR_ISOLATION_DEFAULT,      \
            WEIR_READ_WRITE, false, NULL                                       \
    }

/**
 * Borrows a connection with the default options. Blocks until one is free or
 * opened, for the engine's pool_timeout_s at most.
 *
 * Threads: any.
 * @param err filled on failure: POOL_TIMEOUT (all are in use), POOL_DEADLOCK
 *            (by threads that wait, too), RESOURCE (max_waiters do, or the
 *            server is full), CONNECTION, AUTH, CONFIG (on_connect), TIMEOUT
 *            (connecting took too long), CANCELLED, CLOSED, NOMEM, MISUSE (a
 *            second loan with pool_kind=assertion), …
 * @return [owned] end it with weir_conn_close(); NULL on failure. With the
 *         pool kinds static and thread the same one again while it is
 *         borrowed: close it as often
 */
WEIR_API weir_conn *weir_connect(weir_engine *engine, weir_error *err)
    WEIR_MUST_USE;

/** As weir_connect(), with options (NULL: the defaults). */
WEIR_API weir_conn *weir_connect_with(weir_engine *engine,
                                      const weir_connect_options *options,
                                      weir_error *err) WEIR_MUST_USE;

/**
 * As weir_connect_with(), with the place in the program that is shown in dumps
 * and errors. The other two are macros for this one, which add WEIR_SITE; a
 * binding gives the place in its own language.
 *
 * @param site "file:line", a text that is never freed or changed; may be NULL
 */
WEIR_API weir_conn *weir_connect_at(weir_engine *engine,
                                    const weir_connect_options *options,
                                    const char *site, weir_error *err)
    WEIR_MUST_USE;

#define weir_connect(engine_, err_)                                            \
    weir_connect_at((engine_), NULL, WEIR_SITE, (err_))
#define weir_connect_with(engine_, options_, err_)                             \
    weir_connect_at((engine_), (options_), WEIR_SITE, (err_))

/**
 * Gives a connection back and sets `*conn` to NULL. An open transaction is
 * rolled back, open results end. NULL is allowed, twice is harmless. Blocks
 * for the rollback if there is one to make. While another thread is inside
 * nothing happens, and `*conn` stays. Closing a copy of what is closed already
 * does nothing but tell the log hook.
 *
 * With the pool kinds static and thread it gives back one share of the
 * connection, and only the last one does the above.
 */
WEIR_API void weir_conn_close(weir_conn **conn);

/** The last call's failure, or one with status WEIR_OK, whose other members
 *  then mean nothing. @return [borrowed] until the next call; never NULL */
WEIR_API const weir_error *weir_conn_error(const weir_conn *conn);

/** The engine that a connection came from. @return [borrowed] */
WEIR_API weir_engine *weir_conn_engine(const weir_conn *conn);

/**
 * Closes the connection underneath for good, as if the network had dropped
 * it: a transaction in it is lost (ROLLBACK_FIRST), the next use outside one
 * connects anew.
 *
 * @return WEIR_OK; MISUSE (the handle is NULL, closed or in use)
 */
WEIR_API weir_status weir_conn_invalidate(weir_conn *conn);

/**
 * Lets the connection underneath be used until it is given back, and then
 * closes it instead of lending it again. Without one underneath: nothing.
 */
WEIR_API weir_status weir_conn_invalidate_soft(weir_conn *conn);

/**
 * Takes the connection underneath out of the pool for good: it is its holder's
 * alone, and weir_conn_close() really closes it. Until then it counts against
 * pool_size and max_overflow. Once it is lost, every call answers CONNECTION.
 *
 * @return WEIR_OK; MISUSE: closed, detached already, without a connection
 *         underneath, inside a hook, or of a pool that shares connections
 */
WEIR_API weir_status weir_conn_detach(weir_conn *conn);

/** Whether it was detached. */
WEIR_API bool weir_conn_is_detached(const weir_conn *conn);

/** Whether there is no connection underneath at the moment. */
WEIR_API bool weir_conn_is_invalidated(const weir_conn *conn);

/**
 * The client library's own handle, the one documented escape ("sqlite3" gives
 * a sqlite3 *, "libpq" a PGconn *, "libmariadb" a MYSQL *). What is done to it
 * behind Weir's back is the program's own affair: the connection counts as
 * dirty from now on and is reset before somebody else gets it.
 *
 * @return [borrowed] while the connection is; NULL with MISUSE recorded for a
 *         name that this database does not have
 */
WEIR_API void *weir_conn_native(weir_conn *conn, const char *name);

/* ------------------------------------------------------------- statements */

/**
 * Runs a statement whose rows, if any, are not wanted.
 *
 *     weir_exec(conn, "UPDATE users SET age = ? WHERE id = ?", ARGS(31, 7))
 *
 * @param sql  one statement, ends with NUL; borrowed for the call
 * @param args [borrowed] for the call; usually written ARGS(…) or NOARGS
 * @return WEIR_OK, or what weir_conn_error() explains
 */
WEIR_API WEIR_HOT weir_status weir_exec(weir_conn *conn, const char *sql,
                                        const weir_value *args,
                                        size_t arg_count);

/**
 * Runs a query. Other statements may run on the connection while its rows are
 * read; what they write does not show in these rows.
 *
 * @param args [borrowed] for the call
 * @return [owned] end it with weir_result_close(); never NULL: a failure is
 *         in weir_result_error()
 */
WEIR_API WEIR_HOT weir_result *weir_query(weir_conn *conn, const char *sql,
                                          const weir_value *args,
                                          size_t arg_count) WEIR_MUST_USE;

/**
 * Runs a query whose rows are read in constant memory. One stream is open per
 * connection; another statement meanwhile is WEIR_ERR_MISUSE.
 *
 * @return [owned] as weir_query()
 */
WEIR_API weir_result *weir_stream(weir_conn *conn, const char *sql,
                                  const weir_value *args, size_t arg_count)
    WEIR_MUST_USE;

/** Rows matched, inserted or deleted by the last weir_exec() or its like in
 *  <weir/many.h>; -1 if not known. */
WEIR_API WEIR_HOT int64_t weir_affected(const weir_conn *conn);

/**
 * The key that the last INSERT generated (SQLite: last_insert_rowid, MySQL:
 * LAST_INSERT_ID). PostgreSQL has no such thing: use RETURNING.
 *
 * @param out untouched on failure
 * @return WEIR_OK; NOT_FOUND if the last statement generated none or was run
 *         by weir_query() or weir_stream(); UNSUPPORTED
 */
WEIR_API weir_status weir_generated_key(weir_conn *conn, int64_t *out);

/**
 * Seconds that each later statement of this loan may take; 0: no limit.
 * Begins with the engine's statement_timeout_s.
 *  @return WEIR_OK; CONFIG: negative or no number; MISUSE
 */
WEIR_API weir_status weir_set_timeout(weir_conn *conn, double seconds);

/**
 * Ends the statement that another thread is running on `conn`, its wait for
 * the permit to write (SQLite), or its wait in weir_next_notification(): that
 * call answers WEIR_ERR_CANCELLED. If none is running nothing happens. The
 * connection must not be closed meanwhile.
 *
 * Threads: any.
 */
WEIR_API weir_status weir_cancel(weir_conn *conn);

/**
 * Writes a name as the database quotes it, as snprintf writes.
 *
 * @return the length of the quoted name, which may be more than fits; 0 with
 *         TYPE or LIMIT recorded if it cannot be a name (empty, broken UTF-8,
 *         NUL, longer than the database takes)
 */
WEIR_API size_t weir_quote_name(weir_conn *conn, const char *name, char *out,
                                size_t size);

/* ----------------------------------------------------------- transactions */

/** How one transaction is to run. Start from WEIR_TX_OPTIONS. */
typedef struct weir_tx_options {
    size_t size; /* set by the initialiser */
    weir_isolation isolation;
    weir_access access;
    /** PostgreSQL: SERIALIZABLE READ ONLY DEFERRABLE. */
    bool deferrable;
    /** NULL, or the name of a two-phase transaction; borrowed for the call. */
    const char *xid;
} weir_tx_options;

/** The defaults of a weir_tx_options. */
#define WEIR_TX_OPTIONS                                                        \
    {                                                                          \
        sizeof(weir_tx_options), WEIR_ISOLATION_DEFAULT, WEIR_READ_WRITE,      \
            false, NULL                                                        \
    }

/** Begins a transaction. @return WEIR_OK; MISUSE if one is open, by hand or
 *  by a statement */
WEIR_API weir_status weir_begin(weir_conn *conn);
/** Begins a transaction with options of its own (NULL: the loan's). */
WEIR_API weir_status weir_begin_with(weir_conn *conn,
                                     const weir_tx_options *options);
/**
 * Makes the open transaction's work lasting; without one, does nothing.
 *
 * @return WEIR_OK: it is committed. COMMIT_UNKNOWN: nobody here can know.
 *         Anything else: it is not, and weir_rollback() comes next.
 */
WEIR_API weir_status weir_commit(weir_conn *conn) WEIR_MUST_USE;
/** Drops the open transaction's work; without one, does nothing. Always
 *  leaves the connection ready for work or invalidated. */
WEIR_API weir_status weir_rollback(weir_conn *conn);
/** Whether a transaction is open, by hand or by a statement. */
WEIR_API bool weir_in_transaction(const weir_conn *conn);

/**
 * Sets isolation and access of all later transactions of this loan.
 *
 * @return MISUSE inside a transaction; UNSUPPORTED, with the list of those it
 *         has, if the database does not have the level
 */
WEIR_API weir_status weir_set_isolation(weir_conn *conn,
                                        weir_isolation isolation);
/** See weir_set_isolation(). */
WEIR_API weir_status weir_set_access(weir_conn *conn, weir_access access);
/** The isolation of this loan's transactions; never DEFAULT. */
WEIR_API weir_isolation weir_get_isolation(const weir_conn *conn);
/** "READ COMMITTED" and the like. Threads: any. @return never NULL */
WEIR_API const char *weir_isolation_name(weir_isolation isolation);

/** A savepoint; all zero is none. */
typedef struct weir_savepoint {
    uint64_t serial;
} weir_savepoint;

/** Sets a savepoint, beginning a transaction if there is none. */
WEIR_API weir_status weir_savepoint_begin(weir_conn *conn, weir_savepoint *out);
/** Keeps the work since the savepoint and forgets it and those inside it.
 *  @return MISUSE if it is no longer open */
WEIR_API weir_status weir_savepoint_release(weir_conn *conn,
                                            weir_savepoint *savepoint);
/** Drops the work since the savepoint and forgets it and those inside it.
 *  Also mends a transaction that a failed statement has spoilt. */
WEIR_API weir_status weir_savepoint_rollback(weir_conn *conn,
                                             weir_savepoint *savepoint);
/** Whether any savepoint is open. */
WEIR_API bool weir_in_savepoint(const weir_conn *conn);

/** Ends the work of a transaction that was begun with an xid and prepares it:
 *  from then on it survives everything but weir_rollback_prepared(). */
WEIR_API weir_status weir_prepare_commit(weir_conn *conn) WEIR_MUST_USE;
/** Commits a prepared transaction, of this or another connection. */
WEIR_API weir_status weir_commit_prepared(weir_conn *conn, const char *xid)
    WEIR_MUST_USE;
/** Rolls a prepared transaction back. */
WEIR_API weir_status weir_rollback_prepared(weir_conn *conn, const char *xid);
/** Calls `each` with the xid of every prepared transaction. */
WEIR_API weir_status weir_list_prepared(weir_conn *conn,
                                        void (*each)(void *context,
                                                     const char *xid),
                                        void *context);

/** What became of a transaction. */
typedef enum weir_tx_outcome {
    WEIR_TX_UNKNOWN = 0, /* too long ago, or not of this server */
    WEIR_TX_IN_PROGRESS,
    WEIR_TX_COMMITTED,
    WEIR_TX_ROLLED_BACK,
} weir_tx_outcome;

/** The open transaction's id, to ask for its outcome after COMMIT_UNKNOWN.
 *  Writes at most `size` bytes with NUL (32 are enough). */
WEIR_API weir_status weir_tx_id(weir_conn *conn, char *out, size_t size);
/** What became of the transaction of that id; asked on a new connection. */
WEIR_API weir_status weir_tx_find_outcome(weir_conn *conn, const char *id,
                                          weir_tx_outcome *out);

/* ----------------------------------------------------------- notifications */

/** A message from another session. Borrowed until the next call. */
typedef struct weir_notification {
    const char *channel;
    const char *payload;
    int64_t sender;
} weir_notification;

/** Starts to listen on a channel. */
WEIR_API weir_status weir_listen(weir_conn *conn, const char *channel);
/** Stops listening to all channels. */
WEIR_API weir_status weir_unlisten(weir_conn *conn);
/** The next notification, waiting `timeout_s` seconds for it (0: only looks).
 *  @return WEIR_OK; TIMEOUT if there was none; CANCELLED by weir_cancel() */
WEIR_API weir_status weir_next_notification(weir_conn *conn, double timeout_s,
                                            weir_notification *out);

WEIR_END_DECLS

#endif
