/* SPDX-License-Identifier: MIT */
/*
 * A seed takes the same course alone and after others: else a finding of a
 * long run could not be seen again.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdint.h>

/* Runs a seed, and says by a number which course it took. */
typedef uint64_t replay_run(const void *context, uint64_t seed);

/* The first seed from `from` on that takes another course after those before
 * it than in a process of its own; 0: none of them does. */
uint64_t replay_differs(replay_run *run, const void *context, uint64_t from,
                        uint64_t count);

#endif
