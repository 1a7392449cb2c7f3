/* SPDX-License-Identifier: MIT */
/*
 * The engines that have a name. A list, newest first: tests have few.
 */
#include <string.h>

#include "faulty.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static weir_faulty *names; /* guarded by the lock */

void wfa_remember(weir_faulty *faulty)
{
    if (!faulty->name)
        return;
    pthread_mutex_lock(&lock);
    faulty->next_name = names;
    names = faulty;
    pthread_mutex_unlock(&lock);
}

void wfa_forget(weir_faulty *faulty)
{
    weir_faulty **link = &names;

    pthread_mutex_lock(&lock);
    while (*link && *link != faulty)
        link = &(*link)->next_name;
    if (*link)
        *link = faulty->next_name;
    pthread_mutex_unlock(&lock);
}

weir_faulty *weir_faulty_find(const char *name)
{
    weir_faulty *found;

    if (!name)
        return NULL;
    pthread_mutex_lock(&lock);
    found = names;
    while (found && strcmp(found->name, name) != 0)
        found = found->next_name;
    pthread_mutex_unlock(&lock);
    return found;
}
