/* SPDX-License-Identifier: MIT */
#include "kit/victim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS_MAX = 6000 };

static void pause_ms(int ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000L};

    nanosleep(&time, NULL);
}

static bool file_of(const char *name, char out[512])
{
    const char *folder = getenv("WEIR_TEST_SERVER");

    return folder && snprintf(out, 512, "%s/%s", folder, name) < 512;
}

pid_t kit_victim_pid(void)
{
    char path[512];
    FILE *file = file_of("pid", path) ? fopen(path, "re") : NULL;
    long pid = 0;

    if (file && fscanf(file, "%ld", &pid) != 1)
        pid = 0;
    if (file)
        fclose(file);
    return (pid_t)pid;
}

/* The state letter of a process in /proc; 0 if it is gone. */
static char state_of(pid_t pid)
{
    char path[64], text[512] = "";
    FILE *file;
    const char *at;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    at = strrchr(text, ')');
    return at && at[1] ? at[2] : '\0';
}

bool kit_victim_signal(int signal)
{
    pid_t pid = kit_victim_pid();

    if (pid <= 1 || kill(pid, signal) != 0)
        return false;
    for (int i = 0; i < LOOKS_MAX; i++) {
        if ((state_of(pid) == 'T') == (signal == SIGSTOP))
            return true;
        pause_ms(1);
    }
    return false;
}

bool kit_victim_kill(void)
{
    pid_t pid = kit_victim_pid();

    if (pid <= 1 || kill(pid, SIGKILL) != 0)
        return false;
    for (int i = 0; i < LOOKS_MAX; i++) {
        char state = state_of(pid);

        if ((state == 0 || state == 'Z') && kit_victim_pid() != pid)
            return true;
        pause_ms(2);
    }
    return false;
}

bool kit_victim_hold(void)
{
    char path[512];
    FILE *file = file_of("hold", path) ? fopen(path, "we") : NULL;

    if (!file)
        return false;
    return fclose(file) == 0;
}

bool kit_victim_release(void)
{
    char path[512];

    return file_of("hold", path) && (unlink(path) == 0 || errno == ENOENT);
}

bool kit_victim_await(void)
{
    for (int i = 0; i < LOOKS_MAX && kit_victim_pid() == 0; i++)
        pause_ms(10);
    return kit_victim_pid() != 0;
}
