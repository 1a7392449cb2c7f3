/* SPDX-License-Identifier: MIT */
/*
 * An engine's pool, looked at: what the views of <weir/pool.h> are made of.
 */
#ifndef WI_ENGINE_POOL_VIEW_H
#define WI_ENGINE_POOL_VIEW_H

#include <weir/engine.h>

#include "pool/view.h"

/* The pool's own picture, and what left the pool with its holder, which the
 * engine knows alone. `view` has room as in pool/view.h. */
void wi_engine_look(const weir_engine *engine, wi_pool_view *view);

/* "up", "suspect", …. */
const char *wi_health_name(wi_health health);

#endif
