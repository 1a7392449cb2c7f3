/* SPDX-License-Identifier: MIT */
/*
 * The door to the cores.
 */
#include "pool/pool.h"

#include "base/probe.h"
#include "pool/core.h"
#include "pool/view.h"

static const wi_pool_core *core_of(const wi_pool *pool)
{
    return ((const wi_pool_head *)(const void *)pool)->core;
}

static const wi_pool_core *core_for(const wi_pool_options *options)
{
    if (options->kind != WI_KIND_QUEUE)
        return &wi_pool_core_kinds;
    return options->core == WI_CORE_MUTEX ? &wi_pool_core_mutex
                                          : &wi_pool_core_fast;
}

wi_pool *wi_pool_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err)
{
    return core_for(options)->new (kind, context, options, err);
}

void wi_pool_begin(wi_pool *pool)
{
    if (core_of(pool)->begin)
        core_of(pool)->begin(pool);
}

void wi_pool_free(wi_pool **pool)
{
    if (*pool)
        core_of(*pool)->free(pool);
}

weir_status wi_pool_acquire(wi_pool *pool, wi_request *request, wi_lease **out,
                            weir_error *err)
{
    weir_status status;

    WI_PROBE3(acquire_start, pool, request->tag, request->site);
    status = core_of(pool)->acquire(pool, request, out, err);
    WI_PROBE3(acquire_done, pool, request->tag, status);
    return status;
}

bool wi_pool_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    WI_PROBE3(release, pool, lease, fate);
    return core_of(pool)->release(pool, lease, fate);
}

bool wi_pool_release_loan(wi_pool *pool, wi_lease *lease, uint64_t loan,
                          weir_fate fate)
{
    return !core_of(pool)->is_over(pool, lease, loan) &&
           wi_pool_release(pool, lease, fate);
}

bool wi_pool_leave(wi_pool *pool, wi_lease *lease, bool is_ending)
{
    const wi_pool_core *core = core_of(pool);

    return core->leave && core->leave(pool, lease, is_ending);
}

void wi_pool_hold(wi_pool *pool, wi_lease *lease)
{
    const wi_pool_core *core = core_of(pool);

    if (core->hold)
        core->hold(pool, lease);
}

uint64_t wi_lease_loan(const wi_lease *lease)
{
    return atomic_load_explicit(
        &((const wi_lease_head *)(const void *)lease)->loan,
        memory_order_relaxed);
}

void *wi_lease_resource(const wi_lease *lease)
{
    return ((const wi_lease_head *)(const void *)lease)->resource;
}

void wi_pool_lose(wi_pool *pool, wi_lease *lease)
{
    core_of(pool)->lose(pool, lease);
}

weir_status wi_pool_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err)
{
    return core_of(pool)->reopen(pool, lease, deadline_ns, err);
}

weir_status wi_pool_set(wi_pool *pool, const wi_pool_options *options)
{
    return core_of(pool)->set(pool, options);
}

void wi_pool_invalidate(wi_pool *pool)
{
    core_of(pool)->invalidate(pool);
}

void wi_pool_suspect(wi_pool *pool, const wi_lease *lease)
{
    core_of(pool)->suspect(pool, lease);
}

void wi_pool_detach(wi_pool *pool, wi_lease *lease)
{
    if (core_of(pool)->detach)
        core_of(pool)->detach(pool, lease);
}

void wi_pool_dispose(wi_pool *pool)
{
    core_of(pool)->dispose(pool);
}

bool wi_pool_close(wi_pool *pool)
{
    return core_of(pool)->close(pool);
}

void wi_pool_pause(wi_pool *pool)
{
    core_of(pool)->pause(pool);
}

void wi_pool_resume(wi_pool *pool)
{
    core_of(pool)->resume(pool);
}

weir_status wi_pool_drain(wi_pool *pool, int64_t deadline_ns, bool *last,
                          weir_error *err)
{
    return core_of(pool)->drain(pool, deadline_ns, last, err);
}

weir_status wi_pool_close_within(wi_pool *pool, int64_t deadline_ns, bool *last,
                                 weir_error *err)
{
    return core_of(pool)->close_within(pool, deadline_ns, last, err);
}

void wi_pool_status(wi_pool *pool, weir_pool_status *out)
{
    core_of(pool)->status(pool, out);
}

bool wi_pool_hangs(wi_pool *pool)
{
    return core_of(pool)->hangs && core_of(pool)->hangs(pool);
}

void wi_pool_goes_on(wi_pool *pool)
{
    if (core_of(pool)->goes_on)
        core_of(pool)->goes_on(pool);
}

void wi_pool_view_of(wi_pool *pool, wi_pool_view *view)
{
    core_of(pool)->view(pool, view);
}
