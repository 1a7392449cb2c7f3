/* SPDX-License-Identifier: MIT */
/*
 * usage: bench sqlite|postgresql|mariadb [name ...]
 * Weir beside the bare client library, in one process and on one processor.
 * Prints a table, and adds one JSON object per line to $WEIR_BENCH_OUT.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "database.h"
#include "pairs.h"
#include "stream.h"

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

static uint64_t run_pipelined(void *context, slice part)
{
    work *one = context;

    return one->side->point_select_pipelined(one->self, one->keys, part);
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

static uint64_t run_bulk_insert(void *context, slice part)
{
    work *one = context;

    return one->side->bulk_insert(one->self, one->rows, part);
}

/* Rounds of 0: not measured there. A server's rows are taken in at once by
 * both sides, so a fetch is one slice. */
typedef struct bench {
    const char *name;
    const bench_side *weir;
    bool usual; /* beside the library as most programs use it */
    uint64_t (*run)(void *context, slice part);
    void (*after)(void *context);
    plan file, server;
} bench;

static const bench benches[] = {
    {"point_select",
     &bench_weir,
     false,
     run_point_select,
     NULL,
     {SELECT_COUNT, 5, 200},
     {SELECT_COUNT, 20, 50}},
    {"point_select_pipelined",
     &bench_weir,
     false,
     run_pipelined,
     NULL,
     {0},
     {SELECT_COUNT, 10, 100}},
    {"usual_point_select",
     &bench_weir,
     true,
     run_point_select,
     NULL,
     {0},
     {SELECT_COUNT, 20, 50}},
    {"fetch",
     &bench_weir,
     false,
     run_fetch,
     NULL,
     {FILE_ROWS, 100, 20},
     {SERVER_ROWS, 1, 60}},
    {"usual_fetch",
     &bench_weir,
     true,
     run_fetch,
     NULL,
     {0},
     {SERVER_ROWS, 1, 60}},
    {"insert",
     &bench_weir,
     false,
     run_insert,
     empty,
     {INSERT_COUNT, 20, 60},
     {INSERT_COUNT, 200, 5}},
    {"insert_many",
     &bench_weir_many,
     false,
     run_insert,
     empty,
     {INSERT_COUNT, 20, 60},
     {INSERT_COUNT, 20, 5}},
    {"bulk_insert",
     &bench_weir,
     false,
     run_bulk_insert,
     empty,
     {0},
     {BULK_COUNT, 1, 40}},
};

/* ----------------------------------------------------------------- report */

static void report(FILE *out, const char *name, const char *where,
                   const pairs *found)
{
    printf("%-22s %-11s %12.1f %12.1f %8.3f   %.3f to %.3f\n", name, where,
           found->first_ns, found->second_ns, found->ratio, found->q1,
           found->q3);
    fflush(stdout);
    if (!out)
        return;
    fprintf(out,
            "{\"bench\":\"%s\",\"database\":\"%s\",\"weir_ns\":%.1f,"
            "\"bare_ns\":%.1f,\"ratio\":%.4f,\"q1\":%.4f,\"q3\":%.4f}\n",
            name, where, found->first_ns, found->second_ns, found->ratio,
            found->q1, found->q3);
    fflush(out);
}

static bool is_wanted(int count, char **names, const char *name)
{
    for (int i = 2; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return count < 3;
}

/* One processor for both sides and the server: a move between two would be
 * measured. bench/run.sh has put all of us on one already. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        perror("bench: sched_setaffinity");
}

/* ------------------------------------------------------------------- main */

static void run_bench(const database *db, const bench *one, FILE *out)
{
    static int64_t keys[SELECT_COUNT];
    static new_item rows[BULK_COUNT];
    const plan *how = db->has_server ? &one->server : &one->file;
    work weir = {one->weir, NULL, keys, rows};
    work bare = {one->usual ? db->usual : db->bare, NULL, keys, rows};
    job first = {one->run, one->after, &weir};
    job second = {one->run, one->after, &bare};
    pairs found;

    if (how->rounds == 0 ||
        (one->run == run_pipelined && !bare.side->point_select_pipelined))
        return;
    database_keys(keys, SELECT_COUNT);
    database_rows(rows, BULK_COUNT);
    weir.self = weir.side->open(db->url);
    bare.self = bare.side->open(db->where);
    found = pairs_run(&first, &second, how);
    weir.side->close(weir.self);
    bare.side->close(bare.self);
    report(out, one->name, db->name, &found);
}

int main(int argc, char **argv)
{
    const char *path = getenv("WEIR_BENCH_OUT");
    FILE *out = path ? fopen(path, "a") : NULL;
    database *db;

    if (argc < 2)
        bench_die("usage", "bench sqlite|postgresql|mariadb [name ...]");
    if (path && !out)
        bench_die(path, "cannot be written");
    stay_on_one_processor();
    db = database_start(argv[1]);
    printf("%-22s %-11s %12s %12s %8s   %s\n", "bench", "database", "weir ns",
           "bare ns", "ratio", "quartiles");
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        if (is_wanted(argc, argv, benches[i].name))
            run_bench(db, &benches[i], out);
    }
    if (!db->has_server && is_wanted(argc, argv, "stream"))
        stream_run(db->url);
    db->stop(db);
    if (out)
        fclose(out);
    return 0;
}
