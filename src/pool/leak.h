/* SPDX-License-Identifier: MIT */
/*
 * What is told of a loan that lasts too long: that it does (once), and what
 * became of it: wi_resource_kind::leaked, by a thread of the pool or by who
 * gives it back.
 *
 * The pool only finds it out. Who may take it from its borrower, and how, knows
 * whoever made the resource: wi_resource_kind::reclaim takes it and ends it.
 * False: not now, since it is in use, or on its way back; that may be so at any
 * moment, and whoever holds it decides. True: its borrower never comes to the
 * pool with that loan again but to release it by its serial, with DISCARD,
 * which is too late then.
 */
#ifndef WI_POOL_LEAK_H
#define WI_POOL_LEAK_H

#include <stdint.h>

#include "pool/pool.h"
#include "pool/view.h"

typedef enum wi_leak_news {
    WI_LEAK_FOUND = 0, /* it lasts for longer than leak_ns */
    WI_LEAK_RETURNED,  /* it was given back after all */
    WI_LEAK_RECLAIMED, /* it was taken from its borrower */
    WI_LEAK_IN_USE,    /* it was to be, and a call is under way */
} wi_leak_news;

typedef struct wi_leak {
    wi_leak_news news;
    char tag[WI_TAG_SIZE]; /* "" for none */
    const char *site;      /* a constant, or NULL */
    uint64_t thread;       /* that borrowed, or used it last */
    int64_t age_ns;
    int64_t limit_ns; /* which of the two it is beyond */
    /* Which loan it is; it may be over at any time. */
    wi_lease *lease;
    uint64_t loan;
    int refusals; /* how often reclaim() has said no before */
} wi_leak;

#endif
