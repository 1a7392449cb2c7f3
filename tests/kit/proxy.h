/* SPDX-License-Identifier: MIT */
/*
 * A proxy on loopback that does to a connection what networks do: ends it,
 * resets it, falls silent, or changes a byte, after an exact number of bytes
 * in one direction. It runs in a thread of the test and knows no protocol,
 * but can say where packets ended, so that a test may first let a story run
 * undisturbed and then break it at each of its steps.
 */
#ifndef TESTS_KIT_PROXY_H
#define TESTS_KIT_PROXY_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kit_proxy kit_proxy;

typedef enum kit_direction { KIT_TO_SERVER = 0, KIT_TO_CLIENT } kit_direction;

typedef enum kit_fault {
    KIT_CLOSE = 0, /* both ends see an orderly end */
    KIT_RESET,     /* both ends see a reset */
    KIT_STALL,     /* nothing goes through any more, on any connection; new
                      ones are taken and hear nothing */
    KIT_DOWN,      /* as RESET, for all; new ones are reset at once */
    KIT_GARBLE,    /* all bits of the byte are turned, then all goes on */
} kit_fault;

/* How bytes are cut into packets, for kit_proxy_marks(). */
typedef enum kit_framing { KIT_MYSQL = 0, KIT_POSTGRES } kit_framing;

/* Listens on a free port of 127.0.0.1 and leads to `port` there. */
kit_proxy *kit_proxy_start(int port, kit_framing framing);
int kit_proxy_port(const kit_proxy *proxy);
/* Ends all connections, the thread and the proxy. */
void kit_proxy_stop(kit_proxy **proxy);

/* From now on: lets `after` bytes pass in this direction, all connections
 * counted together, then the fault happens. Counts and marks begin anew. */
void kit_proxy_arm(kit_proxy *proxy, kit_direction direction, size_t after,
                   kit_fault fault);
/* Lets everything pass, counting anew. What a fault has stalled goes on. */
void kit_proxy_heal(kit_proxy *proxy);
/* The fault, now. (KIT_GARBLE: the next byte to the client.) */
void kit_proxy_strike(kit_proxy *proxy, kit_fault fault);
/* Whether the fault has happened. */
bool kit_proxy_has_fired(kit_proxy *proxy);
/* Bytes that have passed since kit_proxy_arm() or kit_proxy_heal(). */
size_t kit_proxy_count(kit_proxy *proxy, kit_direction direction);
/* Where packets ended, as counts of bytes. @return how many, at most `max` */
size_t kit_proxy_marks(kit_proxy *proxy, kit_direction direction, size_t *out,
                       size_t max);
/* How many connections have been taken since it was started. */
size_t kit_proxy_accepted(kit_proxy *proxy);

/* A listener on 127.0.0.1 with a free port, filled in. @return -1 */
int kit_listen(int backlog, int *port);

#endif
