/* SPDX-License-Identifier: MIT */
/*
 * Answers as JSON. Each fills the response and returns what a handler of
 * Ulfius returns, so that a handler ends with `return reply_…(…)`.
 */
#ifndef USERS_REPLY_H
#define USERS_REPLY_H

#include <ulfius.h>

#include "store.h"

/* 200 with all rows; the failure if there was one. */
int reply_users(struct _u_response *response, weir_result *rows);
/* One user with a status: 200, 201. */
int reply_user(struct _u_response *response, int status, const user *shown);
/* 204: it is done, and there is nothing to say. */
int reply_done(struct _u_response *response);

/* What the client did wrong, in one sentence; `field` names the member of the
 * body that it is about, or is NULL. */
int reply_error(struct _u_response *response, int status, const char *field,
                const char *format, ...) WEIR_PRINTF(4, 5);

/* What went wrong with the database. The client learns what to do, the rest
 * goes to stderr. */
int reply_failure(struct _u_response *response, const weir_error *err);

#endif
