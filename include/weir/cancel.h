/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Giving up from outside: a token that a thread takes along when it waits for
 * a connection, and that any other thread can cancel.
 */
#ifndef WEIR_CANCEL_H
#define WEIR_CANCEL_H

#include <stdbool.h>

#include <weir/error.h>
#include <weir/export.h>

WEIR_BEGIN_DECLS

/**
 * A wish to give up. Not cancelled at first; once cancelled, for ever. One may
 * serve any number of threads, of engines, and of waits after each other: a
 * token for each request that a service works on, one for the end of all.
 *
 * It ends waits for a connection (weir_connect_options::cancel). A statement
 * that runs, or waits for the permit to write, is ended by weir_cancel().
 */
typedef struct weir_cancel_token weir_cancel_token;

/** Threads: any. @param err filled with NOMEM; may be NULL. @return [owned] end
 *  it with weir_cancel_token_free(); NULL on failure */
WEIR_API weir_cancel_token *weir_cancel_token_new(weir_error *err)
    WEIR_MUST_USE;

/** Frees a token that nobody waits with any more and nobody will cancel, and
 *  sets `*token` to NULL. NULL is allowed. */
WEIR_API void weir_cancel_token_free(weir_cancel_token **token);

/**
 * Ends all waits with this token, those that begin later, too: they answer
 * WEIR_ERR_CANCELLED. Who was given a connection in the same moment keeps it;
 * one that was being opened for the waiter is kept for others. NULL is
 * allowed, twice is harmless. Does not wait for the waiters.
 *
 * Threads: any. Not for signal handlers.
 */
WEIR_API void weir_cancel_token_cancel(weir_cancel_token *token);

/** Whether it was cancelled. Threads: any. NULL never is. */
WEIR_API bool weir_cancel_token_is_cancelled(const weir_cancel_token *token);

WEIR_END_DECLS

#endif
