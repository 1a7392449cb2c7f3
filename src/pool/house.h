/* SPDX-License-Identifier: MIT */
/*
 * The house: where the one thread lives that looks after all pools of a
 * process. It begins with the first pool that has something for it, sleeps
 * until the next thing is due or a watched socket tells something, and never
 * asks whether there is work. What it does is a core's affair: the fast core's
 * is pool/fast/house.h; the others do without.
 */
#ifndef WI_POOL_HOUSE_H
#define WI_POOL_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/sync.h"

typedef struct wi_house {
    wi_mutex lock;           /* guards what follows */
    wi_list seats;           /* wi_seat; zero until the first one comes */
    bool is_kept;            /* there is a thread */
    int64_t asleep_until_ns; /* 0: it is awake, and will look by itself */
    int64_t suspended_ns;    /* of the machine, when it was looked at */
} wi_house;

#define WI_HOUSE_INIT                                                          \
    {                                                                          \
        .lock = { PTHREAD_MUTEX_INITIALIZER }                                  \
    }

/* In a forked child: nobody is there. */
static inline void wi_house_forget(wi_house *house)
{
    (void)wi_mutex_init(&house->lock);
    wi_list_init(&house->seats);
    house->is_kept = false;
    house->asleep_until_ns = 0;
}

#endif
