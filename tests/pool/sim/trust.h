/* SPDX-License-Identifier: MIT */
/*
 * Who may be lent after a suspicion: what was opened since, or asked since and
 * has answered. When there was one is seen from the generation of the pool
 * after every step; the mutex core is not looked into.
 */
#ifndef SIM_TRUST_H
#define SIM_TRUST_H

#include <stdint.h>

#include "pool/pool.h"

void trust_begin(void);
/* After every step. */
void trust_step(const wi_pool *pool, wi_core_choice core);
/* Somebody has found this one dead, and says so. */
void trust_suspect(wi_pool *pool, wi_core_choice core, const wi_lease *lease);
/* The machine is suspended for a while; who keeps house may be told. */
void trust_suspend(void);
/* Of the port. */
int64_t trust_suspended_ns(void *context);
/* What was heard of before this event may not be lent to who comes now. */
uint64_t trust_since(const wi_pool_options *options);

#endif
