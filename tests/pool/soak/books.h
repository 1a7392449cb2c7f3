/* SPDX-License-Identifier: MIT */
/*
 * The reckoning when all is calm and nobody borrows: counters, connections,
 * what was committed, descriptors and memory.
 */
#ifndef WEIR_TESTS_POOL_SOAK_BOOKS_H
#define WEIR_TESTS_POOL_SOAK_BOOKS_H

#include "crowd.h"
#include "footprint.h"
#include "ground.h"
#include "ledger.h"

typedef struct books {
    /* Of the engine that is open. */
    crowd_sums crowd;
    int engine_checks;
    footprint engine_most;
    /* Of the process. */
    int checks;
    footprint most;
    footprint last;
    ledger_sums ledger; /* of the last round */
} books;

/* `crowd` is what borrowers counted in the round. */
void books_check(books *all, ground *here, const crowd_sums *crowd);
/* Another engine begins from nothing. */
void books_new_engine(books *all);

#endif
