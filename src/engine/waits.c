/* SPDX-License-Identifier: MIT */
/*
 * Ending all waits at once.
 */
#include "engine/waits.h"

#include <sys/socket.h>

bool wi_waits_init(wi_waits *waits)
{
    atomic_init(&waits->state, WI_WAITS_OPEN);
    wi_list_init(&waits->list);
    return wi_mutex_init(&waits->lock);
}

void wi_waits_clear(wi_waits *waits)
{
    wi_mutex_clear(&waits->lock);
}

void wi_waits_end(wi_waits *waits)
{
    wi_mutex_lock(&waits->lock);
    if (!wi_waits_are_over(waits))
        atomic_store(&waits->state, WI_WAITS_OVER);
    wi_mutex_unlock(&waits->lock);
}

static bool is_shut(const wi_waits *waits)
{
    return atomic_load(&waits->state) == WI_WAITS_SHUT;
}

void wi_waits_shut(wi_waits *waits)
{
    wi_mutex_lock(&waits->lock);
    atomic_store(&waits->state, WI_WAITS_SHUT);
    for (wi_list_node *node = wi_list_first(&waits->list); node;
         node = wi_list_next(&waits->list, node))
        (void)shutdown(WI_CONTAINER(node, wi_wait, waiting)->fd, SHUT_RDWR);
    wi_mutex_unlock(&waits->lock);
}

void wi_waits_shut_one(wi_waits *waits, int fd, const void *thread)
{
    wi_mutex_lock(&waits->lock);
    for (wi_list_node *node = wi_list_first(&waits->list); node;
         node = wi_list_next(&waits->list, node)) {
        const wi_wait *wait = WI_CONTAINER(node, wi_wait, waiting);

        if (wait->fd == fd && wait->thread == thread)
            (void)shutdown(fd, SHUT_RDWR);
    }
    wi_mutex_unlock(&waits->lock);
}

weir_status wi_waits_refuse(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the engine was closed and its time is over");
}

bool wi_wait_begin(wi_waits *waits, wi_wait *self, int fd, const void *thread)
{
    bool begun;

    *self = (wi_wait){.fd = fd, .thread = thread};
    wi_mutex_lock(&waits->lock);
    begun = !is_shut(waits);
    if (begun)
        wi_list_append(&waits->list, &self->waiting);
    wi_mutex_unlock(&waits->lock);
    return begun;
}

bool wi_wait_end(wi_waits *waits, wi_wait *self)
{
    wi_mutex_lock(&waits->lock);
    wi_list_remove(&self->waiting);
    wi_mutex_unlock(&waits->lock);
    return !is_shut(waits);
}
