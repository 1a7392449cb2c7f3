/* SPDX-License-Identifier: MIT */
/* Connecting by hand: the same for both ways of using libpq. */
#ifndef BENCH_BARE_POSTGRESQL_H
#define BENCH_BARE_POSTGRESQL_H

#include <stdio.h>

#include <libpq-fe.h>

#include "../bench.h"

/* Without TLS, as Weir on loopback: left alone libpq takes what it is
 * offered. */
static inline PGconn *connect_postgresql(const char *where)
{
    char url[400];
    PGconn *pg;

    snprintf(url, sizeof url, "%s?sslmode=disable", where);
    pg = PQconnectdb(url);
    if (PQstatus(pg) != CONNECTION_OK)
        bench_die("libpq", PQerrorMessage(pg));
    return pg;
}

#endif
