/* SPDX-License-Identifier: MIT */
/*
 * What is inside an engine: settings that hardly change, the driver's
 * instance, the pool of links, and the handles of borrowed connections.
 *
 * Life: weir_engine_open() makes it. weir_engine_close() closes the pool; if
 * connections are out, the last one given back frees the engine, else the
 * close itself does. Handles are freed with the engine and never before, so
 * that a stale copy of one can always be looked at (engine/handles.h).
 */
#ifndef WI_ENGINE_ENGINE_H
#define WI_ENGINE_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/engine.h>
#include <weir/sys/backend.h>
#include <weir/sys/driver.h>
#include <weir/url.h>

#include "base/list.h"
#include "base/sync.h"
#include "engine/events.h"
#include "engine/handles.h"
#include "engine/on_connect.h"
#include "engine/services.h"
#include "pool/permit.h"
#include "pool/pool.h"
#include "pool/port.h"

struct weir_engine {
    uint32_t magic;

    /* Set by weir_engine_open() and never changed. */
    const weir_allocator *allocator;
    weir_services services;
    const weir_backend *backend;
    const weir_driver *driver;
    weir_profile profile;
    weir_url *url;
    char *masked_url;
    weir_option_value *driver_values;
    weir_option_value *inner_values;
    void *instance;
    bool attached;

    wi_on_connect on_connect;

    weir_engine_options settings; /* as it was opened */
    /* As weir_engine_set() has changed them; guarded by `lock`. Those that are
     * asked while the engine runs follow, and are in the pool. */
    weir_engine_options live;
    _Atomic int64_t statement_timeout_ns;
    _Atomic int64_t pool_timeout_ns;
    _Atomic int64_t connect_timeout_ns; /* 0: none */
    _Atomic int pool_reset;             /* weir_reset_mode */

    wi_port port; /* of a pool whose borrowers wait by a hook */
    wi_pool *pool;
    wi_permit write_permit; /* WEIR_HAS_SINGLE_WRITER */
    wi_waits waits;         /* for servers */
    wi_events events;
    _Atomic uint64_t link_count;
    _Atomic int detached_count;
    /* What the pool does not see: handles that were closed twice, and loans
     * whose calls were ended by the pool, given back before it took them. */
    _Atomic uint64_t closed_twice;
    _Atomic uint64_t given_up;

    wi_handles handles;
    wi_mutex lock; /* guards what follows and `live` */
    bool closed;
    int holders;  /* calls in it that may outlast the pool */
    bool is_over; /* the pool is empty for good */
    /* `live` as the pool has taken it. A thread hands it on, and once more if
     * it was changed meanwhile. */
    weir_engine_options applied;
    bool is_applying;
    bool is_changed;
};

/* Whether `engine` is one; false for NULL and for anything else. */
bool wi_engine_is(const weir_engine *engine);

/* Takes the program's pointer away. NULL: there is none, or somebody else has
 * closed it. */
weir_engine *wi_engine_begin_close(weir_engine **engine);

/* The closed pool is empty: frees the engine, or leaves that to the last
 * that holds it. */
void wi_engine_end(weir_engine *engine);

/* A call in which hooks run, one of which may close the engine and give back
 * what is out: it holds the engine as long as it looks at it. */
void wi_engine_hold(weir_engine *engine);
void wi_engine_let_go(weir_engine *engine);

/* Whether the database has all of these weir_capability bits. */
static inline bool wi_engine_can(const weir_engine *engine, uint32_t bits)
{
    return (engine->profile.capabilities & bits) == bits;
}

#endif
