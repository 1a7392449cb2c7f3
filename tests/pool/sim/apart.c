/* SPDX-License-Identifier: MIT */
/*
 * A thread of the system for each world.
 */
#include "apart.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct errand {
    void (*run)(void);
} errand;

static void *do_errand(void *argument)
{
    ((const errand *)argument)->run();
    return NULL;
}

void apart_run(void (*run)(void))
{
    errand self = {run};
    pthread_t thread;

    if (pthread_create(&thread, NULL, do_errand, &self) != 0) {
        fprintf(stderr, "sim: no thread for a world\n");
        exit(2);
    }
    pthread_join(thread, NULL);
}
