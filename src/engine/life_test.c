/* SPDX-License-Identifier: MIT */
/*
 * Engines that are paused, drained, and closed with a deadline.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"

#include "scripted.h"

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

/* Another thread, which runs a statement. */
typedef struct worker {
    pthread_t thread;
    weir_conn *conn;
    const char *sql;
    weir_status status;
    weir_error error;
} worker;

static void *work(void *argument)
{
    worker *self = argument;

    self->status = weir_exec(self->conn, self->sql, NOARGS);
    self->error = *weir_conn_error(self->conn);
    return NULL;
}

static void begin(worker *self)
{
    assert_int_equal(pthread_create(&self->thread, NULL, work, self), 0);
}

static void open_small(int size)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = size;
    options.max_overflow = 0;
    script_open(NULL, &options);
}

/* ------------------------------------------------------------ pause, drain */

static void test_pool_52__paused_it_lends_nothing(void **state)
{
    weir_connect_options at_once = WEIR_CONNECT_OPTIONS;
    weir_error err;

    (void)state;
    at_once.timeout_s = 0;
    weir_pool_pause(NULL);
    weir_pool_resume(NULL);
    weir_pool_pause(engine);
    assert_null(weir_connect_with(engine, &at_once, &err));
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(err.message, "the pool is paused"));
    weir_pool_resume(engine);
    weir_conn *conn = script_borrow();
    weir_conn_close(&conn);
}

static void
test_engine_drain__says_who_is_out_and_can_be_called_off(void **state)
{
    weir_error err;
    weir_conn *conn;

    (void)state;
    conn = script_borrow_as("GET /users");
    assert_int_equal(weir_engine_drain(engine, 0.01, &err), WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "1 are still out"));
    assert_non_null(strstr(err.message, "\"GET /users\""));
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_CLOSED);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS)); /* it may end its work */
    weir_conn_close(&conn);
    assert_int_equal(weir_engine_drain(engine, 10, NULL), WEIR_OK);
    weir_pool_resume(engine);
    conn = script_borrow();
    weir_conn_close(&conn);
}

static void test_engine_drain__refuses_what_means_nothing(void **state)
{
    weir_engine *none = NULL;
    weir_error err;

    (void)state;
    assert_int_equal(weir_engine_drain(NULL, 1, &err), WEIR_ERR_MISUSE);
    assert_int_equal(weir_engine_drain(engine, -1, &err), WEIR_ERR_MISUSE);
    assert_int_equal(weir_engine_close_within(&none, 1, &err), WEIR_OK);
    assert_int_equal(weir_engine_close_within(&engine, 0.0 / 0.0, &err),
                     WEIR_ERR_MISUSE);
    assert_non_null(engine);
}

/* ------------------------------------------------------------------- close */

typedef struct returner {
    weir_conn *conn;
    atomic_bool closed; /* the engine is, as far as this one can see */
} returner;

/* Gives back when the engine takes no new work. */
static void *give_back_late(void *argument)
{
    returner *self = argument;
    weir_connect_options at_once = WEIR_CONNECT_OPTIONS;
    weir_engine *its = weir_conn_engine(self->conn);
    weir_error err;

    at_once.timeout_s = 0;
    do {
        nap();
        assert_null(weir_connect_with(its, &at_once, &err));
    } while (err.status != WEIR_ERR_CLOSED);
    atomic_store(&self->closed, true);
    weir_conn_close(&self->conn);
    return NULL;
}

static void test_pool_58__close_waits_for_what_is_out(void **state)
{
    returner last = {0};
    pthread_t thread;

    (void)state;
    open_small(1);
    last.conn = script_borrow();
    assert_int_equal(pthread_create(&thread, NULL, give_back_late, &last), 0);
    assert_int_equal(weir_engine_close_within(&engine, 60, NULL), WEIR_OK);
    assert_null(engine);
    assert_true(atomic_load(&last.closed));
    pthread_join(thread, NULL);
    assert_null(weir_mock_breach(mock));
}

/* 58 (b): who hangs comes back with CONNECTION; his handle is good for being
 * closed, and nothing else; then the engine ends. */
static void test_pool_58__close_aborts_what_does_not_come_back(void **state)
{
    worker hung = {.sql = "UPDATE hanging"};
    weir_conn *idle;
    weir_error err;

    (void)state;
    open_small(2);
    script_add(
        &(weir_mock_step){.text = "UPDATE hanging", .fault = WEIR_MOCK_HANG});
    hung.conn = script_borrow();
    idle = script_borrow();
    must(idle, weir_begin(idle));
    must(idle, weir_exec(idle, "UPDATE t", NOARGS));
    begin(&hung);
    while (weir_mock_hanging(mock) == 0)
        nap();
    assert_int_equal(weir_engine_close_within(&engine, 0.01, &err),
                     WEIR_ERR_TIMEOUT);
    assert_null(engine);
    assert_non_null(strstr(err.message, "2 are still out"));
    pthread_join(hung.thread, NULL);
    assert_int_equal(hung.status, WEIR_ERR_CONNECTION);
    assert_non_null(strstr(hung.error.message, "its time is over"));
    must_fail(hung.conn, weir_exec(hung.conn, "UPDATE t", NOARGS),
              WEIR_ERR_ROLLBACK_FIRST, "its time is over");
    must(hung.conn, weir_rollback(hung.conn));
    must_fail(hung.conn, weir_exec(hung.conn, "UPDATE t", NOARGS),
              WEIR_ERR_CONNECTION, "its time is over");
    assert_int_equal(weir_exec(idle, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION);
    weir_conn_close(&idle);
    weir_conn_close(&hung.conn);
    assert_null(weir_mock_breach(mock));
}

/* 58 (e), and from a thread that has a connection of it. */
static weir_engine *closed_by_hook;

static void close_it(void *context, const weir_log_event *event)
{
    (void)context;
    (void)event;
    if (closed_by_hook)
        (void)weir_engine_close_within(&closed_by_hook, 0, NULL);
}

static void test_pool_58__close_from_inside_a_hook(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conn;
    weir_error err;

    (void)state;
    options.log = close_it;
    script_open(NULL, &options);
    conn = script_borrow();
    closed_by_hook = engine;
    engine = NULL;
    assert_int_equal(weir_exec(conn, "UPDATE t", NOARGS), WEIR_OK);
    assert_null(closed_by_hook);
    assert_null(weir_connect(weir_conn_engine(conn), &err));
    assert_int_equal(err.status, WEIR_ERR_CLOSED);
    assert_int_equal(weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_CONNECTION);
    weir_conn_close(&conn);
    assert_null(weir_mock_breach(mock));
}

/* --------------------------------------------------------------------- fork */

/* Another thread has every lock of the engine, and the permit to write. */
static atomic_int stage;

static void *hold_all(void *argument)
{
    const wi_request wish = {.tag = "another thread"};
    weir_engine *of = argument;

    wi_mutex_lock(&of->lock);
    wi_mutex_lock(&of->waits.lock);
    for (int i = 0; i < WI_SHELVES; i++)
        wi_mutex_lock(&of->handles.shelves[i].lock);
    assert_int_equal(wi_permit_acquire(&of->write_permit, &wish, NULL),
                     WEIR_OK);
    atomic_store(&stage, 1);
    while (atomic_load(&stage) == 1)
        nap();
    wi_permit_release(&of->write_permit);
    for (int i = 0; i < WI_SHELVES; i++)
        wi_mutex_unlock(&of->handles.shelves[i].lock);
    wi_mutex_unlock(&of->waits.lock);
    wi_mutex_unlock(&of->lock);
    return NULL;
}

/* @return the exit status of a child that could write */
static int write_in_child(weir_engine *of)
{
    weir_error err;
    weir_conn *conn;

    alarm(30); /* a hang ends it */
    conn = weir_connect(of, &err);
    if (!conn || weir_exec(conn, "CREATE TABLE t (n int)", NOARGS) != WEIR_OK)
        return 1;
    weir_conn_close(&conn);
    return 0;
}

static void test_pool_59__no_lock_of_another_thread_is_met(void **state)
{
    weir_engine *of = weir_engine_open("sqlite://", NULL, NULL);
    pthread_t thread;
    int status = -1;
    pid_t child;

    (void)state;
    atomic_store(&stage, 0);
    assert_int_equal(pthread_create(&thread, NULL, hold_all, of), 0);
    while (atomic_load(&stage) == 0)
        nap();
    child = fork();
    if (child == 0)
        _exit(write_in_child(of));
    assert_int_equal(waitpid(child, &status, 0), child);
    atomic_store(&stage, 2);
    pthread_join(thread, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    weir_engine_close(&of);
}

static int tear_down(void **state)
{
    return engine ? script_tear_down(state) : (weir_mock_free(&mock), 0);
}

#define LIFE_TEST(name_)                                                       \
    cmocka_unit_test_setup_teardown(test_##name_, script_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(pool_52__paused_it_lends_nothing),
        LIFE_TEST(engine_drain__says_who_is_out_and_can_be_called_off),
        LIFE_TEST(engine_drain__refuses_what_means_nothing),
        LIFE_TEST(pool_58__close_waits_for_what_is_out),
        LIFE_TEST(pool_58__close_aborts_what_does_not_come_back),
        LIFE_TEST(pool_58__close_from_inside_a_hook),
        LIFE_TEST(pool_59__no_lock_of_another_thread_is_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
