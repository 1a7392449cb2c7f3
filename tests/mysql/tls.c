/* SPDX-License-Identifier: MIT */
/*
 * TLS as it must be: good certificates are taken, all others refused before
 * the password is on its way, and nothing falls back to plain text.
 */
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/with_tls.h"
#include "mysql/with_server.h"

static void end_session(weir_conn *by, int64_t session)
{
    char sql[64];

    snprintf(sql, sizeof sql, "KILL %lld", (long long)session);
    run(by, sql);
}

static const kit_tls tls = {
    .authority = "ssl_ca",
    .used = "SELECT variable_value FROM information_schema.session_status "
            "WHERE variable_name = 'Ssl_cipher'",
    .session = "SELECT connection_id()",
    .end = end_session,
};

/* The server shows another certificate from now on. */
static void show(const char *name)
{
    weir_conn *conn = borrow();

    lay_out(name);
    run(conn, "FLUSH SSL");
    weir_conn_close(&conn);
}

/* Connects with more options; the cipher in use, or the error. */
static weir_status connect_with(const char *options, char cipher[64],
                                weir_error *err)
{
    return visit_url(&tls, url_with(options), cipher, err);
}

static void test_good__is_taken_and_encrypts(void **state)
{
    weir_error err = {0};
    char cipher[64];

    (void)state;
    show("good");
    assert_int_equal(visit_verified(&tls, cipher, &err), WEIR_OK);
    assert_true(strlen(cipher) > 0);
    assert_int_equal(connect_with("tls=disable", cipher, &err), WEIR_OK);
    assert_string_equal(cipher, "");
}

static void test_bad__is_refused(void **state)
{
    static const char *const names[] = {"expired", "elsewhere", "self"};
    weir_error err = {0};
    char cipher[64];

    (void)state;
    for (int i = 0; i < 3; i++) {
        show(names[i]);
        if (visit_verified(&tls, cipher, &err) != WEIR_ERR_CONNECTION)
            fail_msg("%s: %s", names[i], err.message);
        assert_int_equal(err.native_code, 2026);
    }
    show("good");
    /* An authority that nobody here knows. */
    assert_int_equal(connect_with("tls=verify-full", cipher, &err),
                     WEIR_ERR_CONNECTION);
}

/* The server lets this user in with a certificate of our authority only. */
static void test_client__shows_its_certificate(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const char *at = strrchr(getenv("WEIR_TEST_URL"), '@');
    weir_error err = {0};
    char url[2048];

    (void)state;
    show("good");
    run(conn, "CREATE OR REPLACE USER certified@'127.0.0.1' IDENTIFIED BY 'c' "
              "REQUIRE SUBJECT '/CN=weir'");
    for (int with = 0; with < 2; with++) {
        weir_engine *own;
        weir_conn *found;

        snprintf(url, sizeof url,
                 "mysql://certified:c%.*s?tls=verify-full&ssl_ca=%s/ca.pem"
                 "%s%s%s%s",
                 (int)(strrchr(at, '/') - at), at, folder,
                 with ? "&ssl_cert=" : "", with ? folder : "",
                 with ? "/client-cert.pem&ssl_key=" : "", with ? folder : "");
        if (with)
            strncat(url, "/client-key.pem", sizeof url - strlen(url) - 1);
        own = weir_engine_open(url, NULL, &err);
        assert_non_null(own);
        found = weir_connect(own, &err);
        if (with && !found)
            fail_msg("%s", err.message);
        if (!with)
            assert_int_equal(err.status, WEIR_ERR_AUTH);
        weir_conn_close(&found);
        weir_engine_close(&own);
    }
    run(conn, "DROP USER certified@'127.0.0.1'");
}

/* The program, or another connection, has left an error of OpenSSL behind on
 * this thread: "certificate verify failed" of the library for TLS. */
static void leave_an_error(void)
{
    enum { LIBRARY_SSL = 20, REASON_VERIFY_FAILED = 134 };
    void (*begin)(void) = NULL;
    void (*fill)(int library, int reason, const char *format, ...) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "ERR_new");

    assert_non_null(found);
    memcpy(&begin, &found, sizeof begin);
    found = dlsym(RTLD_DEFAULT, "ERR_set_error");
    assert_non_null(found);
    memcpy(&fill, &found, sizeof fill);
    begin();
    fill(LIBRARY_SSL, REASON_VERIFY_FAILED, NULL);
}

static void test_errors_of_others__are_not_taken_for_ours(void **state)
{
    weir_error err = {0};

    (void)state;
    show("good");
    WEIR_AUTO(weir_engine)
    own = weir_engine_open(url_with(verified_by(&tls, "")), NULL, &err);
    WEIR_AUTO(weir_conn) conn = borrow_from(own);
    run(conn, "SELECT 1");
    leave_an_error();
    run(conn, "SELECT SLEEP(0.05)");
}

/* A server, or somebody in between, that says it has no TLS and wants the
 * password in clear. */
typedef struct impostor {
    int listener;
    int port;
    pthread_t thread;
    char heard[1024];
    size_t heard_size;
} impostor;

static bool has_heard(const impostor *self, const char *text)
{
    size_t size = strlen(text);

    for (size_t i = 0; i + size <= self->heard_size; i++) {
        if (memcmp(self->heard + i, text, size) == 0)
            return true;
    }
    return false;
}

static void hear(impostor *self, int fd)
{
    ssize_t got = recv(fd, self->heard + self->heard_size,
                       sizeof self->heard - self->heard_size, 0);

    if (got > 0)
        self->heard_size += (size_t)got;
}

static void *play(void *memory)
{
    static unsigned char greeting[] =
        "\0\0\0\0\x0A"
        "5.7.99\0\1\0\0\0AAAAAAAA\0"
        "\xFF\xF7\x21\x02\x00\x0F\x80\x15\0\0\0\0\0\0\0\0\0\0"
        "BBBBBBBBBBBB\0mysql_native_password";
    static const unsigned char change[] = "\x16\0\0\2\xFEmysql_clear_password";
    impostor *self = memory;
    int fd = accept(self->listener, NULL, NULL);

    if (fd < 0)
        return NULL;
    greeting[0] = sizeof greeting - 4;
    (void)send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
    hear(self, fd);
    (void)send(fd, change, sizeof change, MSG_NOSIGNAL);
    hear(self, fd);
    close(fd);
    return NULL;
}

static void start(impostor *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(self, 0, sizeof *self);
    self->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(self->listener, (struct sockaddr *)&address, size),
                     0);
    assert_int_equal(listen(self->listener, 1), 0);
    assert_int_equal(
        getsockname(self->listener, (struct sockaddr *)&address, &size), 0);
    self->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&self->thread, NULL, play, self), 0);
}

/* Connects to it; it must not get the password. */
static weir_error visit(impostor *self, const char *options)
{
    weir_error err = {0};
    weir_engine *own;
    char url[256];

    start(self);
    snprintf(url, sizeof url, "mysql://weir:a-secret@127.0.0.1:%d/weir%s",
             self->port, options);
    own = weir_engine_open(url, NULL, &err);
    assert_non_null(own);
    assert_null(weir_connect(own, &err));
    weir_engine_close(&own);
    assert_int_equal(pthread_join(self->thread, NULL), 0);
    close(self->listener);
    assert_false(has_heard(self, "a-secret"));
    return err;
}

static void test_stripped__gets_no_word(void **state)
{
    impostor server;
    weir_error err = visit(&server, "?tls=verify-full");

    (void)state;
    assert_int_equal(err.status, WEIR_ERR_CONNECTION);
    assert_non_null(strstr(err.message, "SSL"));
    assert_int_equal(server.heard_size, 0);
}

static void test_clear_text__is_not_given(void **state)
{
    impostor server;
    weir_error err = visit(&server, "");

    (void)state;
    assert_true(server.heard_size > 0);
    assert_true(err.status == WEIR_ERR_AUTH ||
                err.status == WEIR_ERR_CONNECTION);
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
        cmocka_unit_test(test_client__shows_its_certificate),
        cmocka_unit_test(test_errors_of_others__are_not_taken_for_ours),
        cmocka_unit_test(test_stripped__gets_no_word),
        cmocka_unit_test(test_clear_text__is_not_given),
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
