/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A database that wraps another one and makes calls of its driver go wrong:
 * for tests of what stands above it.
 *
 *     faulty+sqlite:///app.db?fault_op=commit&fault_at=2&fault_kind=lost_after
 *
 * The scheme right of the + names the database inside; all else of the URL is
 * the inner one's, but for the options that begin with fault_:
 *
 * | option       | meaning                                                  |
 * |--------------|----------------------------------------------------------|
 * | fault_at     | the call that goes wrong, counted from 1; 0: none        |
 * | fault_kind   | fail, hang, hang_after, lost_before, lost_after,         |
 * |              | dies_after, lie                                          |
 * | fault_op     | only calls of this operation are counted; any            |
 * | fault_repeat | all calls from that one on                               |
 * | fault_status | fail: the status: sql, timeout, connection, …            |
 * | fault_fate   | fail: what becomes of the connection: keep, discard,     |
 * |              | retry                                                    |
 * | fault_hang   | hang: so many seconds at most                            |
 * | fault_name   | a name for weir_faulty_find()                            |
 *
 * What the inner driver can do, the wrapper can, and what it leaves out is
 * left out here. Calls are counted for each engine.
 */
#ifndef WEIR_SYS_FAULTY_H
#define WEIR_SYS_FAULTY_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>

WEIR_BEGIN_DECLS

/** What goes wrong. Commits that are lost or hang to the end answer
 *  COMMIT_UNKNOWN instead of CONNECTION, TIMEOUT and CANCELLED. */
typedef enum weir_fault_kind {
    /** The call is not made and fails with a stated status and fate. */
    WEIR_FAULT_FAIL = 0,
    /** Nothing happens until the deadline (TIMEOUT, fate DISCARD), cancel()
     *  (CANCELLED, fate DISCARD) or the end of hang_s: then the call is
     *  made. */
    WEIR_FAULT_HANG,
    /** The call is made, and then as above; after hang_s its answer comes. */
    WEIR_FAULT_HANG_AFTER,
    /** The call is not made and the connection is lost: CONNECTION with fate
     *  DISCARD. */
    WEIR_FAULT_LOST_BEFORE,
    /** The call is made, and then as above: from outside the two look the
     *  same. */
    WEIR_FAULT_LOST_AFTER,
    /** The call is made and succeeds, and the connection is lost unnoticed:
     *  the next call answers CONNECTION with fate RETRY. */
    WEIR_FAULT_DIES_AFTER,
    /** The call is not made and says that all went well, with an answer that
     *  could be true: no row, no name, no parameters, a clean state. */
    WEIR_FAULT_LIE,
    WEIR_FAULT_KIND_COUNT,
} weir_fault_kind;

/** The operations whose calls are counted, named as in weir_driver. */
typedef enum weir_fault_op {
    WEIR_FAULT_ANY = 0, /* all that the kind of fault applies to */
    WEIR_FAULT_ATTACH,  /* counted before anybody can ask: for URLs */
    WEIR_FAULT_OPEN,
    WEIR_FAULT_CLOSE,
    WEIR_FAULT_PING,
    WEIR_FAULT_STATE,
    WEIR_FAULT_RESET,
    WEIR_FAULT_CANCEL,
    WEIR_FAULT_SOCKET,
    WEIR_FAULT_NATIVE,
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
    WEIR_FAULT_OUTCOME,
    WEIR_FAULT_END,
    WEIR_FAULT_FINISH,
    WEIR_FAULT_EXECUTE_MANY,
    WEIR_FAULT_SUBMIT,
    WEIR_FAULT_COLLECT,
    WEIR_FAULT_BULK_LOAD,
    WEIR_FAULT_LISTEN,
    WEIR_FAULT_NOTIFICATION,
    WEIR_FAULT_REFRESH,
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
    /** Of FAIL. WEIR_OK: SQL if the connection is kept, else CONNECTION. */
    weir_status status;
    weir_fate fate;
    /** Of HANG and HANG_AFTER; 0: for ever, if there is no deadline. */
    double hang_s;
} weir_fault;

/** The faults of one engine. */
typedef struct weir_faulty weir_faulty;

/**
 * The faults of the engine whose URL says fault_name; of the newest, if there
 * are several. Threads: any.
 *
 * @return [borrowed] while the engine lives; NULL if there is none
 */
WEIR_API weir_faulty *weir_faulty_find(const char *name);

/** Sets the fault; calls are counted from here. NULL: none any more.
 *  Threads: any. */
WEIR_API void weir_faulty_arm(weir_faulty *faulty, const weir_fault *fault);

/** How many calls of an operation were made since the engine was opened; with
 *  WEIR_FAULT_ANY, of all. Threads: any. */
WEIR_API uint64_t weir_faulty_calls(weir_faulty *faulty, weir_fault_op op);

/** How many calls went wrong since weir_faulty_arm(). Threads: any. */
WEIR_API uint64_t weir_faulty_hits(weir_faulty *faulty);

/** The first time that the core broke the driver contract: it used a
 *  connection that it had been told is lost, closed one with statements left,
 *  forgot an end(). Threads: any.
 *  @return [borrowed] a constant; NULL if it never did */
WEIR_API const char *weir_faulty_breach(weir_faulty *faulty);

/** Whether calls of `op` can go wrong in this way: what cannot fail does not,
 *  whatever is armed. Threads: any. */
WEIR_API bool weir_fault_applies(weir_fault_kind kind, weir_fault_op op);

/** "commit": an operation as fault_op names it. Threads: any.
 *  @return [borrowed] a constant; never NULL */
WEIR_API const char *weir_fault_op_name(weir_fault_op op);

/** "lost_after": a kind as fault_kind names it. Threads: any.
 *  @return [borrowed] a constant; never NULL */
WEIR_API const char *weir_fault_kind_name(weir_fault_kind kind);

WEIR_END_DECLS

#endif
