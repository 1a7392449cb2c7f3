/* SPDX-License-Identifier: MIT */
/*
 * The socket is opened here rather than by the framework: so a port that is
 * taken is one line that says so, and port 0 can be told which one it became.
 * Requests are counted from their first line to the last byte of the answer,
 * so that stopping can wait for them.
 */
#include "server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "input.h"

enum {
    CONNECTIONS_MAX = 256,
    IDLE_MAX_S = 30,
    DRAIN_MAX_S = 10,
};

/* ----------------------------------------------------------------- the port */

static bool complain(const settings *wanted, const char *why)
{
    fprintf(stderr, "users: cannot listen on %s port %s: %s\n", wanted->host,
            wanted->port, why);
    return false;
}

static int listen_on(const struct addrinfo *address)
{
    int yes = 1, saved;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(fd, SOMAXCONN) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* The address as it has become, for port 0. */
static void name_address(server *out)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    char host[256] = "?", port[16] = "0";
    bool is_ipv6;

    getsockname(out->listener, (struct sockaddr *)&bound, &size);
    getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    is_ipv6 = bound.ss_family == AF_INET6;
    snprintf(out->address, sizeof out->address, "http://%s%s%s:%s",
             is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

bool server_open(server *out, const settings *wanted)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int problem = getaddrinfo(wanted->host, wanted->port, &hints, &found);

    memset(out, 0, sizeof *out);
    if (problem)
        return complain(wanted, gai_strerror(problem));
    out->listener = listen_on(found);
    problem = errno;
    freeaddrinfo(found);
    if (out->listener < 0)
        return complain(wanted, strerror(problem));
    name_address(out);
    /* The number is not used, since the socket is open; it must be one. */
    if (ulfius_init_instance(&out->web, 1, NULL, NULL) != U_OK)
        return complain(wanted, "out of memory");
    out->web.max_post_body_size = INPUT_BODY_MAX + 1;
    out->web.allowed_post_processor = U_POST_PROCESS_NONE;
    return true;
}

/* ----------------------------------------------------------------- requests */

static void count(server *counting, int change)
{
    pthread_mutex_lock(&counting->lock);
    counting->in_flight += change;
    if (counting->in_flight == 0)
        pthread_cond_broadcast(&counting->changed);
    pthread_mutex_unlock(&counting->lock);
}

static void *request_begins(void *self, const char *uri)
{
    count(self, 1);
    return ulfius_uri_logger(NULL, uri);
}

static void request_ends(void *self, struct MHD_Connection *connection,
                         void **request, enum MHD_RequestTerminationCode how)
{
    mhd_request_completed(NULL, connection, request, how);
    count(self, -1);
}

bool server_start(server *started)
{
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, started->listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_MAX_S, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_begins, started},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_ends, started},
        {MHD_OPTION_END, 0, NULL},
    };
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&started->lock, NULL);
    pthread_cond_init(&started->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    /* ITC lets MHD_quiesce_daemon() wake the thread that accepts. */
    if (ulfius_start_framework_with_mhd_options(
            &started->web,
            MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                MHD_USE_POLL | MHD_USE_ITC,
            options) == U_OK)
        return true;
    fprintf(stderr, "users: the web server does not start\n");
    return false;
}

/* ------------------------------------------------------------------ the end */

static void drain(server *drained)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += DRAIN_MAX_S;
    pthread_mutex_lock(&drained->lock);
    while (drained->in_flight > 0 &&
           pthread_cond_timedwait(&drained->changed, &drained->lock,
                                  &deadline) != ETIMEDOUT)
        ;
    if (drained->in_flight > 0)
        fprintf(stderr, "users: %d requests did not end in %d seconds\n",
                drained->in_flight, DRAIN_MAX_S);
    pthread_mutex_unlock(&drained->lock);
}

void server_close(server *closed)
{
    if (closed->web.mhd_daemon) {
        MHD_quiesce_daemon(closed->web.mhd_daemon);
        drain(closed);
        ulfius_stop_framework(&closed->web);
    }
    close(closed->listener);
    ulfius_clean_instance(&closed->web);
}
