/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A database that is a script: it answers what a test has told it to answer
 * and writes down what it was asked. No server, no SQL.
 *
 *     weir_mock *mock = weir_mock_new("shop", NULL, &err);
 *     weir_mock_add(mock,
 *                   &(weir_mock_step){.text = "UPDATE t SET a = ?",
 *                                     .affected = 3},
 *                   &err);
 *     engine = weir_engine_open("mock://shop", NULL, &err);
 *     …
 *     assert_string_equal(weir_mock_log(mock), "open\nbegin …");
 *
 * Steps and calls: each call of the driver takes the oldest step that fits
 * it, and a step that names the text goes before one that fits any. A step is
 * used up by one call unless it says otherwise. A call that no step fits
 * succeeds with nothing in it: no columns, 0 rows affected.
 *
 * Recording: each call is a line ("open", "begin SERIALIZABLE READ ONLY",
 * "prepare SELECT …", "execute [i64 7, text \"x\", null]", "fetch", "end",
 * "commit", "reset", "close"). What a client answers from its own memory is
 * not written down: state, socket, outcome, classify.
 *
 * A statement is taken for one that only reads if it begins with SELECT. Its
 * parameters are the ? in it, or the highest $n, outside of '…'.
 *
 * Rows handed to the core are in memory of their own that is freed as early
 * as the contract allows, so that a sanitizer finds a core that reads on.
 *
 * Threads: any, for every function here.
 */
#ifndef WEIR_SYS_MOCK_H
#define WEIR_SYS_MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/sys/dialect.h>
#include <weir/sys/driver.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** A scripted database. Engines attach to it by its name. */
typedef struct weir_mock weir_mock;

/** What a mock can do unless it is told otherwise. */
#define WEIR_MOCK_CAPABILITIES                                                 \
    ((uint32_t)WEIR_CAN_TRANSACT | WEIR_CAN_SAVEPOINT | WEIR_CAN_READ_ONLY |   \
     WEIR_CAN_CANCEL | WEIR_CAN_DEADLINE | WEIR_CAN_INTERLEAVE |               \
     WEIR_CAN_KEYS | WEIR_CAN_SHARE)

/** What kind of database it is. Start from WEIR_MOCK_OPTIONS. */
typedef struct weir_mock_options {
    size_t size; /* set by the initialiser */
    /** weir_capability bits; the driver can do whatever they say. */
    uint32_t capabilities;
    weir_placeholder placeholder;
    weir_isolation default_isolation;
    /** As in weir_profile; 0: no limit. */
    int connection_max;
    /** A statement that no step fits is refused (SQL), not answered. */
    bool strict;
} weir_mock_options;

/** The defaults of a weir_mock_options. */
#define WEIR_MOCK_OPTIONS                                                      \
    {                                                                          \
        sizeof(weir_mock_options), WEIR_MOCK_CAPABILITIES,                     \
            WEIR_PLACEHOLDER_QUESTION, WEIR_READ_COMMITTED, 0, false           \
    }

/**
 * Makes a mock that URLs reach as `mock://name`. The options are copied.
 *
 * @param options NULL: the defaults
 * @return [owned] end it with weir_mock_free(); NULL with MISUSE (the name is
 *         taken or empty) or NOMEM
 */
WEIR_API weir_mock *weir_mock_new(const char *name,
                                  const weir_mock_options *options,
                                  weir_error *err) WEIR_MUST_USE;

/** Takes the name away and sets `*mock` to NULL. Engines that are attached
 *  keep what they need. NULL is allowed. */
WEIR_API void weir_mock_free(weir_mock **mock);

/* ------------------------------------------------------------------ script */

/** The calls that a step can be for. */
typedef enum weir_mock_op {
    /** Text: the statement. The answer is also given to one that was sent by
     *  submit(), when it is collected. */
    WEIR_MOCK_EXECUTE = 0,
    WEIR_MOCK_OPEN,
    WEIR_MOCK_PING,
    WEIR_MOCK_RESET,
    WEIR_MOCK_CANCEL,
    WEIR_MOCK_BEGIN, /* text: what stands behind "begin " in the log */
    WEIR_MOCK_COMMIT,
    WEIR_MOCK_ROLLBACK,
    WEIR_MOCK_PREPARE_TX, /* text: the xid, as for the next two */
    WEIR_MOCK_COMMIT_PREPARED,
    WEIR_MOCK_ROLLBACK_PREPARED,
    WEIR_MOCK_LIST_PREPARED,
    WEIR_MOCK_TX_ID,
    WEIR_MOCK_TX_OUTCOME, /* text: the id */
    WEIR_MOCK_PREPARE,    /* text: the statement, as for the next two */
    WEIR_MOCK_FETCH,
    WEIR_MOCK_SUBMIT,
    WEIR_MOCK_LISTEN, /* text: the channel */
    WEIR_MOCK_NOTIFICATION,
    WEIR_MOCK_REFRESH, /* text: the statement */
    WEIR_MOCK_OP_COUNT,
} weir_mock_op;

/** How a call goes. */
typedef enum weir_mock_fault {
    /** It answers, with weir_mock_step::error if that is set. */
    WEIR_MOCK_ANSWER = 0,
    /** Nothing happens until the deadline, cancel() or weir_mock_resume():
     *  TIMEOUT with fate DISCARD, CANCELLED with fate KEEP, or the answer. */
    WEIR_MOCK_HANG,
    /** The connection is lost on the way there: CONNECTION, fate RETRY. */
    WEIR_MOCK_LOSE_BEFORE,
    /** It is done, and the connection is lost on the way back: CONNECTION,
     *  fate DISCARD; COMMIT_UNKNOWN for commits. */
    WEIR_MOCK_LOSE_AFTER,
} weir_mock_fault;

/** One answer. All zero: the next statement succeeds without rows. */
typedef struct weir_mock_step {
    weir_mock_op op;
    /** NULL: any. */
    const char *text;
    /** So many calls that fit go by first. */
    int skip;
    /** How many calls it answers: 0 is one, negative is all that come. */
    int times;

    weir_mock_fault fault;
    /** The call takes so long, as far as its deadline allows. */
    double delay_s;
    /** Set a status to make the call fail; an empty message gets one. With
     *  an SQLSTATE and no status the driver's classify() fills it in. */
    weir_error error;
    /** weir_session_state bits that the connection has, or has no longer,
     *  once the call was made. */
    unsigned set_state;
    unsigned clear_state;

    /** EXECUTE: rows of `column_count` values each. PREPARE reports the
     *  columns of the EXECUTE step that would be next. */
    const weir_column *columns;
    size_t column_count;
    const weir_value *values;
    size_t row_count;
    int64_t affected;
    int64_t generated_key;
    bool has_generated_key;
    /** RESET: prepared statements do not survive. */
    bool statements_lost;
} weir_mock_step;

/** Adds a step; all of it is copied. @return WEIR_OK, MISUSE or NOMEM */
WEIR_API weir_status weir_mock_add(weir_mock *mock, const weir_mock_step *step,
                                   weir_error *err);

/** Forgets all steps. Executions that have begun keep theirs. */
WEIR_API void weir_mock_clear_steps(weir_mock *mock);

/** How many steps have not answered any call yet. */
WEIR_API size_t weir_mock_steps_left(weir_mock *mock);

/** Calls that hang or are delayed go on at once with their answer. */
WEIR_API void weir_mock_resume(weir_mock *mock);

/** How many calls hang or are delayed at the moment. */
WEIR_API size_t weir_mock_hanging(weir_mock *mock);

/** The server hangs up on all connections. They find out by themselves: at
 *  their next call (CONNECTION, fate RETRY), or by looking at the socket. */
WEIR_API void weir_mock_drop_connections(weir_mock *mock);

/** How many connections are open. */
WEIR_API size_t weir_mock_connections(weir_mock *mock);

/** Sends a notification to the connections that listen on `channel`. */
WEIR_API weir_status weir_mock_notify(weir_mock *mock, const char *channel,
                                      const char *payload, weir_error *err);

/* --------------------------------------------------------------- recording */

/** All calls so far, one a line, each ended by a line feed.
 *  @return [borrowed] until the next call for a log; never NULL */
WEIR_API const char *weir_mock_log(weir_mock *mock);

/** The calls of one connection, counted from 1 in the order of opening. */
WEIR_API const char *weir_mock_log_of(weir_mock *mock, int connection);

/** How many lines begin with `text`. */
WEIR_API size_t weir_mock_count(weir_mock *mock, const char *text);

/**
 * How often a client of a server would have had to wait for an answer. Fetched
 * rows come along with execute; begin travels with the next statement; commit
 * and rollback without a statement since begin, end and finish cost nothing;
 * so does submit, and the first collect after it pays for all of them.
 */
WEIR_API size_t weir_mock_round_trips(weir_mock *mock);

/** The first time that the core broke the driver contract (fetched without
 *  executing, closed with statements left, …). It is in the log too.
 *  @return [borrowed] a constant; NULL if it never did */
WEIR_API const char *weir_mock_breach(weir_mock *mock);

/** Forgets lines, round trips and breach. */
WEIR_API void weir_mock_clear_log(weir_mock *mock);

WEIR_END_DECLS

#endif
