/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What went wrong, and what to do about it.
 *
 * A status is named for the *reaction* it asks for, not for where it arose:
 * reconnect, run the transaction again, fix the SQL, call the operator. All
 * else (SQLSTATE, the database's own code, the constraint's name) stands in
 * the error beside it. Each status has a section in docs/errors.md.
 *
 * Functions with a handle leave the full error on that handle
 * (weir_conn_error(), weir_result_error()); constructors fill the caller's
 * weir_error. Nothing is thread-local, nothing is printed.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <stddef.h>

#include <weir/export.h>

WEIR_BEGIN_DECLS

/** How a call ended. Zero is success; every failure is negative. */
typedef enum weir_status {
    WEIR_OK = 0,
    /** Out of memory. Everything stays usable. */
    WEIR_ERR_NOMEM = -1,
    /** The caller broke a rule of this interface (closed handle, two threads
     *  in one handle, wrong number of parameters, …). Fix the program. */
    WEIR_ERR_MISUSE = -2,
    /** A URL or an option is wrong. Fix the configuration. */
    WEIR_ERR_CONFIG = -3,
    /** The database cannot do this. The message names feature and database. */
    WEIR_ERR_UNSUPPORTED = -4,
    /** The connection is lost or could not be made. Try a new one later. */
    WEIR_ERR_CONNECTION = -5,
    /** Credentials, user or database refused. Trying again will not help. */
    WEIR_ERR_AUTH = -6,
    /** The server is full, the disk is full: back off, then try again. */
    WEIR_ERR_RESOURCE = -7,
    /** This database cannot be written, or not now (read-only, starting up,
     *  no quorum). Another node may do it. */
    WEIR_ERR_UNAVAILABLE = -8,
    /** No connection became free within pool_timeout. */
    WEIR_ERR_POOL_TIMEOUT = -9,
    /** The deadline passed. The statement did not take effect. */
    WEIR_ERR_TIMEOUT = -10,
    /** weir_cancel() ended the statement, or a token the wait. */
    WEIR_ERR_CANCELLED = -11,
    /** Serialization failure or deadlock: run the transaction again. */
    WEIR_ERR_SERIALIZATION = -12,
    /** A constraint refused the data; see weir_error::constraint_kind. */
    WEIR_ERR_CONSTRAINT = -13,
    /** The row was changed or deleted by somebody else since it was read. */
    WEIR_ERR_STALE = -14,
    /** A value does not fit: type, range, NULL, UTF-8. Fix the value. */
    WEIR_ERR_TYPE = -15,
    /** The statement is wrong: syntax, unknown table or column, rights. */
    WEIR_ERR_SQL = -16,
    /** There was no row where exactly one was asked for. */
    WEIR_ERR_NOT_FOUND = -17,
    /** There were several rows where exactly one was asked for. */
    WEIR_ERR_MANY_ROWS = -18,
    /** The transaction has failed; roll it back before anything else. */
    WEIR_ERR_ROLLBACK_FIRST = -19,
    /** COMMIT (or a writing autocommit statement) was sent and its answer
     *  lost. It may have taken effect. Nothing in Weir repeats it. */
    WEIR_ERR_COMMIT_UNKNOWN = -20,
    /** A stated limit was exceeded (size of a row, of a result, of a text). */
    WEIR_ERR_LIMIT = -21,
    /** The file is not a database, is damaged, or the disk fails. */
    WEIR_ERR_STORAGE = -22,
    /** The engine is closing; it takes no new work. */
    WEIR_ERR_CLOSED = -23,
    /** All connections are held by threads that wait for one themselves, this
     *  one among them. Give back what it holds; fix the program. */
    WEIR_ERR_POOL_DEADLOCK = -24,
} weir_status;

/** What a failure means for the connection it happened on. */
typedef enum weir_fate {
    /** The connection is fine. */
    WEIR_FATE_KEEP = 0,
    /** The connection must not be used again. */
    WEIR_FATE_DISCARD,
    /** As DISCARD, and the work never reached the database: doing it again
     *  on another connection is safe. */
    WEIR_FATE_RETRY,
} weir_fate;

/** Which kind of constraint a WEIR_ERR_CONSTRAINT is about. */
typedef enum weir_constraint_kind {
    WEIR_CONSTRAINT_NONE = 0,
    WEIR_CONSTRAINT_UNIQUE,
    WEIR_CONSTRAINT_PRIMARY_KEY,
    WEIR_CONSTRAINT_FOREIGN_KEY,
    WEIR_CONSTRAINT_NOT_NULL,
    WEIR_CONSTRAINT_CHECK,
    WEIR_CONSTRAINT_EXCLUSION,
    WEIR_CONSTRAINT_OTHER,
} weir_constraint_kind;

/**
 * One failure. Of fixed size, so that reporting never allocates; longer texts
 * are cut at a character's boundary. Values of parameters never stand in it.
 */
typedef struct weir_error {
    weir_status status;
    weir_fate fate;
    weir_constraint_kind constraint_kind;
    /** The client library's or server's own number; 0 if it has none. */
    int native_code;
    /** Five characters of SQLSTATE, or "" where there is none. */
    char sqlstate[6];
    /** One line, lower case, without a full stop. */
    char message[320];
    /** Names as the database gave them; "" where it gave none. */
    char constraint[64];
    char table[64];
    char column[64];
    /** The beginning of the statement that failed; "" if there was none. */
    char statement[192];
} weir_error;

/**
 * The name of a status as it is written in C: "WEIR_ERR_TIMEOUT".
 * Threads: any. @return [borrowed] a constant; never NULL
 */
WEIR_API const char *weir_status_name(weir_status status);

/**
 * Where docs/errors.md explains a status: "docs/errors.md#weir_err_timeout".
 * Threads: any. @return [borrowed] a constant; never NULL
 */
WEIR_API const char *weir_status_doc(weir_status status);

/**
 * Whether doing the same work again, as a whole transaction, can succeed:
 * SERIALIZATION, CONNECTION, POOL_TIMEOUT, RESOURCE, UNAVAILABLE, STALE. Some
 * of these never get better (a misspelt host, a transaction that was asked to
 * be read-only): bound the attempts. Never true for an unknown outcome.
 *
 * @return 1 if so, 0 if not or if `err` is NULL
 */
WEIR_API int weir_error_is_retryable(const weir_error *err);

/**
 * For `main`: prints a set error on stderr in one line and gives the exit
 * status that belongs to it. The only function of the library that prints.
 *
 * @param err may be NULL or unset: nothing is printed then
 * @return 0 if there is no error, else 1
 */
WEIR_API int weir_report(const weir_error *err);

/**
 * Fills an error: status, fate KEEP, the formatted message; all else is
 * emptied. For drivers and adapters as well as for programs that hand errors
 * on. A text that does not fit is cut at a character's boundary.
 *
 * @param err may be NULL: only the status is returned then
 * @return `status`, so that `return weir_error_set(err, …)` reads well
 */
WEIR_API weir_status weir_error_set(weir_error *err, weir_status status,
                                    const char *format, ...)
    WEIR_PRINTF(3, 4) WEIR_COLD;

WEIR_END_DECLS

#endif
