/* SPDX-License-Identifier: MIT */
/*
 * The jobs by hand on libpq, used well: statements prepared once, parameters
 * and results in binary, each answer's kind and size checked, rows loaded by
 * COPY in binary. `where` is a URL that libpq understands.
 */
#include "postgresql.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { COPY_FLUSH = 64 * 1024, ROW_MOST = 128 };
enum { OID_INT8 = 20, OID_INT4 = 23, OID_FLOAT8 = 701, OID_VARCHAR = 1043 };

typedef struct side {
    PGconn *pg;
    PGresult *rows; /* of a fetch that goes on */
    char copy[COPY_FLUSH + ROW_MOST];
    size_t copy_size;
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

static void prepare(side *self, const char *name, const char *sql)
{
    PQclear(
        need(self, PQprepare(self->pg, name, sql, 0, NULL), PGRES_COMMAND_OK));
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);

    if (!self)
        bench_die("libpq", "out of memory");
    self->pg = connect_postgresql(where);
    prepare(self, "by_key",
            "SELECT id, name, score, parent FROM item WHERE id = $1");
    prepare(self, "all", SELECT_ALL);
    prepare(self, "insert",
            "INSERT INTO scratch (id, name, score, parent) "
            "VALUES ($1, $2, $3, $4)");
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    PQfinish(self->pg);
    free(self);
}

/* ------------------------------------------------------------------- rows */

static void check_columns(const PGresult *rows)
{
    static const Oid wanted[] = {OID_INT8, OID_VARCHAR, OID_FLOAT8, OID_INT4};

    if (PQnfields(rows) != 4)
        bench_die("libpq", "four columns were asked for");
    for (int i = 0; i < 4; i++) {
        if (PQftype(rows, i) != wanted[i])
            bench_die("libpq", "a column has another type");
    }
}

static const char *cell(const PGresult *rows, int row, int column, int size)
{
    if (PQgetisnull(rows, row, column))
        bench_die("libpq", "a column is NULL that cannot be");
    if (size > 0 && PQgetlength(rows, row, column) != size)
        bench_die("libpq", "a column has another size");
    return PQgetvalue(rows, row, column);
}

static uint64_t read_64(const char *from)
{
    uint64_t bits;

    memcpy(&bits, from, sizeof bits);
    return be64toh(bits);
}

static uint32_t read_32(const char *from)
{
    uint32_t bits;

    memcpy(&bits, from, sizeof bits);
    return be32toh(bits);
}

static item read_row(const PGresult *rows, int row)
{
    item out = {.id = (int64_t)read_64(cell(rows, row, 0, 8)),
                .name = cell(rows, row, 1, 0)};
    uint64_t score = read_64(cell(rows, row, 2, 8));

    memcpy(&out.score, &score, sizeof score);
    out.has_parent = !PQgetisnull(rows, row, 3);
    if (out.has_parent)
        out.parent = (int32_t)read_32(cell(rows, row, 3, 4));
    return out;
}

/* ------------------------------------------------------------------- jobs */

static const int key_size = sizeof(int64_t), in_binary = 1;

/* The only row; the result is cleared. */
static uint64_t fold_one(PGresult *rows)
{
    uint64_t sum;
    item row;

    check_columns(rows);
    if (PQntuples(rows) != 1)
        bench_die("libpq", "one row was asked for");
    row = read_row(rows, 0);
    sum = fold(0, &row);
    PQclear(rows);
    return sum;
}

static uint64_t point_select(void *memory, const int64_t *keys, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    if (part.first)
        run(self, "BEGIN");
    for (int i = part.at; i < part.at + part.count; i++) {
        uint64_t key = htobe64((uint64_t)keys[i]);
        const char *value = (const char *)&key;

        sum += fold_one(need(self,
                             PQexecPrepared(self->pg, "by_key", 1, &value,
                                            &key_size, &in_binary, 1),
                             PGRES_TUPLES_OK));
    }
    if (part.last)
        run(self, "COMMIT");
    return sum;
}

static void send_key(side *self, int64_t wanted)
{
    uint64_t key = htobe64((uint64_t)wanted);
    const char *value = (const char *)&key;

    if (PQsendQueryPrepared(self->pg, "by_key", 1, &value, &key_size,
                            &in_binary, 1) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
}

static uint64_t point_select_pipelined(void *memory, const int64_t *keys,
                                       slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    if (part.first)
        run(self, "BEGIN");
    if (PQenterPipelineMode(self->pg) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
    for (int i = part.at; i < part.at + part.count; i++)
        send_key(self, keys[i]);
    if (PQpipelineSync(self->pg) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
    for (int i = 0; i < part.count; i++) {
        sum += fold_one(need(self, PQgetResult(self->pg), PGRES_TUPLES_OK));
        if (PQgetResult(self->pg))
            bench_die("libpq", "a query has a second answer");
    }
    PQclear(need(self, PQgetResult(self->pg), PGRES_PIPELINE_SYNC));
    if (PQexitPipelineMode(self->pg) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
    if (part.last)
        run(self, "COMMIT");
    return sum;
}

static uint64_t fetch(void *memory, slice part)
{
    side *self = memory;
    uint64_t sum = 0;

    if (part.first) {
        self->rows =
            need(self, PQexecPrepared(self->pg, "all", 0, NULL, NULL, NULL, 1),
                 PGRES_TUPLES_OK);
        check_columns(self->rows);
    }
    for (int i = part.at; i < part.at + part.count; i++) {
        item row = read_row(self->rows, i);

        sum = fold(sum, &row);
    }
    if (part.last) {
        if (PQntuples(self->rows) != part.at + part.count)
            bench_die("libpq", "there are more rows");
        PQclear(self->rows);
    }
    return sum;
}

static uint64_t insert_row(side *self, const new_item *row)
{
    static const int binary[] = {1, 1, 1, 1};
    uint64_t id = htobe64((uint64_t)row->id), score;
    uint32_t parent = htobe32((uint32_t)row->parent);
    const char *values[] = {(const char *)&id, row->name, (const char *)&score,
                            row->has_parent ? (const char *)&parent : NULL};
    int sizes[] = {8, (int)strlen(row->name), 8, 4};
    PGresult *result;
    uint64_t done;

    memcpy(&score, &row->score, sizeof score);
    score = htobe64(score);
    result = need(
        self, PQexecPrepared(self->pg, "insert", 4, values, sizes, binary, 1),
        PGRES_COMMAND_OK);
    done = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return done;
}

static uint64_t insert(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    uint64_t done = 0;

    if (part.first)
        run(self, "BEGIN");
    for (int i = part.at; i < part.at + part.count; i++)
        done += insert_row(self, &rows[i]);
    if (part.last)
        run(self, "COMMIT");
    return done;
}

/* ------------------------------------------------------------------- COPY */

static void put(side *self, const void *data, size_t size)
{
    memcpy(self->copy + self->copy_size, data, size);
    self->copy_size += size;
}

static void put_32(side *self, uint32_t number)
{
    number = htobe32(number);
    put(self, &number, sizeof number);
}

static void put_64(side *self, uint64_t number)
{
    put_32(self, 8);
    number = htobe64(number);
    put(self, &number, sizeof number);
}

static void put_row(side *self, const new_item *row)
{
    static const char columns[] = {0, 4};
    size_t size = strlen(row->name);
    uint64_t score;

    put(self, columns, sizeof columns);
    put_64(self, (uint64_t)row->id);
    put_32(self, (uint32_t)size);
    put(self, row->name, size);
    memcpy(&score, &row->score, sizeof score);
    put_64(self, score);
    put_32(self, row->has_parent ? 4 : UINT32_MAX);
    if (row->has_parent)
        put_32(self, (uint32_t)row->parent);
}

static void flush(side *self)
{
    if (PQputCopyData(self->pg, self->copy, (int)self->copy_size) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
    self->copy_size = 0;
}

static uint64_t bulk_insert(void *memory, const new_item *rows, slice part)
{
    static const char head[19] = "PGCOPY\n\377\r\n";
    side *self = memory;
    PGresult *result;
    uint64_t done;

    run(self, "BEGIN");
    PQclear(need(self,
                 PQexec(self->pg, "COPY scratch (id, name, score, parent) "
                                  "FROM STDIN (FORMAT binary)"),
                 PGRES_COPY_IN));
    put(self, head, sizeof head);
    for (int i = 0; i < part.count; i++) {
        put_row(self, &rows[i]);
        if (self->copy_size >= COPY_FLUSH)
            flush(self);
    }
    put(self, "\377\377", 2);
    flush(self);
    if (PQputCopyEnd(self->pg, NULL) != 1)
        bench_die("libpq", PQerrorMessage(self->pg));
    result = need(self, PQgetResult(self->pg), PGRES_COMMAND_OK);
    done = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    if (PQgetResult(self->pg))
        bench_die("libpq", "COPY has a second answer");
    run(self, "COMMIT");
    return done;
}

static void empty(void *memory)
{
    run(memory, TRUNCATE_ROWS);
}

const bench_side bench_bare_postgresql = {
    .name = "libpq",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .point_select_pipelined = point_select_pipelined,
    .fetch = fetch,
    .insert = insert,
    .bulk_insert = bulk_insert,
    .empty = empty,
};
