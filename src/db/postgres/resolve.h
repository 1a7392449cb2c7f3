/* SPDX-License-Identifier: MIT */
/* Names of hosts, resolved within a deadline. */
#ifndef WPG_RESOLVE_H
#define WPG_RESOLVE_H

#include "wpg.h"

/* The lists of the transport, with names resolved. */
typedef struct wpg_addresses {
    weir_buffer hosts, ports, addresses;
} wpg_addresses;

/* Resolves what has to be, and makes the transport borrow from `out`. */
weir_status wpg_resolve(wpg_conn *conn, wpg_transport *transport,
                        int64_t deadline, wpg_addresses *out, weir_error *err);
void wpg_addresses_clear(const wpg_conn *conn, wpg_addresses *addresses);

#endif
