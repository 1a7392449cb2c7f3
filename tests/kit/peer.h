/* SPDX-License-Identifier: MIT */
/*
 * A server that a test plays itself: hostile, broken, or of a kind that is
 * not on this machine. The test writes a function that is run once for each
 * connection, in a thread of its own, and says and hears bytes.
 */
#ifndef TESTS_KIT_PEER_H
#define TESTS_KIT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kit/proxy.h" /* kit_framing */

/* One connection, as the server sees it. */
typedef struct kit_peer kit_peer;
/* The server. */
typedef struct kit_stage kit_stage;

/* What is played; the connection ends when it returns. */
typedef void (*kit_play)(kit_peer *peer, void *context);

kit_stage *kit_stage_start(kit_framing framing, kit_play play, void *context);
int kit_stage_port(const kit_stage *stage);
/* Ends what still waits in kit_hear(), joins all threads. */
void kit_stage_stop(kit_stage **stage);
/* Whether a client has ever sent these bytes. */
bool kit_stage_has_heard(kit_stage *stage, const char *text);
/* How many bytes all clients have sent; connections that have come. */
size_t kit_stage_heard(kit_stage *stage);
size_t kit_stage_accepted(kit_stage *stage);

/* A message: without its head; for PostgreSQL `type` is its first byte, or 0
 * for the message that begins a connection. Borrowed until the next. */
typedef struct kit_message {
    uint8_t type;
    uint8_t sequence; /* MySQL's */
    const uint8_t *data;
    size_t size;
} kit_message;

/* @return false: the client has gone, or the stage is to stop */
bool kit_hear(kit_peer *peer, kit_message *out);
/* Bytes as they are. @return false as above */
bool kit_say(kit_peer *peer, const void *data, size_t size);
/* A MySQL packet with its number, or a PostgreSQL message with its type. */
bool kit_say_packet(kit_peer *peer, uint8_t sequence_or_type, const void *data,
                    size_t size);
/* Says nothing until the stage stops or the client goes. */
void kit_be_silent(kit_peer *peer);
/* Hangs up and refuses what still comes: the other end has a broken pipe. */
void kit_refuse(kit_peer *peer);

#endif
