/* SPDX-License-Identifier: MIT */
/*
 * Connecting in a thread that helps. Three steps of libmariadb's connecting
 * do not wait by our hook: resolving a name, the handshake of TLS, and a unix
 * socket whose queue is full. So another thread goes through them while the
 * caller waits for it by the hook, until its deadline. A caller who gives up
 * leaves the attempt to the thread, which cleans up whenever it comes back;
 * so an attempt borrows nothing from the engine, not even its memory.
 */
#include "wmy.h"

#include <string.h>

#include <weir/memory.h>

typedef struct attempt {
    MYSQL *mysql;
    wmy_target target; /* its strings stand behind the struct */
    size_t size;       /* of all of it */
    bool worked;
} attempt;

/* ------------------------------------------------------------- an attempt */

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *keep(char **at, const char *text)
{
    size_t size = size_of(text);
    char *kept = *at;

    if (!text)
        return NULL;
    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static attempt *make(MYSQL *mysql, const wmy_target *target)
{
    const weir_allocator *libc = weir_allocator_libc();
    size_t size = sizeof(attempt) + size_of(target->host) +
                  size_of(target->user) + size_of(target->password) +
                  size_of(target->database) + size_of(target->socket);
    attempt *made = libc->alloc(libc->context, size);
    char *at;

    if (!made)
        return NULL;
    *made = (attempt){.mysql = mysql, .target = *target, .size = size};
    at = (char *)(made + 1);
    made->target.host = keep(&at, target->host);
    made->target.user = keep(&at, target->user);
    made->target.password = keep(&at, target->password);
    made->target.database = keep(&at, target->database);
    made->target.socket = keep(&at, target->socket);
    return made;
}

static void forget(attempt *it)
{
    const weir_allocator *libc = weir_allocator_libc();

    explicit_bzero(it, it->size); /* there is a password in it */
    libc->free(libc->context, it);
}

/* ------------------------------------------------------------------- aside */

static void help(void *work)
{
    attempt *it = work;

    it->worked = wmy_connect_here(it->mysql, &it->target);
}

static void drop(void *work)
{
    attempt *it = work;

    mysql_close(it->mysql);
    forget(it);
}

/* The handle is the other thread's from now on. */
static bool give_up(wmy_conn *conn, weir_status status)
{
    conn->wait.failure = status;
    conn->mysql = NULL;
    return false;
}

bool wmy_connect_aside(wmy_conn *conn, const wmy_target *target)
{
    static const weir_aside aside = {.run = help, .drop = drop};
    attempt *it = make(conn->mysql, target);
    weir_error ignored;
    weir_status status;
    bool worked;

    if (!it) {
        mysql_close(conn->mysql);
        return give_up(conn, WEIR_ERR_NOMEM);
    }
    status = weir_services_aside(conn->services, &aside, it,
                                 conn->wait.deadline, &ignored);
    if (status != WEIR_OK)
        return give_up(conn, status);
    worked = it->worked;
    forget(it);
    return worked;
}
