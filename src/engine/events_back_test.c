/* SPDX-License-Identifier: MIT */
/*
 * Hooks that call the engine back: at each event, with threads of the pool and
 * without.
 */
#include "scripted.h"

#include <time.h>

typedef weir_status (*deed)(weir_engine *on, weir_error *err);

static weir_status borrow_another(weir_engine *on, weir_error *err)
{
    weir_conn *conn = weir_connect(on, err);

    if (!conn)
        return err->status;
    weir_conn_close(&conn);
    return WEIR_OK;
}

static weir_status resize(weir_engine *on, weir_error *err)
{
    weir_status status = weir_engine_set(on, "pool_size", "1", err);

    return status == WEIR_OK ? weir_engine_set(on, "pool_size", "4", err)
                             : status;
}

static weir_status dispose(weir_engine *on, weir_error *err)
{
    (void)err;
    weir_engine_dispose(on);
    return WEIR_OK;
}

/* The engine lives until the loan in which it was closed is over. */
static _Atomic bool is_gone;

static weir_status close_engine(weir_engine *on, weir_error *err)
{
    (void)err;
    is_gone = true;
    weir_engine_close(&on);
    return WEIR_OK;
}

enum { CALLS_MAX = 3 };

typedef struct caller {
    deed does;
    _Atomic int depth, calls; /* threads of the pool call, too */
    _Atomic bool is_over;
} caller;

/* Once deep: what it does may be told to itself. And a few times only: one
 * that disposed at each CONNECT would have every new connection replaced. */
static weir_status call_back(void *context, const weir_event *event,
                             weir_error *err)
{
    caller *self = context;
    weir_status status;

    if (self->depth > 0 || self->calls == CALLS_MAX)
        return WEIR_OK;
    self->depth++;
    self->calls++;
    status = self->does(event->engine, err);
    self->depth--;
    return status;
}

/* Goes through a life in which each event happens. */
static void go_through_life(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        return;
    (void)weir_exec(conn, "UPDATE t", NOARGS);
    (void)weir_conn_invalidate(conn);
    (void)weir_rollback(conn);
    (void)weir_exec(conn, "UPDATE t", NOARGS);
    (void)weir_conn_invalidate_soft(conn);
    weir_conn_close(&conn);
    conn = weir_connect(engine, &err);
    if (!conn)
        return;
    (void)weir_conn_detach(conn);
    weir_conn_close(&conn);
    conn = weir_connect(engine, &err);
    weir_conn_close(&conn);
}

/* Holds a loan all the time: the engine lives as long, whoever closes it. */
static void live(const caller *self)
{
    weir_error err;
    weir_conn *keeper = weir_connect(engine, &err);

    if (!keeper)
        return;
    go_through_life();
    weir_engine_dispose(engine);
    for (int i = 0; i < 20000 && self->calls == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    weir_conn_close(&keeper);
}

static void note_end(void *context)
{
    caller *self = context;

    self->is_over = true;
}

static void add(caller *self, weir_event_kind kind)
{
    weir_hook hook = {.kind = kind,
                      .function = call_back,
                      .context = self,
                      .ended = note_end};
    weir_error err;

    if (weir_hook_add(engine, &hook, &err) != WEIR_OK)
        fail_msg("hook: %s", err.message);
}

/* A thread of the pool may be the last in the engine. */
static void hook_does(deed does, weir_event_kind kind,
                      weir_pool_threads threads)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    caller self = {.does = does};

    options.pool_size = 4;
    options.pool_timeout_s = 20;
    options.pool_threads = threads;
    script_open(NULL, &options);
    is_gone = false;
    add(&self, kind);
    live(&self);
    if (is_gone)
        engine = NULL;
    weir_engine_close(&engine);
    for (int i = 0; i < 20000 && !self.is_over; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(self.is_over);
    assert_int_equal(weir_mock_connections(mock), 0);
    if (self.calls == 0)
        fail_msg("%s was not called", weir_event_name(kind));
    assert_null(weir_mock_breach(mock));
}

static void every_hook_does(deed does, weir_pool_threads threads)
{
    for (int kind = WEIR_EVENT_CONNECT; kind <= WEIR_EVENT_CLOSE_DETACHED;
         kind++)
        hook_does(does, (weir_event_kind)kind, threads);
}

static void test_pool_56__a_hook_may_borrow(void **state)
{
    (void)state;
    every_hook_does(borrow_another, WEIR_POOL_THREADS_OFF);
    every_hook_does(borrow_another, WEIR_POOL_THREADS_ON);
    script_open(NULL, NULL);
}

static void test_pool_56__a_hook_may_resize(void **state)
{
    (void)state;
    every_hook_does(resize, WEIR_POOL_THREADS_OFF);
    every_hook_does(resize, WEIR_POOL_THREADS_ON);
    script_open(NULL, NULL);
}

static void test_pool_56__a_hook_may_dispose(void **state)
{
    (void)state;
    every_hook_does(dispose, WEIR_POOL_THREADS_OFF);
    every_hook_does(dispose, WEIR_POOL_THREADS_ON);
    script_open(NULL, NULL);
}

static void test_pool_56__a_hook_may_close_the_engine(void **state)
{
    (void)state;
    every_hook_does(close_engine, WEIR_POOL_THREADS_OFF);
    every_hook_does(close_engine, WEIR_POOL_THREADS_ON);
    script_open(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_56__a_hook_may_borrow),
        TEST(pool_56__a_hook_may_resize),
        TEST(pool_56__a_hook_may_dispose),
        TEST(pool_56__a_hook_may_close_the_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
