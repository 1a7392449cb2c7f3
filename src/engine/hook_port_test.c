/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a connection by the program's own hook: an event loop on one
 * thread goes on meanwhile.
 */
#include <weir/cancel.h>
#include <weir/weir.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

/* The loop has one more task: run while a wait goes on, once. */
typedef struct loop {
    atomic_int waits;
    void (*task)(void *context); /* NULL: none */
    void *context;
    bool gives_up;
} loop;

static weir_status wait_in_loop(void *context, int fd, unsigned events,
                                int64_t deadline_ns)
{
    loop *self = context;

    (void)events;
    atomic_fetch_add(&self->waits, 1);
    while (wi_now_ns() < deadline_ns) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};

        if (poll(&entry, 1, 1) > 0)
            return WEIR_OK;
        if (self->gives_up)
            return WEIR_ERR_CANCELLED;
        if (self->task) {
            void (*task)(void *) = self->task;

            self->task = NULL;
            task(self->context);
        }
    }
    return WEIR_ERR_TIMEOUT;
}

static weir_engine *engine_of(int size, loop *self, double timeout_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *engine;
    weir_error err;

    options.pool_size = size;
    options.max_overflow = 0;
    options.pool_timeout_s = timeout_s;
    options.wait = wait_in_loop;
    options.wait_context = self;
    engine = weir_engine_open("sqlite://", &options, &err);
    assert_non_null(engine);
    return engine;
}

static weir_engine *engine_with(loop *self, double timeout_s)
{
    return engine_of(1, self, timeout_s);
}

static void close_it(void *context)
{
    weir_conn_close(context);
}

/* The only connection is given back by the same thread, which waits for it. */
static void test_hook_port__the_thread_goes_on(void **state)
{
    loop self = {.waits = 0};
    weir_engine *engine = engine_with(&self, 60);
    weir_conn *held;
    weir_conn *next;
    weir_error err;

    (void)state;
    held = weir_connect(engine, &err);
    assert_non_null(held);
    assert_int_equal(atomic_load(&self.waits), 0);
    self.task = close_it;
    self.context = &held;
    next = weir_connect(engine, &err);
    assert_non_null(next);
    assert_null(held);
    assert_true(atomic_load(&self.waits) >= 1);
    weir_conn_close(&next);
    weir_engine_close(&engine);
}

static void commit_it(void *context)
{
    assert_int_equal(weir_commit(context), WEIR_OK);
}

/* Two of its tasks write, on one thread: the second waits in the loop, which
 * lets the first commit. */
static void test_hook_port__a_writer_waits_in_the_loop(void **state)
{
    loop self = {.waits = 0};
    weir_engine *engine = engine_of(2, &self, 60);
    weir_conn *first;
    weir_conn *second;
    weir_error err;

    (void)state;
    first = weir_connect(engine, &err);
    second = weir_connect(engine, &err);
    assert_non_null(second);
    assert_int_equal(weir_exec(first, "CREATE TABLE t (x int)", NULL, 0),
                     WEIR_OK);
    assert_int_equal(weir_commit(first), WEIR_OK);
    assert_int_equal(weir_exec(first, "INSERT INTO t VALUES (1)", NULL, 0),
                     WEIR_OK);
    assert_int_equal(atomic_load(&self.waits), 0);
    self.task = commit_it;
    self.context = first;
    assert_int_equal(weir_exec(second, "INSERT INTO t VALUES (2)", NULL, 0),
                     WEIR_OK);
    assert_int_equal(weir_commit(second), WEIR_OK);
    assert_true(atomic_load(&self.waits) >= 1);
    weir_conn_close(&first);
    weir_conn_close(&second);
    weir_engine_close(&engine);
}

static void test_hook_port__keeps_the_deadline(void **state)
{
    loop self = {.waits = 0};
    weir_engine *engine = engine_with(&self, 0.05);
    int64_t began = wi_now_ns();
    weir_conn *held;
    weir_error err;

    (void)state;
    held = weir_connect(engine, &err);
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_true(wi_now_ns() - began >= 50000000);
    weir_conn_close(&held);
    weir_engine_close(&engine);
}

static void test_hook_port__may_give_up(void **state)
{
    loop self = {.gives_up = true};
    weir_engine *engine = engine_with(&self, 60);
    weir_pool_status now;
    weir_conn *held;
    weir_error err;

    (void)state;
    held = weir_connect(engine, &err);
    assert_null(weir_connect(engine, &err));
    assert_int_equal(err.status, WEIR_ERR_CANCELLED);
    assert_non_null(strstr(err.message, "the wait hook gave up"));
    weir_engine_pool_status(engine, &now);
    assert_int_equal(now.waiting, 0);
    weir_conn_close(&held);
    weir_engine_close(&engine);
}

static void cancel_it(void *context)
{
    weir_cancel_token_cancel(context);
}

static void test_hook_port__is_cancelled_by_a_token(void **state)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    loop self = {.waits = 0};
    weir_engine *engine = engine_with(&self, 60);
    weir_error err;
    weir_cancel_token *token = weir_cancel_token_new(&err);
    weir_conn *held;

    (void)state;
    held = weir_connect(engine, &err);
    options.cancel = token;
    self.task = cancel_it;
    self.context = token;
    assert_null(weir_connect_with(engine, &options, &err));
    assert_int_equal(err.status, WEIR_ERR_CANCELLED);
    weir_cancel_token_free(&token);
    weir_conn_close(&held);
    weir_engine_close(&engine);
}

typedef struct blocker {
    weir_engine *engine;
    pthread_t thread;
    atomic_int *clock;
    int turn;
} blocker;

static void *wait_and_note(void *argument)
{
    blocker *self = argument;
    weir_error err;
    weir_conn *conn = weir_connect(self->engine, &err);

    if (conn)
        self->turn = atomic_fetch_add(self->clock, 1) + 1;
    weir_conn_close(&conn);
    return NULL;
}

static int waiting_in(weir_engine *engine)
{
    weir_pool_status now;

    weir_engine_pool_status(engine, &now);
    return now.waiting;
}

/* Threads and tasks of loops stand in one queue, in their order. */
static void test_hook_port__one_queue_for_all(void **state)
{
    enum { MANY = 4 };
    loop self = {.waits = 0};
    weir_engine *engine = engine_with(&self, 60);
    blocker all[MANY];
    atomic_int clock = 0;
    weir_conn *held;
    weir_conn *last;
    weir_error err;

    (void)state;
    held = weir_connect(engine, &err);
    for (int i = 0; i < MANY; i++) {
        all[i] = (blocker){.engine = engine, .clock = &clock};
        assert_int_equal(
            pthread_create(&all[i].thread, NULL, wait_and_note, &all[i]), 0);
        while (waiting_in(engine) != i + 1)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    weir_conn_close(&held);
    last = weir_connect(engine, &err);
    assert_non_null(last);
    weir_conn_close(&last);
    for (int i = 0; i < MANY; i++) {
        pthread_join(all[i].thread, NULL);
        assert_int_equal(all[i].turn, i + 1);
    }
    weir_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hook_port__the_thread_goes_on),
        cmocka_unit_test(test_hook_port__a_writer_waits_in_the_loop),
        cmocka_unit_test(test_hook_port__keeps_the_deadline),
        cmocka_unit_test(test_hook_port__may_give_up),
        cmocka_unit_test(test_hook_port__is_cancelled_by_a_token),
        cmocka_unit_test(test_hook_port__one_queue_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
