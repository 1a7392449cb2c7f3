/* SPDX-License-Identifier: MIT */
/*
 * An engine's pool, looked at: what the views of <weir/pool.h> are made of.
 */
#ifndef WI_ENGINE_POOL_VIEW_H
#define WI_ENGINE_POOL_VIEW_H

#include <weir/engine.h>

#include "pool/view.h"

/* Adds what the engine alone knows: what left the pool with its holder, and
 * loans that ended otherwise than the pool has seen. */
void wi_engine_add_own(const weir_engine *engine, weir_pool_status *status);
/* The pool's own picture, with that. `view` has room as in pool/view.h. */
void wi_engine_look(const weir_engine *engine, wi_pool_view *view);

/* "up", "suspect", …. */
const char *wi_health_name(wi_health health);

#endif
