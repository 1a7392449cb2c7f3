/* SPDX-License-Identifier: MIT */
/*
 * Users as JSON, and errors as problem+json (RFC 9457): a status, its title
 * and one sentence that says what would be right.
 */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

/* ------------------------------------------------------------------ writing */

static void begin(weir_json *json)
{
    weir_json_options options = WEIR_JSON_OPTIONS;

    /* A path or a name of the client's may be anything; the answer is JSON. */
    options.broken_text = WEIR_JSON_BROKEN_IS_REPLACED;
    weir_json_init(json, &options);
}

/* The document becomes the body. */
static int send_json(struct _u_response *response, int status, const char *type,
                     weir_json *json)
{
    weir_text body;

    if (weir_json_finish(json) != WEIR_OK) {
        fprintf(stderr, "users: %s\n", weir_json_error(json)->message);
        status = 500;
    }
    body = weir_json_result(json);
    ulfius_set_binary_body_response(response, (unsigned)status, body.data,
                                    body.size);
    ulfius_add_header_to_response(response, "Content-Type", type);
    weir_json_clear(json);
    return U_CALLBACK_COMPLETE;
}

static void write_user(weir_json *json, const user *shown)
{
    weir_json_begin_object(json);
    weir_json_put(json, "id", shown->id);
    weir_json_put(json, "name", shown->name);
    weir_json_put(json, "email", shown->email);
    weir_json_put(json, "age", shown->age);
    weir_json_end_object(json);
}

/* -------------------------------------------------------------------- users */

int reply_users(struct _u_response *response, weir_result *rows)
{
    weir_json json;
    user next;

    begin(&json);
    weir_json_begin_object(&json);
    weir_json_key(&json, "users");
    weir_json_begin_array(&json);
    while (store_next(rows, &next))
        write_user(&json, &next);
    weir_json_end_array(&json);
    weir_json_end_object(&json);
    if (weir_result_status(rows) == WEIR_OK)
        return send_json(response, 200, "application/json", &json);
    weir_json_clear(&json);
    return reply_failure(response, weir_result_error(rows));
}

int reply_user(struct _u_response *response, int status, const user *shown)
{
    weir_json json;

    begin(&json);
    write_user(&json, shown);
    return send_json(response, status, "application/json", &json);
}

int reply_done(struct _u_response *response)
{
    ulfius_set_empty_body_response(response, 204);
    return U_CALLBACK_COMPLETE;
}

/* ------------------------------------------------------------------- errors */

static const char *title(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 422:
        return "Unprocessable Content";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

int reply_error(struct _u_response *response, int status, const char *field,
                const char *format, ...)
{
    char detail[256];
    va_list arguments;
    weir_json json;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    begin(&json);
    weir_json_begin_object(&json);
    weir_json_put(&json, "status", status);
    weir_json_put(&json, "title", title(status));
    weir_json_put(&json, "detail", (const char *)detail);
    if (field)
        weir_json_put(&json, "field", field);
    weir_json_end_object(&json);
    return send_json(response, status, "application/problem+json", &json);
}

/* What will be gone with a later try, in the client's words. */
static const char *why_unavailable(const weir_error *err)
{
    switch (err->status) {
    case WEIR_ERR_POOL_TIMEOUT:
        return "all database connections are in use";
    case WEIR_ERR_TIMEOUT:
        return "the database did not answer in time";
    case WEIR_ERR_RESOURCE:
        return "the database has no room";
    case WEIR_ERR_UNAVAILABLE:
        return "the database cannot do this now";
    default:
        return "the database is away";
    }
}

int reply_failure(struct _u_response *response, const weir_error *err)
{
    fprintf(stderr, "users: %s: %s\n", weir_status_name(err->status),
            err->message);
    if (store_is_away(err)) {
        ulfius_add_header_to_response(response, "Retry-After", "1");
        return reply_error(response, 503, NULL, "%s; try again in a second",
                           why_unavailable(err));
    }
    if (err->status == WEIR_ERR_COMMIT_UNKNOWN)
        return reply_error(response, 500, NULL,
                           "the connection to the database was lost and it is "
                           "not known whether this was done; look before you "
                           "try again");
    return reply_error(response, 500, NULL, "the service has failed");
}
