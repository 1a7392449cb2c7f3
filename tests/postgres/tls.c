/* SPDX-License-Identifier: MIT */
/*
 * TLS as it must be: good certificates are taken, all others refused before
 * the password is on its way, and nothing falls back to plain text.
 */
#include <unistd.h>

#include "kit/peer.h"
#include "kit/with_tls.h"
#include "postgres/with_server.h"

static void end_session(weir_conn *by, int64_t session)
{
    char sql[96];

    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)::int",
             (int)session);
    assert_int_equal(get(by, sql), 1);
}

static const kit_tls tls = {
    .authority = "sslrootcert",
    .used = "SELECT coalesce(version, '') FROM pg_stat_ssl WHERE "
            "pid = pg_backend_pid()",
    .session = "SELECT pg_backend_pid()::int8",
    .end = end_session,
};

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

    lay_out(name);
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
static weir_status connect_to(const char *url, char version[64],
                              weir_error *err)
{
    return visit_url(&tls, url, version, err);
}

static weir_status connect_with(const char *options, char version[64],
                                weir_error *err)
{
    return connect_to(url_with(options), version, err);
}

static void test_good__is_taken_and_encrypts(void **state)
{
    weir_error err = {0};
    char version[64];

    (void)state;
    show("good");
    if (visit_verified(&tls, version, &err) != WEIR_OK)
        fail_msg("%s", err.message);
    assert_memory_equal(version, "TLSv1", 5);
    assert_int_equal(connect_with("tls=disable", version, &err), WEIR_OK);
    assert_string_equal(version, "");
    assert_int_equal(connect_with(verified_by(&tls, "&channel_binding=require"),
                                  version, &err),
                     WEIR_OK);
}

static void test_bad__is_refused(void **state)
{
    static const char *const names[] = {"expired", "elsewhere", "self"};
    weir_error err = {0};
    char version[64], options[512];

    (void)state;
    for (int i = 0; i < 3; i++) {
        show(names[i]);
        if (visit_verified(&tls, version, &err) != WEIR_ERR_CONNECTION)
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
    char version[64], options[1024];

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
    char version[64];

    (void)state;
    assert_int_equal(
        connect_to(changed_url("//weir:", "//clear:", ""), version, &err),
        WEIR_ERR_AUTH);
    assert_non_null(strstr(err.message, "clear text"));
    if (connect_to(changed_url("//weir:", "//clear:", verified_by(&tls, "")),
                   version, &err) != WEIR_OK)
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
    char version[64], password[512], sql[640], url[1024];
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

static void test_ended_while_idle__leaves_the_pool(void **state)
{
    (void)state;
    show("good");
    leaves_by_itself(&tls, verified_by(&tls, ""));
    leaves_by_itself(&tls, "tls=disable");
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

    if (!has_certificates())
        return 77;
    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
