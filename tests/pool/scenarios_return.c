/* SPDX-License-Identifier: MIT */
/*
 * Scenarios through the public door, over a scripted database: what comes back
 * in a bad state, and passwords that are refused.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "scripted.h"

static void open_one(const weir_engine_options *with)
{
    weir_engine_options options = *with;

    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 60;
    script_open(NULL, &options);
}

static uint64_t opened(void)
{
    weir_pool_status status;

    weir_engine_pool_status(engine, &status);
    return status.opened;
}

/* --------------------------------------------------------------- 49: desync */

/* 49: a reply that was not read to its end, or not at all, is nobody else's:
 * the connection is closed. One that was cancelled and answered is whole. */
static void test_pool_49__a_reply_is_never_read_by_the_next(void **state)
{
    static const weir_engine_options plain = WEIR_ENGINE_OPTIONS;
    weir_conn *conn;

    (void)state;
    open_one(&plain);
    script_add(
        &(weir_mock_step){.text = "UPDATE late", .fault = WEIR_MOCK_HANG});
    script_add(
        &(weir_mock_step){.text = "SELECT half", .set_state = WEIR_STATE_BUSY});
    conn = script_borrow();
    must(conn, weir_set_timeout(conn, 0.01));
    must_fail(conn, weir_exec(conn, "UPDATE late", NOARGS), WEIR_ERR_TIMEOUT,
              "");
    weir_conn_close(&conn);
    conn = script_borrow();
    assert_int_equal(opened(), 2);
    must(conn, weir_exec(conn, "SELECT half", NOARGS));
    weir_conn_close(&conn);
    conn = script_borrow();
    assert_int_equal(opened(), 3);
    must(conn, weir_exec(conn, "SELECT whole", NOARGS));
    weir_conn_close(&conn);
    conn = script_borrow();
    assert_int_equal(opened(), 3);
    weir_conn_close(&conn);
}

/* --------------------------------------------------------- 50: failed reset */

typedef struct waiter {
    pthread_t thread;
    weir_status status;
} waiter;

static void *borrow_once(void *argument)
{
    waiter *self = argument;
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    self->status = conn ? weir_exec(conn, "SELECT 1", NOARGS) : err.status;
    weir_conn_close(&conn);
    return NULL;
}

static void until_waiting(int count)
{
    weir_pool_status status = {0};

    while (status.waiting != count)
        weir_engine_pool_status(engine, &status);
}

/* 50: what cannot be made clean is closed; who returned it is not bothered,
 * and who waits gets another. */
static void test_pool_50__a_failed_reset_serves_another(void **state)
{
    static const weir_engine_options plain = WEIR_ENGINE_OPTIONS;
    waiter next = {0};
    weir_pool_status status;
    weir_conn *conn;

    (void)state;
    open_one(&plain);
    script_add(
        &(weir_mock_step){.text = "SET x", .set_state = WEIR_STATE_DIRTY});
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_RESET,
        .error = {.status = WEIR_ERR_SQL, .message = "it cannot be reset"}});
    conn = script_borrow();
    must(conn, weir_exec(conn, "SET x", NOARGS));
    assert_int_equal(pthread_create(&next.thread, NULL, borrow_once, &next), 0);
    until_waiting(1);
    weir_conn_close(&conn);
    assert_null(conn);
    pthread_join(next.thread, NULL);
    assert_int_equal(next.status, WEIR_OK);
    weir_engine_pool_status(engine, &status);
    assert_int_equal(status.opened, 2);
    assert_int_equal(status.closed, 1);
    assert_int_equal(status.timeouts, 0);
}

/* --------------------------------------------------------- 34: bad password */

static atomic_int asked;

static weir_status count_asking(void *context, int attempt,
                                weir_credentials *out, weir_error *err)
{
    (void)context;
    (void)attempt;
    (void)err;
    out->user = "weir";
    out->password = "secret";
    atomic_fetch_add(&asked, 1);
    return WEIR_OK;
}

/* 34: a refused password is told with its cause, and not tried in a loop: the
 * hook is asked again after a pause, and a new password is taken then. */
static void test_pool_34__the_hook_is_asked_again_after_a_pause(void **state)
{
    enum { REFUSALS = 4 }; /* of each attempt with a hook two */
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conn = NULL;
    int refused = 0;
    weir_error err;

    (void)state;
    atomic_store(&asked, 0);
    options.credentials = count_asking;
    options.pool_threads = WEIR_POOL_THREADS_ON;
    options.connect_backoff_s = 0.2;
    open_one(&options);
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_OPEN,
        .times = REFUSALS,
        .error = {.status = WEIR_ERR_AUTH, .message = "wrong password"}});
    while (!(conn = weir_connect(engine, &err))) {
        assert_int_equal(err.status, WEIR_ERR_AUTH);
        assert_non_null(strstr(err.message, "wrong password"));
        refused++;
    }
    weir_conn_close(&conn);
    /* Whoever asked in the pause was told what is known. */
    assert_int_equal(atomic_load(&asked), REFUSALS + 1);
    assert_true(refused >= REFUSALS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_34__the_hook_is_asked_again_after_a_pause),
        TEST(pool_49__a_reply_is_never_read_by_the_next),
        TEST(pool_50__a_failed_reset_serves_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
