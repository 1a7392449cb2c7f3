/* SPDX-License-Identifier: MIT */
/*
 * Cancel tokens, as those see them who wait. The token's lock is taken before
 * that of a pool: who waits joins before he locks the pool, and leaves after he
 * has unlocked it. A leaving waiter waits for a cancel() that is under way, so
 * his claim is there as long as it is looked at.
 */
#ifndef WI_POOL_CANCEL_H
#define WI_POOL_CANCEL_H

#include <weir/cancel.h>

#include "base/list.h"

typedef struct wi_cancel_wait {
    wi_list_node listed;
    /* The token is cancelled. Called once, with the token's lock held. */
    void (*cancel)(struct wi_cancel_wait *wait);
} wi_cancel_wait;

/* `token` may be NULL. One that is cancelled already calls at once. */
void wi_cancel_join(weir_cancel_token *token, wi_cancel_wait *wait);
void wi_cancel_leave(weir_cancel_token *token, wi_cancel_wait *wait);

#endif
