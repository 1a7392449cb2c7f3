/* SPDX-License-Identifier: MIT */
/* Opening with credentials and deadlines; what a returned connection costs. */
#include "overheard.h"
#include "scripted.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* ------------------------------------------------------------- credentials */

typedef struct vault {
    int asked, last_attempt;
    weir_status answer;
} vault;

static weir_status open_vault(void *context, int attempt, weir_credentials *out,
                              weir_error *err)
{
    vault *self = context;

    (void)err;
    self->asked++;
    self->last_attempt = attempt;
    out->user = "me";
    out->password = attempt == 1 ? "old" : "new";
    return self->answer;
}

static void open_with(vault *self)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.credentials = open_vault;
    options.credentials_context = self;
    script_open(NULL, &options);
}

/* A password that was refused is asked for once more, and only then. */
static void test_credentials__are_asked_for_twice_at_most(void **state)
{
    weir_mock_step refused = {.op = WEIR_MOCK_OPEN,
                              .error = {.status = WEIR_ERR_AUTH}};
    vault self = {.answer = WEIR_OK};
    weir_error err;

    (void)state;
    open_with(&self);
    script_add(&refused);
    WEIR_AUTO(weir_conn) conn = script_borrow();
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(self.asked, 2);
    assert_int_equal(self.last_attempt, 2);
    refused.times = 2;
    script_add(&refused);
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    assert_int_equal(self.asked, 4);
    refused.times = 1;
    refused.error.status = WEIR_ERR_UNAVAILABLE;
    script_add(&refused);
    assert_null(weir_connect(engine, &err));
    assert_int_equal(self.asked, 5);
}

static void test_credentials_hook__that_fails_is_told(void **state)
{
    vault self = {.answer = WEIR_ERR_UNAVAILABLE};
    weir_error err;

    (void)state;
    open_with(&self);
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "hook"));
    assert_int_equal(weir_mock_count(mock, "open"), 0);
}

static void test_open__ends_at_the_first_of_two_deadlines(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_connect_options hasty = WEIR_CONNECT_OPTIONS;
    weir_error err;

    (void)state;
    options.connect_timeout_s = 0.005;
    script_open(NULL, &options);
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_OPEN, .times = 2, .fault = WEIR_MOCK_HANG});
    assert_null(weir_connect(engine, &err));
    assert_int_not_equal(err.status, WEIR_OK);
    script_open(NULL, NULL);
    script_add(
        &(weir_mock_step){.op = WEIR_MOCK_OPEN, .fault = WEIR_MOCK_HANG});
    hasty.timeout_s = 0.005;
    assert_null(weir_connect_with(engine, &hasty, &err));
    assert_int_not_equal(err.status, WEIR_OK);
}

static void test_open__has_the_time_that_was_set_last(void **state)
{
    weir_error err;

    (void)state;
    script_open(NULL, NULL);
    script_add(
        &(weir_mock_step){.op = WEIR_MOCK_OPEN, .fault = WEIR_MOCK_HANG});
    assert_int_equal(weir_engine_set(engine, "connect_timeout", "0.005", &err),
                     WEIR_OK);
    assert_null(weir_connect(engine, &err)); /* and not after 30 seconds */
    assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
}

/* ---------------------------------------------------------------- returning */

static void borrow_and_run(const char *sql)
{
    weir_conn *conn = script_borrow();

    must(conn, weir_exec(conn, sql, NOARGS));
    must(conn, weir_commit(conn));
    weir_mock_clear_log(mock);
    weir_conn_close(&conn);
}

static void make_dirty(weir_mock_step step)
{
    step.text = "SET x";
    step.times = -1;
    step.set_state = WEIR_STATE_DIRTY;
    script_add(&step);
}

static void test_clean_connection__returns_without_a_word(void **state)
{
    (void)state;
    borrow_and_run("UPDATE t");
    must_have_sent("");
}

static void test_dirty_connection__is_reset(void **state)
{
    (void)state;
    make_dirty((weir_mock_step){.op = WEIR_MOCK_EXECUTE});
    borrow_and_run("SET x");
    must_have_sent("reset\n");
    borrow_and_run("UPDATE t");
    must_have_sent("");
}

static void test_native_handle__makes_it_dirty_once(void **state)
{
    weir_conn *conn = script_borrow();

    (void)state;
    assert_ptr_equal(weir_conn_native(conn, "mock"), mock);
    weir_mock_clear_log(mock);
    weir_conn_close(&conn);
    must_have_sent("reset\n");
    borrow_and_run("UPDATE t");
    must_have_sent("");
}

/* Statements that did not survive the reset are prepared again. */
static void test_reset__that_loses_statements_forgets_them(void **state)
{
    (void)state;
    make_dirty((weir_mock_step){.op = WEIR_MOCK_EXECUTE});
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_RESET, .times = 1, .statements_lost = true});
    borrow_and_run("UPDATE t");
    borrow_and_run("SET x");
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_mock_clear_log(mock);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_count(mock, "prepare UPDATE t"), 1);
}

static void test_reset__that_fails_closes_the_connection(void **state)
{
    (void)state;
    make_dirty((weir_mock_step){.op = WEIR_MOCK_EXECUTE});
    script_add(&(weir_mock_step){.op = WEIR_MOCK_RESET,
                                 .error = {.status = WEIR_ERR_SQL}});
    borrow_and_run("SET x");
    assert_int_equal(weir_mock_connections(mock), 0);
    borrow_and_run("UPDATE t");
    assert_int_equal(weir_mock_connections(mock), 1);
}

static void test_reset_none__leaves_it_dirty(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    (void)state;
    options.pool_reset = WEIR_RESET_NONE;
    script_open(NULL, &options);
    make_dirty((weir_mock_step){.op = WEIR_MOCK_EXECUTE});
    borrow_and_run("SET x");
    must_have_sent("");
    assert_int_equal(weir_mock_connections(mock), 1);
}

static void test_reset_commit__commits_what_is_open(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conn;

    (void)state;
    options.pool_reset = WEIR_RESET_COMMIT;
    script_open(NULL, &options);
    conn = script_borrow();
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_mock_clear_log(mock);
    weir_conn_close(&conn);
    must_have_sent("commit\n");
}

/* ------------------------------------------------------------ failed reset */

static void *wait_for_one(void *out)
{
    weir_error err;

    *(weir_conn **)out = weir_connect(engine, &err);
    return NULL;
}

/* The connection is closed, whoever waits gets another, the log has the error,
 * and who gives back is not told. */
static void test_pool_50__a_failed_reset_costs_the_connection_only(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_pool_status pool = {.waiting = 0};
    weir_conn *conn, *other = NULL;
    pthread_t waiter;

    (void)state;
    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 20;
    overhear(&options, WEIR_LOG_CONNECTION);
    script_open(NULL, &options);
    conn = script_borrow();
    script_add(&(weir_mock_step){.text = "SET x", .set_state = 4});
    script_add(
        &(weir_mock_step){.op = WEIR_MOCK_RESET,
                          .error = {.status = WEIR_ERR_SQL, .message = "no"}});
    must(conn, weir_exec(conn, "SET x", NOARGS));
    must(conn, weir_commit(conn));
    assert_int_equal(pthread_create(&waiter, NULL, wait_for_one, &other), 0);
    while (pool.waiting == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        weir_engine_pool_status(engine, &pool);
    }
    weir_conn_close(&conn);
    pthread_join(waiter, NULL);
    assert_non_null(other);
    assert_int_equal(said("no"), 1);
    assert_int_equal(weir_mock_count(mock, "open"), 2);
    assert_int_equal(weir_mock_count(mock, "close"), 1);
    must(other, weir_exec(other, "UPDATE t", NOARGS));
    weir_conn_close(&other);
    weir_engine_close(&engine);
    script_open(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_50__a_failed_reset_costs_the_connection_only),
        TEST(credentials__are_asked_for_twice_at_most),
        TEST(credentials_hook__that_fails_is_told),
        TEST(open__ends_at_the_first_of_two_deadlines),
        TEST(open__has_the_time_that_was_set_last),
        TEST(clean_connection__returns_without_a_word),
        TEST(dirty_connection__is_reset),
        TEST(native_handle__makes_it_dirty_once),
        TEST(reset__that_loses_statements_forgets_them),
        TEST(reset__that_fails_closes_the_connection),
        TEST(reset_none__leaves_it_dirty),
        TEST(reset_commit__commits_what_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
