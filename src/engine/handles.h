/* SPDX-License-Identifier: MIT */
/*
 * The handles of an engine's connections: made when none is free, kept until
 * the engine is freed. A closed handle is used again only after
 * WI_HANDLE_REST others, so that a stale copy is not mistaken for a new loan.
 *
 * They stand on shelves, each of which has a lock and memory of its own. A
 * thread takes from its own shelf, and what is closed goes back to where it
 * came from: threads that borrow at the same time share nothing here.
 */
#ifndef WI_ENGINE_HANDLES_H
#define WI_ENGINE_HANDLES_H

#include <stdbool.h>

#include "base/list.h"
#include "base/sync.h"

struct weir_conn;
struct weir_engine;
struct wi_lease;

enum {
    WI_HANDLE_REST = 8,
    WI_SHELVES = 8,
    WI_SHELF_SIZE = 128, /* bytes: processors fetch lines in pairs */
};

typedef union wi_shelf {
    struct {
        wi_mutex lock; /* guards what follows */
        wi_list free;  /* weir_conn::by_shelf, the oldest first */
        wi_list lent;
        int free_count;
        /* result_late.h: weir_result::by_conn */
        wi_list late;
        wi_list late_closed;
        int late_closed_count;
    };
    char apart[WI_SHELF_SIZE];
} wi_shelf;

typedef struct wi_handles {
    wi_shelf shelves[WI_SHELVES];
} wi_handles;

/* False: no room for a lock. */
bool wi_handles_init(wi_handles *handles);
/* Frees all handles; none is lent. */
void wi_handles_clear(struct weir_engine *engine);
/* In a forked child: nobody holds a lock. A list that another thread was at
 * may be in pieces, and is left alone. */
void wi_handles_forget(wi_handles *handles);

/* A closed handle for a new loan; NULL if there is no memory. */
struct weir_conn *wi_handle_take(struct weir_engine *engine);
/* Puts a closed handle back at the end of the queue. */
void wi_handle_give(struct weir_conn *conn);

/* One that is lent and was not told yet that the time is over, or NULL. It is
 * there as long as the engine. */
struct weir_conn *wi_handle_to_end(struct weir_engine *engine);
/* The one that was lent with this lease, or NULL. It is there as long as the
 * engine, and may be another's the next moment. */
struct weir_conn *wi_handle_of(struct weir_engine *engine,
                               const struct wi_lease *lease);

#endif
