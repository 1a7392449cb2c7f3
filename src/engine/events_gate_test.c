/* SPDX-License-Identifier: MIT */
/*
 * Hooks that take their time: they hold up whoever called them, and nobody
 * else.
 */
#include "scripted.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Who comes to it waits until it is opened. */
typedef struct gate {
    atomic_int inside, passed;
    atomic_bool is_open;
    const char *for_tag; /* of the borrower; NULL: all */
} gate;

static gate shut;

static weir_status wait_at(void *context, const weir_event *event,
                           weir_error *err)
{
    gate *self = context;

    (void)err;
    if (self->for_tag && (!event->tag || strcmp(event->tag, self->for_tag)))
        return WEIR_OK;
    atomic_fetch_add(&self->inside, 1);
    while (!atomic_load(&self->is_open))
        nap();
    atomic_fetch_add(&self->passed, 1);
    return WEIR_OK;
}

static void open_gated(weir_event_kind kind, const char *for_tag,
                       weir_pool_threads threads)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_hook hook = {.kind = kind, .function = wait_at, .context = &shut};

    shut = (gate){.for_tag = for_tag};
    options.pool_size = 2;
    options.max_overflow = 0;
    options.pool_threads = threads;
    options.hooks = &hook;
    options.hook_count = 1;
    script_open(NULL, &options);
}

typedef struct borrower {
    pthread_t thread;
    const char *tag;
    atomic_bool has_one, is_done;
} borrower;

static void *borrow_once(void *memory)
{
    borrower *self = memory;
    weir_conn *conn = script_borrow_as(self->tag);

    atomic_store(&self->has_one, true);
    weir_conn_close(&conn);
    atomic_store(&self->is_done, true);
    return NULL;
}

static void start(borrower *self)
{
    assert_int_equal(pthread_create(&self->thread, NULL, borrow_once, self), 0);
}

static void until_inside(int count)
{
    while (atomic_load(&shut.inside) < count)
        nap();
}

static void end(borrower *self)
{
    atomic_store(&shut.is_open, true);
    pthread_join(self->thread, NULL);
    assert_true(atomic_load(&self->is_done));
}

/* Many loans by others while one hook does not return. */
static void others_are_served(weir_event_kind kind, weir_pool_threads threads)
{
    borrower held = {.tag = "held"};

    open_gated(kind, "held", threads);
    start(&held);
    until_inside(1);
    for (int i = 0; i < 20; i++) {
        weir_conn *conn = script_borrow_as("other");

        must(conn, weir_exec(conn, "UPDATE t", NOARGS));
        weir_conn_close(&conn);
    }
    assert_false(atomic_load(&held.is_done));
    end(&held);
    assert_int_equal(atomic_load(&shut.passed), 1);
}

static void test_pool_68__a_slow_hook_holds_up_its_borrower_alone(void **state)
{
    static const weir_event_kind kinds[] = {
        WEIR_EVENT_CHECKOUT, WEIR_EVENT_RESET, WEIR_EVENT_CHECKIN};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        others_are_served(kinds[i], WEIR_POOL_THREADS_OFF);
        others_are_served(kinds[i], WEIR_POOL_THREADS_ON);
    }
}

/* The engine may be looked at, turned and closed meanwhile. */
static void test_pool_68__a_slow_hook_does_not_hold_up_the_engine(void **state)
{
    borrower held = {.tag = "held"};
    weir_pool_numbers numbers;
    weir_error err;

    (void)state;
    open_gated(WEIR_EVENT_CHECKOUT, "held", WEIR_POOL_THREADS_AUTO);
    start(&held);
    until_inside(1);
    assert_int_equal(weir_pool_stats(engine, &numbers), WEIR_OK);
    assert_int_equal(numbers.now.busy, 1);
    assert_int_equal(weir_engine_set(engine, "pool_size", "5", &err), WEIR_OK);
    weir_engine_dispose(engine);
    assert_int_equal(weir_engine_drain(engine, 0.01, &err), WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "held"));
    weir_pool_resume(engine);
    end(&held);
}

/* The others wait for the first one's hooks: they may depend on them. */
static void connects_after_the_first(weir_pool_threads threads)
{
    borrower first = {.tag = "first"}, second = {.tag = "second"};

    open_gated(WEIR_EVENT_FIRST_CONNECT, NULL, threads);
    start(&first);
    until_inside(1);
    start(&second);
    for (int i = 0; i < 50; i++)
        nap();
    assert_false(atomic_load(&second.has_one));
    assert_int_equal(atomic_load(&shut.inside), 1);
    end(&first);
    end(&second);
    assert_int_equal(atomic_load(&shut.passed), 1);
}

static void test_pool_56__nobody_overtakes_first_connect(void **state)
{
    (void)state;
    connects_after_the_first(WEIR_POOL_THREADS_OFF);
    connects_after_the_first(WEIR_POOL_THREADS_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pool_68__a_slow_hook_holds_up_its_borrower_alone),
        TEST(pool_68__a_slow_hook_does_not_hold_up_the_engine),
        TEST(pool_56__nobody_overtakes_first_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
