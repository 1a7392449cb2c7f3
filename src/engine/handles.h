/* SPDX-License-Identifier: MIT */
/*
 * The handles of an engine's connections: made when none is free, kept until
 * the engine is freed. A closed handle is used again only after
 * WI_HANDLE_REST others, so that a stale copy is not mistaken for a new loan.
 */
#ifndef WI_ENGINE_HANDLES_H
#define WI_ENGINE_HANDLES_H

#include "engine/conn.h"
#include "engine/engine.h"

enum { WI_HANDLE_REST = 8 };

/* A closed handle for a new loan; NULL if there is no memory. */
weir_conn *wi_handle_take(weir_engine *engine);

/* Puts a closed handle back at the end of the queue. */
void wi_handle_give(weir_conn *conn);

/* One that is lent and was not told yet that the time is over, or NULL. It is
 * there as long as the engine. */
weir_conn *wi_handle_to_end(weir_engine *engine);

/* Frees all handles; none is lent. */
void wi_handles_free(weir_engine *engine);

#endif
