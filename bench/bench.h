/* SPDX-License-Identifier: MIT */
/*
 * What a benchmark compares: the same jobs, done through Weir and by hand on
 * the client library. Each side has its own connection and tables of its own,
 * filled alike, and the jobs return a checksum so that none can be cut short.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    FILE_ROWS = 200000,   /* rows of the table that is read, in a file */
    SERVER_ROWS = 100000, /* the same at a server */
    INSERT_COUNT = 10000, /* rows that `insert` writes in one transaction */
    BULK_COUNT = 100000,  /* rows that `bulk_insert` loads */
    SELECT_COUNT = 500,   /* keys that are selected by */
    /* The keys are among the first rows, whose pages stay in the cache: what
     * is measured is the statement and not the disk. */
    KEY_MAX = 10000,
    NAME_SIZE = 32,
};

/* The statements, the same for both sides. */
#define SELECT_BY_KEY "SELECT id, name, score, parent FROM item WHERE id = ?"
#define SELECT_ALL "SELECT id, name, score, parent FROM item"
#define INSERT_ROW                                                             \
    "INSERT INTO scratch (id, name, score, parent) VALUES (?, ?, ?, ?)"
/* What deleted rows leave behind at a server would be measured next time. */
#define DELETE_ROWS "DELETE FROM scratch"
#define TRUNCATE_ROWS "TRUNCATE TABLE scratch"

/* A row as a program wants it: typed, NULL told apart, range checked. */
typedef struct item {
    int64_t id;
    const char *name; /* borrowed until the next row */
    double score;
    int32_t parent;
    int has_parent;
} item;

/* What `insert` writes; both sides are given the same rows. */
typedef struct new_item {
    int64_t id;
    char name[NAME_SIZE];
    double score;
    int32_t parent;
    int has_parent;
} new_item;

/* A job is done in slices, so that the two sides can take turns within it. */
typedef struct slice {
    int at, count; /* which of the job's rows or keys */
    bool first, last;
} slice;

/* One way of doing the jobs; NULL for one that it does not have. Any failure
 * ends the process with a message: a benchmark that failed has measured
 * nothing. */
typedef struct bench_side {
    const char *name;
    void *(*open)(const char *where);
    void (*close)(void *self);
    uint64_t (*point_select)(void *self, const int64_t *keys, slice part);
    /* A slice's keys are sent before an answer is read. */
    uint64_t (*point_select_pipelined)(void *self, const int64_t *keys,
                                       slice part);
    uint64_t (*fetch)(void *self, slice part);
    uint64_t (*insert)(void *self, const new_item *rows, slice part);
    uint64_t (*bulk_insert)(void *self, const new_item *rows, slice part);
    /* Empties the table that was filled; not measured. */
    void (*empty)(void *self);
} bench_side;

/* Folds a row into a checksum: little work, and the same on both sides. */
static inline uint64_t fold(uint64_t sum, const item *row)
{
    return sum + (uint64_t)row->id * 31 + (uint64_t)row->name[0] +
           (uint64_t)(int64_t)row->score +
           (uint64_t)(row->has_parent ? row->parent : -1);
}

/* Ends the process. */
_Noreturn void bench_die(const char *what, const char *why);

extern const bench_side bench_weir;
/* Weir once more, its rows inserted by one weir_exec_many(). */
extern const bench_side bench_weir_many;
extern const bench_side bench_bare_sqlite;
/* The client library used well, and as most programs use it. */
extern const bench_side bench_bare_postgresql, bench_usual_postgresql;
extern const bench_side bench_bare_mariadb, bench_usual_mariadb;

#endif
