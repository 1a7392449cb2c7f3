/* SPDX-License-Identifier: MIT */
/*
 * The options of what a pool does by itself: refused where nobody would do it,
 * and where they contradict each other.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/pool_options.h"

/* The first option that was set, or NULL. */
static const char *first_set(const weir_engine_options *options)
{
    if (options->pool_min_idle > 0)
        return "pool_min_idle";
    if (options->pool_prefill)
        return "pool_prefill";
    if (options->pool_idle_timeout_s > 0)
        return "pool_idle_timeout";
    if (options->pool_keepalive_s > 0)
        return "pool_keepalive";
    if (options->pool_leak_threshold_s > 0)
        return "pool_leak_threshold";
    if (options->pool_reclaim_after_s > 0)
        return "pool_reclaim_after";
    return NULL;
}

bool wi_pool_keeps_house(const weir_engine_options *options)
{
    return first_set(options) != NULL;
}

/* Why nobody would do it, or NULL. */
static const char *nobody(const weir_engine_options *options)
{
    if (options->pool_kind != WEIR_POOL_QUEUE)
        return "pool_kind: only a queue has threads that would do it";
    if (options->pool_core == WEIR_POOL_MUTEX)
        return "pool_core: the mutex core has no threads that would do it";
    if (options->pool_threads == WEIR_POOL_THREADS_OFF)
        return "pool_threads: without threads nobody would do it";
    if (options->pool_threads == WEIR_POOL_THREADS_AUTO && options->wait)
        return "wait: with a wait hook there are no threads that would do it, "
               "unless pool_threads is on";
    return NULL;
}

weir_status wi_pool_house_check(const weir_engine_options *options,
                                weir_error *err)
{
    const char *set = first_set(options);
    const char *reason = nobody(options);

    if (set && reason)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "options %s and %s; leave %s out", set, reason,
                              set);
    if (options->pool_reclaim_after_s > 0 &&
        options->pool_leak_threshold_s > options->pool_reclaim_after_s)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option pool_leak_threshold: %g s is above "
                              "pool_reclaim_after, when %g s end a loan; make "
                              "it shorter",
                              options->pool_leak_threshold_s,
                              options->pool_reclaim_after_s);
    if (options->pool_size > 0 && options->pool_min_idle > options->pool_size)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option pool_min_idle: %d is above pool_size, "
                              "and no more than those %d are kept idle",
                              options->pool_min_idle, options->pool_size);
    if (options->pool_prefill && options->pool_size == 0 &&
        options->pool_min_idle == 0)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option pool_prefill: with pool_size=0 set "
                              "pool_min_idle to how many are to be opened");
    return WEIR_OK;
}
