/* SPDX-License-Identifier: MIT */
/*
 * A link is one connection of the driver with what belongs to it: the
 * statement cache and a number for the log. It is what the pool keeps.
 *
 * wi_link_kind is the pool's view of it: open, check (pre-ping), returned
 * (made clean for the next borrower), close. All of them run on the borrower's
 * thread with no lock held.
 */
#ifndef WI_ENGINE_LINK_H
#define WI_ENGINE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/stmt_cache.h"
#include "pool/pool.h"

typedef struct wi_link {
    struct weir_engine *engine;
    const weir_driver *driver;
    void *driver_conn;
    uint64_t id; /* for the log: counted from 1 */
    bool opened; /* the driver's open() succeeded */
    /* A raw handle was handed out: nobody knows what was done to it. */
    bool escaped;
    struct weir_conn *holder; /* while it is lent */
    wi_stmt_cache stmts;
} wi_link;

/* How the pool handles links; its context is the weir_engine. */
extern const wi_resource_kind wi_link_kind;

#endif
