/* SPDX-License-Identifier: MIT */
/*
 * What a core of the pool is: the functions of pool/pool.h, which says what
 * each of them promises. A pool and a lease are different structs in each
 * core; they begin alike, with what pool.c reads of them.
 */
#ifndef WI_POOL_CORE_H
#define WI_POOL_CORE_H

#include "base/clock.h"
#include "pool/pool.h"

/* What a question of the pool itself may take, and one to a suspect. */
#define WI_ANSWER_NS INT64_C(5000000000)
/* Of suspects: so many that are dead speak for all others. */
enum { WI_DEAD_MAX = 4 };

typedef struct wi_pool_core {
    wi_pool *(*new)(const wi_resource_kind *kind, void *context,
                    const wi_pool_options *options, weir_error *err);
    void (*begin)(wi_pool *pool); /* NULL: nothing happens by itself */
    void (*free)(wi_pool **pool);
    weir_status (*acquire)(wi_pool *pool, wi_request *request, wi_lease **out,
                           weir_error *err);
    bool (*release)(wi_pool *pool, wi_lease *lease, weir_fate fate);
    /* Asked before a release that names its loan: whether that is over. If so
     * it was counted, and nothing else is to be done. */
    bool (*is_over)(wi_pool *pool, wi_lease *lease, uint64_t loan);
    /* NULL: no loan is shared. */
    bool (*leave)(wi_pool *pool, wi_lease *lease, bool is_ending);
    /* NULL: who nests is not looked for. */
    void (*hold)(wi_pool *pool, wi_lease *lease);
    void (*lose)(wi_pool *pool, wi_lease *lease);
    weir_status (*reopen)(wi_pool *pool, wi_lease *lease, int64_t deadline_ns,
                          weir_error *err);
    weir_status (*set)(wi_pool *pool, const wi_pool_options *options);
    void (*invalidate)(wi_pool *pool);
    void (*suspect)(wi_pool *pool, const wi_lease *lease);
    void (*dispose)(wi_pool *pool);
    void (*detach)(wi_pool *pool, wi_lease *lease); /* MAY */
    bool (*close)(wi_pool *pool);
    void (*status)(wi_pool *pool, weir_pool_status *out);
    void (*view)(wi_pool *pool, struct wi_pool_view *view);
    /* NULL: what opens is not counted. */
    bool (*hangs)(wi_pool *pool);
    void (*goes_on)(wi_pool *pool);
    void (*pause)(wi_pool *pool);
    void (*resume)(wi_pool *pool);
    weir_status (*drain)(wi_pool *pool, int64_t deadline_ns, bool *last,
                         weir_error *err);
    weir_status (*close_within)(wi_pool *pool, int64_t deadline_ns, bool *last,
                                weir_error *err);
} wi_pool_core;

extern const wi_pool_core wi_pool_core_fast;
extern const wi_pool_core wi_pool_core_mutex;
extern const wi_pool_core wi_pool_core_kinds;

/* Whether who comes is served; a closed pool serves nobody. */
typedef enum wi_pool_mode {
    WI_POOL_OPEN = 0,
    WI_POOL_PAUSED,   /* everybody waits */
    WI_POOL_DRAINING, /* only those who came before */
} wi_pool_mode;

/* How many may be open with these options. */
static inline int64_t wi_pool_limit(const wi_pool_options *options)
{
    if (options->size == 0 || options->max_overflow < 0)
        return INT64_MAX;
    return (int64_t)options->size + options->max_overflow;
}

/* When a call is over that wants to be at `wish_ns`; 0: by the options. */
static inline int64_t wi_pool_deadline(const wi_pool_options *options,
                                       int64_t wish_ns, int64_t now_ns)
{
    int64_t timeout_ns = options->timeout_ns;

    if (wish_ns != 0)
        return wish_ns;
    return timeout_ns > WI_NO_DEADLINE - now_ns ? WI_NO_DEADLINE
                                                : now_ns + timeout_ns;
}

/* How every struct wi_pool begins. */
typedef struct wi_pool_head {
    const wi_pool_core *core;
} wi_pool_head;

/* How every struct wi_lease begins. */
typedef struct wi_lease_head {
    void *resource;
    _Atomic uint64_t loan; /* the serial of the loan */
} wi_lease_head;

#endif
