/* SPDX-License-Identifier: MIT */
/*
 * The prepared statements of one connection: a least-recently-used cache of
 * stated size, found by the text that the program wrote.
 *
 * Life of a statement: wi_stmt_cache_take() finds or prepares it and marks it
 * in use; wi_stmt_cache_give() ends its use. A statement in use is never
 * dropped, and the same text taken meanwhile gets a statement of its own,
 * which is finished when it is given back. Within one call several may share
 * a statement: each gives it back. A statement that a driver reported
 * stale or broken is dropped with wi_stmt_cache_drop().
 *
 * Belongs to a connection: one thread at a time.
 */
#ifndef WI_ENGINE_STMT_CACHE_H
#define WI_ENGINE_STMT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/memory.h>
#include <weir/sys/driver.h>

#include "base/check.h"
#include "base/list.h"
#include "engine/columns.h"
#include "sql/placeholders.h"

/* A prepared statement. */
typedef struct wi_stmt {
    wi_list_node by_use;   /* in wi_stmt_cache::by_use, if cached */
    struct wi_stmt *chain; /* the next one of its bucket */
    uint64_t hash;
    size_t text_size;
    char *text; /* as the program wrote it; ends with NUL */
    wi_sql_plan *plan;
    const weir_stmt_info *info; /* inside `driver_stmt` */
    wi_columns *columns;        /* NULL until a result wants them */
    void *driver_stmt;
    struct wi_stmt *beside;     /* the next one at work in the same call */
    struct weir_result *reader; /* the result whose rows it has, if any */
    bool cached;
    unsigned in_use; /* by so many: a call, results */
    bool is_plain;   /* its arguments need only be checked; once run again */
} wi_stmt;

typedef struct wi_stmt_cache {
    const weir_allocator *allocator;
    const weir_driver *driver;
    const weir_dialect *dialect;
    void *driver_conn;
    size_t limit; /* statements kept; 0: none */
    size_t count;
    wi_list by_use; /* least recently used first */
    wi_stmt **buckets;
    size_t bucket_count; /* a power of two, 0 while there are none */
    bool is_own;         /* what is being taken is the library's */
} wi_stmt_cache;

/* Makes an empty cache; allocates nothing yet. */
void wi_stmt_cache_init(wi_stmt_cache *cache, const weir_allocator *allocator,
                        size_t limit);

/* The statement that was used last, if it is of `text` and not in use. */
WEIR_HOT wi_stmt *wi_stmt_cache_find_last(wi_stmt_cache *cache,
                                          const char *text);

/* Finds the statement of `text`, or scans and prepares it. On success it is
 * in use. The error is the scanner's, the driver's or NOMEM. */
weir_status wi_stmt_cache_take(wi_stmt_cache *cache, const char *text,
                               int64_t deadline, wi_stmt **out,
                               weir_error *err);

/* The same for a statement of the library's own, which may begin and end
 * things: from a program's text wi_stmt_refuse_control() keeps those away. */
weir_status wi_stmt_cache_take_own(wi_stmt_cache *cache, const char *text,
                                   int64_t deadline, wi_stmt **out,
                                   weir_error *err);

/* MISUSE for a plan that begins or ends a transaction or savepoint. */
weir_status wi_stmt_refuse_control(const wi_sql_plan *plan, weir_error *err);

/* The facts of its columns as they are now, for one more owner; NULL if there
 * is no memory. */
wi_columns *wi_stmt_share_columns(wi_stmt_cache *cache, wi_stmt *stmt);

/* Ends the life of a statement that is neither cached nor in use. */
void wi_stmt_cache_finish(wi_stmt_cache *cache, wi_stmt *stmt);

/* One use more of a statement that is in use. */
static inline void wi_stmt_share(wi_stmt *stmt)
{
    WI_ASSERT(stmt->in_use);
    stmt->in_use++;
}

/* Ends the use of a statement; its execution has been ended before. */
static inline void wi_stmt_cache_give(wi_stmt_cache *cache, wi_stmt *stmt)
{
    WI_ASSERT(stmt->in_use);
    stmt->in_use--;
    if (stmt->in_use == 0 && !stmt->cached)
        wi_stmt_cache_finish(cache, stmt);
}

/* Ends the use of a statement and forgets it. */
void wi_stmt_cache_drop(wi_stmt_cache *cache, wi_stmt *stmt);

/* Finishes all statements that are not in use (before a connection closes, or
 * after a reset that lost them) and forgets those that are, so that they are
 * finished when given back. */
void wi_stmt_cache_clear(wi_stmt_cache *cache);

/* Clears the cache and gives its memory back; nothing is in use. */
void wi_stmt_cache_end(wi_stmt_cache *cache);

#endif
