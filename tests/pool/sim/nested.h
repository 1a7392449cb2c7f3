/* SPDX-License-Identifier: MIT */
/*
 * Another story: threads that hold connections of some pools and borrow more.
 * Nobody sleeps until his deadline in a circle, nobody is told of a circle
 * that is none.
 */
#ifndef SIM_NESTED_H
#define SIM_NESTED_H

#include <stdbool.h>
#include <stdint.h>

/* False: something was found; world_finding() says what. */
bool nested_run(uint64_t seed, bool trace);
/* How many circles were told of in all runs. */
uint64_t nested_told(void);

#endif
