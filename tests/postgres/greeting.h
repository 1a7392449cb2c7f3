/* SPDX-License-Identifier: MIT */
/* How a PostgreSQL server that is played lets everybody in. */
#ifndef WEIR_TESTS_POSTGRES_GREETING_H
#define WEIR_TESTS_POSTGRES_GREETING_H

#include <stdio.h>

#include "kit/peer.h"

static inline bool greet_parameter(kit_peer *peer, const char *name,
                                   const char *value)
{
    char text[128];
    size_t size = (size_t)snprintf(text, sizeof text, "%s%c%s", name, 0, value);

    return kit_say_packet(peer, 'S', text, size + 1);
}

/* Session 1, whose secret is 2. */
static inline bool greet_postgres(kit_peer *peer)
{
    return kit_say_packet(peer, 'R', "\0\0\0\0", 4) &&
           greet_parameter(peer, "client_encoding", "UTF8") &&
           greet_parameter(peer, "integer_datetimes", "on") &&
           greet_parameter(peer, "standard_conforming_strings", "on") &&
           greet_parameter(peer, "server_version", "15.0") &&
           kit_say_packet(peer, 'K', "\0\0\0\1\0\0\0\2", 8) &&
           kit_say_packet(peer, 'Z', "I", 1);
}

#endif
