/* SPDX-License-Identifier: MIT */
/*
 * Shelves of closed handles, the oldest first.
 */
#include "engine/handles.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/check.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "engine/result_late.h"

static weir_conn *conn_at(wi_list_node *node)
{
    return WI_CONTAINER(node, weir_conn, by_shelf);
}

/* -------------------------------------------------------------------- life */

static void empty(wi_shelf *shelf)
{
    wi_list_init(&shelf->free);
    wi_list_init(&shelf->lent);
    wi_list_init(&shelf->late);
    wi_list_init(&shelf->late_closed);
    shelf->free_count = shelf->late_closed_count = 0;
}

bool wi_handles_init(wi_handles *handles)
{
    for (int i = 0; i < WI_SHELVES; i++) {
        empty(&handles->shelves[i]);
        if (wi_mutex_init(&handles->shelves[i].lock))
            continue;
        while (i-- > 0)
            wi_mutex_clear(&handles->shelves[i].lock);
        return false;
    }
    return true;
}

static bool make_locks(weir_conn *conn)
{
    if (!wi_mutex_init(&conn->link_lock))
        return false;
    if (wi_cancel_token_init(&conn->turn))
        return true;
    wi_mutex_clear(&conn->link_lock);
    return false;
}

static weir_conn *make(weir_engine *engine, wi_shelf *shelf)
{
    weir_conn *conn = wi_alloc_zero(engine->allocator, 1, sizeof *conn);

    if (!conn)
        return NULL;
    if (!make_locks(conn)) {
        wi_free(engine->allocator, conn);
        return NULL;
    }
    conn->engine = engine;
    conn->driver = engine->driver;
    conn->shelf = shelf;
    wi_list_init(&conn->open_results);
    wi_list_init(&conn->free_results);
    return conn;
}

static void free_handle(weir_conn *conn)
{
    const weir_allocator *allocator = conn->engine->allocator;

    wi_results_free(conn);
    wi_free(allocator, conn->tx.savepoints);
    wi_free(allocator, conn->tx.xid);
    wi_cancel_token_clear(&conn->turn);
    wi_mutex_clear(&conn->link_lock);
    wi_free(allocator, conn);
}

void wi_handles_clear(weir_engine *engine)
{
    wi_list_node *node;

    _Static_assert(sizeof(wi_shelf) == WI_SHELF_SIZE, "they are apart");
    for (int i = 0; i < WI_SHELVES; i++) {
        wi_shelf *shelf = &engine->handles.shelves[i];

        while ((node = wi_list_first(&shelf->free))) {
            wi_list_remove(node);
            free_handle(conn_at(node));
        }
        wi_results_late_free(engine->allocator, shelf);
        wi_mutex_clear(&shelf->lock);
    }
}

/* Who was taking a handle from its borrower is not there any more. */
static void forget_taken(wi_shelf *shelf)
{
    for (wi_list_node *node = wi_list_first(&shelf->lent); node;
         node = wi_list_next(&shelf->lent, node)) {
        uint32_t taken = WI_CONN_TAKEN;

        (void)atomic_compare_exchange_strong(&conn_at(node)->state, &taken,
                                             WI_CONN_FORKED);
    }
}

void wi_handles_forget(wi_handles *handles)
{
    for (int i = 0; i < WI_SHELVES; i++) {
        wi_shelf *shelf = &handles->shelves[i];

        if (wi_mutex_try_lock(&shelf->lock))
            forget_taken(shelf);
        else
            empty(shelf);
        (void)wi_mutex_init(&shelf->lock);
    }
}

/* ------------------------------------------------------------------- loans */

/* The shelf of this thread, of any engine: one after the other has the next. */
static int number_of_shelf(void)
{
    static _Atomic unsigned threads;
    static _Thread_local unsigned mine
        __attribute__((tls_model("initial-exec"))); /* 0: none yet */

    if (mine == 0)
        mine = atomic_fetch_add(&threads, 1) % WI_SHELVES + 1;
    return (int)mine - 1;
}

/* Locked. */
static weir_conn *take_free(wi_shelf *shelf)
{
    wi_list_node *node;

    if (shelf->free_count <= WI_HANDLE_REST)
        return NULL;
    node = wi_list_first(&shelf->free);
    wi_list_remove(node);
    shelf->free_count--;
    return conn_at(node);
}

weir_conn *wi_handle_take(weir_engine *engine)
{
    wi_shelf *shelf = &engine->handles.shelves[number_of_shelf()];
    weir_conn *conn;

    wi_mutex_lock(&shelf->lock);
    conn = take_free(shelf);
    if (!conn) {
        wi_mutex_unlock(&shelf->lock);
        conn = make(engine, shelf);
        if (!conn)
            return NULL;
        wi_mutex_lock(&shelf->lock);
    }
    wi_list_append(&shelf->lent, &conn->by_shelf);
    wi_mutex_unlock(&shelf->lock);
    return conn;
}

void wi_handle_give(weir_conn *conn)
{
    wi_shelf *shelf = conn->shelf;

    wi_mutex_lock(&shelf->lock);
    wi_list_remove(&conn->by_shelf);
    wi_list_append(&shelf->free, &conn->by_shelf);
    shelf->free_count++;
    wi_mutex_unlock(&shelf->lock);
}

static weir_conn *find_to_end(wi_shelf *shelf)
{
    weir_conn *found = NULL;

    wi_mutex_lock(&shelf->lock);
    for (wi_list_node *node = wi_list_first(&shelf->lent); node && !found;
         node = wi_list_next(&shelf->lent, node)) {
        if (!conn_at(node)->is_ended)
            found = conn_at(node);
    }
    if (found)
        found->is_ended = true;
    wi_mutex_unlock(&shelf->lock);
    return found;
}

weir_conn *wi_handle_to_end(weir_engine *engine)
{
    weir_conn *found = NULL;

    for (int i = 0; i < WI_SHELVES && !found; i++)
        found = find_to_end(&engine->handles.shelves[i]);
    return found;
}

static weir_conn *find_lent(wi_shelf *shelf, const wi_lease *lease)
{
    weir_conn *found = NULL;

    wi_mutex_lock(&shelf->lock);
    for (wi_list_node *node = wi_list_first(&shelf->lent); node && !found;
         node = wi_list_next(&shelf->lent, node)) {
        if (atomic_load(&conn_at(node)->lease) == lease)
            found = conn_at(node);
    }
    wi_mutex_unlock(&shelf->lock);
    return found;
}

weir_conn *wi_handle_of(weir_engine *engine, const wi_lease *lease)
{
    weir_conn *found = NULL;

    for (int i = 0; i < WI_SHELVES && !found; i++)
        found = find_lent(&engine->handles.shelves[i], lease);
    return found;
}
