/* SPDX-License-Identifier: MIT */
/*
 * The service as a process of its own, and the database that it works on: the
 * one of WEIR_TEST_URL, on SQLite a new file for each test. That the URL's
 * password is in no output and no answer is looked at each time.
 */
#ifndef TESTS_SERVICE_SERVICE_H
#define TESTS_SERVICE_SERVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

#include "http.h"

typedef struct service {
    pid_t pid;
    int output; /* of both its streams */
    int port;
    char said[8192];
} service;

/* The program, from the command line. */
extern const char *service_program;

/* An empty folder for this test, and the URL of a database without a table
 * users. For cmocka's setup and teardown. */
int service_setup(void **state);
int service_teardown(void **state);
const char *service_folder(void);
/* With more options in its query: "pool_size=1&…"; NULL: none. Valid until
 * the next call. */
const char *service_url(const char *options);
bool service_is_sqlite(void);

/* Starts the program on a free port and waits until it answers. */
void service_start(service *out, const char *url);
/* Starts it with any arguments, NULL behind the last. */
void service_run(service *out, const char *const *arguments);
/* Waits for its end. @return the status; all it said is in `said` */
int service_wait(service *ended);
/* Sends a signal and waits. */
int service_stop(service *stopped, int signal_number);

/* One request on a connection of its own. */
int service_ask(const service *asked, const char *method, const char *path,
                const char *body, http_answer *out);

/* Asks until the answer has this status: a step on the way to what a test is
 * about. */
void service_ask_until(const service *asked, const char *path, int status,
                       http_answer *out);

/* A transaction of ours that has added a user "zoe": whoever else adds her
 * waits for its end, on every database. */
typedef struct service_lock {
    weir_engine *engine;
    weir_conn *conn;
} service_lock;

/* On a busy machine the service may not have made its table yet: then it is
 * waited for. */
void service_lock_take(service_lock *out, const service *asked);
void service_lock_commit(service_lock *held);
void service_lock_rollback(service_lock *held);

#endif
