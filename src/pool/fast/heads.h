/* SPDX-License-Identifier: MIT */
/*
 * The heads of pools, which outlive them, and what a fork leaves behind.
 */
#ifndef WI_POOL_FAST_HEADS_H
#define WI_POOL_FAST_HEADS_H

#include "pool/fast/fast.h"

/* A head for a pool, with a serial of its own; NULL: no memory. */
wi_pool *wi_head_take(void);
/* From now on a forked child knows of it. */
void wi_head_publish(wi_pool *pool);
void wi_head_give(wi_pool *pool);
/* Locked, and outside in between. Abandons what was inherited. */
void wi_abandon_inherited(wi_pool *pool);

#endif
