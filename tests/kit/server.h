/* SPDX-License-Identifier: MIT */
/*
 * Signals for the server that a test runs beside (tests/kit/…sh): it may be
 * one process with threads, or one with children.
 */
#ifndef WEIR_TESTS_KIT_SERVER_H
#define WEIR_TESTS_KIT_SERVER_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/* 0: the test has no server of its own. */
static inline pid_t kit_server_pid(void)
{
    const char *text = getenv("WEIR_TEST_SERVER_PID");
    pid_t pid = text ? (pid_t)atoi(text) : 0;

    return pid > 1 ? pid : 0;
}

/* The server first: it must not make children meanwhile. When it goes on,
 * last, so that it finds them as they were. */
static inline int kit_signal_server(pid_t server, int signal)
{
    char path[64];
    FILE *children;
    int pid, status = 0;

    if (signal != SIGCONT)
        status = kill(server, signal);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server,
             (int)server);
    children = fopen(path, "r");
    while (children && fscanf(children, "%d", &pid) == 1)
        (void)kill(pid, signal);
    if (children)
        fclose(children);
    return signal == SIGCONT ? kill(server, signal) : status;
}

#endif
