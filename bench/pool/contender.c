/* SPDX-License-Identifier: MIT */
/*
 * Talking to a pool in another process.
 */
#include "contender.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* In the child. */
static _Noreturn void become(const char *command, int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

void contender_start(contender *self, const char *name, const char *command)
{
    int asks[2];
    int answers[2];

    snprintf(self->name, sizeof self->name, "%s", name);
    if (pipe2(asks, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        die("bench-pool: pipe");
    self->pid = fork();
    if (self->pid < 0)
        die("bench-pool: fork");
    if (self->pid == 0)
        become(command, asks[0], answers[1]);
    close(asks[0]);
    close(answers[1]);
    self->to = fdopen(asks[1], "w");
    self->from = fdopen(answers[0], "r");
    if (!self->to || !self->from)
        die("bench-pool: fdopen");
}

int contender_ask(contender *self, const cell *wanted, figures *out)
{
    double *of = out->of;
    char line[256];

    fprintf(self->to, "%d %d %d %d\n", wanted->threads, wanted->size,
            wanted->hold_us, wanted->run_ms);
    if (fflush(self->to) != 0 || !fgets(line, sizeof line, self->from))
        return -1;
    return sscanf(line, "%lf %lf %lf %lf %lf %lf %lf %lf", &of[NS_PER_OP],
                  &of[MIN_OPS], &of[MAX_OPS], &of[P50_US], &of[P99_US],
                  &of[P999_US], &of[MAX_US], &of[SWITCHES]) == FIGURES
               ? 0
               : -1;
}

void contender_stop(contender *self)
{
    fclose(self->to);
    fclose(self->from);
    waitpid(self->pid, NULL, 0);
}
