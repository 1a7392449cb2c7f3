/* SPDX-License-Identifier: MIT */
/*
 * What libpq 15 does not do or tell while it connects. It hands the password
 * to any server that asks for it in clear text, and it keeps to itself the
 * key that cancelling needs (but for a call that blocks).
 *
 * Both can be heard: libpq traces each message, one that it sends before it
 * is sent. On a connection without TLS an answer to the server is led into a
 * pair of sockets of our own, looked at there, and only then sent on.
 */
#include "wpg.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A letter and the length, which counts itself. */
enum { HEAD = 5, ANSWERS_SIZE = 4096 };

/* ----------------------------------------------------------------- answers */

/* "F<tab>11<tab>Unknown message: 70", in newer versions with a name: what
 * answers a question of the server. All others are told by other names. */
static bool is_answer(const char *line)
{
    static const char *const names[] = {"Unknown message: 70", "Password",
                                        "SASL", "GSS"};

    for (size_t i = 0; line[0] == 'F' && i < 4; i++) {
        if (strstr(line, names[i]))
            return true;
    }
    return false;
}

static void close_all(wpg_guard *guard)
{
    for (int i = 0; i < 3; i++) {
        if (guard->aside[i] >= 0)
            close(guard->aside[i]);
        guard->aside[i] = -1;
    }
}

/* What libpq writes next goes to aside[0]; aside[1] is its other end, and
 * aside[2] the way to the server. Without descriptors nothing may be sent. */
static void lead_aside(wpg_guard *guard)
{
    int fd = PQsocket(guard->pg), pair[2];

    if (guard->led || PQsslInUse(guard->pg))
        return;
    guard->led = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   pair) == 0) {
        guard->aside[0] = pair[0];
        guard->aside[1] = pair[1];
        guard->aside[2] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
    if (guard->aside[2] < 0 || dup2(guard->aside[0], fd) < 0)
        (void)shutdown(fd, SHUT_RDWR);
}

/* Whether one of the messages is the password as it is. */
static bool tells_password(const char *text, size_t size, const char *password)
{
    size_t wanted = strlen(password) + 1;

    while (size >= HEAD) {
        size_t whole = (size_t)wpg_get_u32(text + 1) + 1;

        if (whole < HEAD || whole > size)
            break;
        if (whole == HEAD + wanted &&
            memcmp(text + HEAD, password, wanted) == 0)
            return true;
        text += whole;
        size -= whole;
    }
    return size > 0; /* what cannot be read is not sent */
}

/* libpq may have closed its socket, and gone on to the next host with another
 * of the same number. */
static bool is_aside(const wpg_guard *guard, int fd)
{
    struct stat ours, its;

    return fd >= 0 && guard->aside[2] >= 0 && fstat(fd, &its) == 0 &&
           fstat(guard->aside[0], &ours) == 0 && its.st_ino == ours.st_ino &&
           its.st_dev == ours.st_dev;
}

bool wpg_guard_pass(wpg_guard *guard)
{
    int fd = PQsocket(guard->pg);
    const char *password = PQpass(guard->pg);
    char answers[ANSWERS_SIZE];
    ssize_t size;
    bool fine = true;

    if (!guard->led)
        return true;
    size = recv(guard->aside[1], answers, sizeof answers, 0);
    if (size < 0)
        size = 0;
    if (password && tells_password(answers, (size_t)size, password)) {
        guard->refused = true;
        fine = false;
    }
    if (fine && is_aside(guard, fd) && dup2(guard->aside[2], fd) >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        fine = send(fd, answers, (size_t)size, MSG_NOSIGNAL) == size;
    }
    close_all(guard);
    guard->led = false;
    return fine;
}

/* --------------------------------------------------------------------- key */

/* "B<tab>12<tab>BackendKeyData<tab> 4711 -123456" */
static void look_at_key(wpg_guard *guard, const char *line)
{
    static const char name[] = "BackendKeyData";
    const char *at = strstr(line, name);
    char *end;

    if (line[0] != 'B' || !at)
        return;
    at += sizeof name - 1;
    guard->key.pid = (uint32_t)strtol(at, &end, 10);
    if (end == at)
        return;
    at = end;
    guard->key.secret = (uint32_t)strtol(at, &end, 10);
    guard->key.known =
        end != at && guard->key.pid == (uint32_t)PQbackendPID(guard->pg);
}

static ssize_t hear(void *memory, const char *text, size_t size)
{
    wpg_guard *guard = memory;

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n') {
            if (guard->line_size < sizeof guard->line - 1)
                guard->line[guard->line_size++] = text[i];
            continue;
        }
        guard->line[guard->line_size] = '\0';
        guard->line_size = 0;
        if (is_answer(guard->line))
            lead_aside(guard);
        look_at_key(guard, guard->line);
    }
    return (ssize_t)size;
}

weir_status wpg_guard_start(wpg_guard *guard, PGconn *pg, weir_error *err)
{
    const cookie_io_functions_t ears = {.write = hear};

    *guard = (wpg_guard){.pg = pg, .aside = {-1, -1, -1}};
    guard->trace = fopencookie(guard, "w", ears);
    if (!guard->trace)
        return wpg_nomem(err);
    PQtrace(pg, guard->trace);
    PQsetTraceFlags(pg, PQTRACE_SUPPRESS_TIMESTAMPS);
    return WEIR_OK;
}

void wpg_guard_stop(wpg_guard *guard)
{
    if (!guard->trace)
        return;
    close_all(guard);
    PQuntrace(guard->pg);
    (void)fclose(guard->trace);
    guard->trace = NULL;
}
