/* SPDX-License-Identifier: MIT */
/*
 * What the fast core shows of itself, and what it writes down for that.
 */
#ifndef WI_POOL_FAST_VIEW_H
#define WI_POOL_FAST_VIEW_H

#include "base/clock.h"
#include "pool/fast/fast.h"

/* Who borrows says so in his place, which is BUSY and his. It stays there; what
 * is idle has no holder. A word with a NUL in it is the last. */
static inline void wi_place_sign(wi_lease *place, const char *tag,
                                 const char *site)
{
    bool ended = !tag;

    if (!WI_POOL_MEASURES)
        return;
    for (int i = 0; i < WI_TAG_SIZE / 8; i++) {
        uint64_t word = 0;

        for (int shift = 0; shift < 8 && !ended; shift++) {
            unsigned char byte = (unsigned char)tag[i * 8 + shift];

            word |= (uint64_t)byte << (8 * shift);
            ended = byte == '\0';
        }
        atomic_store_explicit(&place->tag[i], word, memory_order_relaxed);
        if (ended)
            break;
    }
    atomic_store_explicit(&place->site, site, memory_order_relaxed);
}

/* The tag of a place, which may be signed anew meanwhile. */
void wi_place_tag(const wi_lease *place, char out[WI_TAG_SIZE]);
/*
 * Counts how long a loan lasted that ends at `now_ns` of the coarse clock. Of
 * those that seem short one of WI_SAMPLE is timed exactly, and counts for as
 * many: by the coarse clock a loan of a millisecond lasts nothing or a whole
 * tick, and if such a tick counted beside the sampled ones, twice as long.
 */
static inline void wi_hold_ended(wi_lease *place, int64_t now_ns)
{
    int64_t held_ns;

    if (!WI_POOL_MEASURES)
        return;
    held_ns =
        now_ns - atomic_load_explicit(&place->since_ns, memory_order_relaxed);
    if (held_ns > WI_SHORT_NS)
        wi_histogram_add(&place->hold, held_ns, 1);
    else if (place->sampled_ns)
        wi_histogram_add(&place->hold, wi_now_ns() - place->sampled_ns,
                         WI_SAMPLE);
}

/* A place as it is at `now` of the exact clock. */
void wi_place_see(const wi_lease *place, int64_t now, wi_place_view *out);
void wi_fast_view(wi_pool *pool, wi_pool_view *view);

#endif
