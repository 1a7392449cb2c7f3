/* SPDX-License-Identifier: MIT */
/*
 * The writer's permit.
 */
#include "pool/permit.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"

weir_status wi_permit_init(wi_permit *permit)
{
    *permit = (wi_permit){.held = false};
    wi_waiters_init(&permit->waiters);
    return wi_mutex_init(&permit->lock) ? WEIR_OK : WEIR_ERR_NOMEM;
}

void wi_permit_clear(wi_permit *permit)
{
    WI_ASSERT(!permit->held);
    wi_mutex_clear(&permit->lock);
}

static void hold(wi_permit *permit, const char *tag)
{
    permit->held = true;
    permit->holder = pthread_self();
    permit->tag = tag;
    permit->since_ns = wi_now_ns();
}

static weir_status refuse_own(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "this thread already holds the right to write "
                          "through another connection; commit or roll back "
                          "there first");
}

/* Called with the lock held: the holder may change at any moment. */
static weir_status timed_out(const wi_permit *permit, weir_error *err)
{
    return weir_error_set(
        err, WEIR_ERR_TIMEOUT,
        "the right to write did not become free in time; \"%.60s\" holds it "
        "since %.2f s",
        permit->tag ? permit->tag : "a connection without a tag",
        (double)(wi_now_ns() - permit->since_ns) / 1e9);
}

static weir_status wait_for_it(wi_permit *permit, int64_t deadline_ns,
                               const char *tag, weir_error *err)
{
    wi_waiter waiter;

    if (pthread_equal(permit->holder, pthread_self()))
        return refuse_own(err);
    if (wi_deadline_passed(deadline_ns))
        return timed_out(permit, err);
    if (!wi_waiters_join(&permit->waiters, &waiter))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&permit->waiters, &waiter, &permit->lock, deadline_ns))
        return timed_out(permit, err);
    hold(permit, tag);
    return WEIR_OK;
}

weir_status wi_permit_acquire(wi_permit *permit, int64_t deadline_ns,
                              const char *tag, weir_error *err)
{
    weir_status status = WEIR_OK;

    wi_mutex_lock(&permit->lock);
    if (permit->held)
        status = wait_for_it(permit, deadline_ns, tag, err);
    else
        hold(permit, tag);
    wi_mutex_unlock(&permit->lock);
    return status;
}

/* With somebody waiting the permit stays held: it changes hands. */
void wi_permit_release(wi_permit *permit)
{
    wi_mutex_lock(&permit->lock);
    WI_ASSERT(permit->held);
    if (!wi_waiters_grant(&permit->waiters, permit))
        permit->held = false;
    wi_mutex_unlock(&permit->lock);
}
