/* SPDX-License-Identifier: MIT */
/*
 * One kind of dirt that a borrower may leave in a session.
 */
#ifndef WEIR_TESTS_POOL_DIRT_H
#define WEIR_TESTS_POOL_DIRT_H

#include <stdbool.h>
#include <stdint.h>

enum { FAILS = -1 };

typedef struct dirt {
    const char *what;
    const char *make[2];
    bool fails; /* the last of them */
    bool commits;
    const char *probe;
    int64_t wanted; /* the only cell of the probe, or FAILS */
} dirt;

#endif
