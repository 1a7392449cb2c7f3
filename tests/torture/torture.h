/* SPDX-License-Identifier: MIT */
/*
 * Each public function while its n-th allocation fails, for every n: it says
 * so or goes without, nothing leaks, and the same call works afterwards.
 *
 * An act is one function or a few that belong together. It is run again and
 * again on a new engine, until none of its allocations is left to fail. There
 * are a few hundred, so none is left out.
 */
#ifndef WEIR_TESTS_TORTURE_H
#define WEIR_TESTS_TORTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/mock.h>
#include <weir/url.h>
#include <weir/weir.h>

/* What an act plays on. */
typedef struct stage {
    weir_mock *mock;     /* of acts that play on one */
    weir_engine *engine; /* NULL in acts that have none */
    weir_conn *conn;
    weir_result *rows; /* closed after the act */
    weir_url *url;     /* freed after it */
    weir_error err;    /* of what has no handle */
} stage;

typedef struct act {
    const char *name;
    weir_status (*run)(stage *on);
    /* MAY. Before each run, with memory enough. */
    void (*before)(stage *on);
    enum { ON_SQLITE, ON_MOCK, ON_NOTHING } where;
    /* MAY. It writes outside a transaction, so what it has done may be
     * unknown: looks whether it said what is true. */
    void (*check)(stage *on, weir_status status);
} act;

/* The acts; each list ends with one that has no name. */
extern const act engine_acts[], conn_acts[], result_acts[], server_acts[],
    value_acts[], json_acts[];

/* Fails the test with the connection's error. */
void must(stage *on, weir_status status);

#endif
