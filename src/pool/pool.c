/* SPDX-License-Identifier: MIT */
/*
 * The mutex core.
 */
#include "pool/pool.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/sync.h"
#include "pool/waiters.h"

typedef enum lease_state {
    LEASE_SPARE, /* no place in the pool: memory for the next one */
    LEASE_IDLE,
    LEASE_BUSY,
    LEASE_CONNECTING,
    LEASE_EMPTY, /* lent, its resource lost */
} lease_state;

struct wi_lease {
    wi_list_node listed; /* in idle or spare */
    wi_list_node known;  /* in all */
    lease_state state;
    void *resource;
    uint64_t generation; /* of the pool, when the resource was made */
    int64_t made_ns;
    int64_t lent_ns;
    const char *tag;
};

struct wi_pool {
    const wi_resource_kind *kind;
    void *context;
    const weir_allocator *allocator;

    wi_mutex lock; /* guards all that follows; never held across I/O */
    wi_pool_options options;
    wi_list idle; /* the one that came back last is last */
    wi_list spare;
    wi_list all;
    wi_waiters waiters;
    int idle_count;
    int busy_count; /* BUSY and EMPTY */
    int connecting_count;
    int visitors; /* calls under way that hold no lease yet */
    uint64_t generation;
    bool closed;
    bool told_empty;         /* release or close has said that nothing is out */
    weir_error last_failure; /* of open */
    int64_t last_failure_ns; /* 0: there was none */
    uint64_t opened, closed_count, acquired, timeouts, failures;
};

/* ------------------------------------------------------------------- state */

static int *counter_of(wi_pool *pool, lease_state state)
{
    switch (state) {
    case LEASE_IDLE:
        return &pool->idle_count;
    case LEASE_BUSY:
    case LEASE_EMPTY:
        return &pool->busy_count;
    case LEASE_CONNECTING:
        return &pool->connecting_count;
    default:
        return NULL;
    }
}

/* The one function that changes a lease's state. */
static void change(wi_pool *pool, wi_lease *lease, lease_state state)
{
    int *leaves = counter_of(pool, lease->state);
    int *enters = counter_of(pool, state);

    if (leaves)
        --*leaves;
    if (enters)
        ++*enters;
    wi_list_remove(&lease->listed);
    if (state == LEASE_IDLE)
        wi_list_append(&pool->idle, &lease->listed);
    else if (state == LEASE_SPARE)
        wi_list_append(&pool->spare, &lease->listed);
    lease->state = state;
}

static int total(const wi_pool *pool)
{
    return pool->idle_count + pool->busy_count + pool->connecting_count;
}

static bool has_room(const wi_pool *pool)
{
    const wi_pool_options *options = &pool->options;

    if (options->size == 0 || options->max_overflow < 0)
        return true;
    return total(pool) < options->size + options->max_overflow;
}

/* A place for a new resource; NULL if there is no memory. */
static wi_lease *new_place(wi_pool *pool)
{
    wi_list_node *node = wi_list_first(&pool->spare);
    wi_lease *lease;

    if (node) {
        lease = WI_CONTAINER(node, wi_lease, listed);
    } else {
        lease = wi_alloc_zero(pool->allocator, 1, sizeof *lease);
        if (!lease)
            return NULL;
        wi_list_append(&pool->all, &lease->known);
    }
    change(pool, lease, LEASE_CONNECTING);
    return lease;
}

static void lend(wi_pool *pool, wi_lease *lease, lease_state state)
{
    change(pool, lease, state);
    lease->lent_ns = wi_now_ns();
}

static wi_lease *take_idle(wi_pool *pool)
{
    wi_list_node *node = pool->options.lifo ? wi_list_last(&pool->idle)
                                            : wi_list_first(&pool->idle);
    wi_lease *lease;

    if (!node)
        return NULL;
    lease = WI_CONTAINER(node, wi_lease, listed);
    lend(pool, lease, LEASE_BUSY);
    return lease;
}

/*
 * Whatever has become free goes to the oldest waiters: idle resources first,
 * then room for new ones. Called after every change of capacity.
 */
static void dispatch(wi_pool *pool)
{
    while (pool->waiters.count > 0) {
        wi_lease *lease = take_idle(pool);

        if (!lease && has_room(pool))
            lease = new_place(pool);
        if (!lease)
            return;
        wi_waiters_grant(&pool->waiters, lease);
    }
}

/* True the first time that a closed pool has nothing out. */
static bool is_empty_now(wi_pool *pool)
{
    if (!pool->closed || pool->told_empty ||
        pool->busy_count + pool->connecting_count + pool->visitors > 0)
        return false;
    pool->told_empty = true;
    return true;
}

/* ------------------------------------------------------------------ errors */

static const wi_lease *longest_holder(const wi_pool *pool)
{
    const wi_lease *longest = NULL;

    for (wi_list_node *node = wi_list_first(&pool->all); node;
         node = wi_list_next(&pool->all, node)) {
        const wi_lease *lease = WI_CONTAINER(node, wi_lease, known);

        if ((lease->state == LEASE_BUSY || lease->state == LEASE_EMPTY) &&
            (!longest || lease->lent_ns < longest->lent_ns))
            longest = lease;
    }
    return longest;
}

/* What an operator needs at three in the morning, in one line. */
static weir_status timed_out(wi_pool *pool, weir_error *err)
{
    const wi_lease *longest = longest_holder(pool);
    int64_t now = wi_now_ns();
    char holder[96] = "", failure[160] = "";

    pool->timeouts++;
    if (longest)
        snprintf(holder, sizeof holder,
                 "; longest holder \"%.40s\" since %.2f s",
                 longest->tag ? longest->tag : "no tag",
                 (double)(now - longest->lent_ns) / 1e9);
    if (pool->last_failure_ns)
        snprintf(failure, sizeof failure,
                 "; last connect error %.1f s ago: %.100s",
                 (double)(now - pool->last_failure_ns) / 1e9,
                 pool->last_failure.message);
    return weir_error_set(err, WEIR_ERR_POOL_TIMEOUT,
                          "no connection became free in time: %d open, %d "
                          "busy, %d connecting, %d waiting%s%s",
                          total(pool), pool->busy_count, pool->connecting_count,
                          pool->waiters.count, holder, failure);
}

static weir_status is_closed(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CLOSED,
                          "the engine is closing and takes no new work");
}

/* ----------------------------------------------------------------- acquire */

/* A lease with a resource (BUSY) or with room for one (CONNECTING). */
static weir_status take_place(wi_pool *pool, int64_t deadline_ns,
                              wi_lease **out, weir_error *err)
{
    wi_waiter waiter;

    if (pool->closed)
        return is_closed(err);
    if (pool->waiters.count == 0) {
        *out = take_idle(pool);
        if (!*out && has_room(pool)) {
            *out = new_place(pool);
            if (!*out)
                return wi_error_nomem(err);
        }
        if (*out)
            return WEIR_OK;
    }
    if (wi_deadline_passed(deadline_ns))
        return timed_out(pool, err);
    if (!wi_waiters_join(&pool->waiters, &waiter))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&pool->waiters, &waiter, &pool->lock, deadline_ns))
        return timed_out(pool, err);
    if (!waiter.grant)
        return is_closed(err);
    *out = waiter.grant;
    return WEIR_OK;
}

/* Gives a place up; somebody else may make something of it. Returns whether
 * that was the last of a closed pool. */
static bool give_up(wi_pool *pool, wi_lease *lease)
{
    lease->resource = NULL;
    change(pool, lease, LEASE_SPARE);
    dispatch(pool);
    return is_empty_now(pool);
}

/* Opens a resource for a CONNECTING lease, outside the lock. */
static weir_status open_into(wi_pool *pool, wi_lease *lease,
                             int64_t deadline_ns, weir_error *err)
{
    int64_t began = wi_now_ns();
    uint64_t generation;
    void *resource = NULL;
    weir_status status;

    wi_mutex_lock(&pool->lock);
    generation = pool->generation;
    wi_mutex_unlock(&pool->lock);
    status = pool->kind->open(pool->context, deadline_ns, &resource, err);
    wi_mutex_lock(&pool->lock);
    if (status == WEIR_OK) {
        lease->resource = resource;
        lease->generation = generation;
        lease->made_ns = began;
        pool->opened++;
        lend(pool, lease, LEASE_BUSY);
    } else {
        pool->failures++;
        pool->last_failure = *err;
        pool->last_failure_ns = wi_now_ns();
    }
    wi_mutex_unlock(&pool->lock);
    return status;
}

/* Closes the resource of a lease that is ours, outside the lock. */
static void close_resource(wi_pool *pool, wi_lease *lease)
{
    void *resource = lease->resource;

    lease->resource = NULL;
    if (!resource)
        return;
    pool->kind->close(pool->context, resource);
    wi_mutex_lock(&pool->lock);
    pool->closed_count++;
    wi_mutex_unlock(&pool->lock);
}

typedef struct findings {
    bool stale; /* too old, or of a generation that is not trusted */
    bool ping;  /* to be asked before it is lent */
} findings;

static findings inspect(wi_pool *pool, const wi_lease *lease)
{
    findings found;
    int64_t recycle_ns;

    wi_mutex_lock(&pool->lock);
    found.stale = lease->generation != pool->generation;
    found.ping = pool->options.pre_ping;
    recycle_ns = pool->options.recycle_ns;
    wi_mutex_unlock(&pool->lock);
    if (recycle_ns >= 0 && wi_now_ns() - lease->made_ns > recycle_ns)
        found.stale = true;
    return found;
}

static void start_connecting(wi_pool *pool, wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    change(pool, lease, LEASE_CONNECTING);
    wi_mutex_unlock(&pool->lock);
}

/* Makes a lease fit for use: opens, replaces, checks. What was just opened is
 * not checked. */
static weir_status make_ready(wi_pool *pool, wi_lease *lease,
                              int64_t deadline_ns, weir_error *err)
{
    findings found;

    if (!lease->resource)
        return open_into(pool, lease, deadline_ns, err);
    found = inspect(pool, lease);
    if (!found.stale) {
        if (!found.ping || pool->kind->check(pool->context, lease->resource,
                                             deadline_ns, err) == WEIR_OK)
            return WEIR_OK;
        /* Dead: all that were made before this moment are suspect. */
        wi_pool_invalidate(pool);
    }
    close_resource(pool, lease);
    start_connecting(pool, lease);
    return open_into(pool, lease, deadline_ns, err);
}

weir_status wi_pool_acquire(wi_pool *pool, wi_request *request, wi_lease **out,
                            weir_error *err)
{
    wi_lease *lease = NULL;
    weir_status status;

    request->last = false;
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    status = take_place(pool, request->deadline_ns, &lease, err);
    pool->visitors--;
    if (status != WEIR_OK) {
        request->last = is_empty_now(pool);
        wi_mutex_unlock(&pool->lock);
        return status;
    }
    lease->tag = request->tag;
    wi_mutex_unlock(&pool->lock);
    status = make_ready(pool, lease, request->deadline_ns, err);
    wi_mutex_lock(&pool->lock);
    if (status == WEIR_OK) {
        pool->acquired++;
        *out = lease;
    } else {
        request->last = give_up(pool, lease);
    }
    wi_mutex_unlock(&pool->lock);
    return status;
}

/* ----------------------------------------------------------------- release */

/* Whether a resource that came back has a place to stay. */
static bool may_stay(const wi_pool *pool, const wi_lease *lease)
{
    if (pool->closed || lease->generation != pool->generation)
        return false;
    if (pool->waiters.count > 0 || pool->options.size == 0)
        return true;
    return total(pool) <= pool->options.size;
}

bool wi_pool_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    bool stays, empty;

    WI_ASSERT(lease->state == LEASE_BUSY || lease->state == LEASE_EMPTY);
    if (fate == WEIR_FATE_KEEP && lease->resource)
        fate = pool->kind->returned(pool->context, lease->resource);
    wi_mutex_lock(&pool->lock);
    lease->tag = NULL;
    stays = fate == WEIR_FATE_KEEP && lease->resource && may_stay(pool, lease);
    if (stays) {
        change(pool, lease, LEASE_IDLE);
        dispatch(pool);
        empty = is_empty_now(pool);
        wi_mutex_unlock(&pool->lock);
        return empty;
    }
    wi_mutex_unlock(&pool->lock);
    /* It counts until it is closed: never more than the limit at the server. */
    close_resource(pool, lease);
    wi_mutex_lock(&pool->lock);
    empty = give_up(pool, lease);
    wi_mutex_unlock(&pool->lock);
    return empty;
}

void *wi_lease_resource(const wi_lease *lease)
{
    return lease->resource;
}

void wi_pool_lose(wi_pool *pool, wi_lease *lease)
{
    close_resource(pool, lease);
    wi_mutex_lock(&pool->lock);
    change(pool, lease, LEASE_EMPTY);
    wi_mutex_unlock(&pool->lock);
}

weir_status wi_pool_reopen(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                           weir_error *err)
{
    int64_t lent_ns = lease->lent_ns;
    weir_status status;

    WI_ASSERT(lease->state == LEASE_EMPTY);
    start_connecting(pool, lease);
    status = open_into(pool, lease, deadline_ns, err);
    wi_mutex_lock(&pool->lock);
    if (status != WEIR_OK)
        change(pool, lease, LEASE_EMPTY);
    lease->lent_ns = lent_ns;
    wi_mutex_unlock(&pool->lock);
    return status;
}

/* -------------------------------------------------------------------- life */

wi_pool *wi_pool_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err)
{
    wi_pool *pool = wi_alloc_zero(options->allocator, 1, sizeof *pool);

    if (!pool) {
        wi_error_nomem(err);
        return NULL;
    }
    if (!wi_mutex_init(&pool->lock)) {
        wi_free(options->allocator, pool);
        wi_error_nomem(err);
        return NULL;
    }
    pool->kind = kind;
    pool->context = context;
    pool->allocator = options->allocator;
    pool->options = *options;
    wi_list_init(&pool->idle);
    wi_list_init(&pool->spare);
    wi_list_init(&pool->all);
    wi_waiters_init(&pool->waiters);
    return pool;
}

/* Closes idle resources, all of them or down to a count, one by one and
 * outside the lock. */
static void close_idle(wi_pool *pool, int keep)
{
    for (;;) {
        wi_list_node *node;
        wi_lease *lease;

        wi_mutex_lock(&pool->lock);
        node = pool->idle_count > keep ? wi_list_first(&pool->idle) : NULL;
        if (!node) {
            wi_mutex_unlock(&pool->lock);
            return;
        }
        lease = WI_CONTAINER(node, wi_lease, listed);
        change(pool, lease, LEASE_CONNECTING); /* counts until it is closed */
        wi_mutex_unlock(&pool->lock);
        close_resource(pool, lease);
        wi_mutex_lock(&pool->lock);
        lease->resource = NULL;
        change(pool, lease, LEASE_SPARE);
        dispatch(pool);
        wi_mutex_unlock(&pool->lock);
    }
}

void wi_pool_free(wi_pool **pool)
{
    wi_pool *freed = *pool;
    wi_list_node *node;

    if (!freed)
        return;
    *pool = NULL;
    close_idle(freed, 0);
    WI_ASSERT(freed->busy_count + freed->connecting_count == 0);
    node = wi_list_first(&freed->all);
    while (node) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, known);

        node = wi_list_next(&freed->all, node);
        wi_free(freed->allocator, lease);
    }
    wi_mutex_clear(&freed->lock);
    wi_free(freed->allocator, freed);
}

void wi_pool_set(wi_pool *pool, const wi_pool_options *options)
{
    int keep;

    wi_mutex_lock(&pool->lock);
    pool->options = *options;
    pool->options.allocator = pool->allocator;
    dispatch(pool);
    keep = options->size == 0 ? pool->idle_count : options->size;
    wi_mutex_unlock(&pool->lock);
    close_idle(pool, keep);
}

void wi_pool_invalidate(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->generation++;
    wi_mutex_unlock(&pool->lock);
}

void wi_pool_dispose(wi_pool *pool)
{
    wi_pool_invalidate(pool);
    close_idle(pool, 0);
}

bool wi_pool_close(wi_pool *pool)
{
    bool empty;

    wi_mutex_lock(&pool->lock);
    pool->closed = true;
    pool->visitors++; /* whoever gives back last must not free us here */
    while (wi_waiters_grant(&pool->waiters, NULL))
        ;
    wi_mutex_unlock(&pool->lock);
    close_idle(pool, 0);
    wi_mutex_lock(&pool->lock);
    pool->visitors--;
    empty = is_empty_now(pool);
    wi_mutex_unlock(&pool->lock);
    return empty;
}

void wi_pool_status(wi_pool *pool, weir_pool_status *out)
{
    wi_mutex_lock(&pool->lock);
    *out = (weir_pool_status){
        .size = pool->options.size,
        .max_overflow = pool->options.max_overflow,
        .idle = pool->idle_count,
        .busy = pool->busy_count,
        .connecting = pool->connecting_count,
        .waiting = pool->waiters.count,
        .opened = pool->opened,
        .closed = pool->closed_count,
        .acquired = pool->acquired,
        .timeouts = pool->timeouts,
        .connect_failures = pool->failures,
    };
    wi_mutex_unlock(&pool->lock);
}
