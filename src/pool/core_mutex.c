/* SPDX-License-Identifier: MIT */
/*
 * The mutex core. Its one idea: whatever changes the capacity ends in
 * dispatch(), which serves the oldest waiters, so no wake-up can be forgotten.
 */
#include "pool/mutex.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/plight.h"
#include "pool/view.h"

/* What an acquire under way wants, and the lease that it has got. */
typedef struct loan {
    int64_t began_ns;
    int64_t deadline_ns;
    const wi_request *request;
    wi_lease *lease;
} loan;

/* ---------------------------------------------------------------- capacity */

static int64_t limit(const wi_pool_options *options)
{
    if (options->size == 0 || options->max_overflow < 0)
        return INT64_MAX;
    return (int64_t)options->size + options->max_overflow;
}

/* Locked. How many more may be opened. */
static int64_t room(const wi_pool *pool, const wi_pool_options *options)
{
    return limit(options) - wi_slots_total(&pool->slots);
}

/* Locked. How many places more than the spare ones dispatch() would need for
 * all who wait and so many more. */
static int64_t missing_places(const wi_pool *pool,
                              const wi_pool_options *options, int newcomers)
{
    int64_t wanted = room(pool, options);

    if (wanted > pool->waiters.count + newcomers)
        wanted = pool->waiters.count + newcomers;
    return wanted - pool->slots.counts[WI_SLOT_SPARE];
}

/* Locked, and outside in between: look at everything again. */
static weir_status add_place(wi_pool *pool)
{
    wi_lease *lease;

    wi_mutex_unlock(&pool->lock);
    lease = wi_slot_new(pool->allocator);
    wi_mutex_lock(&pool->lock);
    if (!lease)
        return WEIR_ERR_NOMEM;
    wi_slots_add(&pool->slots, lease);
    return WEIR_OK;
}

static uint64_t this_thread(void)
{
    return (uint64_t)(uintptr_t)pthread_self();
}

/* Locked. */
static wi_lease *take_idle(wi_pool *pool)
{
    const wi_list *idle = &pool->slots.idle;
    wi_list_node *node = pool->options.order == WI_ORDER_LIFO
                             ? wi_list_last(idle)
                             : wi_list_first(idle);
    wi_lease *lease;

    if (!node)
        return NULL;
    lease = WI_CONTAINER(node, wi_lease, by_state);
    wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
    return lease;
}

/* Locked. There is room and a spare place. */
static wi_lease *take_room(wi_pool *pool)
{
    wi_lease *lease = wi_slots_spare(&pool->slots);

    WI_ASSERT(lease);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    return lease;
}

/*
 * Locked. Whatever has become free goes to the oldest waiters: idle resources
 * first, then room for new ones. A place for each that gets room is there: a
 * waiter and mutex_set() bring along what is missing.
 */
void wi_mutex_core_dispatch(wi_pool *pool)
{
    wi_waiter *first;

    while (pool->ending.mode != WI_POOL_PAUSED &&
           (first = wi_waiters_first(&pool->waiters))) {
        wi_lease *lease = take_idle(pool);

        if (!lease && room(pool, &pool->options) > 0)
            lease = take_room(pool);
        if (!lease)
            return;
        lease->lent_ns = wi_now_ns(); /* signed by its borrower */
        lease->tag = first->tag;
        wi_waiters_grant(&pool->waiters, lease);
    }
}

/* Locked. The place is free for another resource. */
static void give_up(wi_pool *pool, wi_lease *lease)
{
    wi_slot_move(&pool->slots, lease, WI_SLOT_SPARE);
    wi_mutex_core_dispatch(pool);
}

/* Locked, and outside in between. The place counts until the resource is
 * closed, so that a server never sees more than the limit. */
static void close_resource(wi_pool *pool, wi_lease *lease)
{
    void *resource = lease->resource;

    wi_slot_move(&pool->slots, lease, WI_SLOT_CLOSING);
    lease->resource = NULL;
    wi_mutex_unlock(&pool->lock);
    pool->kind->close(pool->context, resource);
    wi_mutex_lock(&pool->lock);
    pool->closed_count++;
}

bool wi_mutex_core_is_empty(wi_pool *pool)
{
    if (!pool->closed || pool->told_empty || pool->visitors > 0 ||
        pool->ending.watching > 0 ||
        wi_slots_total(&pool->slots) > pool->slots.counts[WI_SLOT_IDLE])
        return false;
    pool->told_empty = true;
    return true;
}

/* ------------------------------------------------------------------ errors */

/* Locked. */
static weir_status timed_out(wi_pool *pool, const loan *wish, weir_error *err)
{
    const wi_lease *longest = wi_slots_longest(&pool->slots);
    int64_t now = wi_now_ns();
    wi_plight plight = {
        .waited_ns = now - wish->began_ns,
        .total = wi_slots_total(&pool->slots),
        .busy = wi_slots_busy(&pool->slots),
        .idle = pool->slots.counts[WI_SLOT_IDLE],
        .connecting = pool->slots.counts[WI_SLOT_CONNECTING],
        .waiting = pool->waiters.count,
        .is_paused = pool->ending.mode == WI_POOL_PAUSED,
        .is_held = longest != NULL,
        .holder_tag = longest ? longest->tag : NULL,
        .holder_site = longest ? longest->site : NULL,
        .held_ns = longest ? now - longest->lent_ns : 0,
        .failure = pool->last_failure_ns ? &pool->last_failure : NULL,
        .failure_age_ns = now - pool->last_failure_ns,
    };

    pool->timeouts++;
    return wi_plight_timed_out(&plight, err);
}

static weir_status is_closed(const wi_pool *pool, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CLOSED,
                          "the engine is %s and takes no new work",
                          pool->closed ? "closing" : "draining");
}

/* ----------------------------------------------------------------- opening */

/* Locked, and outside in between. Puts a resource into a CONNECTING place; on
 * failure the place stays as it is. */
static weir_status open_resource(wi_pool *pool, wi_lease *lease,
                                 int64_t deadline_ns, weir_error *err)
{
    uint64_t generation = pool->generation;
    int64_t began_ns;
    void *resource = NULL;
    weir_status status;

    wi_mutex_unlock(&pool->lock);
    wi_error_clear(err);
    began_ns = wi_now_ns();
    status = pool->kind->open(pool->context, deadline_ns, &resource, err);
    wi_mutex_lock(&pool->lock);
    if (status != WEIR_OK) {
        pool->connect_failures++;
        pool->last_failure = *err;
        pool->last_failure_ns = wi_now_ns();
        return status;
    }
    pool->opened++;
    lease->resource = resource;
    lease->generation = generation;
    lease->made_ns = began_ns;
    wi_slot_move(&pool->slots, lease, WI_SLOT_BUSY);
    return WEIR_OK;
}

/* Locked. All that are as old as this one are replaced before they are lent
 * again; said again of the same age it changes nothing. */
static void suspect(wi_pool *pool, const wi_lease *lease)
{
    if (lease->generation == pool->generation)
        pool->generation++;
}

/* Locked, and outside in between. */
static weir_status ask(wi_pool *pool, const wi_lease *lease,
                       int64_t deadline_ns, weir_error *err)
{
    weir_status status;

    wi_mutex_unlock(&pool->lock);
    wi_error_clear(err);
    status =
        pool->kind->check(pool->context, lease->resource, deadline_ns, err);
    wi_mutex_lock(&pool->lock);
    /* Having had too little time or memory says nothing of the others. */
    if (status != WEIR_OK && status != WEIR_ERR_TIMEOUT &&
        status != WEIR_ERR_NOMEM)
        suspect(pool, lease);
    return status;
}

/* Locked. Too old, or of a generation that is not trusted. */
static bool is_stale(const wi_pool *pool, const wi_lease *lease)
{
    int64_t recycle_ns = pool->options.recycle_ns;

    if (lease->generation != pool->generation)
        return true;
    return recycle_ns >= 0 && lease->lent_ns - lease->made_ns > recycle_ns;
}

/* Locked, and outside in between. Makes a place that was taken fit for use;
 * on failure it is given up. What was just opened is not asked; it is replaced
 * once if all was invalidated meanwhile. */
static weir_status make_ready(wi_pool *pool, const loan *wish, weir_error *err)
{
    wi_lease *lease = wish->lease;
    weir_status status = WEIR_OK;
    bool is_new = lease->state == WI_SLOT_CONNECTING;

    if (is_new)
        status = open_resource(pool, lease, wish->deadline_ns, err);
    if (status == WEIR_OK) {
        if (!is_stale(pool, lease)) {
            if (pool->options.pre_ping && !is_new)
                status = ask(pool, lease, wish->deadline_ns, err);
            if (status == WEIR_OK)
                return WEIR_OK;
        }
        close_resource(pool, lease);
        if (status == WEIR_ERR_TIMEOUT) {
            give_up(pool, lease);
            return status;
        }
        wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
        status = open_resource(pool, lease, wish->deadline_ns, err);
    }
    if (status != WEIR_OK)
        give_up(pool, lease);
    return status;
}

/* ----------------------------------------------------------------- acquire */

/* Locked, and outside in between. What can be had at once goes to
 * wish->lease, which stays NULL if one has to wait. */
static weir_status take_now(wi_pool *pool, loan *wish)
{
    for (;;) {
        if (pool->closed || pool->ending.mode == WI_POOL_DRAINING)
            return WEIR_ERR_CLOSED;
        if (pool->waiters.count > 0 || pool->ending.mode == WI_POOL_PAUSED)
            return WEIR_OK;
        wish->lease = take_idle(pool);
        if (wish->lease || room(pool, &pool->options) <= 0)
            return WEIR_OK;
        if (wi_slots_spare(&pool->slots)) {
            wish->lease = take_room(pool);
            return WEIR_OK;
        }
        if (add_place(pool) != WEIR_OK)
            return WEIR_ERR_NOMEM;
    }
}

/* Locked. */
static void note_wait(wi_pool *pool, int64_t ns)
{
    pool->waits++;
    if (ns > pool->wait_most_ns)
        pool->wait_most_ns = ns;
    wi_histogram_add(&pool->wait, ns, 1);
}

/* Locked, and outside and asleep in between. */
static weir_status wait_for_turn(wi_pool *pool, loan *wish, weir_error *err)
{
    wi_waiter waiter;
    bool granted;

    if (wi_deadline_passed(wish->deadline_ns))
        return timed_out(pool, wish, err);
    while (missing_places(pool, &pool->options, 1) > 0) {
        if (add_place(pool) != WEIR_OK)
            return wi_error_nomem(err);
    }
    if (pool->closed)
        return is_closed(pool, err);
    if (!wi_waiters_join(&pool->waiters, &waiter, wish->request->tag))
        return wi_error_nomem(err);
    waiter.site = wish->request->site;
    waiter.thread = this_thread();
    waiter.began_ns = wish->began_ns;
    wi_mutex_core_dispatch(pool); /* what became free outside the lock */
    granted = wi_waiters_wait(&pool->waiters, &waiter, &pool->lock,
                              wish->deadline_ns);
    note_wait(pool, wi_now_ns() - wish->began_ns);
    if (!granted)
        return timed_out(pool, wish, err);
    if (!waiter.grant)
        return is_closed(pool, err);
    wish->lease = waiter.grant;
    /* Room that came too late to open anything in it is for the next. */
    if (wish->lease->state == WI_SLOT_CONNECTING &&
        wi_deadline_passed(wish->deadline_ns)) {
        give_up(pool, wish->lease);
        return timed_out(pool, wish, err);
    }
    return WEIR_OK;
}

/* Locked, and asleep in between. A resource (BUSY), or room (CONNECTING). */
static weir_status take_turn(wi_pool *pool, loan *wish, weir_error *err)
{
    weir_status status = take_now(pool, wish);

    if (status == WEIR_ERR_CLOSED)
        return is_closed(pool, err);
    if (status != WEIR_OK)
        return wi_error_nomem(err);
    if (!wish->lease)
        return wait_for_turn(pool, wish, err);
    wish->lease->lent_ns = wish->began_ns;
    wish->lease->tag = wish->request->tag;
    return WEIR_OK;
}

/* Locked. */
static int64_t deadline_of(const wi_pool *pool, int64_t wish_ns, int64_t now_ns)
{
    int64_t timeout_ns = pool->options.timeout_ns;

    if (wish_ns != 0)
        return wish_ns;
    return timeout_ns > WI_NO_DEADLINE - now_ns ? WI_NO_DEADLINE
                                                : now_ns + timeout_ns;
}

static weir_status mutex_acquire(wi_pool *pool, wi_request *request,
                                 wi_lease **out, weir_error *err)
{
    loan wish = {.began_ns = wi_now_ns(), .request = request};
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    wish.deadline_ns = deadline_of(pool, request->deadline_ns, wish.began_ns);
    status = take_turn(pool, &wish, err);
    if (status == WEIR_OK)
        status = make_ready(pool, &wish, err);
    pool->visitors--;
    if (status == WEIR_OK) {
        pool->acquired++;
        wi_slot_sign(wish.lease, request, this_thread(), wish.lease->lent_ns);
        *out = wish.lease;
    }
    request->last = status != WEIR_OK && wi_mutex_core_is_empty(pool);
    wi_mutex_core_unlock(pool);
    return status;
}

/* ----------------------------------------------------------------- release */

/* Locked. Whether a resource that came back may be lent again. */
static bool may_stay(const wi_pool *pool, const wi_lease *lease)
{
    const wi_pool_options *options = &pool->options;

    if (wi_mutex_core_is_ending(pool) ||
        lease->generation != pool->generation || room(pool, options) < 0)
        return false;
    return pool->waiters.count > 0 || options->size == 0 ||
           pool->slots.counts[WI_SLOT_IDLE] < options->size;
}

static bool is_lent(const wi_lease *lease)
{
    return lease->state == WI_SLOT_BUSY || lease->state == WI_SLOT_LOST;
}

static bool mutex_release(wi_pool *pool, wi_lease *lease, weir_fate fate)
{
    int64_t now;
    bool last;

    WI_ASSERT(is_lent(lease));
    if (fate == WEIR_FATE_KEEP && lease->resource)
        fate = pool->kind->returned(pool->context, lease->resource);
    now = wi_now_ns();
    wi_mutex_lock(&pool->lock);
    wi_histogram_add(&pool->hold, now - lease->lent_ns, 1);
    lease->tag = lease->site = NULL;
    lease->idle_ns = now;
    if (lease->resource && fate == WEIR_FATE_KEEP && may_stay(pool, lease)) {
        wi_slot_move(&pool->slots, lease, WI_SLOT_IDLE);
        wi_mutex_core_dispatch(pool);
    } else {
        if (lease->resource)
            close_resource(pool, lease);
        give_up(pool, lease);
    }
    last = wi_mutex_core_is_empty(pool);
    wi_mutex_core_unlock(pool);
    return last;
}

static void mutex_lose(wi_pool *pool, wi_lease *lease)
{
    WI_ASSERT(is_lent(lease));
    if (!lease->resource)
        return;
    wi_mutex_lock(&pool->lock);
    close_resource(pool, lease);
    wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
    wi_mutex_core_unlock(pool);
}

static weir_status mutex_reopen(wi_pool *pool, wi_lease *lease,
                                int64_t deadline_ns, weir_error *err)
{
    int64_t now = wi_now_ns();
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    WI_ASSERT(lease->state == WI_SLOT_LOST);
    wi_mutex_lock(&pool->lock);
    wi_slot_move(&pool->slots, lease, WI_SLOT_CONNECTING);
    status =
        open_resource(pool, lease, deadline_of(pool, deadline_ns, now), err);
    if (status != WEIR_OK)
        wi_slot_move(&pool->slots, lease, WI_SLOT_LOST);
    wi_mutex_core_unlock(pool);
    return status;
}

/* -------------------------------------------------------------------- life */

static wi_pool *mutex_new(const wi_resource_kind *kind, void *context,
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
    pool->core = &wi_pool_core_mutex;
    pool->kind = kind;
    pool->context = context;
    pool->allocator = options->allocator;
    pool->options = *options;
    pool->began_ns = wi_now_ns();
    wi_slots_init(&pool->slots);
    wi_waiters_init(&pool->waiters);
    wi_ending_init(&pool->ending, &pool->lock, &pool->slots, &pool->waiters,
                   &pool->visitors);
    return pool;
}

/* Locked. An idle one that may not stay, or NULL. The oldest of the idle ones
 * are first, and so are those of older generations. */
static wi_lease *find_surplus(const wi_pool *pool)
{
    wi_list_node *node = wi_list_first(&pool->slots.idle);
    int size = pool->options.size;
    wi_lease *lease;

    if (!node)
        return NULL;
    lease = WI_CONTAINER(node, wi_lease, by_state);
    if (wi_mutex_core_is_ending(pool) ||
        lease->generation != pool->generation ||
        (size > 0 && pool->slots.counts[WI_SLOT_IDLE] > size) ||
        room(pool, &pool->options) < 0)
        return lease;
    return NULL;
}

/* Locked, and outside in between. */
void wi_mutex_core_close_surplus(wi_pool *pool)
{
    wi_lease *lease;

    while ((lease = find_surplus(pool))) {
        close_resource(pool, lease);
        give_up(pool, lease);
    }
}

static void mutex_free(wi_pool **pool)
{
    wi_pool *freed = *pool;

    if (!freed)
        return;
    *pool = NULL;
    wi_mutex_lock(&freed->lock);
    freed->closed = true;
    wi_mutex_core_close_surplus(freed);
    WI_ASSERT(freed->visitors == 0);
    wi_mutex_unlock(&freed->lock);
    wi_slots_clear(&freed->slots, freed->allocator);
    wi_mutex_clear(&freed->lock);
    wi_free(freed->allocator, freed);
}

/* Locked, and not any more afterwards. Closes what is surplus, in which the
 * pool may be closed; that it was the last thing in it is said to its owner. */
static void trim(wi_pool *pool)
{
    const wi_resource_kind *kind = pool->kind;
    void *context = pool->context;
    bool ended;

    pool->visitors++;
    wi_mutex_core_close_surplus(pool);
    ended = --pool->visitors == 0 && wi_mutex_core_is_empty(pool);
    wi_mutex_core_unlock(pool);
    if (ended && kind->ended)
        kind->ended(context);
}

static weir_status mutex_set(wi_pool *pool, const wi_pool_options *options)
{
    weir_status status = WEIR_OK;

    wi_mutex_lock(&pool->lock);
    while (status == WEIR_OK && missing_places(pool, options, 0) > 0)
        status = add_place(pool);
    if (status == WEIR_OK) {
        pool->options = *options;
        wi_mutex_core_dispatch(pool);
    }
    trim(pool);
    return status;
}

static void mutex_invalidate(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->generation++;
    wi_mutex_core_unlock(pool);
}

static void mutex_suspect(wi_pool *pool, const wi_lease *lease)
{
    wi_mutex_lock(&pool->lock);
    suspect(pool, lease);
    wi_mutex_core_unlock(pool);
}

static void mutex_dispose(wi_pool *pool)
{
    wi_mutex_lock(&pool->lock);
    pool->generation++;
    trim(pool);
}

void wi_mutex_core_shut(wi_pool *pool)
{
    pool->closed = true;
    pool->visitors++; /* whoever gives back last must not free it under us */
    while (wi_waiters_first(&pool->waiters))
        wi_waiters_grant(&pool->waiters, NULL);
    wi_mutex_core_close_surplus(pool);
    pool->visitors--;
}

static bool mutex_close(wi_pool *pool)
{
    bool last;

    wi_mutex_lock(&pool->lock);
    wi_mutex_core_shut(pool);
    last = wi_mutex_core_is_empty(pool);
    wi_mutex_core_unlock(pool);
    return last;
}

const wi_pool_core wi_pool_core_mutex = {
    .new = mutex_new,
    .free = mutex_free,
    .acquire = mutex_acquire,
    .release = mutex_release,
    .lose = mutex_lose,
    .reopen = mutex_reopen,
    .set = mutex_set,
    .invalidate = mutex_invalidate,
    .suspect = mutex_suspect,
    .dispose = mutex_dispose,
    .close = mutex_close,
    .status = wi_mutex_core_status,
    .view = wi_mutex_core_view,
    .pause = wi_mutex_core_pause,
    .resume = wi_mutex_core_resume,
    .drain = wi_mutex_core_drain,
    .close_within = wi_mutex_core_close_within,
};
