/* SPDX-License-Identifier: MIT */
/*
 * Cancel tokens, as those see them who wait. The token's lock is taken before
 * that of a pool: who waits joins before he locks the pool, and leaves after he
 * has unlocked it. A leaving waiter waits for a cancel() that is under way, so
 * his claim is there as long as it is looked at.
 */
#ifndef WI_POOL_CANCEL_H
#define WI_POOL_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/cancel.h>

#include "base/list.h"
#include "base/sync.h"

typedef struct wi_cancel_wait {
    wi_list_node listed;
    /* The token is cancelled. Called once, with the token's lock held. */
    void (*cancel)(struct wi_cancel_wait *wait);
} wi_cancel_wait;

struct weir_cancel_token {
    wi_mutex lock; /* guards the list, and the step to cancelled */
    wi_list waits;
    atomic_bool is_cancelled;
};

/* One that is a part of something else; false: the system has no lock left. */
bool wi_cancel_token_init(weir_cancel_token *token);
void wi_cancel_token_clear(weir_cancel_token *token);
/* Not cancelled any more. Nobody waits with it. */
void wi_cancel_token_renew(weir_cancel_token *token);

/* `token` may be NULL. One that is cancelled already calls at once. */
void wi_cancel_join(weir_cancel_token *token, wi_cancel_wait *wait);
void wi_cancel_leave(weir_cancel_token *token, wi_cancel_wait *wait);

#endif
