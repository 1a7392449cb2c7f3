/* SPDX-License-Identifier: MIT */
/*
 * The databases of the benchmarks: each starts one that nobody else uses,
 * filled with the table that is read, and removes it again.
 */
#ifndef BENCH_DATABASE_H
#define BENCH_DATABASE_H

#include "bench.h"

typedef struct database database;
struct database {
    const char *name;
    bool has_server;
    const bench_side *bare;
    const bench_side *usual; /* NULL if there is no other way */
    char url[300];           /* for Weir */
    char where[300];         /* for the bare side */
    void (*stop)(database *self);
};

/*
 * Makes the database ready, or ends the process. "sqlite" is two files; for
 * "postgresql" and "mariadb" $WEIR_TEST_URL is a server of our own, as
 * tests/kit starts it.
 */
database *database_start(const char *name);

/* The same keys and rows in every run: a generator with a fixed seed. */
void database_keys(int64_t *keys, int count);
void database_rows(new_item *rows, int count);

#endif
