/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The log hook: the library prints nothing, it tells one function of the
 * program what happens.
 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** What a log event is about; bits, so that a hook can ask for some. */
typedef enum weir_log_kind {
    WEIR_LOG_STATEMENT = 1,   /* a statement ended, well or not */
    WEIR_LOG_TRANSACTION = 2, /* begin, commit, rollback, savepoints */
    WEIR_LOG_CONNECTION = 4,  /* opened, closed, invalidated, reset */
    WEIR_LOG_NOTICE = 8,      /* the server says something */
    WEIR_LOG_WARNING = 16,    /* an option without meaning, a leftover, … */
    WEIR_LOG_ALL = 31,
} weir_log_kind;

/** How parameters are shown to the hook. */
typedef enum weir_log_parameters {
    /** Only their number and types: `params` has values without content. */
    WEIR_LOG_PARAMETERS_REDACTED = 0,
    /** As they were bound. They may hold secrets and personal data. */
    WEIR_LOG_PARAMETERS_FULL,
} weir_log_parameters;

/** One event. All of it is borrowed for the call of the hook. */
typedef struct weir_log_event {
    weir_log_kind kind;
    /** The statement as the program wrote it, or a word of the transaction
     *  ("BEGIN (implicit)", "COMMIT", …); NULL for other kinds. */
    const char *statement;
    /** For notices, warnings and connections; NULL for statements. */
    const char *message;
    /** From the call to its end, rows that were fetched later not included. */
    int64_t duration_ns;
    const weir_value *params;
    size_t param_count;
    /** Rows changed, or -1 if that is not known. */
    int64_t affected;
    /** Which connection, counted from 1 in the order of opening; 0: none. */
    uint64_t connection_id;
    /** The tag that the connection was borrowed with, or NULL. */
    const char *tag;
    /** NULL if all went well. */
    const weir_error *error;
} weir_log_event;

/**
 * The hook. Called on the thread that does the work, with no lock held; it
 * must not call back into the handle that is at work, and anything it does
 * costs that caller time.
 */
typedef void (*weir_log_hook)(void *context, const weir_log_event *event);

WEIR_END_DECLS

#endif
