/* SPDX-License-Identifier: MIT */
/*
 * Loans that are taken from whoever holds them (scenario 54): between two
 * calls, with rows in hand, in a transaction, in a call, and what is said.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "engine/engine.h"

#include "overheard.h"
#include "scripted.h"

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void open_leaky(double leak_s, double reclaim_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_leak_threshold_s = leak_s;
    options.pool_reclaim_after_s = reclaim_s;
    overhear(&options, WEIR_LOG_WARNING);
    script_open(NULL, &options);
}

static weir_pool_status now(void)
{
    weir_pool_status status;

    weir_engine_pool_status(engine, &status);
    return status;
}

static void until_reclaimed(unsigned count)
{
    while (now().reclaimed != count)
        nap();
}

/* The place is free: somebody else gets a connection, though there is one. */
static void must_lend_another(void)
{
    weir_conn *other = script_borrow_as("another");

    must(other, weir_exec(other, "UPDATE other", NOARGS));
    weir_conn_close(&other);
}

/* ----------------------------------------------------------------- telling */

static void test_pool_54__the_log_hook_is_told_and_told_again(void **state)
{
    weir_conn *conn;

    (void)state;
    open_leaky(0.02, 0);
    conn = script_borrow_as("GET /users");
    while (now().overdue == 0 || said("a connection has been lent") == 0)
        nap();
    assert_int_equal(said("to \"GET /users\" at "), 1);
    assert_int_equal(said("scripted.h:"), 1);
    assert_int_equal(said("by thread "), 1);
    assert_int_equal(said("pool_leak_threshold is 0.02 s"), 1);
    assert_string_equal(overheard.tags[0], "GET /users");
    must(conn, weir_exec(conn, "UPDATE t", NOARGS)); /* it goes on */
    weir_conn_close(&conn);
    assert_int_equal(said("came back after all"), 1);
    assert_int_equal(said("leaks"), 0);
    assert_int_equal(now().leaks, 1);
    assert_int_equal(now().overdue, 0);
}

/* -------------------------------------------------------------- taking back */

static void test_pool_54__what_is_taken_back_is_lent_to_others(void **state)
{
    weir_conn *conn;

    (void)state;
    open_leaky(0.01, 0.03);
    conn = script_borrow_as("leaked");
    until_reclaimed(1);
    must_lend_another();
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION,
              "taken back after 0.");
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION,
              "close it and borrow another");
    must_fail(conn, weir_conn_detach(conn), WEIR_ERR_CONNECTION, "taken back");
    assert_int_equal(now().stale_returns, 0);
    weir_conn_close(&conn);
    assert_null(conn);
    assert_int_equal(now().stale_returns, 1);
    assert_int_equal(now().busy, 0);
    while (said("was taken back; it was lent") == 0)
        nap();
    assert_int_equal(said("given back after it had been taken back"), 1);
}

static void test_pool_54__its_transaction_has_failed(void **state)
{
    weir_conn *conn;

    (void)state;
    open_leaky(0, 0.03);
    conn = script_borrow();
    must(conn, weir_begin(conn));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    until_reclaimed(1);
    must_lend_another();
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST, "taken back");
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_begin(conn), WEIR_ERR_CONNECTION, "taken back");
    weir_conn_close(&conn);
    assert_int_equal(now().stale_returns, 1);
}

/* What was read stays where it is: the sanitizer would see that it went. */
static void test_pool_54__rows_in_hand_stay(void **state)
{
    static const weir_column column = {.name = "name", .type = WEIR_TYPE_TEXT};
    const weir_value values[] = {weir_value_cstr("Ann"),
                                 weir_value_cstr("Bob")};
    const char *name;
    weir_result *rows;
    weir_conn *conn;

    (void)state;
    open_leaky(0, 0.05);
    script_add(&(weir_mock_step){.text = "SELECT name",
                                 .times = -1,
                                 .columns = &column,
                                 .column_count = 1,
                                 .values = values,
                                 .row_count = 2});
    conn = script_borrow();
    rows = weir_query(conn, "SELECT name", NOARGS);
    assert_true(weir_next(rows));
    name = weir_get_text(rows, 0);
    until_reclaimed(1);
    must_lend_another();
    assert_string_equal(name, "Ann");
    weir_result_close(&rows);
    assert_int_not_equal(weir_exec(conn, "UPDATE t", NOARGS), WEIR_OK);
    weir_conn_close(&conn);
    assert_int_equal(now().stale_returns, 1);
}

static void test_pool_54__open_rows_end_with_the_handle(void **state)
{
    weir_result *rows;
    weir_conn *conn;

    (void)state;
    open_leaky(0, 0.03);
    script_rows("SELECT n", 3);
    conn = script_borrow();
    rows = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(rows));
    until_reclaimed(1);
    weir_conn_close(&conn);
    assert_false(weir_next(rows));
    must_lend_another();
}

typedef struct worker {
    pthread_t thread;
    weir_conn *conn;
    weir_status status;
    weir_error error;
} worker;

static void *hang(void *argument)
{
    worker *self = argument;

    self->status = weir_exec(self->conn, "UPDATE hanging", NOARGS);
    self->error = *weir_conn_error(self->conn);
    return NULL;
}

/* He borrows, is inside a call that hangs, and is told that it is over. */
static void end_call_of(worker *one)
{
    weir_error err;

    open_leaky(0, 0);
    script_add(&(weir_mock_step){
        .text = "UPDATE hanging", .times = -1, .fault = WEIR_MOCK_HANG});
    one->conn = script_borrow();
    assert_int_equal(pthread_create(&one->thread, NULL, hang, one), 0);
    while (weir_mock_count(mock, "prepare UPDATE hanging") == 0)
        nap(); /* he is inside before it can be too long */
    assert_int_equal(
        weir_engine_set(engine, "pool_reclaim_after", "0.03", &err), WEIR_OK);
    pthread_join(one->thread, NULL);
}

/* A call is ended first; others of the pool are not suspected for it. */
static void test_pool_54__who_is_in_a_call_comes_back(void **state)
{
    worker one = {.status = WEIR_OK};

    (void)state;
    end_call_of(&one);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    if (!strstr(one.error.message, "taken back after 0."))
        fail_msg("%s", one.error.message);
    until_reclaimed(1);
    must_lend_another();
    must_fail(one.conn, weir_exec(one.conn, "UPDATE t", NOARGS),
              WEIR_ERR_ROLLBACK_FIRST, "taken back");
    weir_conn_close(&one.conn);
    assert_int_equal(now().stale_returns, 1);
}

/* He was told so, and closes: whether the pool comes before him or after. */
static void test_pool_54__who_closes_at_once_was_taken_from(void **state)
{
    worker one = {.status = WEIR_OK};

    (void)state;
    end_call_of(&one);
    weir_conn_close(&one.conn);
    assert_int_equal(one.status, WEIR_ERR_CONNECTION);
    assert_int_equal(now().reclaimed, 1);
    assert_int_equal(now().stale_returns, 1);
    assert_int_equal(said("came back after all"), 0);
}

/* Whoever detached it has said that he keeps it. */
static void test_pool_54__a_detached_one_is_its_holders(void **state)
{
    weir_conn *conn;

    (void)state;
    open_leaky(0.005, 0.01);
    conn = script_borrow();
    must(conn, weir_conn_detach(conn));
    for (int i = 0; i < 200; i++)
        nap();
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
    while (now().busy + now().closing > 0) /* a thread of the pool closes it */
        nap();
    assert_int_equal(now().leaks, 0);
    assert_int_equal(now().reclaimed, 0);
}

/* -------------------------------------------------------------- the others */

static atomic_int invalidated;
static atomic_int closed;

static weir_status count_event(void *context, const weir_event *event,
                               weir_error *err)
{
    (void)context;
    (void)err;
    if (event->kind == WEIR_EVENT_CLOSE)
        atomic_fetch_add(&closed, 1);
    else if (event->reason && strstr(event->reason->message, "taken back"))
        atomic_fetch_add(&invalidated, 1);
    return WEIR_OK;
}

static void test_pool_54__hooks_hear_that_it_is_invalidated(void **state)
{
    weir_hook hook = {.kind = WEIR_EVENT_INVALIDATE, .function = count_event};
    weir_conn *conn;
    weir_error err;

    (void)state;
    atomic_store(&invalidated, 0);
    atomic_store(&closed, 0);
    open_leaky(0, 0.03);
    assert_int_equal(weir_hook_add(engine, &hook, &err), WEIR_OK);
    hook.kind = WEIR_EVENT_CLOSE;
    assert_int_equal(weir_hook_add(engine, &hook, &err), WEIR_OK);
    conn = script_borrow();
    until_reclaimed(1);
    assert_int_equal(atomic_load(&invalidated), 1);
    assert_int_equal(atomic_load(&closed), 1);
    weir_conn_close(&conn);
    assert_int_equal(atomic_load(&closed), 1);
}

/* The engine lives until the last handle is closed, and not longer. */
static void test_pool_54__the_engine_waits_for_the_late_close(void **state)
{
    weir_conn *conn;
    weir_error err;

    (void)state;
    open_leaky(0, 0.03);
    conn = script_borrow();
    until_reclaimed(1);
    assert_int_equal(weir_engine_close_within(&engine, 60, &err), WEIR_OK);
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION,
              "");
    weir_conn_close(&conn);
}

static void test_pool_54__limits_change_while_it_runs(void **state)
{
    weir_conn *conn;
    weir_error err;

    (void)state;
    open_leaky(0, 0);
    conn = script_borrow();
    assert_int_equal(weir_engine_set(engine, "pool_leak_threshold", "5", &err),
                     WEIR_OK);
    assert_int_equal(weir_engine_set(engine, "pool_reclaim_after", "1", &err),
                     WEIR_ERR_CONFIG);
    assert_non_null(strstr(err.message, "pool_leak_threshold: 5 s is above"));
    assert_int_equal(
        weir_engine_set(engine, "pool_leak_threshold", "0.01", &err), WEIR_OK);
    while (now().leaks == 0)
        nap();
    assert_int_equal(
        weir_engine_set(engine, "pool_reclaim_after", "0.02", &err), WEIR_OK);
    until_reclaimed(1);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_54__the_log_hook_is_told_and_told_again),
        TEST(pool_54__what_is_taken_back_is_lent_to_others),
        TEST(pool_54__its_transaction_has_failed),
        TEST(pool_54__rows_in_hand_stay),
        TEST(pool_54__open_rows_end_with_the_handle),
        TEST(pool_54__who_is_in_a_call_comes_back),
        TEST(pool_54__who_closes_at_once_was_taken_from),
        TEST(pool_54__a_detached_one_is_its_holders),
        TEST(pool_54__hooks_hear_that_it_is_invalidated),
        TEST(pool_54__the_engine_waits_for_the_late_close),
        TEST(pool_54__limits_change_while_it_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
