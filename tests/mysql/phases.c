/* SPDX-License-Identifier: MIT */
/*
 * The server dies, hangs, or comes back as another, at each phase of a
 * connection's life. In each case: the status that belongs to it, in time;
 * rows that are there or not as was told; and a connection that works once the
 * server does.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "kit/late.h"
#include "kit/victim.h"
#include "mysql/with_server.h"

#define LATE_S kit_late_s()
#define HASTE_S 0.3

#define LONG_SQL                                                               \
    "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b "             \
    "WHERE a.seq % 7 <> b.seq % 5"

typedef enum fault { DIES = 0, HANGS, RESTARTS, FAULTS } fault;
typedef enum phase {
    CONNECTS = 0,
    IDLE,
    EXECUTES,
    FETCHES,
    IN_TRANSACTION,
    COMMITS,
    PHASES
} phase;

static const char *const fault_names[] = {"dies", "hangs", "restarts"};
static const char *const phase_names[] = {
    "connects", "idle", "executes", "fetches", "in transaction", "commits"};

static void happen(fault f)
{
    if (f == HANGS) {
        assert_true(kit_victim_signal(SIGSTOP));
        return;
    }
    assert_true(kit_victim_hold());
    assert_true(kit_victim_kill());
    if (f == RESTARTS) {
        assert_true(kit_victim_release());
        assert_true(kit_victim_await());
    }
}

static void recover(fault f)
{
    if (f == HANGS)
        assert_true(kit_victim_signal(SIGCONT));
    assert_true(kit_victim_release());
    assert_true(kit_victim_await());
}

static void *happen_soon(void *memory)
{
    usleep(60000);
    happen(*(fault *)memory);
    return NULL;
}

/* -------------------------------------------------------------- the phases */

static weir_status connect_anew(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err = {0};
    weir_engine *own;
    weir_conn *conn;

    options.connect_timeout_s = HASTE_S;
    own = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    weir_conn_close(&conn);
    weir_engine_close(&own);
    return err.status;
}

/* A statement is under way when it happens. */
static weir_status execute(weir_conn *conn, fault f)
{
    weir_status status;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, happen_soon, &f), 0);
    status = try(conn, LONG_SQL);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return status;
}

static weir_status fetch(weir_conn *conn, fault f)
{
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT * FROM seq_1_to_200000000", NOARGS);

    assert_true(weir_next(rows));
    happen(f);
    while (weir_next(rows))
        continue;
    return weir_result_status(rows);
}

static weir_status act(phase p, fault f, weir_conn *conn)
{
    if (p == EXECUTES)
        return execute(conn, f);
    if (p == FETCHES)
        return fetch(conn, f);
    if (p == IN_TRANSACTION || p == COMMITS)
        run(conn, "INSERT INTO phase VALUES (1)");
    happen(f);
    if (p == CONNECTS)
        return connect_anew();
    if (p == COMMITS)
        return weir_commit(conn);
    return try(conn, p == IDLE ? "SELECT 1" : "INSERT INTO phase VALUES (2)");
}

/* Whether this may be told. */
static bool is_right(phase p, fault f, weir_status status)
{
    if (p == CONNECTS && f == RESTARTS)
        return status == WEIR_OK;
    if (p == IDLE && f == RESTARTS) /* nothing was begun: it may be repeated */
        return status == WEIR_OK || status == WEIR_ERR_CONNECTION;
    if (p == COMMITS) /* or it could provably not be sent */
        return status == WEIR_ERR_COMMIT_UNKNOWN ||
               (f != HANGS && status == WEIR_ERR_CONNECTION);
    return status == (f == HANGS ? WEIR_ERR_TIMEOUT : WEIR_ERR_CONNECTION);
}

/* ------------------------------------------------------------------ trials */

static void start_over(void)
{
    weir_conn *conn;

    if (engine)
        weir_engine_close(&engine);
    assert_int_equal(open_engine(), 0);
    conn = borrow();
    run(conn, "CREATE TABLE IF NOT EXISTS phase (id INT PRIMARY KEY)");
    run(conn, "DELETE FROM phase");
    commit(conn);
    weir_conn_close(&conn);
}

static void check_rows(phase p, weir_status status)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t there =
        get(conn, "SELECT count(*) FROM phase WHERE id > 0 LOCK IN SHARE MODE");

    if (p == COMMITS && status == WEIR_ERR_COMMIT_UNKNOWN)
        assert_true(there == 0 || there == 1);
    else
        assert_int_equal(there, 0);
}

static void try_phase(phase p, fault f)
{
    weir_conn *conn;
    weir_status status;
    double began, took;

    start_over();
    conn = borrow();
    if (p != CONNECTS)
        assert_int_equal(get(conn, "SELECT 1"), 1);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    if (f == HANGS)
        assert_int_equal(weir_set_timeout(conn, HASTE_S), WEIR_OK);
    began = seconds_now();
    status = act(p, f, conn);
    took = seconds_now() - began;
    recover(f);
    if (!is_right(p, f, status))
        fail_msg("%s, %s: %s, %s", phase_names[p], fault_names[f],
                 weir_status_name(status), weir_conn_error(conn)->message);
    if (f == HANGS && (took < HASTE_S || took > HASTE_S + 2 * LATE_S))
        fail_msg("%s, hangs: %f s", phase_names[p], took);
    (void)weir_rollback(conn);
    assert_int_equal(weir_set_timeout(conn, 0), WEIR_OK);
    if (p == CONNECTS) /* it has not noticed yet */
        (void)try(conn, "SELECT 1");
    (void)weir_rollback(conn);
    assert_int_equal(get(conn, "SELECT 3"), 3);
    weir_conn_close(&conn);
    check_rows(p, status);
}

static void test_phases__with_each_fault(void **state)
{
    (void)state;
    for (int p = 0; p < PHASES; p++) {
        for (int f = 0; f < FAULTS; f++)
            try_phase((phase)p, (fault)f);
    }
}

/* COMMIT has certainly been sent and certainly not been answered: the server
 * hangs when it comes, and dies before it goes on. */
static void *kill_soon(void *memory)
{
    (void)memory;
    usleep(60000);
    assert_true(kit_victim_kill());
    return NULL;
}

static void test_commit__that_died_with_the_server_is_unknown(void **state)
{
    weir_conn *conn;
    pthread_t thread;
    weir_status status;

    (void)state;
    start_over();
    conn = borrow();
    run(conn, "INSERT INTO phase VALUES (1)");
    assert_true(kit_victim_signal(SIGSTOP));
    assert_int_equal(pthread_create(&thread, NULL, kill_soon, NULL), 0);
    status = weir_commit(conn);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(kit_victim_await());
    assert_int_equal(status, WEIR_ERR_COMMIT_UNKNOWN);
    assert_true(weir_conn_is_invalidated(conn));
    weir_conn_close(&conn);
    conn = borrow();
    assert_int_equal(get(conn, "SELECT count(*) FROM phase"), 0);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases__with_each_fault),
        cmocka_unit_test(test_commit__that_died_with_the_server_is_unknown),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    weir_engine_close(&engine);
    return failed;
}
