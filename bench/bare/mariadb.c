/* SPDX-License-Identifier: MIT */
/*
 * The jobs by hand on libmariadb, used well: statements prepared once, the
 * binary protocol with bound buffers, rows read as they come, truncation and
 * NULL looked at, rows loaded by bulk arrays.
 */
#include "mariadb.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 64, COLUMNS = 4 };

typedef struct side {
    MYSQL *mysql;
    MYSQL_STMT *by_key, *all, *insert, *bulk;
    /* One row on its way out. */
    int64_t id;
    char name[NAME_ROOM];
    unsigned long name_size;
    double score;
    int32_t parent;
    my_bool is_null[COLUMNS];
} side;

static void need(MYSQL_STMT *stmt, int failed)
{
    if (failed)
        bench_die("libmariadb", mysql_stmt_error(stmt));
}

static void run(side *self, const char *sql)
{
    if (mysql_real_query(self->mysql, sql, strlen(sql)) != 0)
        bench_die("libmariadb", mysql_error(self->mysql));
}

static void bind_rows(side *self, MYSQL_STMT *stmt)
{
    MYSQL_BIND out[COLUMNS] = {
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &self->id},
        {.buffer_type = MYSQL_TYPE_STRING,
         .buffer = self->name,
         .buffer_length = NAME_ROOM - 1,
         .length = &self->name_size},
        {.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &self->score},
        {.buffer_type = MYSQL_TYPE_LONG, .buffer = &self->parent},
    };

    for (int i = 0; i < COLUMNS; i++)
        out[i].is_null = &self->is_null[i];
    need(stmt, mysql_stmt_bind_result(stmt, out));
}

static MYSQL_STMT *prepare(side *self, const char *sql)
{
    MYSQL_STMT *stmt = mysql_stmt_init(self->mysql);

    if (!stmt)
        bench_die("libmariadb", "out of memory");
    need(stmt, mysql_stmt_prepare(stmt, sql, strlen(sql)));
    if (mysql_stmt_field_count(stmt) > 0)
        bind_rows(self, stmt);
    return stmt;
}

static void *open_side(const char *where)
{
    side *self = calloc(1, sizeof *self);

    if (!self)
        bench_die("libmariadb", "out of memory");
    self->mysql = connect_mariadb(where);
    self->by_key = prepare(self, SELECT_BY_KEY);
    self->all = prepare(self, SELECT_ALL);
    self->insert = prepare(self, INSERT_ROW);
    self->bulk = prepare(self, INSERT_ROW);
    return self;
}

static void close_side(void *memory)
{
    side *self = memory;

    mysql_stmt_close(self->by_key);
    mysql_stmt_close(self->all);
    mysql_stmt_close(self->insert);
    mysql_stmt_close(self->bulk);
    mysql_close(self->mysql);
    free(self);
}

/* ------------------------------------------------------------------- jobs */

static item next_row(side *self, MYSQL_STMT *stmt)
{
    need(stmt, mysql_stmt_fetch(stmt));
    if (self->is_null[0] || self->is_null[1] || self->is_null[2])
        bench_die("libmariadb", "a column is NULL that cannot be");
    self->name[self->name_size] = '\0';
    return (item){self->id, self->name, self->score,
                  self->is_null[3] ? 0 : self->parent, !self->is_null[3]};
}

static void no_more_rows(MYSQL_STMT *stmt)
{
    if (mysql_stmt_fetch(stmt) != MYSQL_NO_DATA)
        bench_die("libmariadb", "there are more rows");
}

static uint64_t point_select(void *memory, const int64_t *keys, slice part)
{
    side *self = memory;
    int64_t key;
    MYSQL_BIND in = {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &key};
    uint64_t sum = 0;

    if (part.first)
        run(self, "BEGIN");
    need(self->by_key, mysql_stmt_bind_param(self->by_key, &in));
    for (int i = part.at; i < part.at + part.count; i++) {
        item row;

        key = keys[i];
        need(self->by_key, mysql_stmt_execute(self->by_key));
        row = next_row(self, self->by_key);
        sum = fold(sum, &row);
        no_more_rows(self->by_key);
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
        need(self->all, mysql_stmt_execute(self->all));
    for (int i = 0; i < part.count; i++) {
        item row = next_row(self, self->all);

        sum = fold(sum, &row);
    }
    if (part.last)
        no_more_rows(self->all);
    return sum;
}

static uint64_t insert(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    new_item row;
    unsigned long name_size;
    my_bool is_null;
    MYSQL_BIND in[COLUMNS] = {
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &row.id},
        {.buffer_type = MYSQL_TYPE_STRING,
         .buffer = row.name,
         .length = &name_size},
        {.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &row.score},
        {.buffer_type = MYSQL_TYPE_LONG,
         .buffer = &row.parent,
         .is_null = &is_null},
    };
    uint64_t done = 0;

    if (part.first)
        run(self, "BEGIN");
    need(self->insert, mysql_stmt_bind_param(self->insert, in));
    for (int i = part.at; i < part.at + part.count; i++) {
        row = rows[i];
        name_size = strlen(row.name);
        is_null = !row.has_parent;
        need(self->insert, mysql_stmt_execute(self->insert));
        done += mysql_stmt_affected_rows(self->insert);
    }
    if (part.last)
        run(self, "COMMIT");
    return done;
}

/* Arrays by column, as the library wants them. */
typedef struct arrays {
    int64_t *id;
    char **name;
    unsigned long *name_size;
    double *score;
    int32_t *parent;
    char *parent_is; /* an indicator for each row */
} arrays;

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        bench_die("libmariadb", "out of memory");
    return memory;
}

static arrays gather(const new_item *rows, size_t count)
{
    arrays out = {
        room(count, sizeof *out.id),        room(count, sizeof *out.name),
        room(count, sizeof *out.name_size), room(count, sizeof *out.score),
        room(count, sizeof *out.parent),    room(count, sizeof *out.parent_is)};

    for (size_t i = 0; i < count; i++) {
        out.id[i] = rows[i].id;
        out.name[i] = (char *)rows[i].name;
        out.name_size[i] = strlen(rows[i].name);
        out.score[i] = rows[i].score;
        out.parent[i] = rows[i].parent;
        out.parent_is[i] =
            rows[i].has_parent ? STMT_INDICATOR_NONE : STMT_INDICATOR_NULL;
    }
    return out;
}

static void drop(arrays *all)
{
    free(all->id);
    free(all->name);
    free(all->name_size);
    free(all->score);
    free(all->parent);
    free(all->parent_is);
}

static uint64_t bulk_insert(void *memory, const new_item *rows, slice part)
{
    side *self = memory;
    unsigned count = (unsigned)part.count;
    arrays all = gather(rows, count);
    MYSQL_BIND in[COLUMNS] = {
        {.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = all.id},
        {.buffer_type = MYSQL_TYPE_STRING,
         .buffer = all.name,
         .length = all.name_size},
        {.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = all.score},
        {.buffer_type = MYSQL_TYPE_LONG,
         .buffer = all.parent,
         .u.indicator = all.parent_is},
    };
    uint64_t done;

    run(self, "BEGIN");
    need(self->bulk,
         mysql_stmt_attr_set(self->bulk, STMT_ATTR_ARRAY_SIZE, &count));
    need(self->bulk, mysql_stmt_bind_param(self->bulk, in));
    need(self->bulk, mysql_stmt_execute(self->bulk));
    done = mysql_stmt_affected_rows(self->bulk);
    run(self, "COMMIT");
    drop(&all);
    return done;
}

static void empty(void *memory)
{
    run(memory, TRUNCATE_ROWS);
}

const bench_side bench_bare_mariadb = {
    .name = "libmariadb",
    .open = open_side,
    .close = close_side,
    .point_select = point_select,
    .fetch = fetch,
    .insert = insert,
    .bulk_insert = bulk_insert,
    .empty = empty,
};
