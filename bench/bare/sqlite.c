/* SPDX-License-Identifier: MIT */
/*
 * The jobs by hand on sqlite3: statements prepared once, values bound without
 * copies, each column's type, NULL and range checked, every code looked at.
 * `where` is a file's path.
 */
#include "../bench.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

typedef struct side {
    sqlite3 *db;
    sqlite3_stmt *by_key, *all, *insert, *begin, *commit;
} side;

static void need(side *self, int found, int wanted)
{
    if (found != wanted)
        bench_die("sqlite", sqlite3_errmsg(self->db));
}

static sqlite3_stmt *prepare(side *self, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    need(self,
         sqlite3_prepare_v3(self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt,
                            NULL),
         SQLITE_OK);
    return stmt;
}

static void run(side *self, const char *sql)
{
    need(self, sqlite3_exec(self->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);

    if (!self)
        bench_die("sqlite", "out of memory");
    need(self,
         sqlite3_open_v2(where, &self->db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL),
         SQLITE_OK);
    run(self, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL");
    self->by_key = prepare(self, SELECT_BY_KEY);
    self->all = prepare(self, SELECT_ALL);
    self->insert = prepare(self, INSERT_ROW);
    self->begin = prepare(self, "BEGIN IMMEDIATE");
    self->commit = prepare(self, "COMMIT");
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    sqlite3_finalize(self->by_key);
    sqlite3_finalize(self->all);
    sqlite3_finalize(self->insert);
    sqlite3_finalize(self->begin);
    sqlite3_finalize(self->commit);
    sqlite3_close(self->db);
    free(self);
}

/* The row that the statement stands on. */
static item read_row(side *self, sqlite3_stmt *stmt)
{
    item row = {0};
    sqlite3_int64 parent;

    if (sqlite3_column_type(stmt, 0) != SQLITE_INTEGER)
        bench_die("sqlite", "id is not an integer");
    row.id = sqlite3_column_int64(stmt, 0);
    if (sqlite3_column_type(stmt, 1) != SQLITE_TEXT)
        bench_die("sqlite", "name is not text");
    row.name = (const char *)sqlite3_column_text(stmt, 1);
    if (!row.name)
        bench_die("sqlite", sqlite3_errmsg(self->db));
    if (sqlite3_column_type(stmt, 2) != SQLITE_FLOAT)
        bench_die("sqlite", "score is not a number");
    row.score = sqlite3_column_double(stmt, 2);
    switch (sqlite3_column_type(stmt, 3)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        parent = sqlite3_column_int64(stmt, 3);
        if (parent < INT32_MIN || parent > INT32_MAX)
            bench_die("sqlite", "parent is out of range");
        row.parent = (int32_t)parent;
        row.has_parent = 1;
        break;
    default:
        bench_die("sqlite", "parent is not an integer");
    }
    return row;
}

static uint64_t point_select(void *memory, const int64_t *keys, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    for (int i = part.at; i < part.at + part.count; i++) {
        item row;

        need(self, sqlite3_bind_int64(self->by_key, 1, keys[i]), SQLITE_OK);
        need(self, sqlite3_step(self->by_key), SQLITE_ROW);
        row = read_row(self, self->by_key);
        sum = fold(sum, &row);
        need(self, sqlite3_reset(self->by_key), SQLITE_OK);
    }
    return sum;
}

static void end_step(side *self, sqlite3_stmt *stmt)
{
    need(self, sqlite3_step(stmt), SQLITE_DONE);
    need(self, sqlite3_reset(stmt), SQLITE_OK);
}

static uint64_t fetch(void *memory, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    for (int i = 0; i < part.count; i++) {
        item row;

        need(self, sqlite3_step(self->all), SQLITE_ROW);
        row = read_row(self, self->all);
        sum = fold(sum, &row);
    }
    if (part.last)
        end_step(self, self->all);
    return sum;
}

static void insert_row(side *self, const new_item *row)
{
    sqlite3_stmt *stmt = self->insert;

    need(self, sqlite3_bind_int64(stmt, 1, row->id), SQLITE_OK);
    need(self, sqlite3_bind_text(stmt, 2, row->name, -1, SQLITE_STATIC),
         SQLITE_OK);
    need(self, sqlite3_bind_double(stmt, 3, row->score), SQLITE_OK);
    need(self,
         row->has_parent ? sqlite3_bind_int(stmt, 4, row->parent)
                         : sqlite3_bind_null(stmt, 4),
         SQLITE_OK);
    end_step(self, stmt);
}

static uint64_t insert(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    uint64_t done = 0;

    if (part.first)
        end_step(self, self->begin);
    for (int i = part.at; i < part.at + part.count; i++) {
        insert_row(self, &rows[i]);
        done += (uint64_t)sqlite3_changes64(self->db);
    }
    if (part.last)
        end_step(self, self->commit);
    return done;
}

static void empty(void *memory)
{
    run(memory, DELETE_ROWS);
}

const bench_side bench_bare_sqlite = {
    .name = "sqlite3",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .fetch = fetch,
    .insert = insert,
    .empty = empty,
};
