/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal of a double, by the algorithm of
 *
 *     R. Giulietti, "The Schubfach way to render doubles", 2021
 *
 * Among the decimals that round to the double (half to even) it finds those
 * with the fewest digits, and of these the one nearest to the double. No
 * loops, no divisions of long numbers, no allocation, no locale.
 */
#ifndef WI_VALUE_F64_H
#define WI_VALUE_F64_H

#include <stdint.h>

/* digits * 10^exponent. The digits do not end in 0, unless they are 0. */
typedef struct wi_shortest {
    uint64_t digits;
    int exponent;
} wi_shortest;

/* Of the absolute value; `f` must be finite. */
wi_shortest wi_f64_shortest(double f);

#endif
