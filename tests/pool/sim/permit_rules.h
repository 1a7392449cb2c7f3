/* SPDX-License-Identifier: MIT */
/*
 * The book of the story of the permit (permit.h): who has it, who waits for
 * what, and whether its time is over; and the rules that judge by it.
 */
#ifndef SIM_PERMIT_RULES_H
#define SIM_PERMIT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/permit.h"
#include "server.h"
#include "world.h"

enum {
    WRITERS_MAX = 5,
    ROUNDS_MAX = 16,
    CONNS_MAX = 2,
    TOKENS_MAX = WRITERS_MAX * (ROUNDS_MAX + 2),
};

/* Of the permit: a writer by his number, or one of these. */
enum { NOBODY = -1, RECEIVER = WRITERS_MAX };

typedef enum thing { PERMIT = 0, CONN, THINGS, NOTHING } thing;

typedef struct writer {
    int number;
    int task;
    int rounds;
    thing wish;
    int64_t deadline_ns; /* these four of his asking for the permit */
    int64_t began_ns;
    uint64_t entered; /* in events */
    int serial;
    int ahead[WRITERS_MAX]; /* the serials of those who waited then; or 0 */
    int served;             /* how often he had been handed something then */
    bool was_free;          /* and nobody else wanted it */
    int wishes;             /* how many there had ever been then */
    int refusals;           /* of memory, then */
    weir_cancel_token *token;
    int64_t quit_ns; /* when it was cancelled */
    wi_lease *conns[CONNS_MAX];
    int conn_count;
} writer;

typedef struct permit_scene {
    wi_permit permit;
    server server;
    wi_pool_options options;
    wi_pool *pool;
    writer writers[WRITERS_MAX];
    int writer_count;
    int running;
    int holder;       /* of the permit */
    int signer;       /* whose thread has it, as far as the permit knows */
    int returning;    /* who are about to give it back */
    int wishes;       /* for it, ever */
    bool is_brief;    /* it ends when it has hardly begun */
    int enders;       /* that have begun */
    uint64_t over;    /* when its end was over, in events; 0: it is not */
    bool is_unwanted; /* nobody had ever been given it then */
    int64_t given_ns[TASKS_MAX]; /* when a thread was last given memory */
    int blocks;                  /* of memory that the permit has */
    int refusals;                /* of more */
    weir_cancel_token *tokens[TOKENS_MAX]; /* all that there ever were */
    int token_count;
    int64_t told_ns;    /* when somebody was told of a circle last */
    int64_t changed_ns; /* when something came to its end by itself */
} permit_scene;

extern permit_scene scene;

/* Asleep, and nothing is on its way to him. */
bool permit_waits(const writer *one, thing wish);

/* After every step; when nobody can run. */
void permit_step(void *context);
void permit_idle(void *context);
/* Of what the permit has answered. */
void permit_judge(const writer *self, weir_status status);
/* The same if he had it already: who waits for himself does not wait. */
void permit_own(const writer *self, weir_status status, bool has_it);
/* Somebody was told of a circle, by the permit or by the pool. He has not gone
 * on since, but other things may have changed. */
void permit_told(const writer *self);

#endif
