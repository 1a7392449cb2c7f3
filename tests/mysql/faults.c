/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong on the way: killed connections, a server that hangs, a
 * deadlock, cancelling, and what each leaves of the connection.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <unistd.h>

#include "kit/ended.h"
#include "kit/hung.h"
#include "kit/late.h"
#include "kit/victim.h"
#include "mysql/with_server.h"

/* A test fails from here on; what is late is so by a few milliseconds. */
#define LATE_S kit_late_s()

/* Takes minutes. (SLEEP() would say that all went well when it is stopped.) */
#define LONG_SQL                                                               \
    "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b "             \
    "WHERE a.seq % 7 <> b.seq % 5"

/* A few milliseconds. */
#define SHORT_SQL                                                              \
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE "    \
    "x < 300) SELECT count(*) FROM c a, c b"

static int set_up(void **state)
{
    weir_conn *conn = borrow();

    (void)state;
    run(conn, "DROP TABLE IF EXISTS t");
    run(conn, "CREATE TABLE t (id INT PRIMARY KEY, n INT)");
    run(conn, "INSERT INTO t VALUES (1, 1), (2, 2)");
    commit(conn);
    weir_conn_close(&conn);
    return 0;
}

static void set_server(int signal)
{
    assert_true(kit_victim_signal(signal));
}

/* It may be gone already. */
static void kill_session(int64_t id)
{
    weir_conn *killer = borrow();
    char sql[64];

    snprintf(sql, sizeof sql, "KILL %lld", (long long)id);
    (void)try(killer, sql);
    weir_conn_close(&killer);
    usleep(20000);
}

static void end_session(weir_conn *victim)
{
    kill_session(get(victim, "SELECT connection_id()"));
}

/* A query is only lost, unless it calls what may write: the row that the
 * function wrote stands, and nobody was told. */
static void test_ended__autocommit_call_is_unknown(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "DROP FUNCTION IF EXISTS bump");
    run(conn, "CREATE FUNCTION bump(by_n INT) RETURNS INT MODIFIES SQL DATA "
              "BEGIN UPDATE t SET n = n + by_n WHERE id = 1; RETURN 1; END");
    commit(conn);
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    assert_int_equal(get(conn, "SELECT bump(4)"), 1);
    assert_int_equal(get(conn, "SELECT n FROM t WHERE id = 1"), 5);
    end_session(conn);
    assert_int_equal(try(conn, "SELECT bump(4)"), WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(get(conn, "SELECT COUNT(n) FROM t"), 2);
    end_session(conn);
    assert_int_equal(try(conn, "SELECT COUNT(n) FROM t"), WEIR_ERR_CONNECTION);
}

/* @return whether the connection lives on, with its transaction */
static bool stop_long_one(void)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    double began, took;
    int64_t id;

    run(conn, "UPDATE t SET n = 7 WHERE id = 1");
    id = get(conn, "SELECT connection_id()");
    assert_int_equal(weir_set_timeout(conn, 0.1), WEIR_OK);
    began = seconds_now();
    assert_int_equal(try(conn, LONG_SQL), WEIR_ERR_TIMEOUT);
    took = seconds_now() - began;
    assert_true(took >= 0.1);
    assert_true(took < 0.1 + LATE_S);
    if (weir_conn_is_invalidated(conn)) {
        kill_session(id); /* which runs on, and has the row */
        return false;
    }
    assert_int_equal(weir_set_timeout(conn, 0), WEIR_OK);
    assert_int_equal(get(conn, "SELECT connection_id()"), id);
    assert_int_equal(get(conn, "SELECT n FROM t WHERE id = 1"), 7);
    return true;
}

/* On a machine that is very busy "stop" may come too late now and then. */
static void test_deadline__stops_the_statement_and_keeps_the_rest(void **state)
{
    double until = seconds_now() + 120;
    bool kept = false;

    (void)state;
    while (!kept && seconds_now() < until)
        kept = stop_long_one();
    assert_true(kept);
}

static void test_stopped_server__holds_no_deadline_up(void **state)
{
    (void)state;
    kit_hung_keeps_deadlines(set_server, "DO 0");
}

static void test_stopped_server__cancel_holds_no_deadline_up(void **state)
{
    (void)state;
    kit_hung_cancel_waits_alone(set_server, "DO 0");
}

static void test_stopped_server__reclaim_holds_nobody_up(void **state)
{
    (void)state;
    kit_hung_reclaim_waits_alone(set_server,
                                 "SELECT seq FROM seq_1_to_10000000");
}

static void test_stopped_server__connecting_ends_in_time(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_conn *conn;
    weir_error err;
    double began, took;

    (void)state;
    options.connect_timeout_s = 0.1;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    assert_non_null(own);
    set_server(SIGSTOP);
    began = seconds_now();
    conn = weir_connect(own, &err);
    took = seconds_now() - began;
    set_server(SIGCONT);
    assert_null(conn);
    assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
    assert_true(took >= 0.1 && took < 0.1 + LATE_S);
    weir_engine_close(&own);
}

static void *cancel_soon(void *conn)
{
    usleep(50000);
    assert_int_equal(weir_cancel(conn), WEIR_OK);
    return NULL;
}

static void test_cancel__ends_what_runs_and_nothing_else(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    pthread_t thread;
    double began = seconds_now();

    (void)state;
    assert_int_equal(weir_cancel(conn), WEIR_OK);
    assert_int_equal(get(conn, "SELECT 3"), 3);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, conn), 0);
    assert_int_equal(try(conn, LONG_SQL), WEIR_ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(seconds_now() - began < 2);
    for (int i = 0; i < 20; i++)
        assert_int_equal(get(conn, "SELECT 3"), 3);
}

typedef struct racer {
    pthread_t thread;
    weir_conn *conn;
    _Atomic int over;
} racer;

static void *cancel_often(void *memory)
{
    racer *r = memory;

    while (!atomic_load(&r->over))
        (void)weir_cancel(r->conn);
    return NULL;
}

/* A kill that is late must hit no later statement. */
static void test_cancel__that_races_hits_only_its_own_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    racer r = {.conn = conn};
    int cancelled = 0, done = 0;

    (void)state;
    assert_int_equal(pthread_create(&r.thread, NULL, cancel_often, &r), 0);
    for (int i = 0; i < 200; i++) {
        weir_status status = try(conn, SHORT_SQL);

        if (status == WEIR_ERR_CANCELLED)
            cancelled++;
        else if (status == WEIR_OK)
            done++;
        else
            fail_msg("%s", weir_conn_error(conn)->message);
    }
    atomic_store(&r.over, 1);
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    assert_int_equal(cancelled + done, 200);
    assert_true(cancelled > 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(get(conn, "SELECT 3"), 3);
}

static void test_stream__closed_early_leaves_a_usable_connection(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    double began = seconds_now();

    (void)state;
    for (int i = 0; i < 3; i++) {
        WEIR_AUTO(weir_result) rows =
            weir_stream(conn, "SELECT * FROM seq_1_to_200000000", NOARGS);

        assert_true(weir_next(rows));
        assert_int_equal(weir_get_i64(rows, 0), 1);
    }
    assert_int_equal(get(conn, "SELECT 3"), 3);
    assert_false(weir_conn_is_invalidated(conn));
    assert_true(seconds_now() - began < 3);
}

static void *lock_both(void *memory)
{
    weir_conn *conn = memory;

    /* One of the two is the victim; the other goes on. */
    return (void *)(intptr_t)try(conn, "UPDATE t SET n = n + 1 WHERE id = 1");
}

static void test_deadlock__asks_for_the_transaction_again(void **state)
{
    WEIR_AUTO(weir_conn) a = borrow();
    WEIR_AUTO(weir_conn) b = borrow();
    weir_conn *victim;
    pthread_t thread;
    void *found = NULL;
    weir_status mine, theirs;

    (void)state;
    run(a, "UPDATE t SET n = n + 1 WHERE id = 1");
    run(b, "UPDATE t SET n = n + 1 WHERE id = 2");
    assert_int_equal(pthread_create(&thread, NULL, lock_both, b), 0);
    usleep(50000);
    mine = try(a, "UPDATE t SET n = n + 1 WHERE id = 2");
    /* What the victim did is gone: it cannot go on as if it were there. */
    if (mine != WEIR_OK) {
        assert_int_equal(try(a, "SELECT 1"), WEIR_ERR_ROLLBACK_FIRST);
        assert_int_equal(weir_rollback(a), WEIR_OK);
    }
    assert_int_equal(pthread_join(thread, &found), 0);
    theirs = (weir_status)(intptr_t)found;
    assert_true((mine == WEIR_OK) != (theirs == WEIR_OK));
    assert_int_equal(mine == WEIR_OK ? theirs : mine, WEIR_ERR_SERIALIZATION);
    victim = mine == WEIR_OK ? b : a;
    assert_int_equal(weir_rollback(victim), WEIR_OK);
    assert_int_equal(get(victim, "SELECT 3"), 3);
}

static void test_lock_wait__asks_for_the_transaction_again(void **state)
{
    WEIR_AUTO(weir_conn) a = borrow();
    WEIR_AUTO(weir_conn) b = borrow();

    (void)state;
    run(a, "UPDATE t SET n = 9 WHERE id = 1");
    run(b, "SET innodb_lock_wait_timeout = 1");
    assert_int_equal(try(b, "UPDATE t SET n = 9 WHERE id = 1"),
                     WEIR_ERR_SERIALIZATION);
    assert_int_equal(weir_conn_error(b)->native_code, 1205);
}

static weir_status open_with(const char *from, const char *to)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *at = strstr(url, from);
    char changed[512];
    weir_error err = {0};
    weir_engine *own;
    weir_conn *conn;

    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - url), url, to,
             at + strlen(from));
    own = weir_engine_open(changed, NULL, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    assert_null(conn);
    assert_null(strstr(err.message, "wrong-secret"));
    weir_engine_close(&own);
    return err.status;
}

static void test_connecting__says_why_not(void **state)
{
    (void)state;
    assert_int_equal(open_with("weir:", "weir:wrong-secret"), WEIR_ERR_AUTH);
    assert_int_equal(open_with("//weir:", "//nobody:"), WEIR_ERR_AUTH);
}

static void test_full_server__is_a_resource_error(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_conn *conns[80] = {0};
    weir_engine *own;
    weir_error err = {0};
    int count = 0;

    (void)state;
    options.pool_size = 80;
    options.max_overflow = 0;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    while (count < 80 && (conns[count] = weir_connect(own, &err)) != NULL)
        count++;
    assert_true(count > 40 && count < 80);
    assert_int_equal(err.status, WEIR_ERR_RESOURCE);
    assert_int_equal(err.native_code, 1040);
    while (count > 0)
        weir_conn_close(&conns[--count]);
    weir_engine_close(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(ended__while_idle_in_a_transaction),
        TEST(ended__before_commit_is_unknown),
        TEST(ended__autocommit_write_is_unknown),
        TEST(ended__autocommit_call_is_unknown),
        TEST(deadline__stops_the_statement_and_keeps_the_rest),
        TEST(stopped_server__holds_no_deadline_up),
        TEST(stopped_server__cancel_holds_no_deadline_up),
        TEST(stopped_server__reclaim_holds_nobody_up),
        TEST(stopped_server__connecting_ends_in_time),
        TEST(cancel__ends_what_runs_and_nothing_else),
        TEST(cancel__that_races_hits_only_its_own_statement),
        TEST(stream__closed_early_leaves_a_usable_connection),
        TEST(deadlock__asks_for_the_transaction_again),
        TEST(lock_wait__asks_for_the_transaction_again),
        TEST(connecting__says_why_not),
        TEST(full_server__is_a_resource_error),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
