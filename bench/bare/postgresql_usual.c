/* SPDX-License-Identifier: MIT */
/*
 * The jobs on libpq as most programs do them: PQexecParams() with text in and
 * text out, parsed each time by the server. The same checks as in the other.
 */
#include "postgresql.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct side {
    PGconn *pg;
    PGresult *rows; /* of a fetch that goes on */
} side;

static PGresult *need(side *self, PGresult *result, ExecStatusType wanted)
{
    if (PQresultStatus(result) != wanted)
        bench_die("libpq", PQerrorMessage(self->pg));
    return result;
}

static void run(side *self, const char *sql)
{
    PQclear(need(self, PQexec(self->pg, sql), PGRES_COMMAND_OK));
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);

    if (!self)
        bench_die("libpq", "out of memory");
    self->pg = connect_postgresql(where);
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    PQfinish(self->pg);
    free(self);
}

static int64_t integer(const PGresult *rows, int row, int column)
{
    const char *text = PQgetvalue(rows, row, column);
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        bench_die("libpq", "a column is not an integer");
    return value;
}

static item read_row(const PGresult *rows, int row)
{
    item out = {.id = integer(rows, row, 0), .name = PQgetvalue(rows, row, 1)};
    const char *score = PQgetvalue(rows, row, 2);
    int64_t parent;
    char *end;

    for (int i = 0; i < 3; i++) {
        if (PQgetisnull(rows, row, i))
            bench_die("libpq", "a column is NULL that cannot be");
    }
    out.score = strtod(score, &end);
    if (end == score || *end)
        bench_die("libpq", "a column is not a number");
    out.has_parent = !PQgetisnull(rows, row, 3);
    if (!out.has_parent)
        return out;
    parent = integer(rows, row, 3);
    if (parent < INT32_MIN || parent > INT32_MAX)
        bench_die("libpq", "parent is out of range");
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
        char key[24];
        const char *value = key;
        PGresult *rows;
        item row;

        snprintf(key, sizeof key, "%lld", (long long)keys[i]);
        rows = need(self,
                    PQexecParams(self->pg,
                                 "SELECT id, name, score, parent FROM item "
                                 "WHERE id = $1",
                                 1, NULL, &value, NULL, NULL, 0),
                    PGRES_TUPLES_OK);
        if (PQntuples(rows) != 1 || PQnfields(rows) != 4)
            bench_die("libpq", "one row of four columns was asked for");
        row = read_row(rows, 0);
        sum = fold(sum, &row);
        PQclear(rows);
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
        self->rows = need(self, PQexec(self->pg, SELECT_ALL), PGRES_TUPLES_OK);
    for (int i = part.at; i < part.at + part.count; i++) {
        item row = read_row(self->rows, i);

        sum = fold(sum, &row);
    }
    if (part.last)
        PQclear(self->rows);
    return sum;
}

const bench_side bench_usual_postgresql = {
    .name = "libpq, text",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .fetch = fetch,
};
