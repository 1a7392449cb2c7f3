/* SPDX-License-Identifier: MIT */
/*
 * A story of the permit (pool/permit.h): writers, some of which hold
 * connections, want it, and it comes to an end at some time.
 */
#ifndef SIM_PERMIT_H
#define SIM_PERMIT_H

#include <stdbool.h>
#include <stdint.h>

/* False: something was found; world_finding() says what. */
bool permit_run(uint64_t seed, bool trace);
/* How often the permit gave the rarest of its answers in all runs. */
uint64_t permit_least(void);

#endif
