/* SPDX-License-Identifier: MIT */
/*
 * A story of borrowers that keep what they borrowed for too long: between two
 * calls it may be taken from them, and some release it all the same.
 */
#ifndef SIM_LEAKY_H
#define SIM_LEAKY_H

#include <stdbool.h>
#include <stdint.h>

/* False: something was found, world_finding() says what. */
bool leaky_run(uint64_t seed, bool trace);
/* How many loans were taken back in all of them. */
uint64_t leaky_taken(void);

#endif
