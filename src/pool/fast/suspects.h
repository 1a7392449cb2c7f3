/* SPDX-License-Identifier: MIT */
/*
 * What died with one connection. What a server took from one it may have taken
 * from all: when one is found dead, all that are as old are suspects, and none
 * of them is lent unless it was asked since.
 *
 * Generations tell. A suspicion raises that of the pool; a place that answers
 * gets the one that the pool had when it was asked. What is older than
 * `valid_from` is void: it is not asked, but ended. Whoever invalidates makes
 * void, and so does a suspicion that turns out to be true of several.
 *
 * With threads those that are idle are asked at once, a few at a time, held
 * meanwhile: who comes then gets one that is known to be alive, a new one, or
 * the first that answers. What is lent is asked when it comes back. Without
 * threads, or if there can be none, whoever borrows one asks.
 *
 * However many there are, a server that has restarted costs the time of one
 * question, and one that is silent the limit of one: after WI_DEAD_MAX that
 * are dead, or one that does not answer, the rest is void.
 */
#ifndef WI_POOL_FAST_SUSPECTS_H
#define WI_POOL_FAST_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

struct wi_lease;
struct wi_pool;

/* Of a pool; guarded by its lock. */
typedef struct wi_suspects {
    struct wi_lease *to_ask; /* HELD, by next_in_line */
    int unanswered;          /* in that line, or being asked */
    int askers;              /* threads that ask them */
    int dead;                /* of those asked since the last suspicion */
    bool is_put_off;         /* there was no thread */
} wi_suspects;

/* By who owns the place. It is never lent again. */
bool wi_is_void(const struct wi_pool *pool, const struct wi_lease *place);
/* By who owns the place. It may be lent once it has answered. */
bool wi_is_suspect(const struct wi_pool *pool, const struct wi_lease *place);

/* Locked. This one was found dead; the first of an age counts. */
void wi_suspect(struct wi_pool *pool, const struct wi_lease *place);
/* Locked. All that are open now are suspects. */
void wi_suspect_all(struct wi_pool *pool);
/* Locked. All that are open now are void. */
void wi_make_void(struct wi_pool *pool);
/* Locked. Has a suspect that is BUSY or HELD asked by a thread of the pool,
 * which it belongs to then. False: there is none. */
bool wi_suspect_hand_over(struct wi_pool *pool, struct wi_lease *place);
/* Locked. A suspect was asked when the pool was of that generation, and given
 * all the time that a question may take. */
void wi_suspect_answered(struct wi_pool *pool, struct wi_lease *place,
                         uint32_t generation, weir_status status);
/* Locked. Those in the line that may not stay are idle, and can be closed. */
void wi_suspects_end(struct wi_pool *pool);
/* Locked. Has idle ones asked that there was no thread for. */
void wi_suspects_visit(struct wi_pool *pool);

#endif
