/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean …?": the nearest of some names to one that is wrong. Distance
 * is the number of letters added, left out, changed or swapped with their
 * neighbour (Damerau-Levenshtein, optimal string alignment), any case.
 */
#ifndef WI_BASE_NEAREST_H
#define WI_BASE_NEAREST_H

typedef struct wi_nearest {
    const char *wanted;
    const char *best;
    int distance;
} wi_nearest;

void wi_nearest_begin(wi_nearest *nearest, const char *wanted);
void wi_nearest_offer(wi_nearest *nearest, const char *name);
/* NULL if none is near enough to be meant. */
const char *wi_nearest_found(const wi_nearest *nearest);

#endif
