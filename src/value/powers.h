/* SPDX-License-Identifier: MIT */
/*
 * Powers of ten to 128 bits, for the shortest text of doubles.
 */
#ifndef WI_VALUE_POWERS_H
#define WI_VALUE_POWERS_H

#include <stdint.h>

enum { WI_POWER_MIN = -292, WI_POWER_MAX = 324 };

/* The 128-bit number hi:lo is 10^k * 2^r rounded up, with r such that its top
 * bit is set: r = 127 - floor(log2(10^k)). */
typedef struct wi_power {
    uint64_t hi;
    uint64_t lo;
} wi_power;

extern const wi_power wi_powers[WI_POWER_MAX - WI_POWER_MIN + 1];

#endif
