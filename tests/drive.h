/* SPDX-License-Identifier: MIT */
/*
 * A driver driven by hand, without an engine: for the tests of the databases
 * themselves. What fails unexpectedly fails the test.
 */
#ifndef WEIR_TESTS_DRIVE_H
#define WEIR_TESTS_DRIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backend/registry.h"
#include "engine/services.h"
#include "url/options.h"

/* What an engine would hold. */
typedef struct drive {
    weir_services services;
    weir_url *url;
    const weir_backend *backend;
    const weir_driver *driver;
    weir_profile profile;
    void *instance;
    weir_option_value values[64];
    weir_option_value inner_values[64];
    weir_error err;
} drive;

static inline void drive_read_options(drive *d, const weir_backend *inner)
{
    wi_options_defaults(d->backend->options, d->values, &d->err);
    wi_options_defaults(inner ? inner->options : NULL, d->inner_values,
                        &d->err);
    for (size_t i = 0; i < weir_url_item_count(d->url); i++) {
        weir_url_item item = weir_url_item_at(d->url, i);
        wi_option_outcome outcome;

        assert_int_equal(wi_options_set(d->backend->options, d->values,
                                        item.key, item.value, &outcome,
                                        &d->err),
                         WEIR_OK);
        if (inner && outcome.kind == WI_OPTION_UNKNOWN)
            assert_int_equal(wi_options_set(inner->options, d->inner_values,
                                            item.key, item.value, &outcome,
                                            &d->err),
                             WEIR_OK);
        assert_int_equal(outcome.kind, WI_OPTION_SET);
    }
}

/* Attaches; the answer is the driver's. End it with drive_detach(). */
static inline weir_status drive_attach(drive *d, const char *url)
{
    const weir_backend *inner;
    weir_attach_spec spec;
    weir_status status;

    memset(d, 0, sizeof *d);
    d->services.allocator = weir_allocator_libc();
    d->url = weir_url_parse(url, NULL, &d->err);
    assert_non_null(d->url);
    d->backend = wi_backend_for(d->url, &d->err);
    assert_non_null(d->backend);
    d->driver = d->backend->driver;
    if (d->backend->check_url &&
        d->backend->check_url(d->url, &d->err) != WEIR_OK)
        return d->err.status;
    inner = d->backend->wraps ? d->backend->wraps(d->url) : NULL;
    drive_read_options(d, inner);
    d->profile = (weir_profile){
        .dialect = d->backend->dialect,
        .driver = d->backend->driver,
        .capabilities = d->backend->capabilities,
        .default_isolation = d->backend->default_isolation,
    };
    d->instance = calloc(1, d->driver->instance_size + 1);
    spec = (weir_attach_spec){&d->services, d->url, d->values, inner,
                              d->inner_values};
    status = d->driver->attach(d->instance, &spec, &d->profile, &d->err);
    if (status == WEIR_OK)
        d->driver = d->profile.driver;
    return status;
}

static inline void drive_detach(drive *d)
{
    if (d->instance && d->driver->detach)
        d->driver->detach(d->instance);
    free(d->instance);
    weir_url_free(&d->url);
}

/* Memory for a connection, and the driver's answer. */
static inline weir_status drive_try_open(drive *d, void **conn,
                                         int64_t deadline)
{
    weir_open_spec spec = {
        .instance = d->instance,
        .services = &d->services,
        .url = d->url,
        .options = d->values,
        .deadline = deadline,
    };

    *conn = calloc(1, d->driver->conn_size);
    return d->driver->open(*conn, &spec, &d->err);
}

static inline void *drive_open(drive *d)
{
    void *conn;

    assert_int_equal(drive_try_open(d, &conn, WEIR_NO_DEADLINE), WEIR_OK);
    return conn;
}

static inline void drive_close(drive *d, void *conn)
{
    d->driver->close(conn);
    free(conn);
}

static inline weir_status drive_begin(drive *d, void *conn)
{
    weir_tx_spec spec = {.isolation = WEIR_READ_COMMITTED};

    return d->driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d->err);
}

/* A prepared statement. */
typedef struct drive_stmt {
    drive *drive;
    void *memory;
    const weir_stmt_info *info;
} drive_stmt;

static inline weir_status drive_prepare(drive *d, void *conn, const char *sql,
                                        drive_stmt *out)
{
    out->drive = d;
    out->info = NULL;
    out->memory = calloc(1, d->driver->stmt_size);
    return d->driver->prepare(conn, weir_text_of(sql), out->memory, &out->info,
                              WEIR_NO_DEADLINE, &d->err);
}

static inline weir_status drive_execute_until(drive_stmt *stmt,
                                              const weir_value *values,
                                              size_t count, int64_t deadline)
{
    weir_execution execution = {
        .values = values, .value_count = count, .deadline = deadline};

    return stmt->drive->driver->execute(stmt->memory, &execution,
                                        &stmt->drive->err);
}

static inline weir_status drive_execute(drive_stmt *stmt,
                                        const weir_value *values, size_t count)
{
    return drive_execute_until(stmt, values, count, WEIR_NO_DEADLINE);
}

static inline weir_step drive_fetch(drive_stmt *stmt, weir_value *row)
{
    return stmt->drive->driver->fetch(stmt->memory, row, WEIR_NO_DEADLINE,
                                      &stmt->drive->err);
}

static inline void drive_end(drive_stmt *stmt)
{
    stmt->drive->driver->end(stmt->memory);
}

static inline void drive_finish(drive_stmt *stmt)
{
    stmt->drive->driver->finish(stmt->memory);
    free(stmt->memory);
}

/* Prepares, executes, drops the rows, finishes. */
static inline weir_status drive_run(drive *d, void *conn, const char *sql)
{
    drive_stmt stmt;
    weir_status status = drive_prepare(d, conn, sql, &stmt);

    if (status == WEIR_OK) {
        status = drive_execute(&stmt, NULL, 0);
        drive_end(&stmt);
    }
    drive_finish(&stmt);
    return status;
}

/* The first cell of a query as an integer; -1 if there is no row. */
static inline int64_t drive_get(drive *d, void *conn, const char *sql)
{
    weir_value row[16];
    drive_stmt stmt;
    int64_t found = -1;

    assert_int_equal(drive_prepare(d, conn, sql, &stmt), WEIR_OK);
    assert_int_equal(drive_execute(&stmt, NULL, 0), WEIR_OK);
    if (drive_fetch(&stmt, row) == WEIR_STEP_ROW)
        found = row[0].as.i;
    drive_end(&stmt);
    drive_finish(&stmt);
    return found;
}

static inline int64_t drive_in(const drive *d, double seconds)
{
    return weir_services_now(&d->services) + (int64_t)(seconds * 1e9);
}

#endif
