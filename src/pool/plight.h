/* SPDX-License-Identifier: MIT */
/*
 * What those are told who waited in vain: what an operator needs at three in
 * the morning, in one line.
 */
#ifndef WI_POOL_PLIGHT_H
#define WI_POOL_PLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

typedef struct wi_plight {
    const char *noun; /* of wi_resource_kind; NULL: a connection */
    int64_t waited_ns;
    int total;
    int busy;
    int idle;
    int connecting;
    int closing; /* or asked by the pool */
    int waiting;
    bool is_paused;
    bool is_held; /* somebody is the longest holder */
    const char *holder_tag;
    const char *holder_site; /* may be NULL */
    int64_t held_ns;
    const weir_error *failure; /* of the last opening; NULL: none failed */
    int64_t failure_age_ns;
} wi_plight;

/* Returns POOL_TIMEOUT. */
weir_status wi_plight_timed_out(const wi_plight *plight, weir_error *err);
/* Of an opening that failed: if there was no room for it (RESOURCE), what would
 * make some is added, so that whoever hears of it knows. */
void wi_plight_advise(weir_error *err);
/* Returns CLOSED: the pool is closed, or else drains. */
weir_status wi_plight_refused(bool is_closed, weir_error *err);
/* Returns CANCELLED. `noun` is that of the kind. */
weir_status wi_plight_cancelled(const char *noun, weir_error *err);

#endif
