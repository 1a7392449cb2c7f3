/* SPDX-License-Identifier: MIT */
/*
 * The pool and the server of a story.
 */
#include "settings.h"

#include "chance.h"
#include "memory.h"
#include "world.h"

void use_threads(wi_pool_options *options, uint64_t *dice)
{
    options->threads = true;
    options->connecting_max = (int)choose(dice, 3);
    options->connect_ns = 20 * SIM_MS + some_time(dice, 90 * SIM_MS, 0);
    if (by_chance(dice, 40))
        options->min_idle = (int)choose(dice, 3) % (options->size + 1);
    options->prefill = by_chance(dice, 20);
    if (by_chance(dice, 40))
        options->idle_ns = 1 + some_time(dice, 30 * SIM_MS, 0);
    if (by_chance(dice, 40))
        options->keepalive_ns = 5 * SIM_MS + some_time(dice, 20 * SIM_MS, 0);
}

wi_pool_options choose_options(const story_plan *plan, uint64_t *dice,
                               bool *is_watched)
{
    wi_pool_options options = {
        .core = plan->core,
        .port = &world_port,
        .size = 1 + (int)choose(dice, 3),
        .max_overflow = (int)choose(dice, 3),
        .timeout_ns = 1 + some_time(dice, 60 * SIM_MS, 0),
        .recycle_ns = by_chance(dice, 30) ? 15 * SIM_MS + 7 : -1,
        .pre_ping = by_chance(dice, 50),
        .order = WI_ORDER_FIFO,
        .allocator = &sim_memory,
    };
    if (by_chance(dice, 50))
        options.order = WI_ORDER_LIFO;
    /* Where there is one place all orders are the same, and this one goes by
     * the fast way: so it is compared, too. */
    if (plan->is_calm && options.size + options.max_overflow == 1)
        options.order = WI_ORDER_AFFINITY;
    /* What only one core has is left out where both are compared. */
    options.backoff_ns = plan->is_calm ? -1 : 0;
    if (plan->is_calm || plan->core == WI_CORE_MUTEX)
        return options;
    if (by_chance(dice, 60))
        options.order = WI_ORDER_AFFINITY;
    *is_watched = by_chance(dice, 50);
    if (by_chance(dice, 50))
        use_threads(&options, dice);
    if (by_chance(dice, 15))
        options.waiters_max = 1 + (int)choose(dice, 2);
    if (by_chance(dice, 15))
        options.uses_max = 1 + (int)choose(dice, 3);
    if (by_chance(dice, 25))
        options.max_overtake_ns = some_time(dice, 5 * SIM_MS, 0);
    return options;
}

server_moods choose_moods(bool has_threads, uint64_t *dice)
{
    server_moods moods = {0};

    if (by_chance(dice, 30))
        return moods;
    moods.slow = (int)choose(dice, 50);
    moods.refused = by_chance(dice, 40) ? (int)choose(dice, 60) : 0;
    moods.hanging = by_chance(dice, 20) ? (int)choose(dice, 30) : 0;
    moods.mortal = (int)choose(dice, 50);
    moods.stuck = has_threads ? (int)choose(dice, 40) : 0;
    return moods;
}

int64_t choose_deadline(uint64_t *dice, int number)
{
    switch (choose(dice, 4)) {
    case 0:
        return world_now();
    case 1:
        return world_now() + some_time(dice, 5 * SIM_MS, number);
    case 2:
        return world_now() + some_time(dice, 90 * SIM_MS, number);
    default:
        return 0;
    }
}
