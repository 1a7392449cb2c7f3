/* SPDX-License-Identifier: MIT */
/*
 * What a story chooses. A calm story takes it from the dice of its thread, any
 * other from the world's.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

void chance_begin(bool calmly);
/* From 0 to bound - 1. */
uint64_t choose(uint64_t *dice, uint64_t bound);
bool by_chance(uint64_t *dice, uint64_t percent);
/* Less than `most_ns`; `number` tells threads of a calm story apart. */
int64_t some_time(uint64_t *dice, int64_t most_ns, int number);

#endif
