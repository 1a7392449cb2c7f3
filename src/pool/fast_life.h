/* SPDX-License-Identifier: MIT */
/*
 * A pool of the fast core from its beginning to its end: what pool/pool.h says
 * of the functions without "fast".
 */
#ifndef WI_POOL_FAST_LIFE_H
#define WI_POOL_FAST_LIFE_H

#include "pool/fast.h"

wi_pool *wi_fast_new(const wi_resource_kind *kind, void *context,
                     const wi_pool_options *options, weir_error *err);
void wi_fast_free(wi_pool **pool);
weir_status wi_fast_set(wi_pool *pool, const wi_pool_options *options);
void wi_fast_invalidate(wi_pool *pool);
void wi_fast_suspect(wi_pool *pool, const wi_lease *place);
void wi_fast_dispose(wi_pool *pool);
bool wi_fast_close(wi_pool *pool);
void wi_fast_status(wi_pool *pool, weir_pool_status *out);

#endif
