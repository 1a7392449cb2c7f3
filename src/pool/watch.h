/* SPDX-License-Identifier: MIT */
/*
 * Where the housekeeper sleeps, and what wakes it: the time, a ring, a socket
 * whose other end hangs up, or the wall clock, if it is set. Sockets are
 * watched by epoll, edge-triggered and not for data: while one is in use
 * nothing of that is heard here. One is registered once, when it is opened; the
 * kernel forgets it when it is closed.
 *
 * Where there is no epoll, nothing is watched, and the sleep is on a condition.
 */
#ifndef WI_POOL_WATCH_H
#define WI_POOL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"

/* Until the time, or earlier, also for no reason. Stores the keys of sockets
 * that have hung up, at most `most`. @return how many */
int wi_watch_rest(int64_t until_ns, uint64_t *keys, int most);
void wi_watch_ring(void);
/* False: the socket cannot be watched. `key` is neither 0 nor 1. */
bool wi_watch_add(int fd, uint64_t key);
/* In a forked child, whose epoll would be its parent's. */
void wi_watch_forget(void);

/* The same without sockets, as any POSIX system can. */
typedef struct wi_bell {
    wi_mutex lock; /* guards what follows */
    wi_cond rung;
    bool is_made;
    bool is_ringing;
} wi_bell;

#define WI_BELL_INIT                                                           \
    {                                                                          \
        .lock = { PTHREAD_MUTEX_INITIALIZER }                                  \
    }

void wi_bell_rest(wi_bell *bell, int64_t until_ns);
void wi_bell_ring(wi_bell *bell);
void wi_bell_forget(wi_bell *bell);

#endif
