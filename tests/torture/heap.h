/* SPDX-License-Identifier: MIT */
/*
 * The heap of the library and of the test, which can be told to fail: malloc,
 * realloc and free are linked through here (--wrap), whatever allocator an
 * engine was given.
 */
#ifndef WEIR_TESTS_TORTURE_HEAP_H
#define WEIR_TESTS_TORTURE_HEAP_H

#include <stdbool.h>

/* Allocation `n`, counted from 0, fails from now on; or it and all after it. */
void heap_arm(long n, bool for_ever);

/* None fails any more. @return whether one has failed */
bool heap_disarm(void);

/* How many pieces are allocated. */
long heap_live(void);

#endif
