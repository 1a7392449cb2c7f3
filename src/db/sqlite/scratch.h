/* SPDX-License-Identifier: MIT */
/*
 * For this folder's tests: an engine's worth of driver on a scratch file.
 */
#ifndef WSQ_SCRATCH_H
#define WSQ_SCRATCH_H

#include "drive.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite.h"

typedef struct scratch {
    char folder[64];
    char file[96];
    char url[192];
} scratch;

static inline void scratch_make(scratch *s)
{
    snprintf(s->folder, sizeof s->folder, "/tmp/weir-sqlite-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->file, sizeof s->file, "%s/a.db", s->folder);
}

/* The URL of the scratch file with a query. */
static inline const char *scratch_url(scratch *s, const char *query)
{
    snprintf(s->url, sizeof s->url, "sqlite:///%s%s", s->file, query);
    return s->url;
}

static inline void scratch_drop(scratch *s)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    char name[128];

    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", s->file, tails[i]);
        unlink(name);
    }
    rmdir(s->folder);
}

static inline void must_run(drive *d, void *conn, const char *sql)
{
    if (drive_run(d, conn, sql) != WEIR_OK)
        fail_msg("%s: %s", sql, d->err.message);
}

/* A statement with values. */
typedef struct ask {
    const char *sql;
    const weir_value *values;
    size_t count;
} ask;

/* Runs it, and tells what it did; `outcome` may be NULL. */
static inline weir_status run_with(drive *d, void *conn, ask with,
                                   weir_outcome *outcome)
{
    drive_stmt stmt;
    weir_status status = drive_prepare(d, conn, with.sql, &stmt);

    if (status == WEIR_OK) {
        status = drive_execute(&stmt, with.values, with.count);
        if (status == WEIR_OK && outcome)
            d->driver->outcome(stmt.memory, outcome);
        drive_end(&stmt);
    }
    drive_finish(&stmt);
    return status;
}

static inline weir_status begin_as(drive *d, void *conn, weir_access access)
{
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE,
                         .access = access,
                         .intent_write = access == WEIR_READ_WRITE};

    return d->driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d->err);
}

#endif
