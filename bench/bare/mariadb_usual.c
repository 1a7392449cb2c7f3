/* SPDX-License-Identifier: MIT */
/*
 * The jobs on libmariadb as most programs do them: statements written with
 * their values, rows stored by the library and read as text. The same checks
 * as in the other.
 */
#include "mariadb.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct side {
    MYSQL *mysql;
    MYSQL_RES *rows; /* of a fetch that goes on */
} side;

static void run(side *self, const char *sql)
{
    if (mysql_real_query(self->mysql, sql, strlen(sql)) != 0)
        bench_die("libmariadb", mysql_error(self->mysql));
}

static MYSQL_RES *store(side *self, const char *sql)
{
    MYSQL_RES *rows;

    run(self, sql);
    rows = mysql_store_result(self->mysql);
    if (!rows)
        bench_die("libmariadb", mysql_error(self->mysql));
    return rows;
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);

    if (!self)
        bench_die("libmariadb", "out of memory");
    self->mysql = connect_mariadb(where);
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    mysql_close(self->mysql);
    free(self);
}

static int64_t integer(const char *text)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        bench_die("libmariadb", "a column is not an integer");
    return value;
}

static item next_row(MYSQL_RES *rows)
{
    MYSQL_ROW row = mysql_fetch_row(rows);
    item out;
    int64_t parent;
    char *end;

    if (!row || mysql_num_fields(rows) != 4 || !row[0] || !row[1] || !row[2])
        bench_die("libmariadb", "a row of four columns was asked for");
    out = (item){.id = integer(row[0]), .name = row[1]};
    out.score = strtod(row[2], &end);
    if (end == row[2] || *end)
        bench_die("libmariadb", "a column is not a number");
    out.has_parent = row[3] != NULL;
    if (!row[3])
        return out;
    parent = integer(row[3]);
    if (parent < INT32_MIN || parent > INT32_MAX)
        bench_die("libmariadb", "parent is out of range");
    out.parent = (int32_t)parent;
    return out;
}

static uint64_t point_select(void *memory, const int64_t *keys, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    if (part.first)
        run(self, "BEGIN");
    for (int i = part.at; i < part.at + part.count; i++) {
        char sql[128];
        MYSQL_RES *rows;
        item row;

        snprintf(sql, sizeof sql,
                 "SELECT id, name, score, parent FROM item WHERE id = %lld",
                 (long long)keys[i]);
        rows = store(self, sql);
        row = next_row(rows);
        sum = fold(sum, &row);
        mysql_free_result(rows);
    }
    if (part.last)
        run(self, "COMMIT");
    return sum;
}

static uint64_t fetch(void *memory, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    if (part.first)
        self->rows = store(self, SELECT_ALL);
    for (int i = 0; i < part.count; i++) {
        item row = next_row(self->rows);

        sum = fold(sum, &row);
    }
    if (part.last)
        mysql_free_result(self->rows);
    return sum;
}

const bench_side bench_usual_mariadb = {
    .name = "libmariadb, text",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .fetch = fetch,
};
