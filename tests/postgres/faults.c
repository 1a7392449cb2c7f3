/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong on the way: ended sessions, a server that hangs or dies in
 * each phase, full and refusing servers, deadlocks, cancelling, and what each
 * leaves of the connection.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/ended.h"
#include "kit/hung.h"
#include "kit/late.h"
#include "kit/proxy.h"
#include "kit/victim.h"
#include "overheard.h"
#include "postgres/with_server.h"

/* A test fails from here on; what is late is so by a few milliseconds. */
#define LATE_S kit_late_s()

/* Takes minutes. */
#define LONG_SQL                                                               \
    "SELECT count(*) FROM generate_series(1, 100000) a, "                      \
    "generate_series(1, 100000) b WHERE a % 7 <> b % 5"
/* A few milliseconds. */
#define SHORT_SQL "SELECT count(*) FROM generate_series(1, 20000) a"

static int set_up(void **state)
{
    weir_conn *conn;

    (void)state;
    assert_true(kit_victim_await());
    conn = borrow();
    run(conn, "DROP TABLE IF EXISTS t");
    run(conn, "CREATE TABLE t (id int PRIMARY KEY, n int)");
    run(conn, "INSERT INTO t VALUES (1, 1), (2, 2)");
    commit(conn);
    weir_conn_close(&conn);
    return 0;
}

static void signal_all(int signal)
{
    assert_int_equal(kit_signal_server(kit_victim_pid(), signal), 0);
    usleep(20000); /* until all of them have noticed */
}

static void end_session(weir_conn *victim)
{
    WEIR_AUTO(weir_conn) by = borrow();
    int64_t pid = get(victim, "SELECT pg_backend_pid()");
    char sql[96];

    assert_int_equal(weir_set_isolation(by, WEIR_AUTOCOMMIT), WEIR_OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)::int",
             (int)pid);
    assert_int_equal(get(by, sql), 1);
}

/* ---------------------------------------------------------- ended sessions */

/* A query is only lost, unless it calls what may write. */
static void test_ended__autocommit_call_is_unknown(void **state)
{
    static const char call[] = "SELECT set_config('weir.mark', '1', true)";
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "SELECT n FROM t");
    end_session(conn);
    assert_int_equal(try(conn, "SELECT n FROM t"), WEIR_ERR_CONNECTION);
    run(conn, call);
    end_session(conn);
    assert_int_equal(try(conn, call), WEIR_ERR_COMMIT_UNKNOWN);
}

static void test_ended__by_the_servers_own_timeouts(void **state)
{
    static const char *const settings[] = {
        "SET idle_in_transaction_session_timeout = 50",
        "SET idle_session_timeout = 50"};
    static const char *const states[] = {"25P03", "57P05"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        WEIR_AUTO(weir_conn) conn = borrow();

        run(conn, settings[i]);
        if (i == 1)
            commit(conn);
        usleep(200000);
        assert_int_equal(try(conn, "SELECT 1"), WEIR_ERR_CONNECTION);
        assert_string_equal(weir_conn_error(conn)->sqlstate, states[i]);
        assert_true(weir_conn_is_invalidated(conn));
    }
}

/* ---------------------------------------------------- a commit that hangs */

static void set_standby(const char *names)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char sql[96];

    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    snprintf(sql, sizeof sql,
             "ALTER SYSTEM SET synchronous_standby_names = '%s'", names);
    run(conn, sql);
    run(conn, "SELECT pg_reload_conf()");
    weir_conn_invalidate(conn);
    weir_conn_close(&conn);
    for (int i = 0; i < 100; i++) {
        WEIR_AUTO(weir_conn) look = borrow();
        WEIR_AUTO(weir_result) rows =
            weir_query(look, "SHOW synchronous_standby_names", NOARGS);

        if (weir_next(rows) && strcmp(weir_get_text(rows, 0), names) == 0)
            return;
        weir_conn_invalidate(look);
        usleep(10000);
    }
    fail_msg("the server does not read its settings");
}

typedef struct ender {
    int pid;
    const char *how;
} ender;

/* Once the session waits for the standby. */
static void *end_waiting(void *memory)
{
    const ender *e = memory;
    WEIR_AUTO(weir_conn) conn = borrow();
    char sql[160];

    weir_set_isolation(conn, WEIR_AUTOCOMMIT);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND "
             "wait_event = 'SyncRep'",
             e->pid);
    for (int i = 0; i < 500 && get(conn, sql) == 0; i++)
        usleep(10000);
    snprintf(sql, sizeof sql, "SELECT %s(%d)", e->how, e->pid);
    run(conn, sql);
    return NULL;
}

/* The row is there, and the program is told that nobody knows. */
static void test_commit__that_waits_for_a_standby_and_is_ended(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_tx_outcome outcome = WEIR_TX_UNKNOWN;
    pthread_t thread;
    char id[32];
    weir_status committed;
    ender e = {.how = "pg_terminate_backend"};

    (void)state;
    set_standby("nobody");
    run(conn, "UPDATE t SET n = 50 WHERE id = 1");
    assert_int_equal(weir_tx_id(conn, id, sizeof id), WEIR_OK);
    e.pid = (int)get(conn, "SELECT pg_backend_pid()");
    assert_int_equal(pthread_create(&thread, NULL, end_waiting, &e), 0);
    committed = weir_commit(conn);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    set_standby("");
    assert_int_equal(committed, WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(weir_tx_find_outcome(conn, id, &outcome), WEIR_OK);
    assert_int_equal(outcome, WEIR_TX_COMMITTED);
    assert_int_equal(get(conn, "SELECT n FROM t WHERE id = 1"), 50);
}

/* It has succeeded here, and the warning that says so is not lost. */
static void test_commit__that_waits_for_a_standby_and_is_stopped(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    WEIR_AUTO(weir_engine) own = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;
    weir_status committed = WEIR_OK;
    weir_error err;

    (void)state;
    overhear(&options, WEIR_LOG_NOTICE);
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    set_standby("nobody");
    conn = weir_connect(own, &err);
    assert_int_equal(weir_set_timeout(conn, 0.2), WEIR_OK);
    /* The setting is in force when the server's checkpointer has read it. */
    for (int i = 0; i < 100; i++) {
        run(conn, "UPDATE t SET n = 51 WHERE id = 1");
        committed = weir_commit(conn);
        if (committed != WEIR_OK || said("WARNING 01000") > 0)
            break;
        usleep(100000);
    }
    set_standby("");
    /* On a busy machine the answer may be late: then nobody knows. */
    if (committed == WEIR_OK)
        assert_int_equal(said("WARNING 01000"), 1);
    else
        assert_int_equal(committed, WEIR_ERR_COMMIT_UNKNOWN);
    {
        WEIR_AUTO(weir_conn) look = borrow();

        assert_int_equal(get(look, "SELECT n FROM t WHERE id = 1"), 51);
    }
}

/* ----------------------------------------------------- deadlines, silence */

static void in_time(double began, double limit)
{
    double took = seconds_now() - began;

    if (took < limit || took >= limit + LATE_S)
        fail_msg("%.3f s instead of %.3f s", took, limit);
}

static void test_deadline__stops_the_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    double began;

    (void)state;
    assert_int_equal(weir_set_timeout(conn, 0.1), WEIR_OK);
    began = seconds_now();
    assert_int_equal(try(conn, LONG_SQL), WEIR_ERR_TIMEOUT);
    in_time(began, 0.1);
    assert_string_equal(weir_conn_error(conn)->sqlstate, "57014");
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    assert_int_equal(weir_set_timeout(conn, 0), WEIR_OK);
    assert_int_equal(get(conn, "SELECT 1"), 1);
    {
        WEIR_AUTO(weir_conn) other = borrow();

        /* The server does not go on for nobody. */
        for (int i = 0;
             i < 200 &&
             get(other, "SELECT count(*) FROM pg_stat_activity WHERE "
                        "query LIKE '%a % 7 <> b%' AND state = "
                        "'active' AND pid <> pg_backend_pid()") > 0;
             i++) {
            commit(other);
            usleep(10000);
        }
    }
}

static void test_stopped_server__holds_no_deadline_up(void **state)
{
    (void)state;
    kit_hung_keeps_deadlines(signal_all, "SELECT 1");
}

static void test_stopped_server__cancel_holds_no_deadline_up(void **state)
{
    (void)state;
    kit_hung_cancel_waits_alone(signal_all, "SELECT 1");
}

static void test_stopped_server__reclaim_holds_nobody_up(void **state)
{
    (void)state;
    kit_hung_reclaim_waits_alone(signal_all,
                                 "SELECT generate_series(1, 10000000)");
}

static weir_status connect_to(const char *url, weir_error *err)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_conn *conn;

    options.connect_timeout_s = 0.2;
    err->status = WEIR_OK;
    own = weir_engine_open(url, &options, err);
    if (!own)
        return err->status;
    conn = weir_connect(own, err);
    weir_conn_close(&conn);
    weir_engine_close(&own);
    return err->status;
}

static void test_stopped_server__connecting_ends_in_time(void **state)
{
    weir_status found;
    weir_error err;
    double began, took;

    (void)state;
    signal_all(SIGSTOP);
    began = seconds_now();
    found = connect_to(getenv("WEIR_TEST_URL"), &err);
    took = seconds_now() - began;
    signal_all(SIGCONT);
    assert_int_equal(found, WEIR_ERR_TIMEOUT);
    assert_true(took >= 0.2 && took < 0.2 + LATE_S);
}

/* A listener whose queue is full: nothing answers at all. */
static void test_unanswering__host_ends_in_time(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int port = 0, listener = kit_listen(0, &port), waiting[8];
    weir_error err;
    char url[128];
    double began;

    (void)state;
    address.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 8; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(url, sizeof url, "postgresql://weir:x@127.0.0.1:%d/weir", port);
    began = seconds_now();
    assert_int_equal(connect_to(url, &err), WEIR_ERR_TIMEOUT);
    in_time(began, 0.2);
    for (int i = 0; i < 8; i++)
        close(waiting[i]);
    close(listener);
    /* The port is nobody's now. */
    assert_int_equal(connect_to(url, &err), WEIR_ERR_CONNECTION);
    assert_string_equal(err.sqlstate, "08001");
}

/* ------------------------------------------------------------ kill -9 */

static void test_killed__in_each_phase(void **state)
{
    enum { IDLE, IN_TX, STREAMING, COMMITTING, PHASES };
    static const weir_status wanted[] = {
        [IDLE] = WEIR_ERR_CONNECTION,
        [IN_TX] = WEIR_ERR_CONNECTION,
        [STREAMING] = WEIR_ERR_CONNECTION,
        [COMMITTING] = WEIR_ERR_COMMIT_UNKNOWN,
    };

    (void)state;
    for (int phase = 0; phase < PHASES; phase++) {
        WEIR_AUTO(weir_conn) conn = borrow();
        WEIR_AUTO(weir_result) rows = NULL;
        weir_status found;

        run(conn, "SELECT 1");
        if (phase == IDLE)
            commit(conn);
        else
            run(conn, "UPDATE t SET n = 9 WHERE id = 1");
        if (phase == STREAMING) {
            rows = weir_stream(conn, "SELECT generate_series(1, 1000000000)",
                               NOARGS);
            assert_true(weir_next(rows));
        }
        assert_true(kit_victim_hold());
        signal_all(SIGKILL);
        if (phase == STREAMING) {
            while (weir_next(rows))
                ;
            found = weir_result_status(rows);
        } else {
            found =
                phase == COMMITTING ? weir_commit(conn) : try(conn, "SELECT 2");
        }
        if (found != wanted[phase])
            fail_msg("phase %d: %s", phase, weir_status_name(found));
        weir_result_close(&rows);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
        assert_int_equal(try(conn, "SELECT 1"), WEIR_ERR_CONNECTION);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
        assert_true(kit_victim_release());
        assert_true(kit_victim_await());
        for (int i = 0; i < 500 && try(conn, "SELECT 1") != WEIR_OK; i++) {
            weir_rollback(conn);
            usleep(10000);
        }
        assert_int_equal(get(conn, "SELECT sum(n) FROM t"), 3);
    }
}

static void *kill_soon(void *unused)
{
    (void)unused;
    usleep(100000);
    signal_all(SIGKILL);
    return NULL;
}

static void test_killed__while_a_statement_runs(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    pthread_t thread;

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    assert_int_equal(pthread_create(&thread, NULL, kill_soon, NULL), 0);
    assert_int_equal(try(conn, "UPDATE t SET n = 1 FROM (" LONG_SQL ") x"),
                     WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Sessions go on, new ones are refused: another node would do. */
static void test_shutting_down__is_unavailable(void **state)
{
    weir_conn *conn = borrow();
    weir_status found = WEIR_OK;
    weir_error err;

    (void)state;
    run(conn, "SELECT 1");
    assert_true(kit_victim_hold());
    assert_int_equal(kill(kit_victim_pid(), SIGTERM), 0);
    for (int i = 0; i < 100 && found == WEIR_OK; i++) {
        usleep(10000);
        found = connect_to(getenv("WEIR_TEST_URL"), &err);
    }
    assert_int_equal(found, WEIR_ERR_UNAVAILABLE);
    assert_string_equal(err.sqlstate, "57P03");
    assert_int_equal(try(conn, "SELECT 1"), WEIR_OK);
    weir_conn_invalidate(conn);
    weir_conn_close(&conn);
    signal_all(SIGKILL);
    assert_true(kit_victim_release());
}

/* ------------------------------------------------------------- refusals */

static weir_status connect_changed(const char *from, const char *to,
                                   weir_error *err)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *at = strstr(url, from);
    char changed[512];

    assert_non_null(at);
    while (strstr(at + 1, from)) /* the last of them */
        at = strstr(at + 1, from);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - url), url, to,
             at + strlen(from));
    (void)connect_to(changed, err);
    assert_null(strstr(err->message, "wrong-secret"));
    return err->status;
}

static void test_connecting__says_why_not(void **state)
{
    weir_error err;
    const char *at = strchr(getenv("WEIR_TEST_URL"), '@');

    (void)state;
    if (connect_changed("weir:", "weir:wrong-secret", &err) != WEIR_ERR_AUTH)
        fail_msg("%s", err.message);
    assert_string_equal(err.sqlstate, "28P01");
    assert_int_equal(connect_changed("//weir:", "//nobody:", &err),
                     WEIR_ERR_AUTH);
    assert_int_equal(connect_changed(strrchr(at, '/'), "/nowhere", &err),
                     WEIR_ERR_AUTH);
    assert_string_equal(err.sqlstate, "3D000");
}

static void test_full__server_is_told_from_a_dead_one(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_conn *all[64] = {NULL};
    weir_error err = {0};

    (void)state;
    options.pool_size = 64;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    for (int i = 0; i < 64; i++) {
        all[i] = weir_connect(own, &err);
        if (!all[i])
            break;
    }
    for (int i = 0; i < 64; i++)
        weir_conn_close(&all[i]);
    weir_engine_close(&own);
    assert_int_equal(err.status, WEIR_ERR_RESOURCE);
    assert_string_equal(err.sqlstate, "53300");
}

/* --------------------------------------------------------------- cancelling */

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

/* A wish that is late must hit no later statement. */
static void test_cancel__that_races_hits_only_its_own_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    racer r = {.conn = conn};
    int cancelled = 0, done = 0;

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    run(conn, "SELECT 3");
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

/* ------------------------------------------------------------------- locks */

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
    pthread_t thread;
    void *found = NULL;
    weir_status mine, theirs;

    (void)state;
    run(a, "UPDATE t SET n = n + 1 WHERE id = 1");
    run(b, "UPDATE t SET n = n + 1 WHERE id = 2");
    assert_int_equal(pthread_create(&thread, NULL, lock_both, b), 0);
    usleep(50000);
    mine = try(a, "UPDATE t SET n = n + 1 WHERE id = 2");
    if (mine != WEIR_OK)
        assert_int_equal(weir_rollback(a), WEIR_OK);
    assert_int_equal(pthread_join(thread, &found), 0);
    theirs = (weir_status)(intptr_t)found;
    assert_true((mine == WEIR_OK) != (theirs == WEIR_OK));
    assert_int_equal(mine == WEIR_OK ? theirs : mine, WEIR_ERR_SERIALIZATION);
    assert_int_equal(weir_rollback(a), WEIR_OK);
    assert_int_equal(weir_rollback(b), WEIR_OK);
    assert_int_equal(get(b, "SELECT 3"), 3);
}

static void test_serializable__asks_for_the_transaction_again(void **state)
{
    WEIR_AUTO(weir_conn) a = borrow();
    WEIR_AUTO(weir_conn) b = borrow();
    weir_status first, second;

    (void)state;
    assert_int_equal(weir_set_isolation(a, WEIR_SERIALIZABLE), WEIR_OK);
    assert_int_equal(weir_set_isolation(b, WEIR_SERIALIZABLE), WEIR_OK);
    get(a, "SELECT sum(n) FROM t");
    get(b, "SELECT sum(n) FROM t");
    run(a, "INSERT INTO t VALUES (3, 3)");
    run(b, "INSERT INTO t VALUES (4, 3)");
    first = weir_commit(a);
    second = weir_commit(b);
    assert_int_equal(first, WEIR_OK);
    assert_int_equal(second, WEIR_ERR_SERIALIZATION);
    assert_int_equal(weir_rollback(b), WEIR_OK);
}

static void test_locks__that_are_not_waited_for(void **state)
{
    WEIR_AUTO(weir_conn) a = borrow();
    WEIR_AUTO(weir_conn) b = borrow();

    (void)state;
    run(a, "UPDATE t SET n = 9 WHERE id = 1");
    assert_int_equal(try(b, "SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT"),
                     WEIR_ERR_SERIALIZATION);
    assert_string_equal(weir_conn_error(b)->sqlstate, "55P03");
    assert_int_equal(weir_rollback(b), WEIR_OK);
    run(b, "SET LOCAL statement_timeout = 50");
    assert_int_equal(try(b, "UPDATE t SET n = 9 WHERE id = 1"),
                     WEIR_ERR_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_) cmocka_unit_test_setup(test_##name_, set_up)
        TEST(ended__while_idle_in_a_transaction),
        TEST(ended__before_commit_is_unknown),
        TEST(ended__autocommit_write_is_unknown),
        TEST(ended__autocommit_call_is_unknown),
        TEST(ended__by_the_servers_own_timeouts),
        TEST(commit__that_waits_for_a_standby_and_is_ended),
        TEST(commit__that_waits_for_a_standby_and_is_stopped),
        TEST(deadline__stops_the_statement),
        TEST(stopped_server__holds_no_deadline_up),
        TEST(stopped_server__cancel_holds_no_deadline_up),
        TEST(stopped_server__reclaim_holds_nobody_up),
        TEST(stopped_server__connecting_ends_in_time),
        TEST(unanswering__host_ends_in_time),
        TEST(killed__in_each_phase),
        TEST(killed__while_a_statement_runs),
        TEST(shutting_down__is_unavailable),
        TEST(connecting__says_why_not),
        TEST(full__server_is_told_from_a_dead_one),
        TEST(cancel__that_races_hits_only_its_own_statement),
        TEST(deadlock__asks_for_the_transaction_again),
        TEST(serializable__asks_for_the_transaction_again),
        TEST(locks__that_are_not_waited_for),
    };
    int failed;

    if (!kit_victim_await() || open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
