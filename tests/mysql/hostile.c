/* SPDX-License-Identifier: MIT */
/*
 * Servers that mean ill: they ask for the password, for files, for memory,
 * or for patience. None gets any of it, and every deadline holds.
 */
#include <pthread.h>

#include "kit/late.h"
#include "mysql/played.h"
#include "mysql/with_server.h"

#define LATE_S kit_late_s()
#define HASTE_S 0.15

static kit_stage *stage;
static weir_engine *own;

static void open_at(played *script, double connect_s)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    char url[256];

    stage = kit_stage_start(KIT_MYSQL, played_server, script);
    options.pool_timeout_s = 60;
    options.connect_timeout_s = connect_s;
    snprintf(url, sizeof url, "mysql://weir:a-secret@127.0.0.1:%d/shop",
             kit_stage_port(stage));
    own = weir_engine_open(url, &options, &err);
    assert_non_null(own);
}

static void close_all(void)
{
    weir_engine_close(&own);
    kit_stage_stop(&stage);
}

/* Connecting fails in time and without a word of the password. */
static weir_error refuse(played *script, double limit_s)
{
    double began, took;
    weir_error err = {0};

    open_at(script, limit_s);
    began = seconds_now();
    assert_null(weir_connect(own, &err));
    took = seconds_now() - began;
    assert_true(took < limit_s + LATE_S);
    assert_false(kit_stage_has_heard(stage, "a-secret"));
    assert_null(strstr(err.message, "a-secret"));
    assert_int_not_equal(err.native_code | err.sqlstate[0], 0);
    close_all();
    return err;
}

/* ------------------------------------------------------------ the password */

/* "Use this way of saying who you are instead." */
static size_t ask_for(const char *plugin, char out[64])
{
    int size = snprintf(out + 4, 60, "\xFE%s", plugin);

    memset(out + 4 + size, 0, 1);
    memset(out + 5 + size, 'B', 20);
    size += 21;
    memcpy(out, "\0\0\0\2", 4);
    out[0] = (char)size;
    return (size_t)size + 4;
}

static void test_password__is_not_given_whatever_is_asked(void **state)
{
    static const char *const plugins[] = {"mysql_clear_password", "dialog",
                                          "mysql_old_password",
                                          "authentication_windows_client"};
    char packet[64];

    (void)state;
    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        played script = {.place = PLAYED_LOGIN, .goes_on = true};
        weir_error err;

        script.size = ask_for(plugins[i], packet);
        script.bytes = packet;
        err = refuse(&script, 60);
        if (err.status != WEIR_ERR_AUTH || !strstr(err.message, "clear"))
            fail_msg("%s: %s %d %s", plugins[i], weir_status_name(err.status),
                     err.native_code, err.message);
        assert_string_equal(err.sqlstate, "28000");
    }
}

/* "Encrypt it with the key that I give you" is as good as clear text, when
 * nobody has verified who asks. */
static void key_for_anybody(kit_peer *peer, void *context)
{
    static const char greeting[] = "\x0A"
                                   "8.0.36\0\7\0\0\0AAAAAAAA\0\x0B\xA2\xFF\2\0"
                                   "\xBE\0\x15\0\0\0\0\0\0\0\0\0\0BBBBBBBBBBBB"
                                   "\0caching_sha2_password";
    kit_message heard;

    if (!kit_say_packet(peer, 0, greeting, sizeof greeting) ||
        !kit_hear(peer, &heard))
        return;
    if (!kit_say_packet(peer, 2, "\1\4", 2) || !kit_hear(peer, &heard))
        return;
    *(int *)context = heard.size > 0 ? heard.data[0] : -1;
}

static void test_password__is_not_encrypted_for_anybody(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err = {0};
    char url[128];
    int asked = 0;

    (void)state;
    stage = kit_stage_start(KIT_MYSQL, key_for_anybody, &asked);
    options.connect_timeout_s = HASTE_S;
    snprintf(url, sizeof url,
             "mysql://weir:a-secret@127.0.0.1:%d/shop"
             "?get_server_public_key=false",
             kit_stage_port(stage));
    own = weir_engine_open(url, &options, &err);
    assert_non_null(own);
    assert_null(weir_connect(own, &err));
    close_all();
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    assert_non_null(strstr(err.message, "get_server_public_key"));
    assert_int_equal(asked, 0);
}

/* ------------------------------------------------------------------ files */

/* The answer to a statement is a wish for a file of this machine. */
static void test_files__are_not_sent(void **state)
{
    static const char wish[] = "\x0C\0\0\1\xFB/etc/passwd";
    static const played_place places[] = {PLAYED_EXECUTE, PLAYED_PREPARE,
                                          PLAYED_COMMIT};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        played script = {.place = places[i],
                         .goes_on = true,
                         .bytes = wish,
                         .size = sizeof wish - 1};
        weir_error err;
        weir_conn *conn;
        weir_status status;

        open_at(&script, 60);
        conn = weir_connect(own, &err);
        assert_non_null(conn);
        assert_int_equal(weir_set_timeout(conn, HASTE_S), WEIR_OK);
        status = try(conn, "UPDATE t SET n = 1");
        if (status == WEIR_OK)
            status = weir_commit(conn);
        assert_int_not_equal(status, WEIR_OK);
        assert_false(kit_stage_has_heard(stage, "root:"));
        weir_conn_close(&conn);
        close_all();
    }
}

/* --------------------------------------------------------- sizes, silences */

/* Bytes in place of the answer to a statement end in an error, in time, and
 * in another connection. */
static void expect_broken(const void *bytes, size_t size, int number)
{
    played script = {
        .place = PLAYED_EXECUTE, .bytes = bytes, .size = size, .silent = !size};
    weir_error err;
    weir_conn *conn;
    double began, took;
    weir_status status;

    open_at(&script, 60);
    conn = weir_connect(own, &err);
    assert_non_null(conn);
    assert_int_equal(weir_set_timeout(conn, HASTE_S), WEIR_OK);
    began = seconds_now();
    status = try(conn, "UPDATE t SET n = 1");
    took = seconds_now() - began;
    if (status == WEIR_OK || !weir_conn_is_invalidated(conn))
        fail_msg("number %d: %s", number, weir_status_name(status));
    if (took > HASTE_S + LATE_S)
        fail_msg("number %d took %f s", number, took);
    assert_int_not_equal(weir_conn_error(conn)->sqlstate[0], '\0');
    weir_conn_close(&conn);
    close_all();
}

#define ONE_COLUMN                                                             \
    "\1\0\0\1\1\x17\0\0\2\3def\0\0\0\1a\0\x0C\x21\0\0\1\0\0\xFD\0\0\0\0\0"     \
    "\5\0\0\3\xFE\0\0\2\0"

static void test_answers__that_cannot_be(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } answers[] = {
#define BYTES(text_) {text_, sizeof(text_) - 1}
        BYTES(""),               /* silence */
        BYTES("\xFF\xFF\xFF\1"), /* 16 MiB are to come */
        BYTES("\x09\0\0\1\xFE\xFF\xFF\xFF\x7F\0\0\0\0"), /* columns */
        BYTES("\3\0\0\1\xFC\xFF\xFF"), /* 65535 columns, no more */
        BYTES("\1\0\0\1\0"),           /* OK without its numbers */
        BYTES("\0\0\0\1"),             /* nothing at all */
        BYTES("\1\0\0\7\0"),           /* out of order */
        BYTES(ONE_COLUMN "\x0C\0\0\4\0\0\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x3F"
                         "x"),            /* a cell of 2^62 bytes */
        BYTES(ONE_COLUMN "\2\0\0\4\0\0"), /* a row without its cell */
        BYTES(ONE_COLUMN),                /* … and then silence */
        BYTES("\2\0\0\1\xFF\0"),          /* half an error */
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        expect_broken(answers[i].bytes, answers[i].size, (int)i);
}

static void test_greetings__that_cannot_be(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } greetings[] = {
        BYTES(""),
        BYTES("\xFF\xFF\xFF\0"),
        BYTES("\1\0\0\0\x0A"),
        BYTES("\5\0\0\0\x0A"
              "8.0.36 without an end"),
        BYTES("\0\0\0\0"),
        BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"),
        BYTES("\3\0\0\0\xFF\x10\4"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
        played script = {.place = PLAYED_GREETING,
                         .bytes = greetings[i].bytes,
                         .size = greetings[i].size,
                         .silent = greetings[i].size == 0};
        weir_error err = refuse(&script, HASTE_S);

        if (err.status == WEIR_ERR_SQL)
            fail_msg("number %zu: %s", i, err.message);
    }
}

/* More rows than may be kept, of a statement that was said to have none. */
static void test_rows__more_than_may_be_kept(void **state)
{
    static char answer[64 * 1024];
    static const char row[] = "\4\0\0\0\0\0\1a";
    played script = {.place = PLAYED_EXECUTE, .goes_on = true};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_result *rows;
    weir_conn *conn;
    weir_error err;
    char url[128];

    (void)state;
    memcpy(answer, ONE_COLUMN, sizeof ONE_COLUMN - 1);
    script.size = sizeof ONE_COLUMN - 1;
    for (int sequence = 4; script.size + 8 < sizeof answer; sequence++) {
        memcpy(answer + script.size, row, 8);
        answer[script.size + 3] = (char)sequence;
        script.size += 8;
    }
    script.bytes = answer;
    stage = kit_stage_start(KIT_MYSQL, played_server, &script);
    options.max_result_bytes = 4096;
    snprintf(url, sizeof url, "mysql://weir:a-secret@127.0.0.1:%d/shop",
             kit_stage_port(stage));
    own = weir_engine_open(url, &options, &err);
    assert_non_null(own);
    conn = weir_connect(own, &err);
    assert_non_null(conn);
    assert_int_equal(weir_set_timeout(conn, 1), WEIR_OK);
    rows = weir_query(conn, "SELECT a FROM t", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_LIMIT);
    weir_result_close(&rows);
    weir_conn_close(&conn);
    close_all();
}

/* -------------------------------------------------------- a wish to stop */

typedef struct waiting {
    pthread_t thread;
    weir_conn *conn;
    weir_status status;
} waiting;

static void *wait_for_nothing(void *memory)
{
    waiting *self = memory;

    self->status = try(self->conn, "UPDATE t SET n = 1");
    return NULL;
}

/* A kill that comes before the statement has no effect, so whoever asks again
 * is heard again. */
static void test_cancel__is_said_again(void **state)
{
    played script = {.place = PLAYED_EXECUTE, .silent = true};
    waiting self = {.status = WEIR_OK};
    weir_error err;

    (void)state;
    open_at(&script, 60);
    self.conn = weir_connect(own, &err);
    assert_non_null(self.conn);
    assert_int_equal(
        pthread_create(&self.thread, NULL, wait_for_nothing, &self), 0);
    for (int i = 0; i < 2000 && kit_stage_accepted(stage) < 4; i++) {
        assert_int_equal(weir_cancel(self.conn), WEIR_OK);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_true(kit_stage_accepted(stage) >= 4); /* itself, and three kills */
    kit_stage_stop(&stage);
    pthread_join(self.thread, NULL);
    assert_int_not_equal(self.status, WEIR_OK);
    weir_conn_close(&self.conn);
    weir_engine_close(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password__is_not_given_whatever_is_asked),
        cmocka_unit_test(test_password__is_not_encrypted_for_anybody),
        cmocka_unit_test(test_files__are_not_sent),
        cmocka_unit_test(test_answers__that_cannot_be),
        cmocka_unit_test(test_greetings__that_cannot_be),
        cmocka_unit_test(test_rows__more_than_may_be_kept),
        cmocka_unit_test(test_cancel__is_said_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
