/* SPDX-License-Identifier: MIT */
#include "engine/result_late.h"

#include "base/check.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/result.h"

/* Closed ones that rest, so that a stale copy is told. */
enum { LATE_REST = 8 };

static weir_result *result_at(wi_list_node *node)
{
    return WI_CONTAINER(node, weir_result, by_conn);
}

void wi_results_leave(weir_conn *conn)
{
    wi_shelf *shelf = conn->shelf;
    wi_list_node *node;

    if (wi_list_is_empty(&conn->open_results))
        return;
    wi_mutex_lock(&shelf->lock);
    while ((node = wi_list_first(&conn->open_results))) {
        wi_list_remove(node);
        wi_list_append(&shelf->late, node);
        result_at(node)->constant = true;
        atomic_store(&result_at(node)->is_late, true);
    }
    wi_mutex_unlock(&shelf->lock);
}

/* Locked. The closed one that has rested longest, if there are enough. */
static void take_rested(wi_shelf *shelf, wi_list *out)
{
    wi_list_node *node;

    if (shelf->late_closed_count <= LATE_REST)
        return;
    node = wi_list_first(&shelf->late_closed);
    wi_list_remove(node);
    wi_list_append(out, node);
    shelf->late_closed_count--;
}

void wi_result_close_late(weir_result *closing)
{
    wi_shelf *shelf = closing->conn->shelf;
    wi_list rested;

    wi_list_init(&rested);
    wi_mutex_lock(&shelf->lock);
    if (closing->open) {
        closing->open = false;
        wi_list_remove(&closing->by_conn);
        wi_list_append(&shelf->late_closed, &closing->by_conn);
        shelf->late_closed_count++;
    }
    take_rested(shelf, &rested);
    wi_mutex_unlock(&shelf->lock);
    wi_result_list_free(closing->conn->engine->allocator, &rested);
}

void wi_results_late_free(const weir_allocator *allocator, wi_shelf *shelf)
{
    wi_result_list_free(allocator, &shelf->late);
    wi_result_list_free(allocator, &shelf->late_closed);
}
