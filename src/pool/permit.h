/* SPDX-License-Identifier: MIT */
/*
 * The right of which there is one: first come first served, with a deadline.
 * SQLite's writer takes it before it begins, in place of retrying on BUSY.
 *
 * It is a pool of one place, and what is lent is the right itself. So a writer
 * waits as everybody does: in the order of coming, until an exact time, by the
 * program's wait hook, until its token is cancelled; and who waits for a right
 * that could never come back is told at once (pool/nest.h). That pool begins
 * with the first who wants it: most databases have no use for one.
 *
 * It is taken by a thread and may be given back by another.
 */
#ifndef WI_POOL_PERMIT_H
#define WI_POOL_PERMIT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/error.h>
#include <weir/memory.h>

#include "pool/pool.h"

struct wi_pool_view;

typedef struct wi_permit {
    wi_resource_kind kind;
    const weir_allocator *allocator;
    _Atomic(const struct wi_port *) port; /* NULL: the real one */
    /* NULL until somebody wants it, or its end comes: then nobody gets it any
     * more, and what stands here is closed, or no pool. */
    _Atomic(wi_pool *) pool;
    wi_lease *lease; /* by who has it */
} wi_permit;

/* `noun`, a constant, is what errors call it: "the permit to write". */
void wi_permit_init(wi_permit *permit, const char *noun,
                    const weir_allocator *allocator);
/* Before anybody wants it. The port outlives the permit. */
void wi_permit_set_port(wi_permit *permit, const struct wi_port *port);
/* It is not held (asserted), and nobody waits. */
void wi_permit_clear(wi_permit *permit);

/* WEIR_OK; TIMEOUT naming the holder; POOL_DEADLOCK; CANCELLED; NOMEM;
 * CONNECTION after wi_permit_end(). The request's deadline is a time. */
weir_status wi_permit_acquire(wi_permit *permit, const wi_request *wish,
                              weir_error *err);
/* In a forked child, of one that was taken before: nothing. */
void wi_permit_release(wi_permit *permit);
/* By who has it: it is this thread now. */
void wi_permit_hold(wi_permit *permit);
/* Who waits, and who comes from now on, is told CONNECTION. */
void wi_permit_end(wi_permit *permit);

/* Who has it and who waits (pool/view.h); false: nobody has ever wanted it. */
bool wi_permit_view(const wi_permit *permit, struct wi_pool_view *view);

#endif
