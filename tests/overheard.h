/* SPDX-License-Identifier: MIT */
/*
 * What an engine says by its log hook, kept line by line for a test to look
 * at. One engine at a time is listened to; any thread may say it.
 */
#ifndef WEIR_TESTS_OVERHEARD_H
#define WEIR_TESTS_OVERHEARD_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <weir/weir.h>

enum { OVERHEARD_LINES = 16 };

/* The lock is for whoever looks while the engine may speak. */
static struct {
    pthread_mutex_t lock;
    int count; /* of all; the first lines are kept */
    char lines[OVERHEARD_LINES][400];
    char tags[OVERHEARD_LINES][32];
} overheard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void overhear_line(void *context, const weir_log_event *event)
{
    int line;

    (void)context;
    pthread_mutex_lock(&overheard.lock);
    line = overheard.count++;
    if (line < OVERHEARD_LINES) {
        snprintf(overheard.lines[line], sizeof overheard.lines[0], "%s",
                 event->message);
        snprintf(overheard.tags[line], sizeof overheard.tags[0], "%s",
                 event->tag ? event->tag : "");
    }
    pthread_mutex_unlock(&overheard.lock);
}

/* An engine of these options is listened to: kinds that have a message. */
static inline void overhear(weir_engine_options *options, unsigned kinds)
{
    overheard.count = 0;
    options->log = overhear_line;
    options->log_kinds = kinds;
}

/* How often it was said. */
static inline int said(const char *part)
{
    int times = 0;

    pthread_mutex_lock(&overheard.lock);
    for (int i = 0; i < overheard.count && i < OVERHEARD_LINES; i++)
        times += strstr(overheard.lines[i], part) != NULL;
    pthread_mutex_unlock(&overheard.lock);
    return times;
}

#endif
