/* SPDX-License-Identifier: MIT */
/*
 * Threads that hold one thing and wait for another. Its one idea: what is
 * waited for is a *source* that knows which threads hold what it lends. If all
 * of them wait, too, and of what they wait for the same is true, nobody ever
 * goes on: a deadlock, which is seen when the last of them begins to wait.
 *
 * Only waits of threads that may hold something are written down here, so who
 * does not nest comes not near. A source hands something over in two steps, in
 * this order: it takes the wait out, then it signs what it hands over. Else a
 * thread that was just served would be seen to hold it and to wait.
 *
 * The lock in here is the last one: it is taken under that of a source, and
 * sources are looked at by what they have of atomics.
 */
#ifndef WI_POOL_NEST_H
#define WI_POOL_NEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

#include "base/list.h"
#include "pool/view.h"

/* How a thread is known that holds or waits. The lowest bit says of a loan
 * that it may move to another thread, so that it is never taken for one that a
 * waiting thread holds. */
static inline uint64_t wi_this_thread(void)
{
    return (uint64_t)(uintptr_t)pthread_self();
}

#define WI_MAY_MOVE UINT64_C(1)

/* What stands in the place of a loan of a thread. */
static inline uint64_t wi_holder_mark(uint64_t thread, bool may_move)
{
    return thread | (may_move ? WI_MAY_MOVE : 0);
}

/* Each pool has a number, which is not 0. */
uint64_t wi_pool_serial_take(void);

/* Which this thread has ever borrowed from: 0: none; else the only one. */
extern _Thread_local uint64_t wi_pools_used
    __attribute__((tls_model("initial-exec")));

#define WI_POOLS_SEVERAL UINT64_MAX

/* This thread borrows from that one. */
static inline void wi_pools_use(uint64_t serial)
{
    if (wi_pools_used != serial)
        wi_pools_used = wi_pools_used ? WI_POOLS_SEVERAL : serial;
}

/* Whether it ever has from another than that one. */
static inline bool wi_pools_used_beside(uint64_t serial)
{
    return wi_pools_used != 0 && wi_pools_used != serial;
}

typedef enum wi_nest_answer {
    WI_NEST_HELD = 0,   /* by `thread` */
    WI_NEST_NOBODY,     /* nothing is there, look on */
    WI_NEST_COMES_BACK, /* it may become free without any who waits */
    WI_NEST_END,        /* there are no more */
} wi_nest_answer;

typedef struct wi_nest_holder {
    uint64_t thread;
    char tag[WI_TAG_SIZE]; /* "" for none */
    const char *site;      /* may be NULL */
} wi_nest_holder;

typedef struct wi_nest_source {
    const char *noun; /* "a connection" */
    /* Who has number `index`, from 0 on. Takes no lock. */
    wi_nest_answer (*look)(const struct wi_nest_source *source, int index,
                           uint64_t *thread);
    /* How many can be held at once. That nothing else is to be had is told by
     * so many that are held, since those do not change while their holders
     * wait: places that are looked at one after the other may. */
    int64_t (*most)(const struct wi_nest_source *source);
    /* Who has number `index`, with tag and place. */
    void (*name)(const struct wi_nest_source *source, int index,
                 wi_nest_holder *out);
    uint64_t round; /* these two belong to pool/nest.c */
    struct wi_nest_source *next;
} wi_nest_source;

typedef struct wi_nest_wait {
    wi_list_node listed;
    wi_nest_source *source;
    uint64_t thread;
    const char *tag; /* may be NULL */
    const char *site;
} wi_nest_wait;

/* What a place answers that is lent, by what stands in it. */
static inline wi_nest_answer wi_nest_held_by(uint64_t mark, uint64_t *thread)
{
    *thread = mark;
    return mark == 0 || (mark & WI_MAY_MOVE) ? WI_NEST_COMES_BACK
                                             : WI_NEST_HELD;
}

/* What a lent thing shows to those who look without the source's lock. */
typedef struct wi_nest_label {
    _Atomic uint64_t thread; /* wi_holder_mark(); 0: nobody, or not yet known */
    _Atomic uint64_t tag[WI_TAG_SIZE / sizeof(uint64_t)];
    _Atomic(const char *) site;
} wi_nest_label;

void wi_nest_label_sign(wi_nest_label *label, const char *tag,
                        const char *site);
void wi_nest_label_read(const wi_nest_label *label, wi_nest_holder *out);

/* All of these under the source's lock. */

/* The wait begins. False: it could never end, and is not entered; `err` is
 * filled as by wi_nest_ends(). */
bool wi_nest_enter(wi_nest_wait *wait, weir_error *err);
/* It is over; one that was not entered may be left. */
void wi_nest_leave(wi_nest_wait *wait);
/* Whether nobody is left to give anything of the source back. */
bool wi_nest_is_stuck(wi_nest_source *source);
/* If a wait can never end, and its thread holds some of what is stuck, it is
 * over: `err` gets POOL_DEADLOCK, with both places in the program. One is
 * enough for others to go on, so look again before the next. */
bool wi_nest_ends(wi_nest_wait *wait, weir_error *err);

/* In a forked child: nobody waits. */
void wi_nest_forget(void);

#endif
