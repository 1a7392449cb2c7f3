/* SPDX-License-Identifier: MIT */
/* The kinds of pool that are no queue, as a user of an engine sees them. */
#include <pthread.h>

#include "suite.h"

static weir_engine *engine_of(weir_pool_kind kind)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_kind = kind;
    options.pool_timeout_s = 10;
    return open_engine(&options);
}

static weir_conn *borrow_of(weir_engine *owner)
{
    weir_error err;
    weir_conn *conn = weir_connect(owner, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

static weir_pool_status status_of(const weir_engine *owner)
{
    weir_pool_status status;

    weir_engine_pool_status(owner, &status);
    return status;
}

static void test_kind_null__opens_for_each_loan(void **state)
{
    (void)state;
    WEIR_AUTO(weir_engine) each = engine_of(WEIR_POOL_NULL);
    for (int i = 1; i <= 3; i++) {
        WEIR_AUTO(weir_conn) conn = borrow_of(each);
        WEIR_AUTO(weir_conn) other = borrow_of(each);

        assert_ptr_not_equal(conn, other);
        must(conn, weir_exec(conn, "SELECT 1", NOARGS));
        must(other, weir_exec(other, "SELECT 1", NOARGS));
        assert_int_equal(status_of(each).busy, 2);
    }
    assert_int_equal(status_of(each).opened, 6);
    assert_int_equal(status_of(each).closed, 6);
    assert_int_equal(status_of(each).idle, 0);
}

/* Also a database that lives in memory, while nothing is open. */
static void test_kind_null__keeps_the_database(void **state)
{
    weir_conn *conn;

    (void)state;
    WEIR_AUTO(weir_engine) each = engine_of(WEIR_POOL_NULL);
    conn = borrow_of(each);
    make_table(conn);
    must(conn, add(conn, 1, "a"));
    must(conn, weir_commit(conn));
    weir_conn_close(&conn);
    conn = borrow_of(each);
    assert_int_equal(count(conn), 1);
    weir_conn_close(&conn);
}

static void check_shared(weir_engine *owner)
{
    weir_conn *outer = borrow_of(owner);
    weir_conn *inner = borrow_of(owner);
    weir_conn *stale = outer;
    bool transacts = can(WEIR_CAN_TRANSACT);

    assert_ptr_equal(outer, inner);
    must(outer, weir_exec(outer, "SELECT 1", NOARGS));
    assert_int_equal(weir_in_transaction(inner), transacts);
    weir_conn_close(&inner);
    assert_null(inner);
    assert_int_equal(weir_in_transaction(outer), transacts);
    must(outer, weir_exec(outer, "SELECT 1", NOARGS));
    weir_conn_close(&outer);
    assert_int_equal(weir_exec(stale, "SELECT 1", NOARGS), WEIR_ERR_MISUSE);
    weir_conn_close(&stale);
    inner = borrow_of(owner);
    assert_false(weir_in_transaction(inner));
    weir_conn_close(&inner);
    assert_int_equal(status_of(owner).opened, 1);
    assert_int_equal(status_of(owner).idle, 1);
}

static void test_kinds_that_share__have_one_handle(void **state)
{
    (void)state;
    WEIR_AUTO(weir_engine) one = engine_of(WEIR_POOL_STATIC);
    WEIR_AUTO(weir_engine) own = engine_of(WEIR_POOL_PER_THREAD);
    check_shared(one);
    check_shared(own);
}

static void test_kinds_that_share__roll_back_at_the_last_close(void **state)
{
    const weir_pool_kind kinds[] = {WEIR_POOL_STATIC, WEIR_POOL_PER_THREAD};

    (void)state;
    for (int i = 0; i < 2; i++) {
        WEIR_AUTO(weir_engine) owner = engine_of(kinds[i]);
        weir_conn *outer = borrow_of(owner);
        weir_conn *inner;

        make_table(outer);
        must(outer, add(outer, 1, "kept"));
        must(outer, weir_commit(outer));
        must(outer, add(outer, 2, "lost"));
        inner = borrow_of(owner);
        assert_int_equal(count(inner), 2);
        weir_conn_close(&inner);
        assert_int_equal(count(outer), 2);
        weir_conn_close(&outer);
        outer = borrow_of(owner);
        assert_int_equal(count(outer), 1);
        weir_conn_close(&outer);
    }
}

static void test_kinds_that_share__refuse_another_access(void **state)
{
    weir_connect_options reading = WEIR_CONNECT_OPTIONS;
    weir_conn *refused;
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) one = engine_of(WEIR_POOL_STATIC);
    WEIR_AUTO(weir_conn) conn = borrow_of(one);
    reading.access = WEIR_READ_ONLY;
    refused = weir_connect_with(one, &reading, &err);
    assert_null(refused);
    assert_int_equal(err.status, WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "shared"));
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    assert_int_equal(status_of(one).busy, 1);
}

typedef struct visitor {
    weir_engine *owner;
    weir_conn *conn;
    weir_status status;
} visitor;

static void *visit(void *memory)
{
    visitor *self = memory;
    weir_error err;

    self->conn = weir_connect(self->owner, &err);
    self->status =
        self->conn ? weir_exec(self->conn, "SELECT 1", NOARGS) : err.status;
    return NULL;
}

static visitor visited(weir_engine *owner)
{
    visitor self = {.owner = owner};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, visit, &self), 0);
    pthread_join(thread, NULL);
    assert_int_equal(self.status, WEIR_OK);
    return self;
}

static void test_kind_thread__gives_each_its_own(void **state)
{
    visitor other;

    (void)state;
    WEIR_AUTO(weir_engine) own = engine_of(WEIR_POOL_PER_THREAD);
    WEIR_AUTO(weir_conn) conn = borrow_of(own);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    other = visited(own);
    assert_ptr_not_equal(other.conn, conn);
    assert_int_equal(status_of(own).busy, 2);
    /* Its thread has ended; anybody may close it. */
    weir_conn_close(&other.conn);
    assert_int_equal(status_of(own).busy, 1);
    assert_int_equal(status_of(own).idle, 0);
}

static void test_kind_static__is_shared_by_threads(void **state)
{
    visitor other;

    (void)state;
    WEIR_AUTO(weir_engine) one = engine_of(WEIR_POOL_STATIC);
    WEIR_AUTO(weir_conn) conn = borrow_of(one);
    other = visited(one);
    assert_ptr_equal(other.conn, conn);
    weir_conn_close(&other.conn);
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

static void test_kind_assertion__refuses_a_second_loan(void **state)
{
    weir_connect_options by = WEIR_CONNECT_OPTIONS;
    weir_conn *second;
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) strict = engine_of(WEIR_POOL_ASSERTION);
    by.tag = "report";
    WEIR_AUTO(weir_conn) first = weir_connect_with(strict, &by, &err);
    assert_non_null(first);
    second = weir_connect(strict, &err);
    assert_null(second);
    assert_int_equal(err.status, WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "\"report\""));
    assert_non_null(strstr(err.message, "kinds.c:"));
    must(first, weir_exec(first, "SELECT 1", NOARGS));
    weir_conn_close(&first);
    first = borrow_of(strict);
    must(first, weir_exec(first, "SELECT 1", NOARGS));
    assert_int_equal(status_of(strict).opened, 1);
}

static void test_kinds__connect_anew_and_ping(void **state)
{
    (void)state;
    for (int kind = WEIR_POOL_NULL; kind <= WEIR_POOL_ASSERTION; kind++) {
        WEIR_AUTO(weir_engine) owner = engine_of((weir_pool_kind)kind);
        weir_conn *conn = borrow_of(owner);
        weir_error err;

        must(conn, weir_exec(conn, "SELECT 1", NOARGS));
        must(conn, weir_rollback(conn));
        must(conn, weir_conn_invalidate(conn));
        must(conn, weir_exec(conn, "SELECT 1", NOARGS));
        if (kind == WEIR_POOL_ASSERTION)
            weir_conn_close(&conn);
        if (weir_engine_ping(owner, &err) != WEIR_OK)
            fail_msg("ping: %s", err.message);
        weir_engine_dispose(owner);
        weir_conn_close(&conn);
        assert_int_equal(status_of(owner).busy, 0);
        assert_int_equal(status_of(owner).idle, 0);
        assert_int_equal(weir_engine_ping(owner, &err), WEIR_OK);
    }
}

int run_kinds(void)
{
    const struct CMUnitTest tests[] = {
        ANY(kind_null__opens_for_each_loan),
        ANY(kinds_that_share__have_one_handle),
        ANY(kinds_that_share__refuse_another_access),
        ANY(kind_thread__gives_each_its_own),
        ANY(kind_static__is_shared_by_threads),
        ANY(kind_assertion__refuses_a_second_loan),
        ANY(kinds__connect_anew_and_ping),
    };
    const struct CMUnitTest of_tables[] = {
        TEST(kind_null__keeps_the_database),
        TEST(kinds_that_share__roll_back_at_the_last_close),
    };
    int failed = cmocka_run_group_tests_name("kinds", tests, NULL, NULL);

    if (can(WEIR_HAS_SQL))
        failed += cmocka_run_group_tests_name("kinds with tables", of_tables,
                                              NULL, NULL);
    return failed;
}
