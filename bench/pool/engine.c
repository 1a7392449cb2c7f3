/* SPDX-License-Identifier: MIT */
/*
 * The pool as a program meets it: a connection of an engine, borrowed and
 * given back. What this costs beyond the pool itself is the engine's own.
 */
#include "subjects.h"

#include <weir/sys/mock.h>
#include <weir/weir.h>

static weir_mock *mock;
static weir_engine *engine;

static void engine_open(int size, int threads)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    (void)threads;
    options.pool_size = size;
    options.max_overflow = 0;
    options.pool_recycle_s = 1800;
    mock = weir_mock_new("bench", NULL, &err);
    if (!mock)
        workload_die("weir_mock_new", err.message);
    engine = weir_engine_open("mock://bench", &options, &err);
    if (!engine)
        workload_die("weir_engine_open", err.message);
}

static void engine_close(void)
{
    weir_engine_close(&engine);
    weir_mock_free(&mock);
}

static void *engine_acquire(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        workload_die("weir_connect", err.message);
    return conn;
}

static void engine_release(void *loan)
{
    weir_conn *conn = loan;

    weir_conn_close(&conn);
}

const subject engine_subject = {
    .name = "weir-engine",
    .open = engine_open,
    .acquire = engine_acquire,
    .release = engine_release,
    .close = engine_close,
};
