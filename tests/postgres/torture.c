/* SPDX-License-Identifier: MIT */
/*
 * 64 threads on 8 connections, while sessions are ended, statements stopped,
 * the server halted and killed. Each transaction writes its number into a
 * ledger and counts it in an account. In the end what the threads were told
 * must agree with what the server has: committed is there, failed is not, and
 * only of what was unknown either may be true.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "kit/victim.h"
#include "postgres/with_server.h"

enum { THREADS = 64, CONNECTIONS = 8, ACCOUNTS = 16, OPS_MAX = 1 << 20 };

/* What a thread was told of its transaction. */
typedef enum told { TOLD_NOTHING = 0, FAILED, COMMITTED, UNKNOWN } told;

static _Atomic unsigned char ops[OPS_MAX];
static _Atomic uint32_t op_count;
static _Atomic bool over;
static _Atomic int counts[UNKNOWN + 1];

static uint32_t roll(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static told write_one(weir_conn *conn, uint32_t op, uint32_t account)
{
    weir_status status;

    weir_set_timeout(conn, 0.5);
    status = weir_exec(conn, "INSERT INTO ledger (op) VALUES (?)",
                       ARGS((int64_t)op));
    if (status == WEIR_OK)
        status = weir_exec(conn, "UPDATE account SET n = n + 1 WHERE id = ?",
                           ARGS((int64_t)account));
    if (status == WEIR_OK)
        status = weir_commit(conn);
    return status == WEIR_OK                   ? COMMITTED
           : status == WEIR_ERR_COMMIT_UNKNOWN ? UNKNOWN
                                               : FAILED;
}

static void *work(void *memory)
{
    uint32_t seed = (uint32_t)(uintptr_t)memory * 2654435761u + 1;

    while (!atomic_load(&over)) {
        uint32_t op = atomic_fetch_add(&op_count, 1);
        weir_error err;
        weir_conn *conn;
        told found = FAILED;

        if (op >= OPS_MAX)
            break;
        conn = weir_connect(engine, &err);
        if (conn)
            found = write_one(conn, op, roll(&seed) % ACCOUNTS);
        else
            usleep(1000);
        atomic_store(&ops[op], (unsigned char)found);
        atomic_fetch_add(&counts[found], 1);
        weir_conn_close(&conn);
    }
    return NULL;
}

/* ------------------------------------------------------------------ faults */

static void end_some(weir_engine *own)
{
    weir_error err;
    weir_conn *conn = weir_connect(own, &err);

    if (!conn)
        return;
    (void)try(conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'worker' AND random() < 0.3");
    weir_conn_close(&conn);
}

static void halt(void)
{
    pid_t server = kit_victim_pid();

    if (server == 0)
        return;
    kit_signal_server(server, SIGSTOP);
    usleep(300000);
    kit_signal_server(server, SIGCONT);
}

static void kill_server(void)
{
    pid_t server = kit_victim_pid();

    if (server == 0)
        return;
    kit_signal_server(server, SIGKILL);
    usleep(100000);
    assert_true(kit_victim_await());
}

static void *make_trouble(void *memory)
{
    weir_error err;
    weir_engine *own = weir_engine_open(getenv("WEIR_TEST_URL"), NULL, &err);
    uint32_t seed = 20261125;

    (void)memory;
    for (int round = 0; !atomic_load(&over); round++) {
        usleep(150000 + roll(&seed) % 200000);
        if (round % 7 == 4)
            kill_server();
        else if (round % 7 == 2)
            halt();
        else
            end_some(own);
    }
    weir_engine_close(&own);
    return NULL;
}

/* ------------------------------------------------------------------- counts */

static void prepare_tables(void)
{
    weir_conn *conn = borrow();

    run(conn, "DROP TABLE IF EXISTS ledger, account");
    run(conn, "CREATE TABLE ledger (op bigint PRIMARY KEY)");
    run(conn, "CREATE TABLE account (id int PRIMARY KEY, n bigint)");
    run(conn, "INSERT INTO account SELECT i, 0 FROM generate_series(0, 15) i");
    commit(conn);
    weir_conn_close(&conn);
}

/* The pool may still think that the server is away. */
static weir_conn *borrow_at_last(void)
{
    weir_conn *conn = NULL;
    weir_error err;

    assert_true(kit_victim_await());
    for (int i = 0; i < 200; i++) {
        conn = weir_connect(engine, &err);
        if (conn && try(conn, "SELECT 1") == WEIR_OK)
            return conn;
        weir_conn_close(&conn);
        usleep(50000);
    }
    fail_msg("%s", err.message);
    return NULL;
}

static void compare(void)
{
    WEIR_AUTO(weir_conn) conn = borrow_at_last();
    int kept[UNKNOWN + 1] = {0};

    weir_set_timeout(conn, 0);
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT op FROM ledger", NOARGS);
    while (weir_next(rows)) {
        int64_t op = weir_get_i64(rows, 0);
        unsigned char found = atomic_load(&ops[op]);

        if (found != COMMITTED && found != UNKNOWN)
            fail_msg("%" PRId64 " is there and was told to have failed", op);
        kept[found]++;
    }
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    weir_result_close(&rows);
    printf("%d committed, %d failed, %d unknown, of which %d are there\n",
           counts[COMMITTED], counts[FAILED], counts[UNKNOWN], kept[UNKNOWN]);
    assert_int_equal(kept[COMMITTED], counts[COMMITTED]);
    assert_int_equal(get(conn, "SELECT sum(n)::bigint FROM account"),
                     kept[COMMITTED] + kept[UNKNOWN]);
    assert_true(counts[COMMITTED] > 0);
}

static void test_counts__agree_on_both_sides(void **state)
{
    const char *torture = getenv("WEIR_TORTURE");
    bool full = torture && strcmp(torture, "full") == 0;
    pthread_t threads[THREADS], trouble;

    (void)state;
    prepare_tables();
    assert_int_equal(pthread_create(&trouble, NULL, make_trouble, NULL), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    sleep(full ? 30 : 4);
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_join(trouble, NULL), 0);
    compare();
}

static int open_workers(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    options.pool_size = CONNECTIONS;
    options.max_overflow = 0;
    options.pool_timeout_s = 2;
    options.application_name = "worker";
    engine = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    return engine ? 0 : weir_report(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts__agree_on_both_sides),
    };
    int failed;

    if (!kit_victim_await() || open_workers() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
