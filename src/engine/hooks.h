/* SPDX-License-Identifier: MIT */
/*
 * The hooks of an engine, a list for each kind of event. Whoever goes through
 * a list holds the lock from one hook to the next only: never while a hook
 * runs. The hook that he stands at is in use, and what is in use stays linked
 * though it was removed; so the way to the next is never lost.
 */
#ifndef WI_ENGINE_HOOKS_H
#define WI_ENGINE_HOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/events.h>
#include <weir/memory.h>

#include "base/list.h"
#include "base/sync.h"

enum { WI_EVENT_KINDS = WEIR_EVENT_FORGET + 1 };

typedef struct wi_hooks {
    const weir_allocator *allocator;
    /* A bit for each kind that somebody listens to: what is asked first, and
     * by most programs only. */
    _Atomic uint32_t listening;
    wi_mutex lock; /* guards what follows */
    wi_list lists[WI_EVENT_KINDS];
} wi_hooks;

bool wi_hooks_init(wi_hooks *hooks, const weir_allocator *allocator);
/* Removes all; nobody goes through them. */
void wi_hooks_clear(wi_hooks *hooks);

weir_status wi_hooks_add(wi_hooks *hooks, const weir_hook *hook,
                         weir_error *err);
weir_status wi_hooks_remove(wi_hooks *hooks, const weir_hook *hook,
                            weir_error *err);

/* Whether anybody wants to hear of such events. */
static inline bool wi_hooks_listen(const wi_hooks *hooks, weir_event_kind kind)
{
    return (atomic_load_explicit(&hooks->listening, memory_order_relaxed) >>
                (unsigned)kind &
            1u) != 0;
}

/* Whether a failure is the end of what was about to happen. */
static inline bool wi_event_can_stop(weir_event_kind kind)
{
    return kind <= WEIR_EVENT_CHECKOUT;
}

/* Calls them in their order; where a failure is the end, until one fails.
 * Returns what the last that failed has said, with `err` filled. */
weir_status wi_hooks_call(wi_hooks *hooks, const weir_event *event,
                          weir_error *err);

#endif
