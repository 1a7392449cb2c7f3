/* SPDX-License-Identifier: MIT */
/* Deadlines and cancelling: what takes too long ends, and nothing else. */
#include <pthread.h>
#include <time.h>

#include "suite.h"

/* Takes hours, on any database with recursive queries. The recursion itself
 * is short: MariaDB ends one after 1000 rounds. */
static const char endless[] =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
    "WHERE x < 900) SELECT count(*) FROM c a, c b, c d, c e";

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_timeout__ends_a_statement_and_not_too_early(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    double began;

    (void)state;
    if (!can(WEIR_CAN_DEADLINE))
        return;
    must(conn, weir_set_timeout(conn, 0.05));
    began = seconds();
    must_fail(conn, weir_exec(conn, endless, NOARGS), WEIR_ERR_TIMEOUT);
    assert_true(seconds() - began >= 0.05);
    must(conn, weir_rollback(conn));
    must(conn, weir_set_timeout(conn, 0));
    assert_int_equal(count(conn), 0);
    must_fail(conn, weir_set_timeout(conn, -1), WEIR_ERR_CONFIG);
}

static void test_timeout__of_the_url_counts_for_all(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    (void)state;
    if (!can(WEIR_CAN_DEADLINE))
        return;
    options.statement_timeout_s = 0.05;
    WEIR_AUTO(weir_engine) hasty = open_engine(&options);
    WEIR_AUTO(weir_conn) conn = weir_connect(hasty, &err);
    must_fail(conn, weir_exec(conn, endless, NOARGS), WEIR_ERR_TIMEOUT);
}

static void test_cancel__ends_the_statement_of_another_thread(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    canceller by = {.conn = conn};
    pthread_t thread;
    weir_status status;

    (void)state;
    if (!can(WEIR_CAN_CANCEL))
        return;
    must(conn, weir_cancel(conn)); /* nothing runs: nothing happens */
    must(conn, add(conn, 1, "a"));
    must(conn, weir_commit(conn));
    assert_int_equal(pthread_create(&thread, NULL, cancel_until_done, &by), 0);
    status = weir_exec(conn, endless, NOARGS);
    by.done = true;
    pthread_join(thread, NULL);
    assert_int_equal(status, WEIR_ERR_CANCELLED);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 1);
}

static void test_permit__is_waited_for_until_the_deadline(void **state)
{
    WEIR_AUTO(weir_conn) writer = borrow();
    WEIR_AUTO(weir_conn) second = NULL;
    double began;

    (void)state;
    if (!can(WEIR_HAS_SINGLE_WRITER | WEIR_CAN_SHARE))
        return;
    must(writer, add(writer, 1, "a"));
    second = borrow();
    must(second, weir_set_timeout(second, 0.05));
    began = seconds();
    assert_int_not_equal(add(second, 2, "b"), WEIR_OK);
    /* One thread that waits for its own permit is told at once. */
    if (weir_conn_error(second)->status == WEIR_ERR_TIMEOUT)
        assert_true(seconds() - began >= 0.05);
    must(writer, weir_commit(writer));
    must(second, weir_rollback(second));
    must(second, add(second, 2, "b"));
    must(second, weir_commit(second));
    assert_int_equal(committed(), 2);
}

typedef struct worker {
    weir_conn *conn;
    weir_status status;
} worker;

static void *add_one(void *memory)
{
    worker *self = memory;

    self->status = add(self->conn, 2, "b");
    return NULL;
}

/* It is a part of the statement, as its caller sees it. */
static void test_cancel__ends_the_wait_for_the_permit(void **state)
{
    WEIR_AUTO(weir_conn) writer = borrow();
    WEIR_AUTO(weir_conn) second = NULL;
    worker waits = {0};
    canceller by = {0};
    pthread_t threads[2];

    (void)state;
    if (!can(WEIR_HAS_SINGLE_WRITER | WEIR_CAN_SHARE))
        return;
    must(writer, add(writer, 1, "a"));
    waits.conn = second = borrow();
    must(second, weir_cancel(second)); /* nothing waits: nothing happens */
    by.conn = second;
    assert_int_equal(pthread_create(&threads[0], NULL, add_one, &waits), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, cancel_until_done, &by),
                     0);
    pthread_join(threads[0], NULL);
    by.done = true;
    pthread_join(threads[1], NULL);
    must_fail(second, waits.status, WEIR_ERR_CANCELLED);
    assert_non_null(strstr(weir_conn_error(second)->message, "permit"));
    must(writer, weir_commit(writer));
    must(second, weir_rollback(second));
    must(second, add(second, 2, "b"));
    must(second, weir_commit(second));
    assert_int_equal(committed(), 2);
}

static void *run_endless(void *memory)
{
    worker *self = memory;

    self->status = weir_exec(self->conn, endless, NOARGS);
    return NULL;
}

/* 58: who waits for the server or computes comes back, and can be closed. */
static void test_pool_58__close_within_aborts_a_statement(void **state)
{
    weir_engine *closing;
    worker one = {0};
    pthread_t thread;
    weir_error err;

    (void)state;
    if (!can(WEIR_CAN_CANCEL))
        return;
    closing = open_engine(NULL);
    one.conn = weir_connect(closing, &err);
    assert_non_null(one.conn);
    assert_int_equal(pthread_create(&thread, NULL, run_endless, &one), 0);
    assert_int_equal(weir_engine_close_within(&closing, 0.2, &err),
                     WEIR_ERR_TIMEOUT);
    assert_null(closing);
    pthread_join(thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    weir_conn_close(&one.conn);
}

/* The same for whoever waits for the permit to write. */
static void test_pool_58__close_within_aborts_who_waits_to_write(void **state)
{
    weir_engine *closing;
    weir_conn *writer;
    worker one = {0};
    pthread_t thread;
    weir_error err;

    (void)state;
    if (!can(WEIR_HAS_SINGLE_WRITER | WEIR_CAN_SHARE))
        return;
    closing = open_engine(NULL);
    writer = weir_connect(closing, &err);
    one.conn = weir_connect(closing, &err);
    assert_non_null(one.conn);
    make_table(writer); /* one in memory has none yet */
    must(writer, add(writer, 1, "a"));
    assert_int_equal(pthread_create(&thread, NULL, add_one, &one), 0);
    assert_int_equal(weir_engine_close_within(&closing, 0.2, &err),
                     WEIR_ERR_TIMEOUT);
    pthread_join(thread, NULL);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    weir_conn_close(&one.conn);
    weir_conn_close(&writer);
}

int run_interrupts(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timeout__ends_a_statement_and_not_too_early),
        TEST(timeout__of_the_url_counts_for_all),
        TEST(cancel__ends_the_statement_of_another_thread),
        TEST(permit__is_waited_for_until_the_deadline),
        TEST(cancel__ends_the_wait_for_the_permit),
        TEST(pool_58__close_within_aborts_a_statement),
        TEST(pool_58__close_within_aborts_who_waits_to_write),
    };

    return cmocka_run_group_tests_name("interrupts", tests, NULL, NULL);
}
