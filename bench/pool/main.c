/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_pool [OPTION ...]
 *   --pool NAME=COMMAND  a pool that answers cells; any number of them
 *   --threads 1,2,8,64   --holds 0,1,10,100,1000 (us)   --sizes 5
 *   --run-ms 200         of a cell, five times that with more than 8 threads,
 *                        so that each has had its turns
 *   --rounds 3           that figures are medians of
 *   --out FILE           JSON lines are added to it
 *
 * Pools take turns: a round of a cell asks each of them once, and who begins
 * moves on, so that what disturbs the machine disturbs all. A figure is the
 * median of the rounds.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contender.h"

enum { POOLS_MAX = 16, LIST_MAX = 8, ROUNDS_MAX = 32, FEW_THREADS = 8 };

typedef struct list {
    int count;
    int values[LIST_MAX];
} list;

typedef struct plan {
    list threads;
    list holds;
    list sizes;
    int run_ms;
    int rounds;
    FILE *out;
    int pool_count;
    contender pools[POOLS_MAX];
} plan;

static figures seen[POOLS_MAX][ROUNDS_MAX];

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "bench-pool: %s: %s\n", what, why);
    exit(1);
}

/* ---------------------------------------------------------------- options */

static int number(const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 0 || value > most)
        die(text, "a number is wanted");
    return (int)value;
}

static list numbers(char *text)
{
    list all = {0};

    for (char *one = strtok(text, ","); one; one = strtok(NULL, ",")) {
        if (all.count == LIST_MAX)
            die(one, "too many");
        all.values[all.count++] = number(one, 1000000);
    }
    return all;
}

static void add_pool(plan *all, char *text)
{
    char *command = strchr(text, '=');

    if (!command || all->pool_count == POOLS_MAX)
        die(text, "NAME=COMMAND is wanted, sixteen at most");
    *command++ = '\0';
    contender_start(&all->pools[all->pool_count++], text, command);
}

static void read_option(plan *all, int option, char *value)
{
    switch (option) {
    case 'p':
        add_pool(all, value);
        break;
    case 't':
        all->threads = numbers(value);
        break;
    case 'h':
        all->holds = numbers(value);
        break;
    case 's':
        all->sizes = numbers(value);
        break;
    case 'm':
        all->run_ms = number(value, 100000);
        break;
    case 'r':
        all->rounds = number(value, ROUNDS_MAX);
        break;
    case 'o':
        all->out = fopen(value, "a");
        if (!all->out)
            die(value, "cannot be written");
        break;
    default:
        die("options", "see the head of bench/pool/main.c");
    }
}

static void read_options(plan *all, int argc, char **argv)
{
    static const struct option known[] = {
        {"pool", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"holds", required_argument, NULL, 'h'},
        {"sizes", required_argument, NULL, 's'},
        {"run-ms", required_argument, NULL, 'm'},
        {"rounds", required_argument, NULL, 'r'},
        {"out", required_argument, NULL, 'o'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        read_option(all, option, optarg);
    if (optind < argc)
        die(argv[optind], "no such option");
}

/* ----------------------------------------------------------------- report */

static int compare(const void *first, const void *second)
{
    double a = *(const double *)first;
    double b = *(const double *)second;

    return (a > b) - (a < b);
}

static figures median_of(const figures *rounds, int count)
{
    figures found;

    for (int f = 0; f < FIGURES; f++) {
        double values[ROUNDS_MAX];

        for (int i = 0; i < count; i++)
            values[i] = rounds[i].of[f];
        qsort(values, (size_t)count, sizeof values[0], compare);
        found.of[f] = count % 2
                          ? values[count / 2]
                          : (values[count / 2] + values[count / 2 - 1]) / 2;
    }
    return found;
}

static void print_head(void)
{
    printf("%-15s %7s %5s %7s %11s %10s %10s %9s %9s %9s %10s %8s\n", "pool",
           "threads", "size", "hold us", "ns/op", "min ops", "max ops",
           "p50 us", "p99 us", "p99.9 us", "max us", "switches");
}

static void report(const plan *all, const char *name, const cell *what,
                   const figures *found)
{
    const double *of = found->of;

    printf("%-15s %7d %5d %7d %11.1f %10.0f %10.0f %9.2f %9.2f %9.2f %10.1f "
           "%8.4f\n",
           name, what->threads, what->size, what->hold_us, of[NS_PER_OP],
           of[MIN_OPS], of[MAX_OPS], of[P50_US], of[P99_US], of[P999_US],
           of[MAX_US], of[SWITCHES]);
    fflush(stdout);
    if (!all->out)
        return;
    fprintf(all->out,
            "{\"pool\":\"%s\",\"threads\":%d,\"size\":%d,\"hold_us\":%d,"
            "\"ns_per_op\":%.1f,\"min_ops\":%.0f,\"max_ops\":%.0f,"
            "\"p99_us\":%.3f,\"p50_us\":%.3f,\"run_ms\":%d}\n",
            name, what->threads, what->size, what->hold_us, of[NS_PER_OP],
            of[MIN_OPS], of[MAX_OPS], of[P99_US], of[P50_US], what->run_ms);
    fflush(all->out);
}

/* ------------------------------------------------------------------- main */

/* A pool that has failed is left out from then on. */
static void leave_out(plan *all, int index)
{
    fprintf(stderr, "bench-pool: %s has ended: it is left out\n",
            all->pools[index].name);
    contender_stop(&all->pools[index]);
    all->pool_count--;
    memmove(&all->pools[index], &all->pools[index + 1],
            (size_t)(all->pool_count - index) * sizeof all->pools[0]);
    memmove(&seen[index], &seen[index + 1],
            (size_t)(all->pool_count - index) * sizeof seen[0]);
}

static void run_round(plan *all, const cell *wanted, int round)
{
    int count = all->pool_count;

    for (int i = 0; i < count && all->pool_count == count; i++) {
        int pool = (round + i) % count;

        if (contender_ask(&all->pools[pool], wanted, &seen[pool][round]) == 0)
            continue;
        leave_out(all, pool);
        run_round(all, wanted, round);
    }
}

static int run_ms(const plan *all, int threads)
{
    return threads > FEW_THREADS ? all->run_ms * 5 : all->run_ms;
}

static void run_cell(plan *all, const cell *wanted)
{
    for (int round = 0; round < all->rounds; round++)
        run_round(all, wanted, round);
    for (int i = 0; i < all->pool_count; i++) {
        figures found = median_of(seen[i], all->rounds);

        report(all, all->pools[i].name, wanted, &found);
    }
}

static void run_size(plan *all, int size)
{
    for (int h = 0; h < all->holds.count; h++) {
        for (int t = 0; t < all->threads.count; t++) {
            int threads = all->threads.values[t];
            cell wanted = {threads, size, all->holds.values[h],
                           run_ms(all, threads)};

            run_cell(all, &wanted);
        }
    }
}

int main(int argc, char **argv)
{
    static plan all = {
        .threads = {4, {1, 2, 8, 64}},
        .holds = {5, {0, 1, 10, 100, 1000}},
        .sizes = {1, {5}},
        .run_ms = 200,
        .rounds = 3,
    };

    signal(SIGPIPE, SIG_IGN);
    read_options(&all, argc, argv);
    print_head();
    for (int s = 0; s < all.sizes.count; s++)
        run_size(&all, all.sizes.values[s]);
    for (int i = 0; i < all.pool_count; i++)
        contender_stop(&all.pools[i]);
    if (all.out)
        fclose(all.out);
    return 0;
}
