/* SPDX-License-Identifier: MIT */
/*
 * Which options the kinds of pool that are no queue have no use for. One that
 * was changed all the same is refused with the reason: whoever wrote it expects
 * something that would not happen.
 */
#include <stddef.h>

#include <weir/error.h>

#include "engine/pool_options.h"

static const char *const names[] = {"queue", "null", "static", "thread",
                                    "assertion"};

const char *wi_pool_kind_name(weir_pool_kind kind)
{
    return names[kind];
}

/* What is wrong with an option, or NULL. */
typedef struct objection {
    const char *option;
    const char *reason;
} objection;

static objection object_to_size(const weir_engine_options *options,
                                const weir_engine_options *usual)
{
    bool has_size = options->pool_kind == WEIR_POOL_PER_THREAD;

    if (options->pool_size != usual->pool_size && !has_size)
        return (objection){"pool_size",
                           options->pool_kind == WEIR_POOL_NULL
                               ? "nothing is kept, and nothing limited"
                               : "there is one connection"};
    if (options->max_overflow != usual->max_overflow)
        return (objection){"max_overflow",
                           options->pool_kind == WEIR_POOL_STATIC ||
                                   options->pool_kind == WEIR_POOL_ASSERTION
                               ? "there is one connection"
                               : "there is no limit to go beyond"};
    return (objection){NULL, NULL};
}

/* A connection of the null kind is never lent again. */
static objection object_to_age(const weir_engine_options *options)
{
    const char *reason = "each connection is new and lent once";

    if (options->pool_kind != WEIR_POOL_NULL)
        return (objection){NULL, NULL};
    if (options->pool_recycle_s >= 0)
        return (objection){"pool_recycle", reason};
    if (options->pool_pre_ping)
        return (objection){"pool_pre_ping", reason};
    return (objection){NULL, NULL};
}

static objection object_to_queue(const weir_engine_options *options,
                                 const weir_engine_options *usual)
{
    if (options->pool_use_lifo)
        return (objection){"pool_use_lifo", "it has no order"};
    if (options->pool_order != WEIR_POOL_AFFINITY)
        return (objection){"pool_order", "it has no order"};
    if (options->max_overtake_s > 0)
        return (objection){"max_overtake", "nobody stands in line"};
    if (options->max_waiters > 0)
        return (objection){"max_waiters", "nobody stands in line"};
    if (options->pool_ping_bypass_s > 0)
        return (objection){"pool_ping_bypass", "only a queue has it"};
    if (options->pool_max_uses > 0)
        return (objection){"pool_max_uses", "only a queue has it"};
    if (options->max_connecting != usual->max_connecting)
        return (objection){"max_connecting", "borrowers open for themselves"};
    if (options->connect_backoff_s != usual->connect_backoff_s)
        return (objection){"connect_backoff", "borrowers open for themselves"};
    if (options->pool_threads == WEIR_POOL_THREADS_ON)
        return (objection){"pool_threads", "borrowers open for themselves"};
    if (options->pool_core == WEIR_POOL_MUTEX)
        return (objection){"pool_core", "it has one of its own"};
    return (objection){NULL, NULL};
}

weir_status wi_pool_kind_check(const weir_engine_options *options,
                               weir_error *err)
{
    const weir_engine_options usual = WEIR_ENGINE_OPTIONS;
    objection found = object_to_size(options, &usual);

    if (!found.option)
        found = object_to_age(options);
    if (!found.option)
        found = object_to_queue(options, &usual);
    if (!found.option)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "options pool_kind=%s and %s contradict each other: "
                          "%s; leave %s out",
                          wi_pool_kind_name(options->pool_kind), found.option,
                          found.reason, found.option);
}
