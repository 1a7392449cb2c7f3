/* SPDX-License-Identifier: MIT */
/*
 * What is still out when a pool was to be empty, as the message of an error:
 * how many, and those that are out longest with tag and call site.
 */
#ifndef WI_POOL_LEFTOVERS_H
#define WI_POOL_LEFTOVERS_H

#include <stdint.h>

#include <weir/error.h>

#include "pool/view.h"

enum { WI_LEFTOVERS_SHOWN = 3 };

/* All zero to begin with. */
typedef struct wi_leftovers {
    int out;     /* lent, lost in their loan included */
    int moving;  /* being opened or closed */
    int waiting; /* threads */
    int64_t waited_ns;
    int shown_count;
    wi_place_view shown[WI_LEFTOVERS_SHOWN]; /* the longest first */
} wi_leftovers;

/* One that is out, by its tag, site and since_ns. */
void wi_leftovers_add(wi_leftovers *leftovers, const wi_place_view *place);
/* @return TIMEOUT */
weir_status wi_leftovers_tell(const wi_leftovers *leftovers, weir_error *err);

#endif
