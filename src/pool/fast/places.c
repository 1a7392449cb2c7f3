/* SPDX-License-Identifier: MIT */
/*
 * The places of a pool: where they are, and how one is found.
 */
#include "pool/fast/aside.h"

#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/probe.h"

static int block_size(int block)
{
    return WI_FIRST_BLOCK << block;
}

static int capacity_of(const wi_pool *pool)
{
    int blocks = atomic_load_explicit(&pool->block_count, memory_order_acquire);

    return WI_FIRST_BLOCK * ((1 << blocks) - 1);
}

/* Blocks 0 to n - 1 have 8 * (2^n - 1) places. */
wi_lease *wi_place_at(const wi_pool *pool, int index)
{
    unsigned place = (unsigned)index + WI_FIRST_BLOCK;
    int block = 28 - __builtin_clz(place);

    if (index >= capacity_of(pool))
        return NULL;
    return &pool->blocks[block][place - (unsigned)block_size(block)];
}

static bool try_take(wi_lease *place, uint32_t state)
{
    uint32_t idle = WI_PLACE_IDLE;

    return atomic_load_explicit(&place->state, memory_order_seq_cst) ==
               WI_PLACE_IDLE &&
           atomic_compare_exchange_strong(&place->state, &idle, state);
}

wi_lease *wi_place_take(const wi_pool *pool, wi_lease *hint, uint32_t state)
{
    wi_lease *place;

    if (hint && try_take(hint, state))
        return hint;
    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (try_take(place, state))
            return place;
    }
    return NULL;
}

/* Which of two idle places comes first in the order of the options. */
static bool is_before(const wi_pool *pool, const wi_lease *one,
                      const wi_lease *other)
{
    return pool->options.order == WI_ORDER_LIFO ? one->turn > other->turn
                                                : one->turn < other->turn;
}

wi_lease *wi_place_take_in_order(wi_pool *pool, uint32_t state)
{
    wi_lease *best;
    wi_lease *place;

    if (pool->options.order == WI_ORDER_AFFINITY) {
        place = wi_place_take(pool, NULL, state);
        return place ? place : wi_aside_take(pool, state);
    }
    do {
        best = NULL;
        for (int i = 0; (place = wi_place_at(pool, i)); i++) {
            if (wi_place_state_of(place) == WI_PLACE_IDLE &&
                (!best || is_before(pool, place, best)))
                best = place;
        }
    } while (best && !try_take(best, state));
    return best ? best : wi_aside_take(pool, state);
}

/* Where a place may go from each state under the lock. */
#define BIT(state_) (1U << (state_))
static const unsigned allowed[WI_PLACE_STATES] = {
    [WI_PLACE_EMPTY] = BIT(WI_PLACE_CONNECTING) | BIT(WI_PLACE_CLOSING),
    [WI_PLACE_IDLE] = 0, /* by compare-and-swap only */
    [WI_PLACE_ASIDE] = BIT(WI_PLACE_IDLE) | BIT(WI_PLACE_HELD) |
                       BIT(WI_PLACE_BUSY) | BIT(WI_PLACE_CLOSING),
    [WI_PLACE_HELD] = BIT(WI_PLACE_IDLE) | BIT(WI_PLACE_ASIDE) |
                      BIT(WI_PLACE_BUSY) | BIT(WI_PLACE_CLOSING),
    [WI_PLACE_BUSY] =
        BIT(WI_PLACE_IDLE) | BIT(WI_PLACE_HELD) | BIT(WI_PLACE_CLOSING),
    [WI_PLACE_LOST] = BIT(WI_PLACE_CONNECTING) | BIT(WI_PLACE_EMPTY),
    [WI_PLACE_OVERDUE] =
        BIT(WI_PLACE_BUSY) | BIT(WI_PLACE_CLOSING) | BIT(WI_PLACE_EMPTY),
    [WI_PLACE_CONNECTING] = BIT(WI_PLACE_BUSY) | BIT(WI_PLACE_OVERDUE) |
                            BIT(WI_PLACE_LOST) | BIT(WI_PLACE_EMPTY),
    [WI_PLACE_CLOSING] =
        BIT(WI_PLACE_EMPTY) | BIT(WI_PLACE_CONNECTING) | BIT(WI_PLACE_LOST),
};

void wi_thrift_set(wi_pool *pool)
{
    const wi_pool_options *options = &pool->options;
    bool thrifty = options->uses_max > 0 ||
                   (options->size > 0 && pool->total > options->size);

    if (atomic_load_explicit(&pool->is_thrifty, memory_order_relaxed) !=
        thrifty)
        atomic_store(&pool->is_thrifty, thrifty);
}

void wi_place_move(wi_pool *pool, wi_lease *place, uint32_t state)
{
    uint32_t before = wi_place_state_of(place);

    WI_ASSERT(allowed[before] & BIT(state));
    if (before == WI_PLACE_EMPTY) {
        pool->total++;
        wi_place_over(place); /* who opens it signs it, too */
    }
    if (state == WI_PLACE_EMPTY)
        pool->total--;
    if (before == WI_PLACE_CLOSING)
        pool->chores.closing--;
    if (state == WI_PLACE_CLOSING)
        pool->chores.closing++;
    if (state == WI_PLACE_CONNECTING || state == WI_PLACE_CLOSING)
        place->doing_ns = wi_fast_now(pool);
    if (before == WI_PLACE_BUSY)
        place->turn = ++pool->turns;
    /* Nobody's: who takes it next may be seen to have it before he signs. */
    if (state == WI_PLACE_EMPTY || state == WI_PLACE_IDLE ||
        state == WI_PLACE_HELD) {
        atomic_store_explicit(&place->thread, 0, memory_order_relaxed);
        place->told = (wi_told){.is_told = false};
    }
    WI_PROBE4(state, pool, place, before, state);
    wi_thrift_set(pool);
    atomic_store(&place->state, state);
}

wi_lease *wi_place_empty(const wi_pool *pool)
{
    wi_lease *place;

    for (int i = 0; (place = wi_place_at(pool, i)); i++) {
        if (wi_place_state_of(place) == WI_PLACE_EMPTY)
            return place;
    }
    return NULL;
}

static wi_lease *make_block(wi_pool *pool, int block, void **memory)
{
    size_t size = (size_t)block_size(block) * sizeof(wi_lease) + WI_LINE;
    wi_lease *places;

    *memory = wi_alloc_zero(pool->allocator, 1, size);
    if (!*memory)
        return NULL;
    places = (wi_lease *)(((uintptr_t)*memory + WI_LINE - 1) &
                          ~(uintptr_t)(WI_LINE - 1));
    for (int i = 0; i < block_size(block); i++) {
        places[i].pool = pool;
        places[i].number = (uint32_t)(block_size(block) - WI_FIRST_BLOCK + i);
    }
    return places;
}

weir_status wi_places_grow(wi_pool *pool)
{
    int block = atomic_load(&pool->block_count);
    wi_lease *places = NULL;
    void *memory = NULL;

    if (block == WI_BLOCKS_MAX)
        return WEIR_ERR_NOMEM;
    wi_fast_unlock(pool);
    places = make_block(pool, block, &memory);
    wi_mutex_lock(&pool->lock);
    if (!places)
        return WEIR_ERR_NOMEM;
    if (atomic_load(&pool->block_count) != block) {
        /* Somebody else was faster. */
        wi_fast_unlock(pool);
        wi_free(pool->allocator, memory);
        wi_mutex_lock(&pool->lock);
        return WEIR_OK;
    }
    pool->blocks[block] = places;
    pool->block_memory[block] = memory;
    pool->capacity += block_size(block);
    atomic_store_explicit(&pool->block_count, block + 1, memory_order_release);
    return WEIR_OK;
}

void wi_places_clear(wi_pool *pool)
{
    int blocks = atomic_load(&pool->block_count);

    atomic_store(&pool->block_count, 0);
    for (int i = 0; i < blocks; i++) {
        wi_free(pool->allocator, pool->block_memory[i]);
        pool->blocks[i] = NULL;
        pool->block_memory[i] = NULL;
    }
    pool->capacity = 0;
}

void wi_places_count(const wi_pool *pool, int counts[WI_PLACE_STATES])
{
    const wi_lease *place;

    memset(counts, 0, WI_PLACE_STATES * sizeof counts[0]);
    for (int i = 0; (place = wi_place_at(pool, i)); i++)
        counts[wi_place_state_of(place)]++;
    counts[WI_PLACE_IDLE] += counts[WI_PLACE_ASIDE];
    counts[WI_PLACE_ASIDE] = 0;
}
