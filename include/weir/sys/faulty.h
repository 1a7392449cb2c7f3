/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A database that wraps another one and makes calls of its driver go wrong:
 * for tests of what stands above it.
 *
 *     faulty+sqlite:///app.db?fault_at=7&fault_kind=lost_after
 *
 * The scheme right of the + names the database inside; all else of the URL is
 * the inner one's, but for the options that begin with fault_:
 *
 * | option       | meaning                                                  |
 * |--------------|----------------------------------------------------------|
 * | fault_at     | the call that goes wrong, counted from 1; 0: none        |
 * | fault_kind   | fail, hang, lost_before, lost_after, lie                 |
 * | fault_op     | only calls of this operation are counted; any            |
 * | fault_repeat | all calls from that one on                               |
 * | fault_status | fail: the status: sql, timeout, connection, …            |
 * | fault_fate   | fail: what becomes of the connection                     |
 * | fault_hang   | hang: seconds, after which the call is made after all    |
 * | fault_name   | a name for weir_faulty_find()                            |
 *
 * Calls are counted for each engine. What the inner driver can do, the wrapper
 * can; only its bulk_load() is not used, so that the core's own way is.
 */
#ifndef WEIR_SYS_FAULTY_H
#define WEIR_SYS_FAULTY_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>

WEIR_BEGIN_DECLS

/** What goes wrong. */
typedef enum weir_fault_kind {
    /** The call is not made and fails with a stated status and fate. */
    WEIR_FAULT_FAIL = 0,
    /** Nothing happens until the deadline (TIMEOUT, fate DISCARD), cancel()
     *  (CANCELLED, fate DISCARD) or the end of hang_s: then the call is made. */
    WEIR_FAULT_HANG,
    /** The call is not made and the connection is lost: CONNECTION with fate
     *  DISCARD, COMMIT_UNKNOWN for commits. */
    WEIR_FAULT_LOST_BEFORE,
    /** The call is made, and then as above: from outside the two look the
     *  same. */
    WEIR_FAULT_LOST_AFTER,
    /** The call is not made and says that all went well. fetch() says DONE,
     *  state() that the connection is clean. */
    WEIR_FAULT_LIE,
} weir_fault_kind;

/** The operations whose calls are counted, named as in weir_driver. */
typedef enum weir_fault_op {
    WEIR_FAULT_ANY = 0, /* all that follow, except STATE */
    WEIR_FAULT_OPEN,
    WEIR_FAULT_PING,
    WEIR_FAULT_RESET,
    WEIR_FAULT_CANCEL,
    WEIR_FAULT_BEGIN,
    WEIR_FAULT_COMMIT,
    WEIR_FAULT_ROLLBACK,
    WEIR_FAULT_PREPARE_TX,
    WEIR_FAULT_COMMIT_PREPARED,
    WEIR_FAULT_ROLLBACK_PREPARED,
    WEIR_FAULT_LIST_PREPARED,
    WEIR_FAULT_TX_ID,
    WEIR_FAULT_TX_OUTCOME,
    WEIR_FAULT_PREPARE,
    WEIR_FAULT_EXECUTE,
    WEIR_FAULT_FETCH,
    WEIR_FAULT_EXECUTE_MANY,
    WEIR_FAULT_SUBMIT,
    WEIR_FAULT_COLLECT,
    WEIR_FAULT_LISTEN,
    WEIR_FAULT_NOTIFICATION,
    WEIR_FAULT_STATE, /* cannot fail: only LIE means something */
    WEIR_FAULT_OP_COUNT,
} weir_fault_op;

/** A fault. All zero: none. */
typedef struct weir_fault {
    weir_fault_kind kind;
    weir_fault_op op;
    /** Which call, counted from 1; 0: none. */
    uint64_t at;
    /** All calls from that one on. */
    bool repeat;
    /** Of FAIL. WEIR_OK: WEIR_ERR_SQL. */
    weir_status status;
    weir_fate fate;
    /** Of HANG; 0: for ever, if there is no deadline. */
    double hang_s;
} weir_fault;

/** The faults of one engine. */
typedef struct weir_faulty weir_faulty;

/**
 * The faults of the engine whose URL says fault_name. Also to be had with
 * weir_conn_native(conn, "faulty"), but that makes the connection count as
 * dirty. Threads: any.
 *
 * @return [borrowed] while the engine lives; NULL if there is none
 */
WEIR_API weir_faulty *weir_faulty_find(const char *name);

/** Sets the fault; calls are counted from here. NULL: none any more.
 *  Threads: any. */
WEIR_API void weir_faulty_arm(weir_faulty *faulty, const weir_fault *fault);

/** How many calls of an operation were made since the engine was opened.
 *  Threads: any. */
WEIR_API uint64_t weir_faulty_calls(weir_faulty *faulty, weir_fault_op op);

/** How many calls went wrong. Threads: any. */
WEIR_API uint64_t weir_faulty_hits(weir_faulty *faulty);

/** "commit": an operation as fault_op names it. Threads: any.
 *  @return [borrowed] a constant; never NULL */
WEIR_API const char *weir_fault_op_name(weir_fault_op op);

WEIR_END_DECLS

#endif
