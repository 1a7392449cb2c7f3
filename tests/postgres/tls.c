/* SPDX-License-Identifier: MIT */
/*
 * TLS as it must be: good certificates are taken, all others refused before
 * the password is on its way, and nothing falls back to plain text.
 */
#include <unistd.h>

#include "kit/peer.h"
#include "postgres/with_server.h"

static const char *folder;

static void copy_file(const char *from, const char *to)
{
    char command[512];

    snprintf(command, sizeof command, "cp -p %s/%s %s/%s", folder, from, folder,
             to);
    assert_int_equal(system(command), 0);
}

/* When the settings were read that a new connection finds. */
static int64_t load_time(void)
{
    weir_conn *conn = borrow();
    int64_t found = get(conn, "SELECT (extract(epoch FROM pg_conf_load_time()) "
                              "* 1000000)::int8");

    weir_conn_invalidate(conn);
    weir_conn_close(&conn);
    return found;
}

/* The server shows another certificate from now on. */
static void show(const char *name)
{
    int64_t before = load_time();
    char file[64];

    snprintf(file, sizeof file, "%s-cert.pem", name);
    copy_file(file, "cert.pem");
    snprintf(file, sizeof file, "%s-key.pem", name);
    copy_file(file, "key.pem");
    assert_int_equal(kill(kit_server_pid(), SIGHUP), 0);
    for (int i = 0; i < 500 && load_time() == before; i++)
        usleep(10000);
    assert_true(load_time() != before);
}

static const char *changed_url(const char *from, const char *to,
                               const char *options)
{
    static char url[1024];
    const char *text = getenv("WEIR_TEST_URL");
    const char *at = strstr(text, from);

    assert_non_null(at);
    while (strstr(at + 1, from)) /* the last of them */
        at = strstr(at + 1, from);
    snprintf(url, sizeof url, "%.*s%s%s?%s", (int)(at - text), text, to,
             at + strlen(from), options);
    return url;
}

/* Connects; the version of TLS in use, or the error. */
static weir_status connect_to(const char *url, char version[32],
                              weir_error *err)
{
    weir_engine *own = weir_engine_open(url, NULL, err);
    weir_conn *conn;
    weir_result *rows;

    version[0] = '\0';
    if (!own)
        return err->status;
    conn = weir_connect(own, err);
    if (conn) {
        rows = weir_query(conn,
                          "SELECT coalesce(version, '') FROM pg_stat_ssl WHERE "
                          "pid = pg_backend_pid()",
                          NOARGS);
        assert_true(weir_next(rows));
        snprintf(version, 32, "%s", weir_get_text(rows, 0));
        weir_result_close(&rows);
        weir_conn_close(&conn);
    }
    weir_engine_close(&own);
    return err->status;
}

static weir_status connect_with(const char *options, char version[32],
                                weir_error *err)
{
    return connect_to(changed_url("@", "@", options), version, err);
}

static weir_status verified(char version[32], weir_error *err)
{
    char options[512];

    snprintf(options, sizeof options, "tls=verify-full&sslrootcert=%s/ca.pem",
             folder);
    return connect_with(options, version, err);
}

static void test_good__is_taken_and_encrypts(void **state)
{
    weir_error err = {0};
    char version[32], options[512];

    (void)state;
    show("good");
    if (verified(version, &err) != WEIR_OK)
        fail_msg("%s", err.message);
    assert_memory_equal(version, "TLSv1", 5);
    assert_int_equal(connect_with("tls=disable", version, &err), WEIR_OK);
    assert_string_equal(version, "");
    snprintf(options, sizeof options,
             "tls=verify-full&sslrootcert=%s/ca.pem&channel_binding=require",
             folder);
    assert_int_equal(connect_with(options, version, &err), WEIR_OK);
}

static void test_bad__is_refused(void **state)
{
    static const char *const names[] = {"expired", "elsewhere", "self"};
    weir_error err = {0};
    char version[32], options[512];

    (void)state;
    for (int i = 0; i < 3; i++) {
        show(names[i]);
        if (verified(version, &err) != WEIR_ERR_CONNECTION)
            fail_msg("%s: %s", names[i], err.message);
    }
    /* Only the chain counts, and it is right. */
    show("elsewhere");
    snprintf(options, sizeof options, "tls=verify-ca&sslrootcert=%s/ca.pem",
             folder);
    assert_int_equal(connect_with(options, version, &err), WEIR_OK);
    show("good");
    /* An authority that nobody here knows. */
    assert_int_equal(connect_with("tls=verify-full", version, &err),
                     WEIR_ERR_CONNECTION);
    assert_int_equal(connect_with("sslmode=require", version, &err),
                     WEIR_ERR_CONNECTION);
}

static void test_client__shows_a_certificate(void **state)
{
    weir_error err = {0};
    char version[32], options[1024];

    (void)state;
    snprintf(options, sizeof options,
             "sslrootcert=%s/ca.pem&sslcert=%s/client-cert.pem&"
             "sslkey=%s/client-key.pem",
             folder, folder, folder);
    if (connect_to(changed_url("/weir", "/certified", options), version,
                   &err) != WEIR_OK)
        fail_msg("%s", err.message);
}

/* The server asks for it as it is ("password" in its pg_hba.conf). */
static void test_clear_text__only_within_tls(void **state)
{
    weir_error err = {0};
    char version[32], options[512];

    (void)state;
    assert_int_equal(
        connect_to(changed_url("//weir:", "//clear:", ""), version, &err),
        WEIR_ERR_AUTH);
    assert_non_null(strstr(err.message, "clear text"));
    snprintf(options, sizeof options, "tls=verify-full&sslrootcert=%s/ca.pem",
             folder);
    if (connect_to(changed_url("//weir:", "//clear:", options), version,
                   &err) != WEIR_OK)
        fail_msg("%s", err.message);
    /* Challenges are answered as ever. */
    assert_int_equal(
        connect_to(changed_url("//weir:", "//md5:", ""), version, &err),
        WEIR_OK);
}

/* Passwords whose message would be as long as what stands for them: the
 * answers to MD5 and the two of SCRAM. */
static void test_password__of_any_length(void **state)
{
    static const int sizes[] = {1, 35, 49, 103, 500};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_error err = {0};
    char version[32], password[512], sql[640], url[1024];
    const char *at = strchr(getenv("WEIR_TEST_URL"), '@');

    (void)state;
    assert_int_equal(weir_set_isolation(conn, WEIR_AUTOCOMMIT), WEIR_OK);
    for (int i = 0; i < 10; i++) {
        memset(password, 'p', sizeof password);
        password[sizes[i / 2]] = '\0';
        run(conn, i % 2 ? "SET password_encryption = md5"
                        : "SET password_encryption = 'scram-sha-256'");
        snprintf(sql, sizeof sql, "ALTER ROLE %s PASSWORD '%s'",
                 i % 2 ? "md5" : "plain", password);
        run(conn, sql);
        snprintf(url, sizeof url, "postgresql://%s:%s%s",
                 i % 2 ? "md5" : "plain", password, at);
        if (connect_to(url, version, &err) != WEIR_OK)
            fail_msg("%d bytes: %s", sizes[i / 2], err.message);
    }
}

/* ---------------------------------------------------------------- impostors */

/* What a played server does with the connection. */
typedef enum plot { WANTS_CLEAR = 0, HUGE_MESSAGE, NO_MESSAGE } plot;

/* Says that it has no TLS, and wants the password. */
static void play(kit_peer *peer, void *context)
{
    static const unsigned char clear[] = {0, 0, 0, 3};
    static const unsigned char huge[] = {'R', 0x7F, 0xFF, 0xFF, 0xFF, 0};
    plot what = *(const plot *)context;
    kit_message heard;

    while (kit_hear(peer, &heard) && heard.type == 0 && heard.size == 4) {
        if (!kit_say(peer, "N", 1))
            return;
    }
    if (what == WANTS_CLEAR)
        (void)kit_say_packet(peer, 'R', clear, sizeof clear);
    else if (what == HUGE_MESSAGE)
        (void)kit_say(peer, huge, sizeof huge);
    kit_be_silent(peer);
}

/* Connects to it; it must not get the password. */
static weir_error visit(plot what, const char *options)
{
    kit_stage *stage = kit_stage_start(KIT_POSTGRES, play, &what);
    weir_error err = {0};
    weir_engine *own;
    char url[256];

    assert_non_null(stage);
    snprintf(url, sizeof url,
             "postgresql://weir:a-secret@127.0.0.1:%d/weir?connect_timeout=1%s",
             kit_stage_port(stage), options);
    own = weir_engine_open(url, NULL, &err);
    assert_non_null(own);
    assert_null(weir_connect(own, &err));
    weir_engine_close(&own);
    assert_false(kit_stage_has_heard(stage, "a-secret"));
    assert_null(strstr(err.message, "a-secret"));
    kit_stage_stop(&stage);
    return err;
}

static void test_impostor__gets_no_word(void **state)
{
    weir_error err = visit(WANTS_CLEAR, "&tls=verify-full");

    (void)state;
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_non_null(strstr(err.message, "SSL"));
    err = visit(WANTS_CLEAR, "");
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    assert_non_null(strstr(err.message, "clear text"));
}

static void test_impostor__holds_nobody_up(void **state)
{
    double began = seconds_now();
    weir_error err = visit(NO_MESSAGE, "");

    (void)state;
    assert_int_equal(err.status, WEIR_ERR_TIMEOUT);
    assert_true(seconds_now() - began >= 1.0);
    assert_true(seconds_now() - began < 1.25);
    err = visit(HUGE_MESSAGE, "");
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
}

/* A session that the server ends while it is idle, as an administrator or a
 * time limit does: what it says last, encrypted or not, is not waited for. */
static void leaves_by_itself(const char *options)
{
    WEIR_AUTO(weir_conn) by = borrow();
    weir_pool_status pool;
    weir_engine *own;
    weir_conn *conn;
    weir_error err;
    char sql[96];
    int64_t id;

    own = weir_engine_open(changed_url("@", "@", options), NULL, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    if (!conn)
        fail_msg("%s", err.message);
    id = get(conn, "SELECT pg_backend_pid()::int8");
    weir_conn_close(&conn);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)::int",
             (int)id);
    assert_int_equal(get(by, sql), 1);
    do {
        usleep(1000);
        weir_engine_pool_status(own, &pool);
    } while (pool.closed < 1);
    assert_int_equal(pool.idle, 0);
    weir_engine_close(&own);
}

static void test_ended_while_idle__leaves_the_pool(void **state)
{
    char options[512];

    (void)state;
    show("good");
    snprintf(options, sizeof options, "tls=verify-full&sslrootcert=%s/ca.pem",
             folder);
    leaves_by_itself(options);
    leaves_by_itself("tls=disable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good__is_taken_and_encrypts),
        cmocka_unit_test(test_ended_while_idle__leaves_the_pool),
        cmocka_unit_test(test_bad__is_refused),
        cmocka_unit_test(test_client__shows_a_certificate),
        cmocka_unit_test(test_clear_text__only_within_tls),
        cmocka_unit_test(test_password__of_any_length),
        cmocka_unit_test(test_impostor__gets_no_word),
        cmocka_unit_test(test_impostor__holds_nobody_up),
    };
    int failed;

    folder = getenv("WEIR_TEST_TLS");
    if (!folder || folder[0] == '\0') {
        puts("skipped: there is no openssl to make certificates with");
        return 77;
    }
    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
