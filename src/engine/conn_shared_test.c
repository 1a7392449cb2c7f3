/* SPDX-License-Identifier: MIT */
/*
 * A connection that is borrowed several times at once (pool_kind static and
 * thread): what the driver sees, and what those who use it wrongly are told.
 */
#include "overheard.h"
#include "scripted.h"

#include <pthread.h>
#include <time.h>

static void open_kind(weir_pool_kind kind)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_kind = kind;
    script_open(NULL, &options);
    weir_mock_clear_log(mock);
}

/* A16: what a driver is asked by connecting, closing, dispose, and again. */
static void check_calls(weir_pool_kind kind, const char *calls)
{
    weir_conn *conn;

    open_kind(kind);
    conn = script_borrow();
    weir_conn_close(&conn);
    weir_engine_dispose(engine);
    conn = script_borrow();
    weir_conn_close(&conn);
    must_have_sent(calls);
}

static void test_kinds__A16_order_of_calls(void **state)
{
    (void)state;
    check_calls(WEIR_POOL_QUEUE, "open\nclose\nopen\n");
    check_calls(WEIR_POOL_STATIC, "open\nclose\nopen\n");
    check_calls(WEIR_POOL_PER_THREAD, "open\nclose\nopen\n");
    check_calls(WEIR_POOL_ASSERTION, "open\nclose\nopen\n");
    check_calls(WEIR_POOL_NULL, "open\nclose\nopen\nclose\n");
}

/* A16 no_rollback_from_nested_connections: one rollback, at the outermost. */
static void test_shared__one_rollback_at_the_last_close(void **state)
{
    const weir_pool_kind kinds[] = {WEIR_POOL_STATIC, WEIR_POOL_PER_THREAD};

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_conn *conns[3];

        open_kind(kinds[i]);
        for (int j = 0; j < 3; j++) {
            conns[j] = script_borrow();
            must(conns[j], weir_exec(conns[j], "UPDATE t", NOARGS));
        }
        weir_conn_close(&conns[1]);
        weir_conn_close(&conns[2]);
        assert_int_equal(weir_mock_count(mock, "rollback"), 0);
        weir_conn_close(&conns[0]);
        assert_int_equal(weir_mock_count(mock, "rollback"), 1);
    }
}

typedef struct worker {
    pthread_t thread;
    weir_conn *conn;
    weir_status status;
} worker;

static void *update(void *argument)
{
    worker *self = argument;

    self->status = weir_exec(self->conn, "UPDATE t", NOARGS);
    return NULL;
}

static void until_hanging(void)
{
    while (weir_mock_hanging(mock) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void test_shared__two_threads_at_once_are_told(void **state)
{
    worker self = {.conn = NULL};
    weir_conn *conn;
    weir_error err;

    (void)state;
    open_kind(WEIR_POOL_STATIC);
    script_add(&(weir_mock_step){.text = "UPDATE t", .fault = WEIR_MOCK_HANG});
    conn = script_borrow();
    self.conn = script_borrow();
    assert_int_equal(pthread_create(&self.thread, NULL, update, &self), 0);
    until_hanging();
    assert_int_equal(weir_exec(conn, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    assert_int_equal(weir_engine_ping(engine, &err), WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "two threads"));
    /* Ours is given back all the same: the other goes on. */
    weir_conn_close(&conn);
    assert_null(conn);
    weir_mock_resume(mock);
    pthread_join(self.thread, NULL);
    assert_int_equal(self.status, WEIR_OK);
    weir_conn_close(&self.conn);
}

/* The last share while another thread, which has none, is inside. */
static void test_shared__the_last_close_waits_for_nobody(void **state)
{
    worker self = {.conn = NULL};
    weir_conn *conn;

    (void)state;
    open_kind(WEIR_POOL_STATIC);
    script_add(&(weir_mock_step){.text = "UPDATE t", .fault = WEIR_MOCK_HANG});
    self.conn = conn = script_borrow();
    assert_int_equal(pthread_create(&self.thread, NULL, update, &self), 0);
    until_hanging();
    weir_conn_close(&conn);
    assert_non_null(conn); /* it is the caller's still */
    weir_mock_resume(mock);
    pthread_join(self.thread, NULL);
    weir_conn_close(&conn);
    assert_null(conn);
}

static void test_shared__a_stale_copy_is_told(void **state)
{
    weir_conn *conn;
    weir_conn *copy;

    (void)state;
    open_kind(WEIR_POOL_PER_THREAD);
    conn = copy = script_borrow();
    weir_conn_close(&conn);
    assert_int_equal(weir_exec(copy, "UPDATE t", NOARGS), WEIR_ERR_MISUSE);
    assert_non_null(strstr(weir_conn_error(copy)->message, "closed"));
    conn = script_borrow();
    assert_ptr_not_equal(conn, copy); /* not so soon */
    weir_conn_close(&copy);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    weir_conn_close(&conn);
}

static void test_shared__isolation_is_the_first_borrowers(void **state)
{
    weir_connect_options loan = WEIR_CONNECT_OPTIONS;
    weir_conn *first;
    weir_conn *second;
    weir_error err;

    (void)state;
    open_kind(WEIR_POOL_PER_THREAD);
    loan.isolation = WEIR_AUTOCOMMIT;
    first = weir_connect_with(engine, &loan, &err);
    assert_non_null(first);
    second = script_borrow(); /* asks for nothing of its own */
    assert_ptr_equal(first, second);
    weir_conn_close(&second);
    loan.isolation = WEIR_SERIALIZABLE;
    second = weir_connect_with(engine, &loan, &err);
    assert_null(second);
    assert_int_equal(err.status, WEIR_ERR_MISUSE);
    weir_conn_close(&first);
    first = weir_connect_with(engine, &loan, &err);
    assert_non_null(first);
    weir_conn_close(&first);
}

typedef struct caller {
    int depth;
    int calls;
    int kinds[16]; /* how often told of each event */
} caller;

/* Borrows once more from inside of what it is told of. */
static weir_status borrow_inside(void *context, const weir_event *event,
                                 weir_error *err)
{
    caller *self = context;
    weir_conn *conn;
    weir_error own;

    (void)err;
    self->kinds[event->kind]++;
    if (self->depth > 0)
        return WEIR_OK;
    self->depth++;
    self->calls++;
    conn = weir_connect(event->engine, &own);
    weir_conn_close(&conn);
    self->depth--;
    return WEIR_OK;
}

/* 56, with each kind: a hook that borrows is told at once what it cannot have,
 * and nothing stays behind. */
static void test_pool_56__a_hook_of_any_kind_may_borrow(void **state)
{
    (void)state;
    for (int kind = WEIR_POOL_NULL; kind <= WEIR_POOL_ASSERTION; kind++) {
        static caller self; /* hears of the engine's end, too */
        time_t began = time(NULL);
        weir_conn *conns[2] = {NULL};
        weir_error err;

        open_kind((weir_pool_kind)kind);
        self = (caller){.depth = 0};
        for (int event = WEIR_EVENT_CONNECT; event <= WEIR_EVENT_CLOSE_DETACHED;
             event++) {
            weir_hook hook = {.kind = (weir_event_kind)event,
                              .function = borrow_inside,
                              .context = &self};

            assert_int_equal(weir_hook_add(engine, &hook, &err), WEIR_OK);
        }
        conns[0] = script_borrow();
        must(conns[0], weir_exec(conns[0], "UPDATE t", NOARGS));
        if (kind != WEIR_POOL_ASSERTION)
            conns[1] = script_borrow();
        weir_conn_close(&conns[1]);
        weir_conn_close(&conns[0]);
        weir_engine_dispose(engine);
        assert_true(self.calls > 2);
        assert_true(time(NULL) - began < 15); /* pool_timeout is 30 */
    }
    script_open(NULL, NULL);
}

/* A share is no checkout, and giving it back no checkin. */
static void test_shared__one_checkout_for_all_shares(void **state)
{
    static caller self;
    weir_conn *conns[3];
    weir_error err;

    (void)state;
    open_kind(WEIR_POOL_PER_THREAD);
    self = (caller){.depth = 1};
    for (int event = WEIR_EVENT_CONNECT; event <= WEIR_EVENT_CLOSE_DETACHED;
         event++) {
        weir_hook hook = {.kind = (weir_event_kind)event,
                          .function = borrow_inside,
                          .context = &self};

        assert_int_equal(weir_hook_add(engine, &hook, &err), WEIR_OK);
    }
    for (int i = 0; i < 3; i++)
        conns[i] = script_borrow();
    for (int i = 0; i < 3; i++)
        weir_conn_close(&conns[i]);
    assert_int_equal(self.kinds[WEIR_EVENT_CONNECT], 1);
    assert_int_equal(self.kinds[WEIR_EVENT_CHECKOUT], 1);
    assert_int_equal(self.kinds[WEIR_EVENT_CHECKIN], 1);
    assert_int_equal(self.kinds[WEIR_EVENT_CLOSE], 0);
    script_open(NULL, NULL);
}

/* A16 no_double_checkin: told, and nothing else happens. */
static void test_kinds__A16_giving_back_twice_is_told(void **state)
{
    (void)state;
    for (int kind = WEIR_POOL_QUEUE; kind <= WEIR_POOL_ASSERTION; kind++) {
        weir_engine_options options = WEIR_ENGINE_OPTIONS;
        weir_pool_status status;
        weir_conn *conn;
        weir_conn *copy;

        options.pool_kind = (weir_pool_kind)kind;
        overhear(&options, WEIR_LOG_WARNING);
        script_open(NULL, &options);
        conn = copy = script_borrow();
        weir_conn_close(&conn);
        weir_conn_close(&conn);
        assert_int_equal(overheard.count, 0);
        weir_conn_close(&copy);
        assert_null(copy);
        assert_int_equal(said("not lent was given back"), 1);
        weir_engine_pool_status(engine, &status);
        assert_int_equal(status.busy, 0);
        assert_int_equal(status.idle, kind != WEIR_POOL_NULL);
    }
}

static void test_kinds__keep_to_the_databases_limit(void **state)
{
    weir_mock_options kind = WEIR_MOCK_OPTIONS;
    weir_engine *other;
    weir_error err;

    (void)state;
    kind.connection_max = 1;
    script_open(&kind, NULL);
    other = weir_engine_open("mock://scripted?pool_kind=null", NULL, &err);
    assert_null(other);
    assert_int_equal(err.status, WEIR_ERR_CONFIG);
    assert_non_null(strstr(err.message, "takes 1 connections"));
    other = weir_engine_open("mock://scripted?pool_kind=static", NULL, &err);
    assert_non_null(other);
    assert_int_equal(weir_engine_set(other, "pool_recycle", "5", &err),
                     WEIR_OK);
    assert_int_equal(weir_engine_set(other, "pool_size", "3", &err),
                     WEIR_ERR_CONFIG);
    weir_engine_close(&other);
}

static void test_shared__engine_is_freed_by_the_last_share(void **state)
{
    weir_conn *conns[2];
    weir_engine *closing;
    weir_error err;

    (void)state;
    closing = weir_engine_open("mock://scripted?pool_kind=static", NULL, &err);
    assert_non_null(closing);
    conns[0] = weir_connect(closing, &err);
    conns[1] = weir_connect(closing, &err);
    weir_engine_close(&closing);
    weir_conn_close(&conns[0]);
    must(conns[1], weir_exec(conns[1], "UPDATE t", NOARGS));
    weir_conn_close(&conns[1]);
    assert_int_equal(weir_mock_connections(mock), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kinds__A16_order_of_calls),
        TEST(shared__one_rollback_at_the_last_close),
        TEST(shared__two_threads_at_once_are_told),
        TEST(shared__the_last_close_waits_for_nobody),
        TEST(shared__a_stale_copy_is_told),
        TEST(shared__isolation_is_the_first_borrowers),
        TEST(pool_56__a_hook_of_any_kind_may_borrow),
        TEST(shared__one_checkout_for_all_shares),
        TEST(kinds__A16_giving_back_twice_is_told),
        TEST(kinds__keep_to_the_databases_limit),
        TEST(shared__engine_is_freed_by_the_last_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
