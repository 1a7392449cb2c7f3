/* SPDX-License-Identifier: MIT */
/* The pool as a user of an engine sees it. */
#include <pthread.h>
#include <time.h>

#include "suite.h"

static weir_engine *small_engine(int size, double timeout_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_size = size;
    options.max_overflow = 0;
    options.pool_timeout_s = timeout_s;
    return open_engine(&options);
}

static void test_pool__tells_who_holds_when_it_is_full(void **state)
{
    weir_connect_options by = WEIR_CONNECT_OPTIONS;
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) small = small_engine(1, 0.3);
    by.tag = "report";
    by.may_move = true; /* else this thread would wait for itself */
    WEIR_AUTO(weir_conn) first = weir_connect_with(small, &by, &err);
    assert_non_null(first);
    WEIR_AUTO(weir_conn) second = weir_connect(small, &err);
    assert_null(second);
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(err.message, "\"report\""));
}

static void test_pool__lends_the_same_connection_again(void **state)
{
    weir_pool_status status;
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) small = small_engine(1, 1);
    for (int i = 0; i < 20; i++) {
        WEIR_AUTO(weir_conn) conn = weir_connect(small, &err);

        must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    }
    weir_engine_pool_status(small, &status);
    assert_int_equal(status.opened, 1);
    assert_int_equal(status.idle, 1);
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.acquired, 20);
}

static void test_dispose__replaces_all_connections(void **state)
{
    weir_pool_status status;
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) small = small_engine(2, 1);
    weir_conn *out = weir_connect(small, &err);
    weir_conn *back = weir_connect(small, &err);
    weir_conn_close(&back);
    weir_engine_dispose(small);
    weir_engine_pool_status(small, &status);
    assert_int_equal(status.idle, 0);
    assert_int_equal(status.busy, 1);
    must(out, weir_exec(out, "SELECT 1", NOARGS));
    weir_conn_close(&out); /* closed, by the pool's own thread, not kept */
    do {
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        weir_engine_pool_status(small, &status);
        assert_int_equal(status.idle, 0);
    } while (status.closed < 2);
    assert_int_equal(weir_engine_ping(small, &err), WEIR_OK);
}

static void test_invalidated__connection_connects_anew(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    must(conn, weir_rollback(conn));
    must(conn, weir_conn_invalidate(conn));
    assert_true(weir_conn_is_invalidated(conn));
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
    assert_false(weir_conn_is_invalidated(conn));
    if (!can(WEIR_CAN_TRANSACT))
        return;
    /* Inside a transaction its loss must be acknowledged first. */
    must(conn, weir_conn_invalidate(conn));
    must_fail(conn, weir_exec(conn, "SELECT 1", NOARGS),
              WEIR_ERR_ROLLBACK_FIRST);
    must_fail(conn, weir_commit(conn), WEIR_ERR_ROLLBACK_FIRST);
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "SELECT 1", NOARGS));
}

static void test_set__changes_a_running_pool(void **state)
{
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) small = small_engine(1, 0.3);
    WEIR_AUTO(weir_conn) first = weir_connect(small, &err);
    assert_non_null(first);
    WEIR_AUTO(weir_conn) second = weir_connect(small, &err);
    assert_null(second);
    assert_int_equal(weir_engine_set(small, "pool_size", "2", &err), WEIR_OK);
    second = weir_connect(small, &err);
    assert_non_null(second);
    assert_int_equal(weir_engine_set(small, "pool_size", "-2", &err),
                     WEIR_ERR_CONFIG);
    assert_int_equal(weir_engine_set(small, "pool_sise", "2", &err),
                     WEIR_ERR_CONFIG);
    assert_int_equal(weir_engine_set(small, "max_overflow", "x", &err),
                     WEIR_ERR_CONFIG);
}

static void test_return__leaves_nothing_for_the_next_borrower(void **state)
{
    weir_error err;

    (void)state;
    WEIR_AUTO(weir_engine) small = small_engine(1, 1);
    weir_conn *conn = weir_connect(small, &err);
    make_table(conn); /* where each engine has a database of its own */
    must(conn, add(conn, 1, "a"));
    must_fail(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_ERR_MISUSE);
    must(conn, weir_set_timeout(conn, 0.5));
    must(conn, weir_rollback(conn));
    must(conn, weir_exec(conn, "CREATE TEMPORARY TABLE leftover (id INTEGER)",
                         NOARGS));
    must(conn, weir_commit(conn));
    weir_conn_close(&conn);
    conn = weir_connect(small, &err);
    assert_false(weir_in_transaction(conn));
    must_fail(conn, weir_exec(conn, "SELECT * FROM leftover", NOARGS),
              WEIR_ERR_SQL);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 0);
    weir_conn_close(&conn);
}

/* ---------------------------------------------------------------- threads */

enum { THREADS = 8, INSERTS = 40 };

typedef struct worker {
    weir_engine *engine;
    int first;
    int failed;
} worker;

static void *insert_rows(void *memory)
{
    worker *self = memory;
    char name[24];

    for (int i = 0; i < INSERTS; i++) {
        weir_error err;
        weir_conn *conn = weir_connect(self->engine, &err);

        snprintf(name, sizeof name, "t%d", self->first + i);
        if (!conn || add(conn, self->first + i, name) != WEIR_OK ||
            weir_commit(conn) != WEIR_OK)
            self->failed++;
        weir_conn_close(&conn);
    }
    return NULL;
}

/* A connection that is one too many is closed by a thread of the pool, and
 * counts as busy until it is. */
static weir_pool_status settled_status(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    weir_pool_status status;

    for (int i = 0; i < 10000; i++) {
        weir_engine_pool_status(engine, &status);
        if (status.busy == 0)
            break;
        nanosleep(&pause, NULL);
    }
    return status;
}

static void test_threads__share_an_engine_and_lose_nothing(void **state)
{
    worker workers[THREADS];
    pthread_t threads[THREADS];
    weir_pool_status status;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.engine = engine, .first = i * INSERTS};
        assert_int_equal(
            pthread_create(&threads[i], NULL, insert_rows, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failed, 0);
    }
    assert_int_equal(committed(), THREADS * INSERTS);
    status = settled_status();
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.waiting, 0);
}

/* ------------------------------------------------------------------ memory */

enum { BLOCK_HEAD = 16, IDLE_CONNS = 8, IDLE_BYTES = 4096 };

static _Atomic size_t in_use;

/* Its size stands in front of each block. */
static void *counted_alloc(void *context, size_t size)
{
    char *block = malloc(BLOCK_HEAD + size);

    (void)context;
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    in_use += size;
    return block + BLOCK_HEAD;
}

static size_t size_of(const void *memory)
{
    size_t size;

    memcpy(&size, (const char *)memory - BLOCK_HEAD, sizeof size);
    return size;
}

static void counted_free(void *context, void *memory)
{
    (void)context;
    if (!memory)
        return;
    in_use -= size_of(memory);
    free((char *)memory - BLOCK_HEAD);
}

static void *counted_resize(void *context, void *old, size_t size)
{
    void *moved = counted_alloc(context, size);

    if (!moved || !old)
        return moved;
    memcpy(moved, old, size_of(old) < size ? size_of(old) : size);
    counted_free(context, old);
    return moved;
}

/* By the engine's allocator, which gives all but what the client library takes
 * for itself; no statement was run, so none is cached. */
static void test_pool__an_idle_connection_takes_little_memory(void **state)
{
    static const weir_allocator counted = {
        .alloc = counted_alloc, .resize = counted_resize, .free = counted_free};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conns[IDLE_CONNS];
    size_t before;

    (void)state;
    options.allocator = &counted;
    options.pool_size = IDLE_CONNS;
    WEIR_AUTO(weir_engine) counting = open_engine(&options);
    before = in_use;
    for (int i = 0; i < IDLE_CONNS; i++) {
        conns[i] = weir_connect(counting, NULL);
        assert_non_null(conns[i]);
    }
    for (int i = 0; i < IDLE_CONNS; i++)
        weir_conn_close(&conns[i]);
    print_message("%zu bytes each\n", (in_use - before) / IDLE_CONNS);
    assert_true(in_use - before <= IDLE_CONNS * IDLE_BYTES);
}

int run_pool(void)
{
    const struct CMUnitTest any[] = {
        ANY(pool__tells_who_holds_when_it_is_full),
        ANY(pool__lends_the_same_connection_again),
        ANY(dispose__replaces_all_connections),
        ANY(invalidated__connection_connects_anew),
        ANY(set__changes_a_running_pool),
        ANY(pool__an_idle_connection_takes_little_memory),
    };
    const struct CMUnitTest with_tables[] = {
        TEST(return__leaves_nothing_for_the_next_borrower),
        TEST(threads__share_an_engine_and_lose_nothing),
    };
    int failed = cmocka_run_group_tests_name("pool", any, NULL, NULL);

    if (can(WEIR_HAS_SQL))
        failed += cmocka_run_group_tests_name("pool of tables", with_tables,
                                              NULL, NULL);
    return failed;
}
