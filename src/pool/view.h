/* SPDX-License-Identifier: MIT */
/*
 * A picture of a pool at one moment: numbers, places, and who waits. It is
 * copied under the lock into memory of the caller, so that writing it down may
 * take its time.
 */
#ifndef WI_POOL_VIEW_H
#define WI_POOL_VIEW_H

#include <stdint.h>

#include <weir/engine.h>
#include <weir/error.h>

#include "pool/histogram.h"

enum { WI_TAG_SIZE = 48 };

typedef enum wi_health {
    WI_HEALTH_UP = 0,
    WI_HEALTH_SUSPECT,    /* opening has failed once, not for want of room */
    WI_HEALTH_DOWN,       /* and again */
    WI_HEALTH_RECOVERING, /* it succeeds again, and is not hurried */
} wi_health;

typedef struct wi_place_view {
    const char *state;
    char tag[WI_TAG_SIZE]; /* "" for none */
    const char *site;      /* a constant, or NULL */
    uint64_t thread;
    int64_t since_ns; /* how long it has been idle or lent */
    uint64_t loans;
    /* Of what is open in it: how long ago that was made, and how long ago it
     * last answered a question; negative: never, or nothing is open. */
    int64_t made_ns;
    int64_t asked_ns;
    const char *trust; /* "current", "suspect", "void"; NULL: nothing */
} wi_place_view;

typedef struct wi_waiter_view {
    char tag[WI_TAG_SIZE];
    const char *site;
    uint64_t thread;
    int64_t waited_ns;
} wi_waiter_view;

typedef struct wi_pool_view {
    /* In: room for so many; out: so many are there. */
    int place_count;
    int waiter_count;
    wi_place_view *places;
    wi_waiter_view *waiters; /* the oldest first */

    weir_pool_status status;
    wi_health health;
    int64_t age_ns;
    uint64_t waits; /* acquires that had to wait */
    int64_t wait_most_ns;
    weir_error last_failure;
    int64_t failure_age_ns; /* negative: opening has never failed */
    int64_t retry_ns;       /* until it is tried again; negative: it may be */
    wi_histogram_sum wait;  /* of those that waited */
    wi_histogram_sum hold;
    wi_histogram_sum connect; /* of openings that succeeded */
    int min_idle;
} wi_pool_view;

#endif
