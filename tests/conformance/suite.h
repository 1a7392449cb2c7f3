/* SPDX-License-Identifier: MIT */
/*
 * What every database must do, asked through the public interface of the
 * database that WEIR_TEST_URL names. Tests look at capabilities, never at
 * names. Each file is one subject and one group; main.c runs them all.
 */
#ifndef TESTS_CONFORMANCE_SUITE_H
#define TESTS_CONFORMANCE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/driver.h>
#include <weir/weir.h>

/* The engine of WEIR_TEST_URL, with the default options. */
extern weir_engine *engine;

/* Another engine of the same database; fails the test if it does not open. */
weir_engine *open_engine(const weir_engine_options *options);

/* How large the largest value is, and how long a lock is waited for: less
 * where the suite is run thousands of times (main_faults.c). */
typedef struct measure {
    size_t large;
    double patience_s;
} measure;
extern measure suite_measure;

/* Whether the database has all of these capabilities. */
bool can(uint32_t capabilities);

/* A connection of `engine`; fails the test if there is none. */
weir_conn *borrow(void);

/* The same with options of the loan; NULL: the defaults. */
weir_conn *borrow_with(const weir_connect_options *options);

/* How many failures did not say in one line what they are, or said another
 * status than they returned. */
extern int unclear_errors;

/* Fails the test with the connection's error. */
void must(weir_conn *conn, weir_status status);

/* Fails the test unless the connection has failed with `wanted`, and checks
 * that the message is one line that says something. */
void must_fail(weir_conn *conn, weir_status status, weir_status wanted);

/* Cancels again and again, since what is to be cancelled may not have begun
 * yet, until it is done. A thread's function. */
typedef struct canceller {
    weir_conn *conn;
    _Atomic bool done;
} canceller;
void *cancel_until_done(void *memory);

/* An empty table thing (id, name unique, age nullable), committed. */
void make_table(weir_conn *conn);

/* Before each test: the table. After it: nothing is out, so that a failed test
 * does not take the next ones with it. */
int set_up(void **state);
int tear_down(void **state);

/* Closes every connection that was borrowed. */
void close_all_lent(void);

/* Adds a row to it. */
weir_status add(weir_conn *conn, int64_t id, const char *name);

/* How many rows it has, as this connection sees it. */
int64_t count(weir_conn *conn);

/* The same, as a new connection sees it: what is committed. */
int64_t committed(void);

#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, tear_down)

/* A test without tables: for every database, whether it has SQL or not. */
#define ANY(name_) cmocka_unit_test_teardown(test_##name_, tear_down)

/* The whole suite. @return how many tests have failed */
int conformance(void);

/* The groups. */
int run_any(void);
int run_queries(void);
int run_statements(void);
int run_transactions(void);
int run_savepoints(void);
int run_types(void);
int run_many(void);
int run_together(void);
int run_handles(void);
int run_pool(void);
int run_kinds(void);
int run_interrupts(void);

#endif
