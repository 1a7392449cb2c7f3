/* SPDX-License-Identifier: MIT */
/*
 * The permit, a pool of one.
 */
#include "pool/permit.h"

#include "base/check.h"
#include "base/error.h"
#include "pool/view.h"

/* ------------------------------------------------------------ what is lent */

static weir_status open_right(void *context, int64_t deadline_ns, void **out,
                              weir_error *err)
{
    (void)deadline_ns;
    (void)err;
    *out = context;
    return WEIR_OK;
}

static weir_fate returned_right(void *context, void *right)
{
    (void)context;
    (void)right;
    return WEIR_FATE_KEEP;
}

static void close_right(void *context, void *right)
{
    (void)context;
    (void)right;
}

/* In a forked child. Its pool begins anew, and this loan is void. */
static void inherited_right(void *context, void *right)
{
    wi_permit *permit = context;

    (void)right;
    permit->lease = NULL;
}

/* -------------------------------------------------------------------- life */

/* Stands where the pool of a permit would, if it came to its end before there
 * was one: then there will be none. */
static char no_pool;

static wi_pool *over(void)
{
    return (wi_pool *)(void *)&no_pool;
}

/* NULL: there is none, or none any more. */
static wi_pool *existing(const wi_permit *permit)
{
    wi_pool *pool = atomic_load(&permit->pool);

    return pool == over() ? NULL : pool;
}

void wi_permit_init(wi_permit *permit, const char *noun,
                    const weir_allocator *allocator)
{
    *permit = (wi_permit){
        .kind = {.noun = noun,
                 .open = open_right,
                 .returned = returned_right,
                 .close = close_right,
                 .inherited = inherited_right},
        .allocator = allocator,
    };
}

void wi_permit_set_port(wi_permit *permit, const struct wi_port *port)
{
    WI_ASSERT(!atomic_load(&permit->pool));
    atomic_store(&permit->port, port);
}

void wi_permit_clear(wi_permit *permit)
{
    wi_pool *pool = existing(permit);

    WI_ASSERT(!permit->lease);
    atomic_store(&permit->pool, NULL);
    wi_pool_free(&pool);
}

/* One that is not taken by anybody yet. */
static wi_pool *make_pool(wi_permit *permit, weir_error *err)
{
    const wi_pool_options options = {
        .core = WI_CORE_FAST,
        .allocator = permit->allocator,
        .port = atomic_load(&permit->port),
        .size = 1,
        .recycle_ns = -1,
    };

    return wi_pool_new(&permit->kind, permit, &options, err);
}

/* over(), or NULL: there is no memory for it. Several may make one, when its
 * end may come, too; the first is it. */
static wi_pool *pool_of(wi_permit *permit, weir_error *err)
{
    wi_pool *pool = atomic_load(&permit->pool);
    wi_pool *made;

    if (pool)
        return pool;
    made = make_pool(permit, err);
    if (!made)
        return NULL;
    if (atomic_compare_exchange_strong(&permit->pool, &pool, made))
        return made;
    wi_pool_free(&made);
    return pool;
}

void wi_permit_end(wi_permit *permit)
{
    wi_pool *pool = NULL;

    if (!atomic_compare_exchange_strong(&permit->pool, &pool, over()) &&
        pool != over())
        (void)wi_pool_close(pool);
}

/* ------------------------------------------------------------------- loans */

static weir_status is_over(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CONNECTION,
                          "the engine was closed and its time is over");
}

/* What a pool says of connections, said of a right. */
static weir_status told(weir_status status, weir_error *err)
{
    if (status == WEIR_ERR_CLOSED)
        return is_over(err);
    if (status != WEIR_ERR_POOL_TIMEOUT)
        return status;
    if (err)
        err->status = WEIR_ERR_TIMEOUT;
    return WEIR_ERR_TIMEOUT;
}

weir_status wi_permit_acquire(wi_permit *permit, const wi_request *wish,
                              weir_error *err)
{
    wi_pool *pool = pool_of(permit, err);
    wi_request request = *wish;
    wi_lease *lease;
    weir_status status;

    if (!pool)
        return WEIR_ERR_NOMEM;
    if (pool == over())
        return is_over(err);
    request.is_nested = true; /* whoever wants it has a connection */
    status = wi_pool_acquire(pool, &request, &lease, err);
    if (status != WEIR_OK)
        return told(status, err);
    permit->lease = lease;
    return WEIR_OK;
}

void wi_permit_release(wi_permit *permit)
{
    wi_lease *lease = permit->lease;

    if (!lease)
        return;
    permit->lease = NULL;
    (void)wi_pool_release(atomic_load(&permit->pool), lease, WEIR_FATE_KEEP);
}

void wi_permit_hold(wi_permit *permit)
{
    if (permit->lease)
        wi_pool_hold(atomic_load(&permit->pool), permit->lease);
}

bool wi_permit_view(const wi_permit *permit, wi_pool_view *view)
{
    wi_pool *pool = existing(permit);

    if (!pool)
        return false;
    wi_pool_view_of(pool, view);
    return true;
}
