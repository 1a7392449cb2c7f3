/* SPDX-License-Identifier: MIT */
/*
 * Signals for the server that a test runs beside (tests/kit/…sh): it may be
 * one process with threads, or one with children.
 */
#ifndef WEIR_TESTS_KIT_SERVER_H
#define WEIR_TESTS_KIT_SERVER_H

#include <signal.h>
#include <stdbool.h>
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

static inline void kit_signal_children(pid_t server, int signal)
{
    char path[64];
    FILE *children;
    int pid;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server,
             (int)server);
    children = fopen(path, "r");
    while (children && fscanf(children, "%d", &pid) == 1)
        (void)kill(pid, signal);
    if (children)
        fclose(children);
}

/* The server stops first: it must not make children meanwhile. When it goes
 * on, or dies, it is last: so it finds them as they were, and a dead one has
 * none that could be found. */
static inline int kit_signal_server(pid_t server, int signal)
{
    bool is_last = signal == SIGCONT || signal == SIGKILL;
    int status = 0;

    if (signal == SIGKILL)
        status = kill(server, SIGSTOP);
    if (!is_last)
        status = kill(server, signal);
    kit_signal_children(server, signal);
    return is_last && status == 0 ? kill(server, signal) : status;
}

#endif
