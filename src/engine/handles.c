/* SPDX-License-Identifier: MIT */
/*
 * A queue of closed handles, oldest first.
 */
#include "engine/handles.h"

#include "base/alloc.h"
#include "engine/result.h"

static weir_conn *make(weir_engine *engine)
{
    weir_conn *conn = wi_alloc_zero(engine->allocator, 1, sizeof *conn);

    if (!conn)
        return NULL;
    if (!wi_mutex_init(&conn->link_lock)) {
        wi_free(engine->allocator, conn);
        return NULL;
    }
    conn->engine = engine;
    conn->driver = engine->driver;
    wi_list_init(&conn->open_results);
    wi_list_init(&conn->free_results);
    return conn;
}

/* Locked. */
static weir_conn *take_free(weir_engine *engine)
{
    wi_list_node *node;

    if (engine->free_handle_count <= WI_HANDLE_REST)
        return NULL;
    node = wi_list_first(&engine->free_handles);
    wi_list_remove(node);
    engine->free_handle_count--;
    return WI_CONTAINER(node, weir_conn, by_engine);
}

weir_conn *wi_handle_take(weir_engine *engine)
{
    weir_conn *conn;

    wi_mutex_lock(&engine->lock);
    conn = take_free(engine);
    if (!conn) {
        wi_mutex_unlock(&engine->lock);
        conn = make(engine);
        if (!conn)
            return NULL;
        wi_mutex_lock(&engine->lock);
    }
    wi_list_append(&engine->lent_handles, &conn->by_engine);
    wi_mutex_unlock(&engine->lock);
    return conn;
}

void wi_handle_give(weir_conn *conn)
{
    weir_engine *engine = conn->engine;

    wi_mutex_lock(&engine->lock);
    wi_list_remove(&conn->by_engine);
    wi_list_append(&engine->free_handles, &conn->by_engine);
    engine->free_handle_count++;
    wi_mutex_unlock(&engine->lock);
}

weir_conn *wi_handle_to_end(weir_engine *engine)
{
    weir_conn *found = NULL;

    wi_mutex_lock(&engine->lock);
    for (wi_list_node *node = wi_list_first(&engine->lent_handles);
         node && !found; node = wi_list_next(&engine->lent_handles, node)) {
        weir_conn *conn = WI_CONTAINER(node, weir_conn, by_engine);

        if (!conn->is_ended)
            found = conn;
    }
    if (found)
        found->is_ended = true;
    wi_mutex_unlock(&engine->lock);
    return found;
}

void wi_handles_free(weir_engine *engine)
{
    wi_list_node *node = wi_list_first(&engine->free_handles);

    while (node) {
        weir_conn *conn = WI_CONTAINER(node, weir_conn, by_engine);

        node = wi_list_next(&engine->free_handles, node);
        wi_list_remove(&conn->by_engine);
        wi_results_free(conn);
        wi_free(engine->allocator, conn->tx.savepoints);
        wi_free(engine->allocator, conn->tx.xid);
        wi_mutex_clear(&conn->link_lock);
        wi_free(engine->allocator, conn);
    }
}
