/* SPDX-License-Identifier: MIT */
/*
 * The routes. A handler reads its input, borrows a connection for as long as
 * it has work for the database, and answers; the connection goes back at the
 * end of the function, whichever way that is reached.
 */
#include "routes.h"

#include <string.h>

#include "input.h"
#include "reply.h"

static int get_users(const struct _u_request *request,
                     struct _u_response *response, void *users)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn =
        store_borrow(users, "GET /users", WEIR_READ_ONLY, &err);
    WEIR_AUTO(weir_result) rows = NULL;

    (void)request;
    if (!conn)
        return reply_failure(response, &err);
    rows = store_all(conn);
    return reply_users(response, rows);
}

static int get_user(const struct _u_request *request,
                    struct _u_response *response, void *users)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn = NULL;
    WEIR_AUTO(weir_result) rows = NULL;
    user found;
    int64_t id;

    if (!input_id(request, response, &id))
        return U_CALLBACK_COMPLETE;
    conn = store_borrow(users, "GET /users/:id", WEIR_READ_ONLY, &err);
    if (!conn)
        return reply_failure(response, &err);
    rows = store_find(conn, id);
    if (store_next(rows, &found))
        return reply_user(response, 200, &found);
    if (weir_result_status(rows) != WEIR_OK)
        return reply_failure(response, weir_result_error(rows));
    return reply_error(response, 404, NULL, "there is no user %" PRId64, id);
}

static int add_user(store *users, struct _u_response *response, user *added)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn =
        store_borrow(users, "POST /users", WEIR_READ_WRITE, &err);
    char location[64];

    if (!conn)
        return reply_failure(response, &err);
    if (store_add(conn, added, &err) == WEIR_ERR_CONSTRAINT)
        return reply_error(response, 409, "name",
                           "there is a user \"%s\" already", added->name);
    if (err.status != WEIR_OK)
        return reply_failure(response, &err);
    snprintf(location, sizeof location, "/users/%" PRId64, added->id);
    ulfius_add_header_to_response(response, "Location", location);
    return reply_user(response, 201, added);
}

static int post_user(const struct _u_request *request,
                     struct _u_response *response, void *users)
{
    user added;
    json_t *document = input_user(request, response, &added);

    if (document)
        add_user(users, response, &added);
    json_decref(document);
    return U_CALLBACK_COMPLETE;
}

static int delete_user(const struct _u_request *request,
                       struct _u_response *response, void *users)
{
    weir_error err;
    WEIR_AUTO(weir_conn) conn = NULL;
    int64_t id;

    if (!input_id(request, response, &id))
        return U_CALLBACK_COMPLETE;
    conn = store_borrow(users, "DELETE /users/:id", WEIR_READ_WRITE, &err);
    if (!conn)
        return reply_failure(response, &err);
    if (store_remove(conn, id, &err) == WEIR_OK)
        return reply_done(response);
    if (err.status == WEIR_ERR_NOT_FOUND)
        return reply_error(response, 404, NULL, "there is no user %" PRId64,
                           id);
    return reply_failure(response, &err);
}

/* A path that is known, with another method. */
static int refuse_method(const struct _u_request *request,
                         struct _u_response *response, void *allowed)
{
    ulfius_add_header_to_response(response, "Allow", allowed);
    return reply_error(response, 405, NULL, "%s is not one of %s here",
                       request->http_verb, (const char *)allowed);
}

static int refuse_path(const struct _u_request *request,
                       struct _u_response *response, void *unused)
{
    (void)unused;
    return reply_error(response, 404, NULL,
                       "there is no %s; there are /users and /users/:id",
                       request->http_url);
}

typedef int (*handler)(const struct _u_request *request,
                       struct _u_response *response, void *data);

bool routes_add(struct _u_instance *web, store *users)
{
    static char list_methods[] = "GET, HEAD, POST";
    static char user_methods[] = "GET, HEAD, DELETE";
    const struct {
        const char *method;
        const char *path;
        handler handle;
        void *data;
        unsigned priority; /* the smallest that fits answers */
    } routes[] = {
        {"GET", "/users", get_users, users, 0},
        {"HEAD", "/users", get_users, users, 0},
        {"POST", "/users", post_user, users, 0},
        {"GET", "/users/:id", get_user, users, 0},
        {"HEAD", "/users/:id", get_user, users, 0},
        {"DELETE", "/users/:id", delete_user, users, 0},
        {"*", "/users", refuse_method, list_methods, 1},
        {"*", "/users/:id", refuse_method, user_methods, 1},
    };

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (ulfius_add_endpoint_by_val(
                web, routes[i].method, NULL, routes[i].path, routes[i].priority,
                routes[i].handle, routes[i].data) != U_OK)
            return false;
    return ulfius_set_default_endpoint(web, refuse_path, NULL) == U_OK;
}
