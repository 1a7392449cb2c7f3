/* SPDX-License-Identifier: MIT */
/*
 * The pool's port for an engine that has a wait hook: who waits for a
 * connection waits for an eventfd, by the hook, so that whatever else the
 * program runs on that thread goes on. He stands in the same queue as all.
 *
 * Who waits may go on on another thread than the one that he began on, and
 * several may wait on one; so nothing here belongs to a thread.
 */
#ifndef WI_ENGINE_HOOK_PORT_H
#define WI_ENGINE_HOOK_PORT_H

#include "engine/services.h"
#include "pool/port.h"

/* The port of these services, which outlive it. Without a hook, or where there
 * are no eventfds, it is the native one. */
void wi_hook_port_init(wi_port *port, const weir_services *services);

#endif
