/* SPDX-License-Identifier: MIT */
/*
 * Our pool by itself, over a resource that costs nothing, with everything on
 * that a program would have on: ages are looked at, loans have tags, returns
 * are inspected, counters count.
 */
#include "subjects.h"

#include "pool/pool.h"

static wi_pool *pool;
static int things[1];

static weir_status open_thing(void *context, int64_t deadline_ns, void **out,
                              weir_error *err)
{
    (void)context;
    (void)deadline_ns;
    (void)err;
    *out = things;
    return WEIR_OK;
}

static weir_status check_thing(void *context, void *thing, int64_t deadline_ns,
                               weir_error *err)
{
    (void)context;
    (void)thing;
    (void)deadline_ns;
    (void)err;
    return WEIR_OK;
}

static weir_fate returned_thing(void *context, void *thing)
{
    (void)context;
    (void)thing;
    return WEIR_FATE_KEEP;
}

static void close_thing(void *context, void *thing)
{
    (void)context;
    (void)thing;
}

static const wi_resource_kind kind = {
    .open = open_thing,
    .check = check_thing,
    .returned = returned_thing,
    .close = close_thing,
};

static void core_open(const wi_pool_options *options)
{
    weir_error err;

    pool = wi_pool_new(&kind, NULL, options, &err);
    if (!pool)
        workload_die("wi_pool_new", err.message);
}

static void core_close(void)
{
    (void)wi_pool_close(pool);
    wi_pool_free(&pool);
}

static void *core_acquire(void)
{
    wi_request request = {.tag = "bench"};
    wi_lease *lease = NULL;
    weir_error err;

    if (wi_pool_acquire(pool, &request, &lease, &err) != WEIR_OK)
        workload_die("wi_pool_acquire", err.message);
    return lease;
}

static void core_release(void *lease)
{
    (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
}

static wi_pool_options options_of(wi_core_choice core, int size)
{
    return (wi_pool_options){
        .core = core,
        .size = size,
        .timeout_ns = INT64_C(30000000000),
        .recycle_ns = INT64_C(1800000000000),
        .threads = true,
    };
}

static void open_mutex(int size, int threads)
{
    wi_pool_options options = options_of(WI_CORE_MUTEX, size);

    (void)threads;
    core_open(&options);
}

static void open_weir(int size, int threads)
{
    wi_pool_options options = options_of(WI_CORE_FAST, size);

    (void)threads;
    core_open(&options);
}

static void open_overtaking(int size, int threads)
{
    wi_pool_options options = options_of(WI_CORE_FAST, size);

    (void)threads;
    options.max_overtake_ns = 1000000;
    core_open(&options);
}

/* The same for all but how they are opened. */
#define SUBJECT(name_, open_)                                                  \
    {                                                                          \
        .name = name_, .open = open_, .acquire = core_acquire,                 \
        .release = core_release, .close = core_close                           \
    }

const subject mutex_subject = SUBJECT("mutex", open_mutex);
const subject weir_subject = SUBJECT("weir", open_weir);
const subject overtake_subject = SUBJECT("weir-overtake", open_overtaking);
