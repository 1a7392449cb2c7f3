/* SPDX-License-Identifier: MIT */
/*
 * Losing and reopening: what pool/pool.h says of the functions without "fast".
 */
#ifndef WI_POOL_FAST_LOST_H
#define WI_POOL_FAST_LOST_H

#include "pool/fast/fast.h"

void wi_fast_lose(wi_pool *pool, wi_lease *place);
weir_status wi_fast_reopen(wi_pool *pool, wi_lease *place, int64_t deadline_ns,
                           weir_error *err);

#endif
