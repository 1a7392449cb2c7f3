/* SPDX-License-Identifier: MIT */
/*
 * Who runs the program: turns the pool's options while it works, disposes of
 * its connections, pauses and drains it, looks at it, and cancels what others
 * do.
 */
#ifndef WEIR_TESTS_POOL_SOAK_MEDDLER_H
#define WEIR_TESTS_POOL_SOAK_MEDDLER_H

#include <stdbool.h>
#include <stdint.h>

#include "ground.h"

/* One at a time, on a thread of its own. Gently: nobody's loan may fail by
 * what it does. */
void meddler_begin(ground *here, bool gently, uint64_t seed);
void meddler_end(void);
/* Sets all that it may have turned to what a calm pool has. */
void meddler_settle(ground *here);

#endif
