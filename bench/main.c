/* SPDX-License-Identifier: MIT */
/*
 * usage: bench [name ...]
 * Weir beside the bare client library, in one process and on one processor.
 * Prints a table, and writes one JSON object per line to $WEIR_BENCH_OUT.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "database.h"
#include "pairs.h"

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* ------------------------------------------------------------------- jobs */

/* What a job is done with. */
typedef struct work {
    const bench_side *side;
    void *self;
    const int64_t *keys;
    const new_item *rows;
} work;

static uint64_t run_point_select(void *context, slice part)
{
    work *one = context;

    return one->side->point_select(one->self, one->keys, part);
}

static uint64_t run_fetch(void *context, slice part)
{
    work *one = context;

    return one->side->fetch(one->self, part);
}

static uint64_t run_insert(void *context, slice part)
{
    work *one = context;

    return one->side->insert(one->self, one->rows, part);
}

static void empty(void *context)
{
    work *one = context;

    one->side->empty(one->self);
}

static const struct {
    const char *name;
    const bench_side *weir;
    uint64_t (*run)(void *context, slice part);
    void (*after)(void *context);
    plan how;
} benches[] = {
    {"point_select",
     &bench_weir,
     run_point_select,
     NULL,
     {SELECT_COUNT, 5, 200}},
    {"fetch", &bench_weir, run_fetch, NULL, {ROW_COUNT, 100, 20}},
    {"insert", &bench_weir, run_insert, empty, {INSERT_COUNT, 20, 60}},
    {"insert_many", &bench_weir_many, run_insert, empty, {INSERT_COUNT, 1, 60}},
};

/* ----------------------------------------------------------------- report */

static void report(FILE *out, const char *bench, const char *where,
                   const pairs *found)
{
    printf("%-14s %-11s %12.1f %12.1f %8.3f   %.3f to %.3f\n", bench, where,
           found->first_ns, found->second_ns, found->ratio, found->q1,
           found->q3);
    fflush(stdout);
    if (!out)
        return;
    fprintf(out,
            "{\"bench\":\"%s\",\"database\":\"%s\",\"weir_ns\":%.1f,"
            "\"bare_ns\":%.1f,\"ratio\":%.4f,\"q1\":%.4f,\"q3\":%.4f}\n",
            bench, where, found->first_ns, found->second_ns, found->ratio,
            found->q1, found->q3);
    fflush(out);
}

static int wanted(int count, char **names, const char *name)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return 1;
    }
    return count < 2;
}

/* One processor for both sides: a move between two would be measured. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        perror("bench: sched_setaffinity");
}

/* ------------------------------------------------------------------- main */

static void run_bench(const database *db, size_t which, FILE *out)
{
    static int64_t keys[SELECT_COUNT];
    static new_item rows[INSERT_COUNT];
    work weir = {benches[which].weir, NULL, keys, rows};
    work bare = {db->bare, NULL, keys, rows};
    job first = {benches[which].run, benches[which].after, &weir};
    job second = {benches[which].run, benches[which].after, &bare};
    pairs found;

    database_keys(keys, SELECT_COUNT);
    database_rows(rows, INSERT_COUNT);
    weir.self = weir.side->open(db->url);
    bare.self = bare.side->open(db->where);
    found = pairs_run(&first, &second, &benches[which].how);
    weir.side->close(weir.self);
    bare.side->close(bare.self);
    report(out, benches[which].name, db->name, &found);
}

static void run_database(const database *db, int argc, char **argv, FILE *out)
{
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        if (wanted(argc, argv, benches[i].name))
            run_bench(db, i, out);
    }
}

int main(int argc, char **argv)
{
    const char *path = getenv("WEIR_BENCH_OUT");
    FILE *out = path ? fopen(path, "w") : NULL;

    if (path && !out)
        bench_die(path, "cannot be written");
    stay_on_one_processor();
    printf("%-14s %-11s %12s %12s %8s   %s\n", "bench", "database", "weir ns",
           "bare ns", "ratio", "quartiles");
    for (int i = 0; i < database_count; i++) {
        database *db = databases[i]();

        if (!db)
            continue;
        run_database(db, argc, argv, out);
        db->stop(db);
    }
    if (out)
        fclose(out);
    return 0;
}
