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

#include "engine/events.h"
#include "engine/stmt_cache.h"
#include "pool/pool.h"

typedef struct wi_link {
    struct weir_engine *engine;
    const weir_driver *driver;
    void *driver_conn;
    uint64_t id; /* for the log: counted from 1 */
    bool opened; /* the driver's open() succeeded */
    int fd;      /* its socket, which stays the same; -1: it has none */
    /* A raw handle was handed out: nobody knows what was done to it. */
    bool escaped;
    struct weir_conn *holder; /* while it is lent */
    const char *tag;          /* of the loan; the borrower's text */
    wi_stmt_cache stmts;
    /* What the program's hooks are told, and have done: engine/events.h. */
    void *info;
    wi_record *record; /* NULL: detached */
    bool is_announced; /* hooks have heard of it, so they hear of its end */
    bool is_dressed;   /* they have changed the session; a reset loses that */
    bool is_spent;     /* not lent again */
    bool is_detached;  /* its holder's, not the pool's */
} wi_link;

/* Asks the server whether it is there. */
weir_status wi_link_ping(wi_link *link, int64_t deadline, weir_error *err);

/* How the pool handles links; its context is the weir_engine. */
extern const wi_resource_kind wi_link_kind;

#endif
