/* SPDX-License-Identifier: MIT */
/* Random numbers of a seed, for tests that sample what there is. */
#ifndef TESTS_KIT_DICE_H
#define TESTS_KIT_DICE_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* WEIR_SEED, or another each time. */
static inline uint64_t kit_seed(void)
{
    const char *said = getenv("WEIR_SEED");
    struct timespec now;

    if (said)
        return strtoull(said, NULL, 0);
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20;
}

/* `*state` begins as the seed. */
static inline uint64_t kit_dice(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

#endif
