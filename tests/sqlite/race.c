/* SPDX-License-Identifier: MIT */
/*
 * Writers move money between accounts while readers add it up: no sum is ever
 * wrong, no writer meets a lock that the permit has not handed it, and no
 * reader waits for a writer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

enum { ACCOUNTS = 50, SUM = ACCOUNTS * 100 };
enum { WRITERS = 3, READERS = 4, TRANSFERS = 150 };

static weir_engine *engine;
static atomic_int writers_left;
static atomic_int failures;

static void complain(const char *where, const weir_error *err)
{
    atomic_fetch_add(&failures, 1);
    fprintf(stderr, "%s: %s: %s\n", where, weir_status_name(err->status),
            err->message);
}

static weir_conn *borrow(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        complain("connect", &err);
    return conn;
}

/* One transfer; now and then it is rolled back instead. */
static weir_status transfer(weir_conn *conn, int64_t from, int64_t to)
{
    weir_status status = weir_exec(
        conn, "UPDATE account SET money = money - 1 WHERE id = ?", ARGS(from));

    if (status == WEIR_OK)
        status =
            weir_exec(conn, "UPDATE account SET money = money + 1 WHERE id = ?",
                      ARGS(to));
    if (status != WEIR_OK)
        return status;
    return (from + to) % 7 == 0 ? weir_rollback(conn) : weir_commit(conn);
}

static void *write_all(void *number)
{
    unsigned seed = (unsigned)(uintptr_t)number + 1;

    for (int i = 0; i < TRANSFERS; i++) {
        WEIR_AUTO(weir_conn) conn = borrow();

        seed = seed * 1103515245u + 12345u;
        if (!conn)
            break;
        if (transfer(conn, (seed >> 8) % ACCOUNTS, (seed >> 16) % ACCOUNTS) !=
            WEIR_OK)
            complain("transfer", weir_conn_error(conn));
    }
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

static void add_up(weir_conn *conn)
{
    int64_t sum = 0, count = 0;
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT sum(money), count(*) FROM account", NOARGS);

    if (weir_result_one(rows) != WEIR_OK ||
        weir_scan(rows, &sum, &count) != WEIR_OK) {
        complain("sum", weir_result_error(rows));
        return;
    }
    if (sum != SUM || count != ACCOUNTS) {
        atomic_fetch_add(&failures, 1);
        fprintf(stderr, "%lld in %lld accounts\n", (long long)sum,
                (long long)count);
    }
}

static void *read_all(void *unused)
{
    (void)unused;
    do {
        WEIR_AUTO(weir_conn) conn = borrow();

        if (!conn)
            break;
        for (int i = 0; i < 5; i++)
            add_up(conn);
    } while (atomic_load(&writers_left) > 0);
    return NULL;
}

static void make_accounts(void)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    assert_non_null(conn);
    assert_int_equal(weir_exec(conn, "DROP TABLE IF EXISTS account", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_exec(conn,
                               "CREATE TABLE account (id INTEGER PRIMARY KEY, "
                               "money INTEGER NOT NULL)",
                               NOARGS),
                     WEIR_OK);
    for (int64_t id = 0; id < ACCOUNTS; id++)
        assert_int_equal(
            weir_exec(conn, "INSERT INTO account VALUES (?, 100)", ARGS(id)),
            WEIR_OK);
    assert_int_equal(weir_commit(conn), WEIR_OK);
}

static void test_sums__are_right_at_any_moment(void **state)
{
    pthread_t threads[WRITERS + READERS];
    int count = 0;

    (void)state;
    make_accounts();
    atomic_store(&writers_left, WRITERS);
    for (; count < WRITERS; count++)
        assert_int_equal(pthread_create(&threads[count], NULL, write_all,
                                        (void *)(uintptr_t)count),
                         0);
    for (; count < WRITERS + READERS; count++)
        assert_int_equal(pthread_create(&threads[count], NULL, read_all, NULL),
                         0);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    assert_int_equal(atomic_load(&failures), 0);
}

/* A reader is served while a transaction that writes stays open, and it does
 * not wait: it would wait for ever. */
static void test_reader__does_not_wait_for_a_writer(void **state)
{
    weir_conn *writer = borrow(), *reader = borrow();

    (void)state;
    assert_int_equal(weir_exec(writer, "UPDATE account SET money = 0", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_set_timeout(reader, 5), WEIR_OK);
    add_up(reader);
    assert_int_equal(weir_rollback(writer), WEIR_OK);
    add_up(reader);
    assert_int_equal(atomic_load(&failures), 0);
    weir_conn_close(&reader);
    weir_conn_close(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums__are_right_at_any_moment),
        cmocka_unit_test(test_reader__does_not_wait_for_a_writer),
    };
    weir_error err;
    int failed;

    engine = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    if (!engine)
        return weir_report(&err);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
