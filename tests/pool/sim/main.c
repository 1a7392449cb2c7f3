/* SPDX-License-Identifier: MIT */
/*
 * usage: sim [--core mutex|fast] [--calm] [--from SEED] [--count N] [--trace]
 *        sim --same [--from SEED] [--count N]
 *        sim --nested [--from SEED] [--count N] [--trace]
 *        sim --leaky [--from SEED] [--count N] [--trace]
 *        sim --permit [--from SEED] [--count N] [--trace]
 *        sim --replay [--core mutex|fast | --nested | --leaky | --permit]
 *                     [--from SEED] [--count N]
 *        sim --faults
 *
 * Runs seeds, and says which one found something: the same seed finds it
 * again, and --trace prints what happens. --same runs each seed calmly on
 * both cores, which must be seen to do the same. --nested is the story of
 * threads that hold connections and borrow more, --leaky that of those who keep
 * them for too long, --permit that of writers who want the permit. --replay
 * runs each seed alone and then after others, which must be the same. --faults
 * breaks the world in one way after another, each of which some seed must
 * notice.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaky.h"
#include "nested.h"
#include "permit.h"
#include "replay.h"
#include "story.h"
#include "world.h"

/* One beside the story of a pool. */
typedef struct other_story {
    const char *name;
    bool (*run)(uint64_t seed, bool trace);
    uint64_t (*counted)(void); /* over all runs: it is to the point */
    const char *what;          /* is counted */
} other_story;

static const other_story others[] = {
    {"nested", nested_run, nested_told, "circles told of"},
    {"leaky", leaky_run, leaky_taken, "taken back"},
    {"permit", permit_run, permit_least, "of each answer"},
};

typedef struct wish {
    story_plan plan;
    uint64_t from;
    uint64_t count;
    bool same;
    const other_story *other; /* NULL: the story of story.h */
    bool replay;
    bool faults;
} wish;

enum { OTHER = 256 }; /* what getopt says of the first of `others` */

static const char *const core_names[] = {
    [WI_CORE_FAST] = "fast",
    [WI_CORE_MUTEX] = "mutex",
};

static wi_core_choice core_named(const char *name)
{
    if (strcmp(name, "fast") == 0)
        return WI_CORE_FAST;
    if (strcmp(name, "mutex") == 0)
        return WI_CORE_MUTEX;
    fprintf(stderr, "sim: there is no core \"%s\"\n", name);
    exit(2);
}

static wish read_wish(int argc, char **argv)
{
    static const struct option known[] = {
        {"core", required_argument, NULL, 'k'},
        {"calm", no_argument, NULL, 'c'},
        {"from", required_argument, NULL, 'f'},
        {"count", required_argument, NULL, 'n'},
        {"trace", no_argument, NULL, 't'},
        {"same", no_argument, NULL, 's'},
        {"nested", no_argument, NULL, OTHER},
        {"leaky", no_argument, NULL, OTHER + 1},
        {"permit", no_argument, NULL, OTHER + 2},
        {"replay", no_argument, NULL, 'r'},
        {"faults", no_argument, NULL, 'x'},
        {0},
    };
    wish all = {.from = 1, .count = 1};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'k')
            all.plan.core = core_named(optarg);
        else if (option == 'c')
            all.plan.is_calm = true;
        else if (option == 'f')
            all.from = strtoull(optarg, NULL, 10);
        else if (option == 'n')
            all.count = strtoull(optarg, NULL, 10);
        else if (option == 't')
            all.plan.trace = true;
        else if (option == 's')
            all.same = true;
        else if (option >= OTHER)
            all.other = &others[option - OTHER];
        else if (option == 'r')
            all.replay = true;
        else if (option == 'x')
            all.faults = true;
        else
            exit(2);
    }
    return all;
}

/* ------------------------------------------------------------------- runs */

/* The first seed that finds something, or 0. */
static uint64_t first_finding(const wish *all)
{
    story_plan plan = all->plan;
    uint64_t history;

    for (uint64_t i = 0; i < all->count; i++) {
        plan.seed = all->from + i;
        if (!story_run(&plan, &history))
            return plan.seed;
    }
    return 0;
}

static int run_seeds(const wish *all)
{
    const char *core = core_names[all->plan.core];
    uint64_t seed = first_finding(all);

    if (seed == 0) {
        printf("%llu seeds on the %s core: nothing found\n",
               (unsigned long long)all->count, core);
        return 0;
    }
    printf("seed %llu: %s\nsim --core %s%s --from %llu --trace\n",
           (unsigned long long)seed, world_finding(), core,
           all->plan.is_calm ? " --calm" : "", (unsigned long long)seed);
    return 1;
}

static int run_same(const wish *all)
{
    story_plan plan = {.is_calm = true, .trace = all->plan.trace};

    for (uint64_t i = 0; i < all->count; i++) {
        uint64_t history[2];

        plan.seed = all->from + i;
        for (int core = 0; core < 2; core++) {
            plan.core = (wi_core_choice)core;
            if (story_run(&plan, &history[core]))
                continue;
            printf("seed %llu, %s: %s\n", (unsigned long long)plan.seed,
                   core_names[core], world_finding());
            return 1;
        }
        if (history[0] == history[1])
            continue;
        printf("seed %llu: the cores differ\n", (unsigned long long)plan.seed);
        return 1;
    }
    printf("%llu seeds: both cores are seen to do the same\n",
           (unsigned long long)all->count);
    return 0;
}

static int run_other(const wish *all)
{
    const other_story *story = all->other;

    for (uint64_t i = 0; i < all->count; i++) {
        uint64_t seed = all->from + i;

        if (story->run(seed, all->plan.trace))
            continue;
        printf("seed %llu: %s\nsim --%s --from %llu --trace\n",
               (unsigned long long)seed, world_finding(), story->name,
               (unsigned long long)seed);
        return 1;
    }
    printf("%llu seeds: %llu %s, nothing found\n",
           (unsigned long long)all->count, (unsigned long long)story->counted(),
           story->what);
    return all->count > 100 && story->counted() == 0;
}

static uint64_t course_of(const void *context, uint64_t seed)
{
    const wish *all = context;
    story_plan plan = all->plan;
    uint64_t history;

    plan.seed = seed;
    if (all->other)
        (void)all->other->run(seed, plan.trace);
    else
        (void)story_run(&plan, &history);
    return world_course();
}

static int run_replay(const wish *all)
{
    uint64_t seed = replay_differs(course_of, all, all->from, all->count);

    if (seed == 0) {
        printf("%llu seeds: alone as after others\n",
               (unsigned long long)all->count);
        return 0;
    }
    printf("seed %llu: takes another course after those before it than alone\n",
           (unsigned long long)seed);
    return 1;
}

/* A process of its own for each fault: what the pool asserts is noticed, too.
 * Its exit status is 1 if it found something, else 0. */
static bool is_noticed(const wish *all, world_fault fault)
{
    pid_t child;
    int status;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        world_has_fault = fault;
        if (first_finding(all) != 0)
            printf("  %s\n", world_finding());
        fflush(stdout);
        _exit(world_finding()[0] != 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status != 0;
}

static int run_faults(const wish *all)
{
    static const struct {
        world_fault fault;
        const char *name;
    } faults[] = {
        {WORLD_LOSES_WAKES, "wake-ups get lost"},
        {WORLD_WAKES_LATE, "deadlines are late"},
        {WORLD_WAKES_EARLY, "deadlines are early"},
        {WORLD_LOCK_IS_NONE, "the lock keeps nobody out"},
    };
    int missed = 0;

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool noticed = is_noticed(all, faults[i].fault);

        printf("%s: %s\n", faults[i].name, noticed ? "noticed" : "NOT NOTICED");
        missed += !noticed;
    }
    return missed > 0;
}

int main(int argc, char **argv)
{
    wish all = read_wish(argc, argv);

    if (all.faults)
        return run_faults(&all);
    if (all.replay)
        return run_replay(&all);
    if (all.other)
        return run_other(&all);
    return all.same ? run_same(&all) : run_seeds(&all);
}
