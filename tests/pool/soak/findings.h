/* SPDX-License-Identifier: MIT */
/*
 * What the soak has found, its clock and its dice. A finding is a line that
 * names the seed and the time; the run goes on.
 */
#ifndef WEIR_TESTS_POOL_SOAK_FINDINGS_H
#define WEIR_TESTS_POOL_SOAK_FINDINGS_H

#include <stdint.h>

#include <weir/export.h>

/* The clock begins; `name` and `seed` stand in each line. */
void findings_begin(const char *name, uint64_t seed);
/* Any thread. Of very many the later ones are only counted. */
void finding(const char *format, ...) WEIR_PRINTF(1, 2);
int findings_count(void);

/* Seconds since the beginning. */
double clock_s(void);
void nap_s(double seconds);
/* How late something may be, on a machine as busy as it is just now. */
double slack_s(void);

/* xorshift; a thread has its own. */
static inline uint64_t roll(uint64_t *dice, uint64_t sides)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return (*dice >> 11) % sides;
}

/* From one seed a different one for each thread; never 0. */
static inline uint64_t dice_of(uint64_t seed, uint64_t number)
{
    uint64_t mixed = (seed + number) * UINT64_C(0x9E3779B97F4A7C15);

    mixed ^= mixed >> 32;
    return mixed ? mixed : 1;
}

#endif
