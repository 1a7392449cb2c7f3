/* SPDX-License-Identifier: MIT */
/*
 * Wrong input, each with a clear error, SQLSTATE and native code, and with
 * the connection kept or given up as is right.
 */
#include <unistd.h>
#include <sys/socket.h>

#include "kit/late.h"
#include "kit/proxy.h"
#include "kit/vault.h"
#include "mysql/with_server.h"

#define LATE_S kit_late_s()

/* --------------------------------------------------------------- connecting */

/* The test's URL with `from` replaced, or with `to` behind it. */
static void changed(char out[512], const char *from, const char *to)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *at = from ? strstr(url, from) : url + strlen(url);

    assert_non_null(at);
    snprintf(out, 512, "%.*s%s%s", (int)(at - url), url, to,
             from ? at + strlen(from) : "");
}

static weir_error refused(const char *url)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err = {0};
    weir_engine *own;

    options.connect_timeout_s = 0.5;
    own = weir_engine_open(url, &options, &err);
    if (!own)
        fail_msg("%s", err.message);
    assert_null(weir_connect(own, &err));
    weir_engine_close(&own);
    assert_null(strstr(err.message, "wrong-secret"));
    return err;
}

static void expect(const weir_error *err, weir_status status, int code,
                   const char *sqlstate)
{
    if (err->status != status || err->native_code != code ||
        strcmp(err->sqlstate, sqlstate) != 0)
        fail_msg("%s %d %s: %s", weir_status_name(err->status),
                 err->native_code, err->sqlstate, err->message);
    assert_true(strlen(err->message) > 8);
}

static void set_password(bool create, const char *password)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char sql[160];

    if (create)
        run(conn, "DROP USER IF EXISTS rotating@'127.0.0.1'");
    snprintf(sql, sizeof sql, "%s USER rotating@'127.0.0.1' IDENTIFIED BY '%s'",
             create ? "CREATE" : "ALTER", password);
    run(conn, sql);
    run(conn, "GRANT ALL ON *.* TO rotating@'127.0.0.1'");
}

static void test_credentials__follow_a_password_that_changes(void **state)
{
    (void)state;
    kit_play_rotation(set_password, "28000");
}

static void test_login__that_is_wrong(void **state)
{
    weir_error err;
    char url[512];

    (void)state;
    changed(url, "weir:", "weir:wrong-secret");
    err = refused(url);
    expect(&err, WEIR_ERR_AUTH, 1045, "28000");
    changed(url, "//weir:", "//nobody:");
    err = refused(url);
    expect(&err, WEIR_ERR_AUTH, 1045, "28000");
    changed(url, NULL, "_that_is_not");
    err = refused(url);
    expect(&err, WEIR_ERR_AUTH, 1049, "42000");
}

static void test_user__may_be_limited(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_engine_options two = WEIR_ENGINE_OPTIONS;
    weir_engine *own;
    weir_conn *first, *second;
    weir_error err;
    char url[512];
    const char *at = strrchr(getenv("WEIR_TEST_URL"), '@');

    (void)state;
    run(conn, "CREATE OR REPLACE USER few@'127.0.0.1' IDENTIFIED BY 'few' "
              "WITH MAX_USER_CONNECTIONS 1");
    run(conn, "GRANT SELECT ON weir.* TO few@'127.0.0.1'");
    snprintf(url, sizeof url, "mysql://few:few%s", at);
    own = weir_engine_open(url, &two, &err);
    first = weir_connect(own, &err);
    assert_non_null(first);
    second = weir_connect(own, &err);
    assert_null(second);
    expect(&err, WEIR_ERR_RESOURCE, 1226, "42000");
    weir_conn_close(&first);
    weir_engine_close(&own);
    snprintf(url, sizeof url, "mysql://few:few@%.*s/mysql",
             (int)(strrchr(at, '/') - at - 1), at + 1);
    err = refused(url);
    expect(&err, WEIR_ERR_AUTH, 1044, "42000");
    run(conn, "DROP USER few@'127.0.0.1'");
}

static void test_host__that_refuses_or_does_not_answer(void **state)
{
    char url[128];
    weir_error err;
    double began, took;
    int port, fd = kit_listen(0, &port);

    (void)state;
    assert_true(fd >= 0);
    /* Nobody takes what comes: the queue of the listener is all there is. */
    snprintf(url, sizeof url, "mysql://weir:wrong-secret@127.0.0.1:%d/weir",
             port);
    for (int i = 0; i < 3; i++) {
        began = seconds_now();
        err = refused(url);
        took = seconds_now() - began;
        assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
        assert_string_equal(err.sqlstate, "57014");
        assert_true(took >= 0.5 && took < 0.5 + LATE_S);
    }
    close(fd);
    err = refused(url);
    expect(&err, WEIR_ERR_CONNECTION, 2002, "08001");
    err = refused("mysql:///weir?unix_socket=/nonexistent/socket");
    expect(&err, WEIR_ERR_CONNECTION, 2002, "08001");
}

/* --------------------------------------------------------------- statements */

static void expect_kept(weir_conn *conn, weir_status status, int code,
                        const char *sqlstate)
{
    expect(weir_conn_error(conn), status, code, sqlstate);
    assert_false(weir_conn_is_invalidated(conn));
    assert_int_equal(get(conn, "SELECT 7"), 7);
}

static void test_values__that_do_not_fit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    run(conn, "CREATE TEMPORARY TABLE w (n TINYINT UNSIGNED, t VARCHAR(3), d "
              "DATE, e ENUM('a'))");
    (void)weir_exec(conn, "INSERT INTO w (n) VALUES (?)", ARGS(256));
    expect_kept(conn, WEIR_ERR_TYPE, 1264, "22003");
    (void)weir_exec(conn, "INSERT INTO w (n) VALUES (?)", ARGS(-1));
    expect_kept(conn, WEIR_ERR_TYPE, 1264, "22003");
    (void)weir_exec(conn, "INSERT INTO w (t) VALUES (?)", ARGS("four"));
    expect_kept(conn, WEIR_ERR_TYPE, 1406, "22001");
    (void)weir_exec(conn, "INSERT INTO w (d) VALUES (?)", ARGS("2024-02-31"));
    expect_kept(conn, WEIR_ERR_TYPE, 1292, "22007");
    (void)weir_exec(conn, "INSERT INTO w (e) VALUES (?)", ARGS("b"));
    expect_kept(conn, WEIR_ERR_TYPE, 1265, "01000");
    /* Bytes that are no UTF-8, for a column of text. */
    (void)weir_exec(conn, "INSERT INTO w (t) VALUES (?)",
                    ARGS(weir_bytes_span("\xC3(", 2)));
    expect_kept(conn, WEIR_ERR_TYPE, 1366, "22007");
    /* As text they do not leave this program. */
    (void)weir_exec(conn, "INSERT INTO w (t) VALUES (?)", ARGS("\xC3("));
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_TYPE);
    assert_int_equal(get(conn, "SELECT count(*) FROM w"), 0);
}

static void test_sql__that_is_wrong(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    (void)try(conn, "SELEC 1");
    expect_kept(conn, WEIR_ERR_SQL, 1064, "42000");
    (void)try(conn, "SELECT * FROM no_such_table");
    expect_kept(conn, WEIR_ERR_SQL, 1146, "42S02");
    (void)try(conn, "SELECT 1; DROP TABLE t");
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_SQL);
    assert_int_equal(get(conn, "SELECT 7"), 7);
}

/* Known before it is sent: the server would hang up on it. */
static void test_packet__over_the_servers_limit(void **state)
{
    weir_conn *conn = borrow();
    size_t size = 2u * 1024 * 1024;
    char *big = malloc(size + 1);
    weir_engine *own;
    weir_error err;
    char url[512];

    (void)state;
    assert_non_null(big);
    memset(big, 'x', size);
    big[size] = '\0';
    run(conn, "SET GLOBAL max_allowed_packet = 1048576");
    changed(url, NULL, "?max_allowed_packet=268435456");
    own = weir_engine_open(url, NULL, &err);
    weir_conn_close(&conn);
    conn = weir_connect(own, &err);
    assert_non_null(conn);
    run(conn, "CREATE TEMPORARY TABLE p (t LONGTEXT)");
    (void)weir_exec(conn, "INSERT INTO p VALUES (?)", ARGS(big));
    expect_kept(conn, WEIR_ERR_LIMIT, 1153, "08S01");
    (void)try(conn, big);
    expect_kept(conn, WEIR_ERR_LIMIT, 1153, "08S01");
    big[1000000] = '\0';
    assert_int_equal(weir_exec(conn, "INSERT INTO p VALUES (?)", ARGS(big)),
                     WEIR_OK);
    run(conn, "SET GLOBAL max_allowed_packet = 134217728");
    weir_conn_close(&conn);
    weir_engine_close(&own);
    free(big);
}

static void test_stream__left_unread_is_a_stated_error(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT * FROM seq_1_to_100000", NOARGS);

    (void)state;
    assert_true(weir_next(rows));
    assert_int_equal(try(conn, "SELECT 1"), WEIR_ERR_MISUSE);
    assert_true(weir_next(rows));
    assert_int_equal(weir_get_i64(rows, 0), 2);
    weir_result_close(&rows);
    assert_int_equal(get(conn, "SELECT 1"), 1);
    /* Left open until the connection goes back: the next has a clean one. */
    rows = weir_stream(conn, "SELECT * FROM seq_1_to_100000", NOARGS);
    assert_true(weir_next(rows));
    weir_conn_close(&conn);
    conn = borrow();
    assert_int_equal(get(conn, "SELECT 1"), 1);
}

/* ------------------------------------------ rows of the table, for real */

static void test_meanings__that_this_server_has(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    WEIR_AUTO(weir_conn) other = borrow();
    char sql[64];

    (void)state;
    (void)try(conn, "SET STATEMENT max_statement_time = 0.02 FOR SELECT "
                    "count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b "
                    "WHERE a.seq % 7 <> b.seq % 5");
    expect_kept(conn, WEIR_ERR_TIMEOUT, 1969, "57014");
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    run(conn, "DROP TABLE IF EXISTS lost");
    run(conn, "CREATE TABLE lost (id INT PRIMARY KEY, n INT)");
    run(conn, "INSERT INTO lost VALUES (1, 0)");
    commit(conn);
    run(conn, "SET innodb_snapshot_isolation = ON");
    commit(conn);
    assert_int_equal(get(conn, "SELECT n FROM lost WHERE id = 1"), 0);
    run(other, "UPDATE lost SET n = 10 WHERE id = 1");
    commit(other);
    (void)try(conn, "UPDATE lost SET n = 1 WHERE id = 1");
    expect(weir_conn_error(conn), WEIR_ERR_SERIALIZATION, 1020, "40001");
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    snprintf(sql, sizeof sql, "KILL %lld",
             (long long)get(conn, "SELECT connection_id()"));
    run(other, sql);
    usleep(50000);
    (void)try(conn, "UPDATE lost SET n = 1 WHERE id = 1");
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_CONNECTION);
    assert_true(weir_conn_is_invalidated(conn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login__that_is_wrong),
        cmocka_unit_test(test_credentials__follow_a_password_that_changes),
        cmocka_unit_test(test_user__may_be_limited),
        cmocka_unit_test(test_host__that_refuses_or_does_not_answer),
        cmocka_unit_test(test_values__that_do_not_fit),
        cmocka_unit_test(test_sql__that_is_wrong),
        cmocka_unit_test(test_packet__over_the_servers_limit),
        cmocka_unit_test(test_stream__left_unread_is_a_stated_error),
        cmocka_unit_test(test_meanings__that_this_server_has),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
