/* SPDX-License-Identifier: MIT */
/*
 * The log hook is told of loans that last too long.
 */
#ifndef WI_ENGINE_LEAKS_H
#define WI_ENGINE_LEAKS_H

#include "engine/conn.h"
#include "pool/leak.h"

/* wi_resource_kind::leaked; the context is the engine. */
void wi_leak_tell(void *context, const wi_leak *leak);
/* The handle, entered, of a loan that was taken back is closed. */
void wi_leak_tell_late(const weir_conn *conn);

#endif
