/* SPDX-License-Identifier: MIT */
/*
 * Telling the program's hooks what happens to a link. The engine does so in
 * its own layer, on both sides of the pool: all kinds of pools tell alike, and
 * none of them knows.
 *
 * A record is what outlives a link: the pointer that a program keeps for the
 * place. A link takes one over from a link that was closed; so there are as
 * many as links were ever open at once.
 */
#ifndef WI_ENGINE_EVENTS_H
#define WI_ENGINE_EVENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"
#include "engine/hooks.h"
#include "pool/permit.h"

struct wi_link;
struct weir_conn;
struct weir_engine;

typedef struct wi_record {
    void *info;
    struct wi_record *next_free;
    struct wi_record *next; /* of all */
} wi_record;

typedef struct wi_events {
    wi_hooks hooks;
    /* Who opens a connection before the first has succeeded holds this permit
     * while its hooks run; so there is one at a time, and the others wait. */
    wi_permit first;
    _Atomic bool first_is_done;
    _Atomic uint64_t first_thread; /* that is in the hooks; 0: none */
    wi_mutex lock;                 /* guards what follows */
    wi_record *records;
    wi_record *free_records;
} wi_events;

/* False: no room for another lock. */
bool wi_events_init(wi_events *events, const weir_allocator *allocator);
/* Says FORGET for each record; the engine is about to be freed. */
void wi_events_clear(struct weir_engine *engine);

/* A record for a new link, as the last one left it; NULL without memory. */
wi_record *wi_record_take(struct weir_engine *engine);
/* Accepts NULL. */
void wi_record_give(struct weir_engine *engine, wi_record *record);

/* MISUSE if this thread is in a first_connect hook of the engine, which would
 * wait for itself. */
weir_status wi_events_refuse_first(const struct weir_engine *engine,
                                   weir_error *err);

/* FIRST_CONNECT, if it is that, and CONNECT of a link that was just opened.
 * The link is announced by then: it is told when it closes, whatever the
 * answer. */
weir_status wi_events_connect(struct wi_link *link, int64_t deadline,
                              weir_error *err);

/* CHECKOUT and RESET, in which hooks may use the handle. It is entered, before
 * and after; a failure of CHECKOUT is in `err`. */
weir_status wi_events_checkout(struct weir_conn *conn, weir_error *err);
void wi_events_reset(struct weir_conn *conn, const weir_reset_state *state);

/* All others; `link` may be NULL for CHECKIN. */
void wi_events_tell(struct weir_engine *engine, weir_event_kind kind,
                    const struct wi_link *link, const weir_error *reason);

#endif
