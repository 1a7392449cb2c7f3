/* SPDX-License-Identifier: MIT */
/* The jobs through Weir, as a user would write them. `where` is a URL. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <weir/short.h>
#include <weir/weir.h>

typedef struct side {
    weir_engine *engine;
    weir_conn *conn;
    const char *emptying;
    weir_result *rows;  /* of a fetch that goes on */
    weir_value *values; /* of many rows */
} side;

static void need(weir_conn *conn, weir_status status)
{
    if (status != WEIR_OK)
        bench_die("weir", weir_conn_error(conn)->message);
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);
    weir_error err;

    if (!self)
        bench_die("weir", "out of memory");
    self->values = calloc((size_t)BULK_COUNT * 4, sizeof *self->values);
    self->emptying =
        strncmp(where, "sqlite", 6) == 0 ? DELETE_ROWS : TRUNCATE_ROWS;
    self->engine = weir_engine_open(where, NULL, &err);
    self->conn = self->engine ? weir_connect(self->engine, &err) : NULL;
    if (!self->conn || !self->values)
        bench_die("weir", err.message);
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    weir_conn_close(&self->conn);
    weir_engine_close(&self->engine);
    free(self->values);
    free(self);
}

/* False if there is no further row. */
static bool read_row(weir_result *rows, item *row)
{
    weir_opt_i32 parent;

    if (!weir_next(rows) ||
        weir_scan(rows, &row->id, &row->name, &row->score, &parent) != WEIR_OK)
        return false;
    row->has_parent = parent.set;
    row->parent = parent.v;
    return true;
}

static uint64_t point_select(void *memory, const int64_t *keys, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    for (int i = part.at; i < part.at + part.count; i++) {
        weir_result *rows =
            weir_query(self->conn, SELECT_BY_KEY, ARGS(keys[i]));
        item row;

        if (!read_row(rows, &row))
            bench_die("weir", weir_result_error(rows)->message);
        sum = fold(sum, &row);
        weir_result_close(&rows);
    }
    if (part.last)
        need(self->conn, weir_commit(self->conn));
    return sum;
}

static uint64_t point_select_pipelined(void *memory, const int64_t *keys,
                                       slice part)
{
    static weir_statement asked[SELECT_COUNT];
    static weir_result *rows[SELECT_COUNT];
    side *self = memory;
    uint64_t sum = 0;
    item row;

    for (int i = 0; i < part.count; i++) {
        self->values[i] = WEIR_VAL(keys[part.at + i]);
        asked[i] = (weir_statement){SELECT_BY_KEY, &self->values[i], 1};
    }
    need(self->conn,
         weir_query_many(self->conn, asked, (size_t)part.count, rows));
    for (int i = 0; i < part.count; i++) {
        if (!read_row(rows[i], &row))
            bench_die("weir", weir_result_error(rows[i])->message);
        sum = fold(sum, &row);
        weir_result_close(&rows[i]);
    }
    if (part.last)
        need(self->conn, weir_commit(self->conn));
    return sum;
}

static uint64_t fetch(void *memory, slice part)
{
    side *self = memory;
    uint64_t sum = 0;
    item row;

    if (part.first)
        self->rows = weir_query(self->conn, SELECT_ALL, NOARGS);
    for (int i = 0; i < part.count && read_row(self->rows, &row); i++)
        sum = fold(sum, &row);
    if (!part.last)
        return sum;
    if (weir_next(self->rows) || weir_result_status(self->rows) != WEIR_OK)
        bench_die("weir", weir_result_error(self->rows)->message);
    weir_result_close(&self->rows);
    need(self->conn, weir_commit(self->conn));
    return sum;
}

static weir_opt_i32 parent_of(const new_item *row)
{
    return (weir_opt_i32){.v = row->parent, .set = row->has_parent != 0};
}

static uint64_t insert(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    uint64_t done = 0;

    for (int i = part.at; i < part.at + part.count; i++) {
        const new_item *row = &rows[i];

        need(self->conn,
             weir_exec(self->conn, INSERT_ROW,
                       ARGS(row->id, row->name, row->score, parent_of(row))));
        done += (uint64_t)weir_affected(self->conn);
    }
    if (part.last)
        need(self->conn, weir_commit(self->conn));
    return done;
}

/* A part of the rows as values. */
static weir_rows take_rows(side *self, const new_item *rows, slice part)
{
    for (int i = 0; i < part.count; i++) {
        const new_item *row = &rows[part.at + i];
        weir_value *value = &self->values[(size_t)i * 4];

        value[0] = WEIR_VAL(row->id);
        value[1] = WEIR_VAL((const char *)row->name);
        value[2] = WEIR_VAL(row->score);
        value[3] = WEIR_VAL(parent_of(row));
    }
    return (weir_rows){self->values, 4, (size_t)part.count};
}

static uint64_t insert_many(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    weir_rows all = take_rows(self, rows, part);
    uint64_t done;

    need(self->conn, weir_exec_many(self->conn, INSERT_ROW, &all));
    done = (uint64_t)weir_affected(self->conn);
    if (part.last)
        need(self->conn, weir_commit(self->conn));
    return done;
}

static uint64_t bulk_insert(void *memory, const new_item *rows, slice part)
{
    static const char *const names[] = {"id", "name", "score", "parent"};
    weir_table_columns into = {"scratch", names, 4};
    side *self = memory;
    weir_rows all = take_rows(self, rows, part);
    uint64_t done;

    need(self->conn, weir_bulk_insert(self->conn, &into, &all));
    done = (uint64_t)weir_affected(self->conn);
    need(self->conn, weir_commit(self->conn));
    return done;
}

static void empty(void *memory)
{
    side *self = memory;

    need(self->conn, weir_exec(self->conn, self->emptying, NOARGS));
    need(self->conn, weir_commit(self->conn));
}

const bench_side bench_weir = {
    .name = "weir",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .point_select_pipelined = point_select_pipelined,
    .fetch = fetch,
    .insert = insert,
    .bulk_insert = bulk_insert,
    .empty = empty,
};

const bench_side bench_weir_many = {
    .name = "weir, exec_many",
    .open = open_side,
    .close = close_side,
    .insert = insert_many,
    .empty = empty,
};
