/* SPDX-License-Identifier: MIT */
/*
 * What the ends of threads and forks do to pools of the kinds. They stand in a
 * list for that.
 *
 * A thread that ends goes through the list and closes what is its own and
 * idle; what is lent still becomes nobody's, and is closed when it comes back.
 *
 * Before a fork the list and all its pools are locked, so that the child finds
 * them whole. Sessions are the parent's: lent ones are void, none is spoken to.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "pool/slots/kinds.h"

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static wi_kinds *pools;
static pthread_key_t ending; /* its destructor runs when a thread ends */
static bool has_ending;

static _Atomic uint64_t threads;
static _Thread_local uint64_t this_thread;

uint64_t wi_kinds_thread(void)
{
    if (this_thread == 0)
        this_thread = atomic_fetch_add(&threads, 1) + 1;
    return this_thread;
}

/* ---------------------------------------------------------- a thread's end */

/* Locked. An idle place of the thread; those that are lent lose their owner. */
static wi_lease *disown(wi_pool *pool, uint64_t thread)
{
    for (wi_list_node *node = wi_list_first(&pool->slots.all); node;
         node = wi_list_next(&pool->slots.all, node)) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, by_pool);

        if (lease->owner != thread)
            continue;
        lease->owner = 0;
        if (lease->state == WI_SLOT_IDLE)
            return lease;
    }
    return NULL;
}

/* Under pools_lock, and not in between: true if the list may have changed. */
static bool leave_pool(wi_pool *pool, uint64_t thread)
{
    wi_lease *lease;

    wi_mutex_lock(&pool->lock);
    lease = wi_kind_rule_of(pool)->per_thread && !pool->closed
                ? disown(pool, thread)
                : NULL;
    if (!lease) {
        wi_mutex_unlock(&pool->lock);
        return false;
    }
    pool->visitors++; /* so it stays */
    pthread_mutex_unlock(&pools_lock);
    lease->is_retired = true;
    wi_slot_close(pool, lease);
    wi_slot_give_up(pool, lease);
    wi_slot_pool_end_visit(pool);
    pthread_mutex_lock(&pools_lock);
    return true;
}

static void thread_ends(void *number)
{
    uint64_t thread = (uint64_t)(uintptr_t)number;
    wi_kinds *one;

    pthread_mutex_lock(&pools_lock);
    for (one = pools; one;)
        one = leave_pool(&one->pool, thread) ? pools : one->next_pool;
    pthread_mutex_unlock(&pools_lock);
}

void wi_kinds_watch_thread(void)
{
    /* Without room for it a thread's connection stays until it is surplus. */
    if (has_ending && !pthread_getspecific(ending))
        (void)pthread_setspecific(ending, (void *)(uintptr_t)wi_kinds_thread());
}

/* -------------------------------------------------------------------- fork */

static void before_fork(void)
{
    pthread_mutex_lock(&pools_lock);
    for (wi_kinds *one = pools; one; one = one->next_pool)
        wi_mutex_lock(&one->pool.lock);
}

static void after_fork_in_parent(void)
{
    for (wi_kinds *one = pools; one; one = one->next_pool)
        wi_mutex_unlock(&one->pool.lock);
    pthread_mutex_unlock(&pools_lock);
}

/* A lost one has no session, so its holder may go on. */
static void inherit(wi_pool *pool, wi_lease *lease)
{
    if (lease->state == WI_SLOT_BUSY && pool->kind->inherited)
        pool->kind->inherited(pool->context, lease->resource);
    if (lease->state == WI_SLOT_BUSY || lease->state == WI_SLOT_IDLE) {
        wi_slot_move(&pool->slots, lease, WI_SLOT_INHERITED);
        wi_kinds_of(pool)->has_inherited = true;
    } else if (lease->state == WI_SLOT_CONNECTING ||
               lease->state == WI_SLOT_CLOSING) {
        wi_slot_give_up(pool, lease); /* the thread that did it is not here */
    }
}

static void inherit_pool(wi_pool *pool)
{
    if (pool->kind->forked)
        pool->kind->forked(pool->context);
    wi_waiters_init(&pool->waiters);
    wi_waiters_init(&pool->watchers);
    pool->visitors = pool->watching = 0;
    for (wi_list_node *node = wi_list_first(&pool->slots.all); node;
         node = wi_list_next(&pool->slots.all, node))
        inherit(pool, WI_CONTAINER(node, wi_lease, by_pool));
}

static void after_fork_in_child(void)
{
    for (wi_kinds *one = pools; one; one = one->next_pool) {
        inherit_pool(&one->pool);
        (void)wi_mutex_init(&one->pool.lock); /* its owner is another, here */
    }
    pthread_mutex_unlock(&pools_lock);
}

/* -------------------------------------------------------------------- list */

static void begin(void)
{
    has_ending = pthread_key_create(&ending, thread_ends) == 0;
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* The library may be unloaded before the threads end. */
__attribute__((destructor)) static void forget_threads(void)
{
    if (has_ending)
        pthread_key_delete(ending);
    has_ending = false;
}

void wi_kinds_enlist(wi_kinds *kinds)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, begin);
    pthread_mutex_lock(&pools_lock);
    kinds->next_pool = pools;
    pools = kinds;
    pthread_mutex_unlock(&pools_lock);
}

void wi_kinds_withdraw(wi_kinds *kinds)
{
    wi_kinds **link = &pools;

    pthread_mutex_lock(&pools_lock);
    while (*link && *link != kinds)
        link = &(*link)->next_pool;
    if (*link)
        *link = kinds->next_pool;
    pthread_mutex_unlock(&pools_lock);
}
