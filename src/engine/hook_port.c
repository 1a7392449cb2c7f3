/* SPDX-License-Identifier: MIT */
/*
 * Parking by a wait hook. An eventfd is made when somebody really sleeps. All
 * of a parker is guarded by its lock: who publishes is done with it, writing
 * included, before the sleeper can see the word and go.
 */
#include "engine/hook_port.h"

#ifdef __linux__
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

static bool hook_init(void *context, wi_parker *parker)
{
    (void)context;
    atomic_init(&parker->word, 0);
    parker->fd = -1;
    parker->gave_up = false;
    if (!wi_mutex_init(&parker->lock))
        return false;
    if (wi_cond_init(&parker->woken))
        return true;
    wi_mutex_clear(&parker->lock);
    return false;
}

static void hook_clear(void *context, wi_parker *parker)
{
    (void)context;
    /* Whoever published is out of here when this lock can be had. */
    wi_mutex_lock(&parker->lock);
    wi_mutex_unlock(&parker->lock);
    if (parker->fd >= 0)
        close(parker->fd);
    wi_cond_clear(&parker->woken);
    wi_mutex_clear(&parker->lock);
}

/* Locked. Threads of the library, and whoever comes when there are no
 * descriptors left, sleep as ever. */
static bool sleeps_by_hook(wi_parker *parker)
{
    if (parker->is_librarys)
        return false;
    if (parker->fd < 0)
        parker->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return parker->fd >= 0;
}

/* Not locked. */
static void wait_by_hook(const weir_services *services, wi_parker *parker,
                         int64_t deadline_ns)
{
    weir_error ignored;
    weir_status status = weir_services_wait(
        services, parker->fd, WEIR_WAIT_READ, deadline_ns, &ignored);
    uint64_t count;

    while (read(parker->fd, &count, sizeof count) > 0)
        ;
    parker->gave_up = status != WEIR_OK && status != WEIR_ERR_TIMEOUT;
}

static uint32_t hook_park(void *context, wi_parker *parker, uint32_t seen,
                          int64_t deadline_ns)
{
    uint32_t word;

    wi_mutex_lock(&parker->lock);
    if (atomic_load(&parker->word) == seen && sleeps_by_hook(parker)) {
        wi_mutex_unlock(&parker->lock);
        wait_by_hook(context, parker, deadline_ns);
        wi_mutex_lock(&parker->lock);
    } else {
        while (atomic_load(&parker->word) == seen &&
               !wi_deadline_passed(deadline_ns))
            wi_cond_wait_until(&parker->woken, &parker->lock, deadline_ns);
    }
    word = atomic_load(&parker->word);
    wi_mutex_unlock(&parker->lock);
    return word;
}

static void hook_publish(void *context, wi_parker *parker, uint32_t word)
{
    const uint64_t one = 1;

    (void)context;
    wi_mutex_lock(&parker->lock);
    atomic_store(&parker->word, word);
    if (parker->fd >= 0) {
        ssize_t written = write(parker->fd, &one, sizeof one);

        WI_ASSERT(written == sizeof one); /* there is room for 2^64 - 1 */
    }
    wi_cond_signal(&parker->woken);
    wi_mutex_unlock(&parker->lock);
}

static void hook_wake(void *context, wi_parker *parker)
{
    (void)context;
    (void)parker;
}

void wi_hook_port_init(wi_port *port, const weir_services *services)
{
    *port = wi_port_native;
    if (!services->wait)
        return;
    port->context = (void *)(uintptr_t)services;
    port->parker_init = hook_init;
    port->parker_clear = hook_clear;
    port->park = hook_park;
    port->publish = hook_publish;
    port->wake = hook_wake;
    port->shares_threads = true;
    /* The housekeeper outlives engines, and so must its port. */
    port->house = NULL;
    port->watch = NULL;
}

#else

void wi_hook_port_init(wi_port *port, const weir_services *services)
{
    (void)services;
    *port = wi_port_native;
}

#endif
