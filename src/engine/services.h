/* SPDX-License-Identifier: MIT */
/*
 * What an engine lends to its driver; the functions are those of
 * <weir/sys/services.h>.
 */
#ifndef WI_ENGINE_SERVICES_H
#define WI_ENGINE_SERVICES_H

#include <stdbool.h>

#include <weir/engine.h>
#include <weir/sys/services.h>

#include "engine/log.h"
#include "engine/waits.h"

struct weir_services {
    const weir_allocator *allocator; /* never NULL */
    weir_wait_hook wait;             /* NULL: poll() */
    void *wait_context;
    wi_log log;
    struct wi_pool *pool; /* NULL: there is none */
    wi_waits *waits;      /* of the engine; NULL: there is none */
    /* Whether its work was called off; NULL: it cannot be. */
    bool (*is_off)(const void *context);
    const void *off_context;
};

#endif
