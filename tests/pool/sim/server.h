/* SPDX-License-Identifier: MIT */
/*
 * The server of the simulation, and its driver. What it does at its n-th
 * connect is a function of the seed and n, not of who asks or when, so that
 * two cores can be given the same server. It knows who holds each session and
 * notices what no pool may do to it.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/pool.h"

enum { SESSIONS_MAX = 512 };

typedef struct session {
    bool open;
    bool dirty;        /* cannot be cleaned when it returns */
    bool ended;        /* must not be lent again */
    uint64_t begun;    /* when its connect began, in events */
    uint64_t heard_of; /* it answered what was asked then, in events */
    int holder;        /* -1: nobody */
    int64_t dies_ns;
} session;

/* In percent, of connects and sessions. */
typedef struct server_moods {
    int slow;
    int refused;
    int hanging;
    int mortal;
    int stuck; /* the resolver is, before the connect begins */
    bool slow_closes;
} server_moods;

static inline bool server_is_sound(const server_moods *moods)
{
    return moods->slow + moods->refused + moods->hanging + moods->mortal +
                   moods->stuck ==
               0 &&
           !moods->slow_closes;
}

typedef struct server {
    uint64_t seed;
    server_moods moods;
    session sessions[SESSIONS_MAX];
    int connects; /* begun */
    int opening;  /* at this moment */
    int stuck;    /* … and not counted by the pool any more */
    wi_pool *pool;
    int64_t try_ns; /* somebody has to connect then; 0: nobody has */
    int tried;      /* connects when that was known */
    int opened;
    int refused;
    int closed;
    int now;             /* open, or on the way */
    void (*ended)(void); /* told when the pool's own threads end it */
    int limit;           /* of the pool */
    int ceiling; /* what may still be there after the limit was lowered */
} server;

void server_begin(server *self, uint64_t seed, const server_moods *moods,
                  int limit);
/* The pool has another limit: before it is raised, after it was lowered. */
void server_set_limit(server *self, int limit);
/* So many places of the pool are taken at a moment when nothing happens: with
 * no more than the limit, a former one is of no meaning any more. */
void server_settled(server *self, int places);
/* After every step. */
void server_check(server *self);
/* Somebody waits at such a moment, the pool has so many openings and threads:
 * one that is stuck is not all that is done for him. In an outage it is tried
 * again after that time, if not negative. */
void server_check_begun(server *self, int connecting, int threads,
                        int64_t retry_ns);
int server_number(const server *self, const void *resource);
bool server_is_dead(const void *resource);
/* When the server closes a session, whose number is its socket. */
int64_t server_hang_up_ns(const server *self, int number);
/* Somebody has it now; nobody has it any more. */
void server_lent(void *resource, int holder);
void server_returned(void *resource, int holder);

extern const wi_resource_kind server_kind; /* its context is a server */
/* The same with sockets that can be watched. */
extern const wi_resource_kind server_kind_watched;

#endif
