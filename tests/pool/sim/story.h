/* SPDX-License-Identifier: MIT */
/*
 * What happens in a seed: a pool with options that the seed chooses, borrowers
 * and somebody who turns knobs and closes it, and what must hold all the time.
 */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/pool.h"

typedef struct story_plan {
    uint64_t seed;
    wi_core_choice core;
    /* Nobody is interrupted and no two things happen at once, so that what
     * is seen from outside must not depend on the core. */
    bool is_calm;
    bool trace;
} story_plan;

/* False: something was found; world_finding() says what. `history` gets a
 * number that tells what was seen from outside. */
bool story_run(const story_plan *plan, uint64_t *history);

#endif
