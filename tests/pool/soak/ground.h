/* SPDX-License-Identifier: MIT */
/*
 * What the soak stands on: the database of $WEIR_TEST_URL, with a proxy before
 * it if it is a server; the engine that is tried, and another one that looks at
 * the database past the proxy.
 */
#ifndef WEIR_TESTS_POOL_SOAK_GROUND_H
#define WEIR_TESTS_POOL_SOAK_GROUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/weir.h>

#include "kit/proxy.h"

/* Of all sizes that are ever set, overflow included. */
enum { OPEN_MAX_EVER = 12 };

#define BACKOFF_S 0.5
#define CONNECT_S 2.0
#define POOL_TIMEOUT_S 2.0

/* Two parts make a pair: both are there, or none. */
#define INSERT_PART "INSERT INTO soak (id, part) VALUES (?, ?)"
#define INSERT_PAIR "INSERT INTO soak (id, part) VALUES (?, 0), (?, 1)"

/* What differs between databases. The server's part is NULL for a file. */
typedef struct tongue {
    const char *backend;
    const char *takes_long; /* some tenths of a second */
    const char *many_rows;
    const char *leave_behind; /* something of the session's */
    const char *is_clean;     /* 1 if nothing of that kind is there */
    const char *sessions;     /* of all but who asks */
    const char *end_one;      /* of these, by chance */
    const char *end_all;
    int stop_signal; /* the server ends in order, and soon */
} tongue;

typedef struct ground {
    const tongue *tongue;
    bool is_server;
    kit_proxy *proxy;
    weir_engine *watcher;
    weir_engine *tried;
    bool has_threads;      /* of the engine that is tried */
    atomic_bool is_closed; /* no connection can be opened: a hook says so */
    atomic_int connects;   /* by the events */
    atomic_int closes;
} ground;

/* @return false: said why on stderr */
bool ground_begin(ground *here, const char *url);
void ground_end(ground *here);
/* The engine that is tried begins, ends and is replaced. */
bool ground_open_engine(ground *here, bool threads);
void ground_close_engine(ground *here);

/* A connection past the proxy; NULL if the database does not answer. */
weir_conn *ground_watch(ground *here, double within_s);
/* A statement there; -1: it failed. */
int64_t ground_ask(weir_conn *conn, const char *sql);
/* Sessions at the server that are not the watcher's; 0 for a file. */
int64_t ground_sessions(ground *here);

#endif
