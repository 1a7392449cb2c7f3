/* SPDX-License-Identifier: MIT */
/*
 * The one place where the driver waits. libmariadb reads and writes without
 * blocking and calls our hook when it would have to wait: while connecting,
 * in a TLS handshake, in the middle of a packet. (Its non-blocking calls of
 * their own, mysql_…_start and _cont, leave the handshake blocking.)
 *
 * At the deadline the server is asked to stop first: an answer that comes
 * within the grace period saves the connection and says for certain that the
 * statement took no effect.
 */
#include "wmy.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

/* The hook is given a descriptor and nothing else. */
static _Thread_local wmy_wait *current;

static void (*clear_errors)(void);

/* libmariadb brings OpenSSL along or does without. */
static void find_openssl(void)
{
    void *found = dlsym(RTLD_DEFAULT, "ERR_clear_error");

    if (found)
        memcpy(&clear_errors, &found, sizeof clear_errors);
}

/* OpenSSL keeps errors by thread until somebody asks, and libmariadb takes the
 * oldest for its own: that of a connection which failed on this thread before,
 * or of the program. SSL_get_error(3) wants none there when it begins. */
static void forget_errors_of_others(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, find_openssl);
    if (clear_errors)
        clear_errors();
}

void wmy_wait_begin(wmy_wait *wait, int64_t deadline)
{
    forget_errors_of_others();
    wait->deadline = deadline;
    wait->failure = WEIR_OK;
    wait->stopped = false;
    wait->outer = current;
    current = wait;
}

void wmy_wait_end(wmy_wait *wait)
{
    current = wait->outer;
    wait->outer = NULL;
}

/* A program that uses the native handle waits as libmariadb would have, and so
 * does the thread that connects aside (aside.c). */
static int wait_for_stranger(int fd, bool is_read, int timeout_ms)
{
    struct pollfd entry = {.fd = fd, .events = is_read ? POLLIN : POLLOUT};
    int found;

    do
        found = poll(&entry, 1, timeout_ms > 0 ? timeout_ms : -1);
    while (found < 0 && errno == EINTR);
    return found;
}

/* TLS reads block unless the descriptor itself does not. While connecting
 * libmariadb turns this back, so it is seen to each time until then. */
static void never_block(const wmy_wait *wait, int fd)
{
    int flags = wait->connected ? -1 : fcntl(fd, F_GETFL);

    if (flags >= 0 && (flags & O_NONBLOCK) == 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static bool may_go_on(wmy_wait *wait, weir_status status)
{
    if ((status != WEIR_ERR_TIMEOUT && status != WEIR_ERR_CANCELLED) ||
        wait->stopped || !wait->stop)
        return false;
    wait->stopped = true;
    wait->failure = status;
    /* One grace for both, asking and answering. */
    wait->deadline = weir_services_now(wait->services) + wait->grace_ns;
    return wait->stop(wait);
}

bool wmy_wait_go_on(wmy_wait *wait)
{
    return wait->deadline == WEIR_NO_DEADLINE ||
           weir_services_now(wait->services) < wait->deadline ||
           may_go_on(wait, WEIR_ERR_TIMEOUT);
}

int wmy_wait_hook(my_socket fd, my_bool is_read, int timeout_ms)
{
    unsigned event = is_read ? WEIR_WAIT_READ : WEIR_WAIT_WRITE;
    wmy_wait *wait = current;
    weir_status status;
    weir_error ignored;

    if (!wait && weir_aside_reached(fd) == WEIR_OK)
        return wait_for_stranger(fd, is_read, timeout_ms);
    if (!wait) {
        errno = ETIMEDOUT;
        return 0;
    }
    never_block(wait, fd);
    do {
        status = weir_services_wait(wait->services, fd, event, wait->deadline,
                                    &ignored);
        /* The program's hook may have run other work on this thread. */
        current = wait;
        forget_errors_of_others();
    } while (status != WEIR_OK && may_go_on(wait, status));
    if (status == WEIR_OK)
        return 1;
    if (wait->failure == WEIR_OK)
        wait->failure = status;
    errno = ETIMEDOUT;
    return 0;
}
