/* SPDX-License-Identifier: MIT */
/*
 * What the fast core needs of the world: time, sleep, threads, chance. The
 * real one is the machine; a simulation brings its own, with a clock that it
 * turns itself and a scheduler that it seeds.
 *
 * A parker is the word on which one thread sleeps. Its word is published under
 * the pool's lock and by no other means; what has been published is never
 * taken back. Then wake() is called, with the lock not held: it uses the
 * parker's address and never what is there, since the sleeper may have seen
 * the word and be gone.
 */
#ifndef WI_POOL_PORT_H
#define WI_POOL_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"
#include "pool/house.h"

/* A place where another thread may run between two atomic steps of the fast
 * core. A simulation that compiles the core for itself defines it; the pool's
 * lock is never held there. */
#ifndef WI_PORT_POINT
#define WI_PORT_POINT() ((void)0)
#endif

typedef struct wi_parker {
    _Atomic uint32_t word; /* 0 until something is published */
    wi_mutex lock;         /* these are for ports that need them */
    wi_cond woken;
    int fd;           /* these of one that waits by a program's hook */
    bool gave_up;     /* the hook did: whoever sleeps here wants no more */
    bool is_librarys; /* set behind parker_init(): of a thread of the pool */
} wi_parker;

typedef struct wi_port {
    void *context;
    /* CLOCK_MONOTONIC. */
    int64_t (*now_ns)(void *context);
    /* NULL: the system's, wi_coarse_ns(). */
    int64_t (*coarse_ns)(void *context);
    /* For how long the machine was suspended until now, which now_ns() does
     * not count, less a number that never changes. NULL: nobody knows. */
    int64_t (*suspended_ns)(void *context);
    /* False: no room for another. */
    bool (*parker_init)(void *context, wi_parker *parker);
    void (*parker_clear)(void *context, wi_parker *parker);
    /* Sleeps until the word is not `seen` any more or the deadline; may come
     * back for no reason. Returns the word. */
    uint32_t (*park)(void *context, wi_parker *parker, uint32_t seen,
                     int64_t deadline_ns);
    /* Locked. Stores the word for the sleeper. */
    void (*publish)(void *context, wi_parker *parker, uint32_t word);
    void (*wake)(void *context, wi_parker *parker);
    /* Runs a function on a thread of the library; false if there
     * can be no other. */
    bool (*start)(void *context, const char *name, void (*run)(void *argument),
                  void *argument);
    uint64_t (*random)(void *context);
    /* Sleepers share threads: who sleeps does not hold his thread up, and may
     * go on on another. */
    bool shares_threads;
    /* Where the pools of this port have their housekeeper; NULL: there is
     * none, and nothing happens by itself. */
    wi_house *house;
    /* Its sleep: until the time, a ring, or news of watched sockets, whose keys
     * it stores. May come back for no reason. Returns how many. */
    int (*rest)(void *context, int64_t until_ns, uint64_t *keys, int most);
    void (*ring)(void *context);
    /* From now on rest() tells the key when the other end hangs up. False: it
     * cannot be watched. NULL: nothing can. */
    bool (*watch)(void *context, int fd, uint64_t key);
} wi_port;

/* In a forked child: nobody keeps house, and nothing is watched. */
void wi_port_forget(void);

/* Sleeps on futexes where there are any. */
extern const wi_port wi_port_native;
/* Sleeps on a condition per parker, as any POSIX system can. */
extern const wi_port wi_port_portable;

#endif
