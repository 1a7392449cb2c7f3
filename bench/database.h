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
    const bench_side *bare;
    char url[300];   /* for Weir */
    char where[256]; /* for the bare side */
    void (*stop)(database *self);
};

/* Each makes its database ready, or says why it cannot and returns NULL. */
extern database *(*const databases[])(void);
extern const int database_count;

/* The same keys and rows in every run: a generator with a fixed seed. */
void database_keys(int64_t *keys, int count);
void database_rows(new_item *rows, int count);

/* Creates and fills the tables through Weir. */
void database_fill(const char *url);

#endif
