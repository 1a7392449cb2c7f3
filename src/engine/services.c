/* SPDX-License-Identifier: MIT */
/*
 * The services behind <weir/sys/services.h>. Waiting is the one that matters:
 * every network driver comes through here, so deadlines and foreign event
 * loops are kept in a single place.
 */
#include "engine/services.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "engine/conn.h"
#include "pool/staff.h"

/* How soon a wait ends that was called off. */
#define STEP_NS INT64_C(10000000)

void *weir_services_alloc(const weir_services *services, size_t size)
{
    return wi_alloc(services->allocator, size);
}

void *weir_services_resize(const weir_services *services, void *old,
                           size_t size)
{
    return wi_resize(services->allocator, old, size);
}

void weir_services_free(const weir_services *services, void *memory)
{
    wi_free(services->allocator, memory);
}

int64_t weir_services_now(const weir_services *services)
{
    (void)services;
    return wi_now_ns();
}

/* Milliseconds for poll(), rounded up: no wait may end before its deadline. */
static int poll_timeout(int64_t deadline)
{
    int64_t left_ms;

    if (deadline == WI_NO_DEADLINE)
        return -1;
    left_ms = (deadline - wi_now_ns() + 999999) / 1000000;
    if (left_ms <= 0)
        return 0;
    return left_ms > 3600000 ? 3600000 : (int)left_ms;
}

static weir_status wait_by_poll(int fd, unsigned events, int64_t deadline)
{
    struct pollfd entry = {.fd = fd};
    int found;

    if (events & WEIR_WAIT_READ)
        entry.events |= POLLIN;
    if (events & WEIR_WAIT_WRITE)
        entry.events |= POLLOUT;
    for (;;) {
        wi_staff_rest();
        found = poll(&entry, 1, poll_timeout(deadline));
        wi_staff_wake();
        if (found > 0)
            return entry.revents & POLLNVAL ? WEIR_ERR_CONNECTION : WEIR_OK;
        if (found < 0 && errno != EINTR)
            return WEIR_ERR_CONNECTION;
        if (wi_deadline_passed(deadline))
            return WEIR_ERR_TIMEOUT;
    }
}

static weir_status wait_somehow(const weir_services *services, int fd,
                                unsigned events, int64_t deadline)
{
    return services->wait
               ? services->wait(services->wait_context, fd, events, deadline)
               : wait_by_poll(fd, events, deadline);
}

/* In steps, and between them it is asked whether to go on: a descriptor to
 * wake it by would have to be waited for beside the other, and the program's
 * hook knows but one. */
static weir_status wait_until_off(const weir_services *services, int fd,
                                  unsigned events, int64_t deadline)
{
    int64_t until;
    weir_status status;

    do {
        if (services->is_off(services->off_context))
            return WEIR_ERR_CANCELLED;
        until = wi_deadline_in_ns(STEP_NS);
        if (until > deadline)
            until = deadline;
        status = wait_somehow(services, fd, events, until);
    } while (status == WEIR_ERR_TIMEOUT && until < deadline);
    return status;
}

/* It opens nothing for the pool, however long it takes. */
weir_services *weir_services_until(const weir_services *services,
                                   bool (*is_off)(const void *context),
                                   const void *context)
{
    weir_services *made = wi_alloc(services->allocator, sizeof *made);

    if (!made)
        return NULL;
    *made = *services;
    made->pool = NULL;
    made->is_off = is_off;
    made->off_context = context;
    return made;
}

bool weir_services_is_over(const weir_services *services)
{
    return services->waits && wi_waits_are_over(services->waits);
}

weir_status weir_services_wait(const weir_services *services, int fd,
                               unsigned events, int64_t deadline,
                               weir_error *err)
{
    wi_waits *waits = events != 0 ? services->waits : NULL;
    weir_status status;
    wi_wait self;

    if (waits && !wi_wait_begin(waits, &self, fd, wi_thread_mark()))
        return wi_waits_refuse(err);
    status = services->is_off ? wait_until_off(services, fd, events, deadline)
                              : wait_somehow(services, fd, events, deadline);
    if (waits && !wi_wait_end(waits, &self))
        return wi_waits_refuse(err);
    switch (status) {
    case WEIR_OK:
        return WEIR_OK;
    case WEIR_ERR_TIMEOUT:
        return weir_error_set(err, status,
                              "the deadline passed while waiting "
                              "for the server");
    case WEIR_ERR_CANCELLED:
        return weir_error_set(err, status, "the wait was cancelled");
    default:
        return weir_error_set(err, WEIR_ERR_CONNECTION,
                              "cannot wait for the server's socket");
    }
}

void weir_services_log(const weir_services *services, weir_log_kind kind,
                       const char *message)
{
    wi_log_message(&services->log, kind, 0, message);
}

weir_status weir_buffer_reserve(const weir_services *services,
                                weir_buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    char *data;

    if (size <= buffer->capacity)
        return WEIR_OK;
    while (capacity < size) {
        if (capacity > SIZE_MAX / 2)
            return WEIR_ERR_NOMEM;
        capacity *= 2;
    }
    data = wi_resize(services->allocator, buffer->data, capacity);
    if (!data)
        return WEIR_ERR_NOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return WEIR_OK;
}

weir_status weir_buffer_add(const weir_services *services, weir_buffer *buffer,
                            const void *data, size_t size)
{
    if (size > SIZE_MAX - buffer->size)
        return WEIR_ERR_NOMEM;
    if (weir_buffer_reserve(services, buffer, buffer->size + size) != WEIR_OK)
        return WEIR_ERR_NOMEM;
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return WEIR_OK;
}

void weir_buffer_clear(const weir_services *services, weir_buffer *buffer)
{
    wi_free(services->allocator, buffer->data);
    memset(buffer, 0, sizeof *buffer);
}
