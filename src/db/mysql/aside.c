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

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weir/memory.h>

enum { RUNNING = 0, DONE, ABANDONED };

typedef struct attempt {
    MYSQL *mysql;
    wmy_target target; /* its strings stand behind the struct */
    size_t size;       /* of all of it */
    int finished;      /* an eventfd */
    bool worked;
    _Atomic int state;
    _Atomic int owners; /* the caller and the thread: the last one drops it */
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
    atomic_store(&made->owners, 1);
    at = (char *)(made + 1);
    made->target.host = keep(&at, target->host);
    made->target.user = keep(&at, target->user);
    made->target.password = keep(&at, target->password);
    made->target.database = keep(&at, target->database);
    made->target.socket = keep(&at, target->socket);
    made->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return made;
}

static void drop(attempt *it)
{
    const weir_allocator *libc = weir_allocator_libc();

    if (atomic_fetch_sub(&it->owners, 1) > 1)
        return;
    if (it->finished >= 0)
        close(it->finished);
    explicit_bzero(it, it->size); /* there is a password in it */
    libc->free(libc->context, it);
}

/* ----------------------------------------------------------------- threads */

static void *help(void *memory)
{
    attempt *it = memory;
    int expected = RUNNING;

    it->worked = wmy_connect_here(it->mysql, &it->target);
    if (atomic_compare_exchange_strong(&it->state, &expected, DONE))
        (void)eventfd_write(it->finished, 1);
    else
        mysql_close(it->mysql);
    drop(it);
    return NULL;
}

/* The program's signals are not for this thread. */
static bool start(attempt *it)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&it->owners, 2);
    started = pthread_create(&thread, &attributes, help, it) == 0;
    if (!started)
        atomic_store(&it->owners, 1);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

/* @return false: the attempt is the thread's from now on */
static bool wait_for(wmy_conn *conn, attempt *it)
{
    int expected = RUNNING;
    weir_error ignored;
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && atomic_load(&it->state) == RUNNING)
        status =
            weir_services_wait(conn->services, it->finished, WEIR_WAIT_READ,
                               conn->wait.deadline, &ignored);
    if (status == WEIR_OK ||
        !atomic_compare_exchange_strong(&it->state, &expected, ABANDONED))
        return true;
    conn->wait.failure = status;
    conn->mysql = NULL;
    return false;
}

bool wmy_connect_aside(wmy_conn *conn, const wmy_target *target)
{
    attempt *it = make(conn->mysql, target);
    bool worked;

    if (!it || it->finished < 0 || !start(it)) {
        if (it)
            drop(it);
        return wmy_connect_here(conn->mysql, target);
    }
    worked = wait_for(conn, it) && it->worked;
    drop(it);
    return worked;
}
