/* SPDX-License-Identifier: MIT */
/*
 * What a request brings, read and checked: ids and new users.
 */
#ifndef USERS_INPUT_H
#define USERS_INPUT_H

#include <stdbool.h>

#include <jansson.h>
#include <ulfius.h>

#include "store.h"

enum {
    INPUT_BODY_MAX = 16 * 1024, /* bytes */
    INPUT_NAME_MAX = 50,        /* characters, as the table has it */
    INPUT_EMAIL_MAX = 254,
    INPUT_AGE_MAX = 150,
};

/* Reads the id at the end of the path. @return false if it is none: the
 * response says so then */
bool input_id(const struct _u_request *request, struct _u_response *response,
              int64_t *out);

/* Reads a user from the body. @return [owned] the document that the texts of
 * `out` stand in; NULL if the body is not a user: the response says why */
json_t *input_user(const struct _u_request *request,
                   struct _u_response *response, user *out);

#endif
