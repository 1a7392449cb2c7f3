/* SPDX-License-Identifier: MIT */
/*
 * The dice of the stories.
 */
#include "chance.h"

#include "world.h"

static bool is_calm;

void chance_begin(bool calmly)
{
    is_calm = calmly;
}

/* A calm story must choose the same whatever the pool does in between, so each
 * of its threads has dice of its own. */
uint64_t choose(uint64_t *dice, uint64_t bound)
{
    if (!is_calm)
        return world_random(bound);
    *dice =
        *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*dice >> 33) % bound;
}

bool by_chance(uint64_t *dice, uint64_t percent)
{
    return choose(dice, 100) < percent;
}

/* Times of a calm story differ in their last digits from thread to thread and
 * from round to round, so that no two fall together; in others many do. */
int64_t some_time(uint64_t *dice, int64_t most_ns, int number)
{
    int64_t ns = (int64_t)choose(dice, (uint64_t)most_ns);

    if (is_calm)
        return ns / 64 * 64 + number;
    return by_chance(dice, 80) ? ns / SIM_MS * SIM_MS : ns;
}
