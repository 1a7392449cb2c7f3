/* SPDX-License-Identifier: MIT */
/*
 * The writer's permit.
 */
#include "pool/permit.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"

#define SHOWN_TAG_SIZE 60

typedef struct turn {
    wi_waiter waiter;
    pthread_t thread;
} turn;

weir_status wi_permit_init(wi_permit *permit)
{
    *permit = (wi_permit){.held = false};
    wi_waiters_init(&permit->waiters);
    return wi_mutex_init(&permit->lock) ? WEIR_OK : WEIR_ERR_NOMEM;
}

void wi_permit_clear(wi_permit *permit)
{
    WI_ASSERT(!permit->held && permit->waiters.count == 0);
    wi_mutex_clear(&permit->lock);
}

static void hold(wi_permit *permit, pthread_t holder, const char *tag)
{
    permit->held = true;
    permit->holder = holder;
    permit->tag = tag;
    permit->since_ns = wi_now_ns();
}

static weir_status refuse_own(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "this thread already holds the permit to write "
                          "through another connection; commit or roll back "
                          "there first");
}

static weir_status is_over(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the engine was closed and its time is over");
}

static weir_status timed_out(const wi_permit *permit, int64_t began_ns,
                             weir_error *err)
{
    const char *tag = permit->tag ? permit->tag : "no tag";
    size_t size = wi_utf8_cut(tag, strlen(tag), SHOWN_TAG_SIZE);
    int64_t now = wi_now_ns();

    return weir_error_set(
        err, WEIR_ERR_TIMEOUT,
        "the permit to write did not become free within %.2f s: \"%.*s\" "
        "holds it since %.2f s; %d waiting",
        (double)(now - began_ns) / 1e9, (int)size, tag,
        (double)(now - permit->since_ns) / 1e9, permit->waiters.count);
}

/* Who hands the permit over makes the waiter its holder. */
static weir_status wait_for_it(wi_permit *permit, int64_t deadline_ns,
                               const char *tag, weir_error *err)
{
    int64_t began_ns = wi_now_ns();
    turn mine = {.thread = pthread_self()};

    if (pthread_equal(permit->holder, mine.thread))
        return refuse_own(err);
    if (wi_deadline_passed(deadline_ns))
        return timed_out(permit, began_ns, err);
    if (!wi_waiters_join(&permit->waiters, &mine.waiter, tag))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&permit->waiters, &mine.waiter, &permit->lock,
                         deadline_ns))
        return timed_out(permit, began_ns, err);
    return mine.waiter.grant ? WEIR_OK : is_over(err);
}

weir_status wi_permit_acquire(wi_permit *permit, int64_t deadline_ns,
                              const char *tag, weir_error *err)
{
    weir_status status = WEIR_OK;

    wi_mutex_lock(&permit->lock);
    if (permit->over)
        status = is_over(err);
    else if (permit->held)
        status = wait_for_it(permit, deadline_ns, tag, err);
    else
        hold(permit, pthread_self(), tag);
    wi_mutex_unlock(&permit->lock);
    return status;
}

void wi_permit_end(wi_permit *permit)
{
    wi_mutex_lock(&permit->lock);
    permit->over = true;
    while (wi_waiters_first(&permit->waiters))
        wi_waiters_grant(&permit->waiters, NULL);
    wi_mutex_unlock(&permit->lock);
}

void wi_permit_release(wi_permit *permit)
{
    wi_waiter *first;

    wi_mutex_lock(&permit->lock);
    WI_ASSERT(permit->held);
    first = wi_waiters_first(&permit->waiters);
    if (first) {
        turn *next = WI_CONTAINER(first, turn, waiter);

        hold(permit, next->thread, first->tag);
        wi_waiters_grant(&permit->waiters, permit);
    } else {
        permit->held = false;
        permit->tag = NULL;
    }
    wi_mutex_unlock(&permit->lock);
}
