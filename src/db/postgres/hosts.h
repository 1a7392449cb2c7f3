/* SPDX-License-Identifier: MIT */
/*
 * The lists of hosts, addresses and ports that libpq goes through while it
 * connects, and where in them it is.
 */
#ifndef WPG_HOSTS_H
#define WPG_HOSTS_H

#include "wpg.h"

size_t wpg_hosts_count(const wpg_transport *transport);

/* Which one it is trying, counted from 0; the last if that is not known. */
size_t wpg_hosts_at(const wpg_transport *transport, const PGconn *pg);

/* Forgets those up to and with `last`; there must be more. */
void wpg_hosts_skip(wpg_transport *transport, size_t last);

#endif
