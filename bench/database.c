/* SPDX-License-Identifier: MIT */
#include "database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/short.h>
#include <weir/weir.h>

/* ------------------------------------------------------------------- data */

static uint64_t next_number(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = (*state ^ (*state >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    return z ^ (z >> 27);
}

void database_keys(int64_t *keys, int count)
{
    uint64_t state = 1;

    for (int i = 0; i < count; i++)
        keys[i] = (int64_t)(next_number(&state) % KEY_MAX) + 1;
}

static new_item make_row(int64_t id)
{
    uint64_t state = (uint64_t)id;
    new_item row = {.id = id, .has_parent = id % 3 != 0};

    snprintf(row.name, sizeof row.name, "item %llu",
             (unsigned long long)(next_number(&state) % 100000000));
    row.score = (double)(next_number(&state) % 1000000) / 8.0;
    row.parent = row.has_parent ? (int32_t)(id / 3) : 0;
    return row;
}

void database_rows(new_item *rows, int count)
{
    for (int i = 0; i < count; i++)
        rows[i] = make_row(i + 1);
}

/* ------------------------------------------------------------------ tables */

static void must(weir_conn *conn, weir_status status)
{
    if (status != WEIR_OK)
        bench_die("tables", weir_conn_error(conn)->message);
}

static void fill_items(weir_conn *conn, int64_t count)
{
    for (int64_t id = 1; id <= count; id++) {
        new_item row = make_row(id);
        weir_opt_i32 parent = {.v = row.parent, .set = row.has_parent != 0};

        must(conn, weir_exec(conn,
                             "INSERT INTO item (id, name, score, parent) "
                             "VALUES (?, ?, ?, ?)",
                             ARGS(row.id, row.name, row.score, parent)));
    }
}

/* Creates the tables through Weir. */
static void fill(const char *url, int64_t count)
{
    static const char *const tables[] = {
        "CREATE TABLE item (id BIGINT PRIMARY KEY, name VARCHAR(32) NOT NULL, "
        "score DOUBLE PRECISION NOT NULL, parent INTEGER)",
        "CREATE TABLE scratch (id BIGINT PRIMARY KEY, name VARCHAR(32) NOT "
        "NULL, score DOUBLE PRECISION NOT NULL, parent INTEGER)",
    };
    weir_error err;
    weir_engine *engine = weir_engine_open(url, NULL, &err);
    weir_conn *conn = engine ? weir_connect(engine, &err) : NULL;

    if (!conn)
        bench_die("tables", err.message);
    must(conn, weir_exec(conn, tables[0], NOARGS));
    must(conn, weir_exec(conn, tables[1], NOARGS));
    fill_items(conn, count);
    must(conn, weir_commit(conn));
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

/* ------------------------------------------------------------------ sqlite */

/* Each side has a file of its own, so that both can be inside a writing
 * transaction at once. */
static void stop_sqlite(database *self)
{
    static const char *const ends[] = {"weir.db", "weir.db-wal", "weir.db-shm",
                                       "bare.db", "bare.db-wal", "bare.db-shm"};
    char path[600];

    *strrchr(self->where, '/') = '\0';
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", self->where, ends[i]);
        unlink(path);
    }
    rmdir(self->where);
}

static database *start_sqlite(void)
{
    static database self = {
        .name = "sqlite", .bare = &bench_bare_sqlite, .stop = stop_sqlite};
    char folder[] = "/tmp/weir-bench-XXXXXX";

    if (!mkdtemp(folder))
        bench_die("/tmp", "cannot make a folder for the database");
    snprintf(self.url, sizeof self.url, "sqlite:///%s/bare.db", folder);
    fill(self.url, FILE_ROWS);
    snprintf(self.url, sizeof self.url, "sqlite:///%s/weir.db", folder);
    fill(self.url, FILE_ROWS);
    snprintf(self.where, sizeof self.where, "%s/bare.db", folder);
    return &self;
}

/* ----------------------------------------------------------------- servers */

static void keep_server(database *self)
{
    (void)self; /* whoever started it stops it */
}

/* Each side has a database of its own there. */
static void make_databases(const char *url)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_error err;
    weir_engine *engine = weir_engine_open(url, NULL, &err);
    weir_conn *conn;

    options.isolation = WEIR_AUTOCOMMIT;
    conn = engine ? weir_connect_with(engine, &options, &err) : NULL;
    if (!conn)
        bench_die("server", err.message);
    must(conn, weir_exec(conn, "CREATE DATABASE bench_weir", NOARGS));
    must(conn, weir_exec(conn, "CREATE DATABASE bench_bare", NOARGS));
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

static database *start_server(database *self)
{
    const char *url = getenv("WEIR_TEST_URL");
    int size;

    if (!url || !strrchr(url, '/'))
        bench_die("WEIR_TEST_URL", "names no server; see bench/run.sh");
    make_databases(url);
    size = (int)(strrchr(url, '/') - url);
    snprintf(self->url, sizeof self->url, "%.*s/bench_weir", size, url);
    snprintf(self->where, sizeof self->where, "%.*s/bench_bare", size, url);
    fill(self->url, SERVER_ROWS);
    fill(self->where, SERVER_ROWS);
    return self;
}

database *database_start(const char *name)
{
    static database postgresql = {.name = "postgresql",
                                  .has_server = true,
                                  .bare = &bench_bare_postgresql,
                                  .usual = &bench_usual_postgresql,
                                  .stop = keep_server};
    static database mariadb = {.name = "mariadb",
                               .has_server = true,
                               .bare = &bench_bare_mariadb,
                               .usual = &bench_usual_mariadb,
                               .stop = keep_server};

    if (strcmp(name, "sqlite") == 0)
        return start_sqlite();
    if (strcmp(name, "postgresql") == 0)
        return start_server(&postgresql);
    if (strcmp(name, "mariadb") == 0)
        return start_server(&mariadb);
    bench_die(name, "is none of sqlite, postgresql, mariadb");
}
