/* SPDX-License-Identifier: MIT */
/*
 * What the fast core shows of itself, and what it writes down for that.
 */
#ifndef WI_POOL_FAST_VIEW_H
#define WI_POOL_FAST_VIEW_H

#include "pool/fast.h"

/* Who borrows says so in his place, which is BUSY and his; NULL: nobody. */
void wi_place_sign(wi_lease *place, const char *tag, const char *site);
/* The tag of a place, which may be signed anew meanwhile. */
void wi_place_tag(const wi_lease *place, char out[WI_TAG_SIZE]);
/* Counts how long a loan lasted that ends at `now_ns` of the coarse clock. */
void wi_hold_ended(const wi_pool *pool, wi_lease *place, int64_t now_ns);
void wi_fast_view(wi_pool *pool, wi_pool_view *view);

#endif
