/* SPDX-License-Identifier: MIT */
/*
 * The transaction of a borrowed connection.
 *
 * NONE -> OPEN by the first statement (autobegin), by weir_begin() or by a
 * savepoint; OPEN -> NONE by commit and rollback; OPEN -> FAILED when the
 * transaction is known to be lost (a failed commit, a lost connection, a
 * database that rolled back by itself); FAILED -> NONE by rollback only.
 *
 * "Open" is what the program sees. The driver is told by begin() only when it
 * matters (tx.begun): on a single-writer database under READ COMMITTED that is
 * the first statement that writes, and reads before it stand for themselves.
 */
#ifndef WI_ENGINE_TX_H
#define WI_ENGINE_TX_H

#include "engine/conn.h"

/*
 * Called before each statement: refuses in a FAILED transaction, opens one if
 * there is none, begins at the driver and takes the writer's permit as the
 * rules above say. In autocommit only the permit is taken, for the statement.
 */
weir_status wi_tx_before(weir_conn *conn, weir_effect effect, int64_t deadline);

/* The same before a savepoint: it needs a transaction that is really there,
 * which takes the permit unless the transaction only reads. */
weir_status wi_tx_before_savepoint(weir_conn *conn, int64_t deadline);

/* Whether the next statement is in no transaction, nor will begin one. */
bool wi_tx_stands_alone(const weir_conn *conn);

/* Whether wi_tx_before() would have nothing to do: the driver has begun, what
 * is to run may run, and no rows are still being read. */
static inline bool wi_tx_goes_on(const weir_conn *conn)
{
    return conn->tx.begun && conn->tx.spec.access == WEIR_READ_WRITE &&
           wi_list_is_empty(&conn->open_results);
}

/* Refuses with ROLLBACK_FIRST if the transaction is FAILED. */
weir_status wi_tx_refuse_failed(weir_conn *conn);

/* The transaction is lost, for the reason in `cause`. */
void wi_tx_fail(weir_conn *conn, const weir_error *cause);

/* Commits or rolls back and brings the state to NONE or FAILED. */
weir_status wi_tx_commit(weir_conn *conn);
weir_status wi_tx_rollback(weir_conn *conn);

/* Rolls back at the driver; the transaction stays open, and begins again with
 * the next statement. Only while the program has seen nothing of it. */
weir_status wi_tx_restart(weir_conn *conn);

/* The second phase of a transaction that weir_prepare_commit() prepared. */
weir_status wi_tx_commit_prepared(weir_conn *conn);
weir_status wi_tx_rollback_prepared(weir_conn *conn);

/* Back to NONE: savepoints, permit and all are forgotten. */
void wi_tx_end(weir_conn *conn);

/* Gives the permit back if it is held. */
void wi_tx_drop_permit(weir_conn *conn);

/* Called after each statement: in autocommit gives the permit back, unless a
 * result is still open. */
static inline void wi_tx_after(weir_conn *conn)
{
    if (conn->tx.state == WI_TX_NONE)
        wi_tx_drop_permit(conn);
}

/* Forgets savepoints; the memory stays with the handle. */
void wi_tx_forget_savepoints(weir_conn *conn);

/* Runs a statement of the library's own (SAVEPOINT and the like). */
weir_status wi_tx_run(weir_conn *conn, const char *sql, int64_t deadline);

/* Tells the log hook a word of the transaction. */
void wi_tx_tell(weir_conn *conn, const char *word, int64_t began_ns);

#endif
