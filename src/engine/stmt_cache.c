/* SPDX-License-Identifier: MIT */
/*
 * A hash table for finding and a list for ageing. The table is as large as
 * the limit asks for from the first statement on, so that finding one is a
 * hash, one bucket and one comparison.
 */
#include "engine/stmt_cache.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

void wi_stmt_cache_init(wi_stmt_cache *cache, const weir_allocator *allocator,
                        size_t limit)
{
    memset(cache, 0, sizeof *cache);
    cache->allocator = allocator;
    cache->limit = limit;
    wi_list_init(&cache->by_use);
}

/* ------------------------------------------------------------------ table */

static bool make_buckets(wi_stmt_cache *cache)
{
    size_t count = 16;

    if (cache->bucket_count > 0)
        return true;
    while (count < cache->limit * 2)
        count *= 2;
    cache->buckets = wi_alloc_zero(cache->allocator, count, sizeof(wi_stmt *));
    if (!cache->buckets)
        return false;
    cache->bucket_count = count;
    return true;
}

static wi_stmt **bucket_of(wi_stmt_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static wi_stmt *find(wi_stmt_cache *cache, uint64_t hash, const char *text,
                     size_t size)
{
    wi_stmt *stmt;

    if (cache->bucket_count == 0)
        return NULL;
    for (stmt = *bucket_of(cache, hash); stmt; stmt = stmt->chain) {
        if (stmt->hash == hash && stmt->text_size == size &&
            memcmp(stmt->text, text, size) == 0)
            return stmt;
    }
    return NULL;
}

static void forget(wi_stmt_cache *cache, wi_stmt *stmt)
{
    wi_stmt **link = bucket_of(cache, stmt->hash);

    while (*link != stmt)
        link = &(*link)->chain;
    *link = stmt->chain;
    wi_list_remove(&stmt->by_use);
    stmt->cached = false;
    cache->count--;
}

static void remember(wi_stmt_cache *cache, wi_stmt *stmt)
{
    wi_stmt **bucket = bucket_of(cache, stmt->hash);

    stmt->chain = *bucket;
    *bucket = stmt;
    wi_list_append(&cache->by_use, &stmt->by_use);
    stmt->cached = true;
    cache->count++;
}

/* The one that was used last is found by a single comparison: programs run
 * the same statement again and again. */
wi_stmt *wi_stmt_cache_find_last(wi_stmt_cache *cache, const char *text)
{
    wi_list_node *node = wi_list_last(&cache->by_use);
    wi_stmt *last = node ? WI_CONTAINER(node, wi_stmt, by_use) : NULL;

    return last && !last->in_use && strcmp(last->text, text) == 0 ? last : NULL;
}

/* ------------------------------------------------------------- statements */

void wi_stmt_cache_finish(wi_stmt_cache *cache, wi_stmt *stmt)
{
    if (stmt->driver_stmt)
        cache->driver->finish(stmt->driver_stmt);
    wi_columns_drop(&stmt->columns);
    wi_sql_plan_free(&stmt->plan);
    wi_free(cache->allocator, stmt->text);
    wi_free(cache->allocator, stmt->driver_stmt);
    wi_free(cache->allocator, stmt);
}

static wi_stmt *make(wi_stmt_cache *cache, const char *text, size_t size)
{
    wi_stmt *stmt = wi_alloc_zero(cache->allocator, 1, sizeof *stmt);

    if (!stmt)
        return NULL;
    stmt->text_size = size;
    stmt->text = wi_strndup(cache->allocator, text, size);
    if (!stmt->text) {
        wi_stmt_cache_finish(cache, stmt);
        return NULL;
    }
    return stmt;
}

weir_status wi_stmt_refuse_control(const wi_sql_plan *plan, weir_error *err)
{
    if (plan->verb != WI_SQL_TX_CONTROL)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "transactions are not begun or ended by SQL; use "
                          "weir_begin(), weir_commit(), weir_rollback() and "
                          "weir_savepoint_begin()");
}

/* The driver's part comes last: finish() must be called once it was asked. */
static weir_status prepare(wi_stmt_cache *cache, wi_stmt *stmt,
                           int64_t deadline, weir_error *err)
{
    weir_status status;

    status = wi_sql_plan_make(cache->dialect,
                              weir_text_span(stmt->text, stmt->text_size),
                              cache->allocator, &stmt->plan, err);
    if (status == WEIR_OK && !cache->is_own)
        status = wi_stmt_refuse_control(stmt->plan, err);
    if (status != WEIR_OK)
        return status;
    stmt->driver_stmt =
        wi_alloc_zero(cache->allocator, 1, cache->driver->stmt_size);
    if (!stmt->driver_stmt)
        return wi_error_nomem(err);
    return cache->driver->prepare(
        cache->driver_conn, weir_text_span(stmt->plan->sql, stmt->plan->size),
        stmt->driver_stmt, &stmt->info, deadline, err);
}

/* Room for one more: the oldest that nobody uses goes. If all are in use the
 * cache grows past its limit for a while. */
static void make_room(wi_stmt_cache *cache)
{
    wi_list_node *node = wi_list_first(&cache->by_use);

    while (node && cache->count >= cache->limit) {
        wi_stmt *stmt = WI_CONTAINER(node, wi_stmt, by_use);

        node = wi_list_next(&cache->by_use, node);
        if (stmt->in_use)
            continue;
        forget(cache, stmt);
        wi_stmt_cache_finish(cache, stmt);
    }
}

static bool is_plain(const wi_stmt *stmt)
{
    const wi_sql_plan *plan = stmt->plan;

    return plan->identity && plan->verb != WI_SQL_TX_CONTROL &&
           plan->driver_count == stmt->info->param_count;
}

weir_status wi_stmt_cache_take(wi_stmt_cache *cache, const char *text,
                               int64_t deadline, wi_stmt **out, weir_error *err)
{
    wi_stmt *known = wi_stmt_cache_find_last(cache, text);
    weir_status status;
    wi_stmt *stmt;
    uint64_t hash;
    size_t size;

    if (known) {
        known->in_use = 1;
        known->is_plain = is_plain(known);
        *out = known;
        return WEIR_OK;
    }
    size = strlen(text);
    hash = wi_hash_bytes(text, size);
    known = find(cache, hash, text, size);
    if (known && !known->in_use) {
        wi_list_remove(&known->by_use);
        wi_list_append(&cache->by_use, &known->by_use);
        known->in_use = 1;
        *out = known;
        return WEIR_OK;
    }
    stmt = make(cache, text, size);
    if (!stmt)
        return wi_error_nomem(err);
    stmt->hash = hash;
    status = prepare(cache, stmt, deadline, err);
    if (status != WEIR_OK) {
        wi_stmt_cache_finish(cache, stmt);
        return status;
    }
    stmt->in_use = 1;
    /* Without memory for the table the statement works, uncached. */
    if (!known && cache->limit > 0 && make_buckets(cache)) {
        make_room(cache);
        remember(cache, stmt);
    }
    *out = stmt;
    return WEIR_OK;
}

weir_status wi_stmt_cache_take_own(wi_stmt_cache *cache, const char *text,
                                   int64_t deadline, wi_stmt **out,
                                   weir_error *err)
{
    weir_status status;

    cache->is_own = true;
    status = wi_stmt_cache_take(cache, text, deadline, out, err);
    cache->is_own = false;
    return status;
}

wi_columns *wi_stmt_share_columns(wi_stmt_cache *cache, wi_stmt *stmt)
{
    if (stmt->columns && stmt->columns->generation != stmt->info->generation)
        wi_columns_drop(&stmt->columns);
    if (!stmt->columns)
        stmt->columns = wi_columns_make(stmt->info, cache->allocator);
    return stmt->columns ? wi_columns_share(stmt->columns) : NULL;
}

void wi_stmt_cache_drop(wi_stmt_cache *cache, wi_stmt *stmt)
{
    if (stmt->cached)
        forget(cache, stmt);
    wi_stmt_cache_give(cache, stmt);
}

void wi_stmt_cache_clear(wi_stmt_cache *cache)
{
    wi_list_node *node = wi_list_first(&cache->by_use);

    while (node) {
        wi_stmt *stmt = WI_CONTAINER(node, wi_stmt, by_use);

        node = wi_list_next(&cache->by_use, node);
        forget(cache, stmt);
        if (!stmt->in_use)
            wi_stmt_cache_finish(cache, stmt);
    }
}

void wi_stmt_cache_end(wi_stmt_cache *cache)
{
    wi_stmt_cache_clear(cache);
    wi_free(cache->allocator, cache->buckets);
    cache->buckets = NULL;
    cache->bucket_count = 0;
}
