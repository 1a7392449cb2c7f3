/* SPDX-License-Identifier: MIT */
/*
 * The writer's permit.
 */
#include "pool/permit.h"

#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"

#define SHOWN_TAG_SIZE 60

typedef struct turn {
    wi_waiter waiter;
    wi_nest_wait nest;
    const wi_request *request;
} turn;

/* ------------------------------------------------------------------ nesting */

static uint64_t this_thread(void)
{
    return (uint64_t)(uintptr_t)pthread_self();
}

static wi_nest_answer look(const wi_nest_source *source, int index,
                           uint64_t *thread)
{
    const wi_permit *permit = WI_CONTAINER(source, wi_permit, nest);

    if (index > 0)
        return WI_NEST_END;
    *thread = atomic_load(&permit->holder);
    return *thread ? WI_NEST_HELD : WI_NEST_COMES_BACK;
}

static int64_t most(const wi_nest_source *source)
{
    (void)source;
    return 1;
}

static void name(const wi_nest_source *source, int index, wi_nest_holder *out)
{
    const wi_permit *permit = WI_CONTAINER(source, wi_permit, nest);

    (void)index;
    out->thread = atomic_load(&permit->holder);
    out->site = atomic_load(&permit->site);
    for (size_t i = 0; i < WI_TAG_SIZE / sizeof(uint64_t); i++) {
        uint64_t word = atomic_load(&permit->shown_tag[i]);

        memcpy(out->tag + i * sizeof word, &word, sizeof word);
    }
}

static void sign(wi_permit *permit, const char *tag, const char *site)
{
    char shown[WI_TAG_SIZE] = "";

    if (tag)
        memcpy(shown, tag, wi_utf8_cut(tag, strlen(tag), WI_TAG_SIZE - 1));
    for (size_t i = 0; i < WI_TAG_SIZE / sizeof(uint64_t); i++) {
        uint64_t word;

        memcpy(&word, shown + i * sizeof word, sizeof word);
        atomic_store(&permit->shown_tag[i], word);
    }
    atomic_store(&permit->site, site);
}

/* ------------------------------------------------------------------- permit */

weir_status wi_permit_init(wi_permit *permit)
{
    *permit = (wi_permit){
        .nest = {.noun = "the permit to write",
                 .look = look,
                 .most = most,
                 .name = name},
    };
    wi_waiters_init(&permit->waiters);
    return wi_mutex_init(&permit->lock) ? WEIR_OK : WEIR_ERR_NOMEM;
}

void wi_permit_clear(wi_permit *permit)
{
    WI_ASSERT(!permit->held && permit->waiters.count == 0);
    wi_mutex_clear(&permit->lock);
}

/* Locked. */
static void hold(wi_permit *permit, uint64_t thread, const wi_request *request)
{
    permit->held = true;
    permit->tag = request->tag;
    permit->since_ns = wi_now_ns();
    sign(permit, request->tag, request->site);
    atomic_store(&permit->holder, request->may_move ? 0 : thread);
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

/* Locked. Who hands the permit over makes the waiter its holder. */
static weir_status stand_in_line(wi_permit *permit, turn *mine, weir_error *err)
{
    int64_t began_ns = wi_now_ns();
    int64_t deadline_ns = mine->request->deadline_ns;

    if (wi_deadline_passed(deadline_ns))
        return timed_out(permit, began_ns, err);
    if (!wi_waiters_join(&permit->waiters, &mine->waiter, mine->request->tag))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&permit->waiters, &mine->waiter, &permit->lock,
                         deadline_ns))
        return timed_out(permit, began_ns, err);
    return mine->waiter.grant ? WEIR_OK : is_over(err);
}

/* Locked. Whoever wants to write has a connection: he nests. */
static weir_status wait_for_it(wi_permit *permit, const wi_request *request,
                               weir_error *err)
{
    turn mine = {
        .request = request,
        .nest = {.source = &permit->nest,
                 .thread = this_thread(),
                 .tag = request->tag,
                 .site = request->site},
    };
    weir_status status;

    if (!wi_nest_enter(&mine.nest, err))
        return WEIR_ERR_POOL_DEADLOCK;
    status = stand_in_line(permit, &mine, err);
    wi_nest_leave(&mine.nest); /* who was served is out already */
    return status;
}

weir_status wi_permit_acquire(wi_permit *permit, const wi_request *request,
                              weir_error *err)
{
    weir_status status = WEIR_OK;

    wi_mutex_lock(&permit->lock);
    if (permit->over)
        status = is_over(err);
    else if (permit->held)
        status = wait_for_it(permit, request, err);
    else
        hold(permit, this_thread(), request);
    wi_mutex_unlock(&permit->lock);
    return status;
}

void wi_permit_forget(wi_permit *permit)
{
    (void)wi_permit_init(permit);
}

void wi_permit_end(wi_permit *permit)
{
    wi_waiter *first;

    wi_mutex_lock(&permit->lock);
    permit->over = true;
    while ((first = wi_waiters_first(&permit->waiters))) {
        wi_nest_leave(&WI_CONTAINER(first, turn, waiter)->nest);
        wi_waiters_grant(&permit->waiters, NULL);
    }
    wi_mutex_unlock(&permit->lock);
}

void wi_permit_hold(wi_permit *permit)
{
    wi_mutex_lock(&permit->lock);
    atomic_store(&permit->holder, this_thread());
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

        wi_nest_leave(&next->nest);
        hold(permit, next->nest.thread, next->request);
        wi_waiters_grant(&permit->waiters, permit);
    } else {
        atomic_store(&permit->holder, 0);
        permit->held = false;
        permit->tag = NULL;
    }
    wi_mutex_unlock(&permit->lock);
}
