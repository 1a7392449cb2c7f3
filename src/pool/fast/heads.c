/* SPDX-License-Identifier: MIT */
/*
 * The heads of pools, kept for ever (pool/fast/fast.h), and what a fork does to
 * them. The list is locked while a process forks, so the child finds it whole.
 * No other thread exists there: locks are made anew, since one that another
 * thread held would be held for ever, and all that threads had begun is void.
 */
#include <pthread.h>

#include "base/alloc.h"
#include "pool/fast/heads.h"
#include "pool/fast/chores.h"
#include "pool/staff.h"
#include "pool/fast/nest.h"

static pthread_mutex_t heads_lock = PTHREAD_MUTEX_INITIALIZER;
static wi_pool *free_heads;
static wi_pool *used_heads;

/* -------------------------------------------------------------------- fork */

/* What is lent is void; what is lost while it is lent has no session, and its
 * holder may go on if he is the thread that forked. */
static void inherit_place(wi_pool *pool, wi_lease *place)
{
    uint32_t state = atomic_load(&place->state);
    bool is_ours = wi_thread_of(place) == wi_this_thread();

    if (state == WI_PLACE_EMPTY || state == WI_PLACE_INHERITED)
        return;
    place->told = (wi_told){.is_told = false};
    if (state == WI_PLACE_LOST && is_ours) {
        pool->total++;
        return;
    }
    if ((state == WI_PLACE_BUSY || state == WI_PLACE_OVERDUE) &&
        pool->kind->inherited)
        pool->kind->inherited(pool->context, place->resource);
    if (state == WI_PLACE_CLOSING || !place->resource) {
        atomic_store(&place->state, WI_PLACE_EMPTY);
        return;
    }
    atomic_store(&place->state, WI_PLACE_INHERITED);
    pool->has_inherited = true;
}

static void inherit_pool(wi_pool *pool)
{
    wi_lease *place;

    if (pool->kind->forked)
        pool->kind->forked(pool->context);
    (void)wi_mutex_init(&pool->lock);
    wi_list_init(&pool->queue);
    wi_list_init(&pool->watchers);
    pool->watching = 0;
    pool->waiting = pool->total = pool->connecting = pool->hanging = 0;
    pool->nested = 0;
    pool->visitors = pool->wake_count = 0;
    pool->closers = pool->strays = 0;
    pool->to_close = NULL;
    pool->suspects = (wi_suspects){0};
    pool->is_probed = pool->must_ring = false;
    pool->seat = (wi_seat){{NULL, NULL}, 0, 0};
    pool->chores = (wi_chores){.is_filling = pool->chores.is_filling};
    atomic_store(&pool->is_woken, 0);
    for (int i = 0; (place = wi_place_at(pool, i)); i++)
        inherit_place(pool, place);
    atomic_store(&pool->gate, WI_GATE_SHUT);
    wi_thrift_set(pool);
}

static void before_fork(void)
{
    pthread_mutex_lock(&heads_lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&heads_lock);
}

static void after_fork_in_child(void)
{
    pthread_mutex_init(&heads_lock, NULL);
    wi_staff_forget();
    wi_port_forget();
    wi_nest_forget();
    for (wi_pool *pool = used_heads; pool; pool = pool->next_head)
        inherit_pool(pool);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void wi_abandon_inherited(wi_pool *pool)
{
    wi_lease *place;

    if (!pool->has_inherited)
        return;
    pool->has_inherited = false;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        void *resource = place->resource;

        if (wi_place_state_of(place) != WI_PLACE_INHERITED)
            continue;
        place->resource = NULL;
        wi_fast_unlock(pool);
        if (pool->kind->abandon)
            pool->kind->abandon(pool->context, resource);
        wi_mutex_lock(&pool->lock);
        atomic_store(&place->state, WI_PLACE_EMPTY);
    }
    wi_gate_set(pool);
    if (wi_fast_lacks(pool) > 0)
        wi_house_call(pool, wi_fast_now(pool));
}

/* ------------------------------------------------------------------- heads */

static wi_pool *new_head(void)
{
    void *memory = wi_alloc_zero(NULL, 1, sizeof(wi_pool) + WI_LINE);
    wi_pool *head;

    if (!memory)
        return NULL;
    head = (wi_pool *)(((uintptr_t)memory + WI_LINE - 1) &
                       ~(uintptr_t)(WI_LINE - 1));
    head->memory = memory;
    if (wi_mutex_init(&head->lock))
        return head;
    wi_free(NULL, memory);
    return NULL;
}

wi_pool *wi_head_take(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    wi_pool *head;

    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&heads_lock);
    head = free_heads;
    if (head)
        free_heads = head->next_head;
    pthread_mutex_unlock(&heads_lock);
    if (!head)
        head = new_head();
    if (head)
        atomic_store(&head->serial, wi_pool_serial_take());
    return head;
}

void wi_head_publish(wi_pool *pool)
{
    pthread_mutex_lock(&heads_lock);
    pool->next_head = used_heads;
    used_heads = pool;
    pthread_mutex_unlock(&heads_lock);
}

/* Out of the heads in use, if it is among them. */
static void withdraw(const wi_pool *pool)
{
    wi_pool **link = &used_heads;

    while (*link && *link != pool)
        link = &(*link)->next_head;
    if (*link)
        *link = pool->next_head;
}

void wi_head_give(wi_pool *pool)
{
    pthread_mutex_lock(&heads_lock);
    withdraw(pool);
    pool->next_head = free_heads;
    free_heads = pool;
    pthread_mutex_unlock(&heads_lock);
}
