/* SPDX-License-Identifier: MIT */
/*
 * Each seed in a process of its own, then all of them in this one.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(2);
}

/* In a child of this process, which has run nothing yet. */
static uint64_t run_alone(replay_run *run, const void *context, uint64_t seed)
{
    int ends[2];
    uint64_t course = 0;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0)
        give_up("pipe");
    child = fork();
    if (child < 0)
        give_up("fork");
    if (child == 0) {
        course = run(context, seed);
        _exit(write(ends[1], &course, sizeof course) != sizeof course);
    }
    close(ends[1]);
    if (read(ends[0], &course, sizeof course) != sizeof course)
        give_up("a seed alone");
    close(ends[0]);
    waitpid(child, NULL, 0);
    return course;
}

uint64_t replay_differs(replay_run *run, const void *context, uint64_t from,
                        uint64_t count)
{
    uint64_t *alone = calloc(count, sizeof *alone);
    uint64_t differs = 0;

    if (!alone)
        give_up("calloc");
    for (uint64_t i = 0; i < count; i++)
        alone[i] = run_alone(run, context, from + i);
    for (uint64_t i = 0; i < count && differs == 0; i++) {
        if (run(context, from + i) != alone[i])
            differs = from + i;
    }
    free(alone);
    return differs;
}
