/* SPDX-License-Identifier: MIT */
/*
 * What libpq 15 does not do or tell while it connects. It hands the password
 * to any server that asks for it in clear text, and it keeps to itself the
 * key that cancelling needs (but for a call that blocks).
 *
 * Both can be heard: libpq traces each message, one that it sends before it
 * is sent. A password as it is makes a message of a size that is known; on a
 * connection without TLS the socket is shut before it can leave.
 */
#include "wpg.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The message's length counts itself (4) and the NUL at the end. */
enum { PASSWORD_OVERHEAD = 5 };

/* "F<tab>11<tab>Unknown message: 70", in newer versions with a name: what
 * answers a question of the server. The others are told by their names. */
static bool is_answer(const char *line)
{
    return line[0] == 'F' && (strstr(line, "Unknown message: 70") != NULL ||
                              strstr(line, "Password") != NULL);
}

static void look_at_answer(wpg_guard *guard, const char *line)
{
    size_t size = strtoul(line + 1, NULL, 10);
    const char *password = PQpass(guard->pg);

    if (!is_answer(line) || PQsslInUse(guard->pg) || !password ||
        size != strlen(password) + PASSWORD_OVERHEAD)
        return;
    guard->refused = true;
    (void)shutdown(PQsocket(guard->pg), SHUT_RDWR);
}

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
        look_at_answer(guard, guard->line);
        look_at_key(guard, guard->line);
    }
    return (ssize_t)size;
}

weir_status wpg_guard_start(wpg_guard *guard, PGconn *pg, weir_error *err)
{
    const cookie_io_functions_t ears = {.write = hear};

    *guard = (wpg_guard){.pg = pg};
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
    PQuntrace(guard->pg);
    (void)fclose(guard->trace);
    guard->trace = NULL;
}
